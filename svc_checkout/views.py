"""What the contracts show of checkouts, receipts and the price book."""

from collections.abc import Mapping

from contracts import audit
from contracts import checkout as contract
from contracts.checkout import CheckoutStatus
from contracts.checkout_types import Receipt, ReceiptLine
from contracts.pricing import Rates, RateView
from mallkit.money import Money
from mallkit.times import rfc3339
from svc_checkout.domain import receipt as domain
from svc_checkout.domain.checkout import Checkout
from svc_checkout.domain.currency import Rate


def receipt(found: domain.Receipt) -> Receipt:
    """The lines and their sum."""
    lines = [
        ReceiptLine(
            kind=line.kind,
            text=line.text,
            amount=Money(line.minor, found.currency).amount,
            product_id=line.product_id,
            quantity=line.quantity,
        )
        for line in found.lines
    ]
    return Receipt(lines=lines, total=Money(found.total, found.currency).amount, currency=found.currency)


def bought(found: Checkout) -> contract.CheckedOut | contract.CheckoutPending:
    """Bought, or told where to ask."""
    if found.status is not CheckoutStatus.DONE or found.receipt is None:
        return pending(found.id, found.order_id)
    return contract.CheckedOut(
        checkout_id=found.id, order_id=found.order_id, transaction_id=found.transaction_id, receipt=receipt(found.receipt)
    )


def placed(found: Checkout) -> contract.Placed | contract.CheckoutPending:
    """Ordered, or told where to ask."""
    if found.status is not CheckoutStatus.DONE or found.receipt is None:
        return pending(found.id, found.order_id)
    return contract.Placed(checkout_id=found.id, order_id=found.order_id, receipt=receipt(found.receipt), pay_by=found.pay_by)


def pending(checkout_id: str, order_id: str) -> contract.CheckoutPending:
    """Where to ask."""
    return contract.CheckoutPending(checkout_id=checkout_id, order_id=order_id, status_url=f"/api/v1/checkout/{checkout_id}")


def checkout(found: Checkout) -> contract.CheckoutView:
    """How it stands; the refusal is told once it is final."""
    refusal = found.refusal if found.status is CheckoutStatus.REFUSED else None
    return contract.CheckoutView(
        checkout_id=found.id,
        status=found.status,
        order_id=found.order_id,
        transaction_id=found.transaction_id,
        receipt=None if found.receipt is None else receipt(found.receipt),
        refusal="" if refusal is None else f"/problems/{refusal.slug}",
        detail="" if refusal is None else refusal.detail,
        created_at=rfc3339(found.created),
        pay_by=found.pay_by,
    )


def row(found: Checkout, revision: int) -> audit.Checkout:
    """For the audit."""
    return audit.Checkout(
        id=found.id,
        pay_later=found.pay_later,
        revision=revision,
        user_id=found.user_id,
        order_id=found.order_id,
        status=found.status,
        transaction_id=found.transaction_id,
    )


def rates(known: Mapping[str, Rate], base: str) -> Rates:
    """The mall's own first."""
    return Rates(base=base, items=[rate(currency, each) for currency, each in known.items()])


def rate(currency: str, found: Rate) -> RateView:
    """One currency's."""
    return RateView(currency=currency, per_unit=found.per_unit, as_of=rfc3339(found.as_of))
