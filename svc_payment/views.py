"""What the contracts show of accounts, attempts and refunds."""

from contracts import audit
from contracts.payment import (
    Charged,
    ChargePending,
    PaymentPage,
    PaymentStatus,
    PaymentView,
    RefundStatus,
    RefundView,
    Standing,
)
from mallkit.money import Money
from mallkit.times import rfc3339
from svc_payment.domain.account import Account, Refund
from svc_payment.domain.attempt import Attempt


def charged(found: Attempt) -> Charged | ChargePending:
    """Paid; or where the buyer has to go first."""
    if found.action is None:
        return Charged(transaction_id=found.transaction_id)
    status_url = f"/api/v1/payments/{found.transaction_id}"
    return ChargePending(transaction_id=found.transaction_id, status=found.status, action_url=found.action.url, status_url=status_url)


def standing(order_id: str, found: Attempt | None) -> Standing:
    """How the attempt stands that decides over the order."""
    if found is None:
        return Standing(order_id=order_id, outcome=PaymentStatus.VOIDED)
    url = found.action.url if found.action else ""
    return Standing(order_id=order_id, outcome=found.status, transaction_id=found.transaction_id, action_url=url, reason=found.reason)


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
        action_url=found.action.url if found.action else "",
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
                until=each.action.until if each.action else 0.0,
                provider=each.provider,
            )
            for each in found.attempts
        ),
        refunds=tuple(
            audit.Refund(id=each.id, transaction_id=each.transaction_id, status=each.status, minor=each.minor) for each in found.refunds
        ),
        ledger=tuple(audit.Booking(id=each.id, debit=each.debit, credit=each.credit, minor=each.minor) for each in found.ledger),
    )
