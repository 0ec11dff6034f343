"""What the contracts show of accounts, attempts and refunds."""

from contracts import audit
from contracts.payment import PaymentPage, PaymentStatus, PaymentView, RefundStatus, RefundView
from mallkit.money import Money
from mallkit.times import rfc3339
from svc_payment.domain.account import Account, Attempt, Refund


def refund(account: Account, found: Refund) -> RefundView:
    """Money on its way back, or arrived."""
    took = account.captured
    currency = took.currency if took is not None else ""
    return RefundView(
        refund_id=found.id,
        transaction_id=found.transaction_id,
        amount=Money(found.minor, currency).amount,
        currency=currency,
        reason=found.reason,
        status=found.status,
        created_at=rfc3339(found.created),
    )


def payment(account: Account, found: Attempt) -> PaymentView:
    """One attempt with its refunds."""
    refunds = [each for each in account.refunds if each.transaction_id == found.transaction_id]
    back = sum(each.minor for each in refunds if each.status is RefundStatus.REFUNDED)
    return PaymentView(
        transaction_id=found.transaction_id,
        order_id=account.id,
        user_id=found.user_id,
        status=_status(found, back),
        amount=Money(found.minor, found.currency).amount,
        refunded=Money(back, found.currency).amount,
        currency=found.currency,
        payment_method=found.method,
        card=found.card,
        refunds=[refund(account, each) for each in refunds],
        created_at=rfc3339(found.created),
        updated_at=rfc3339(found.updated),
    )


def page(account: Account, attempts: list[Attempt]) -> PaymentPage:
    """All attempts at one order: there are never many."""
    return PaymentPage(items=[payment(account, each) for each in attempts], next=None)


def _status(found: Attempt, back: int) -> PaymentStatus:
    if found.status is not PaymentStatus.CAPTURED or back == 0:
        return found.status
    return PaymentStatus.REFUNDED if back == found.minor else PaymentStatus.PARTLY_REFUNDED


def row(found: Account, revision: int) -> audit.Account:
    """For the audit."""
    return audit.Account(
        id=found.id,
        revision=revision,
        attempts=tuple(
            audit.Attempt(
                id=each.id,
                transaction_id=each.transaction_id,
                status=each.status,
                minor=each.minor,
                currency=each.currency,
                over=each.over,
            )
            for each in found.attempts
        ),
        refunds=tuple(
            audit.Refund(id=each.id, transaction_id=each.transaction_id, status=each.status, minor=each.minor) for each in found.refunds
        ),
        ledger=tuple(audit.Booking(id=each.id, debit=each.debit, credit=each.credit, minor=each.minor) for each in found.ledger),
    )
