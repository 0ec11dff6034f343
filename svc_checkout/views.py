"""What the contracts show of checkouts, receipts and the price book."""

from collections.abc import Mapping
from decimal import Decimal

from contracts import audit, shipping, tax
from contracts import checkout as contract
from contracts import coupon as coupons
from contracts import promotion as promotions
from contracts.checkout import CheckoutStatus
from contracts.checkout_types import Receipt, ReceiptLine
from contracts.pricing import Rates, RateView
from mallkit.allotment_words import Counter, Movement
from mallkit.money import Money
from mallkit.times import NEVER, rfc3339
from svc_checkout.domain import receipt as domain
from svc_checkout.domain.checkout import Checkout
from svc_checkout.domain.coupon import ANY_NUMBER, Coupon
from svc_checkout.domain.currency import Rate
from svc_checkout.domain.promotion import Promotion
from svc_checkout.domain.shipping import Tariff
from svc_checkout.domain.tax import TaxTable
from svc_checkout.domain.window import Window
from svc_checkout.ports import Uses

NOTHING = Decimal(0)


def receipt(found: domain.Receipt) -> Receipt:
    """The lines and their sum."""
    lines = [
        ReceiptLine(
            kind=line.kind,
            text=line.text,
            amount=Money(line.minor, found.currency).amount,
            product_id=line.product_id,
            quantity=line.quantity,
            included=Money(line.included, found.currency).amount if line.included else NOTHING,
        )
        for line in found.lines
    ]
    return Receipt(
        lines=lines,
        total=Money(found.total, found.currency).amount,
        currency=found.currency,
        rate=found.per_unit,
        rate_as_of=rfc3339(found.as_of) if found.as_of else "",
    )


def bought(found: Checkout) -> contract.CheckedOut | contract.CheckoutPending:
    """Bought, or told where to ask."""
    if found.status is not CheckoutStatus.DONE or found.receipt is None:
        return pending(found.id, found.order_id, _action_url(found))
    return contract.CheckedOut(
        checkout_id=found.id, order_id=found.order_id, transaction_id=found.transaction_id, receipt=receipt(found.receipt)
    )


def placed(found: Checkout) -> contract.Placed | contract.CheckoutPending:
    """Ordered, or told where to ask."""
    if found.status is not CheckoutStatus.DONE or found.receipt is None:
        return pending(found.id, found.order_id)
    return contract.Placed(checkout_id=found.id, order_id=found.order_id, receipt=receipt(found.receipt), pay_by=found.pay_by)


def pending(checkout_id: str, order_id: str, action_url: str = "") -> contract.CheckoutPending:
    """Where to ask, and where to act first."""
    status_url = f"/api/v1/checkout/{checkout_id}"
    return contract.CheckoutPending(checkout_id=checkout_id, order_id=order_id, status_url=status_url, action_url=action_url)


def _action_url(found: Checkout) -> str:
    return found.action.url if found.action else ""


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
        action_url=_action_url(found),
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
        coupon=found.coupon,
    )


def rates(known: Mapping[str, Rate], base: str) -> Rates:
    """The mall's own first."""
    return Rates(base=base, items=[rate(currency, each) for currency, each in known.items()])


def rate(currency: str, found: Rate) -> RateView:
    """One currency's."""
    return RateView(currency=currency, per_unit=found.per_unit, as_of=rfc3339(found.as_of))


def until(found: Window) -> str | None:
    """Nothing where there is no end."""
    return None if found.until >= NEVER else rfc3339(found.until)


def promotion(found: Promotion, now: float) -> promotions.PromotionView:
    """One promotion."""
    return promotions.PromotionView(
        promotion_id=found.id,
        name=found.name,
        category=found.category,
        basis_points=found.basis_points,
        valid_from=rfc3339(found.window.since),
        valid_until=until(found.window),
        running=found.window.holds(now),
    )


def tariff(country: str, found: Tariff, currency: str) -> shipping.TariffView:
    """A country's tariff."""
    steps = [shipping.TariffStepView(up_to_grams=step.up_to, price=Money(step.minor, currency).amount) for step in found.steps]
    free_from = None if found.free_from is None else Money(found.free_from, currency).amount
    return shipping.TariffView(country=country, steps=steps, free_from=free_from, currency=currency)


def taxes(country: str, found: TaxTable) -> tax.TaxesView:
    """A country's taxes."""
    return tax.TaxesView(country=country, rates=found.rates, inclusive=found.inclusive, shipping=found.shipping or None)


def coupon(found: Coupon, uses: Uses) -> coupons.CouponView:
    """A coupon, and how often it was used."""
    unlimited = found.limit >= ANY_NUMBER
    return coupons.CouponView(
        code=found.id,
        kind=found.kind,
        basis_points=found.basis_points or None,
        amount=Money(found.minor, found.currency).amount if found.minor else None,
        currency=found.currency,
        minimum=Money(found.minimum, found.currency).amount,
        valid_from=rfc3339(found.window.since),
        valid_until=until(found.window),
        limit=None if unlimited else found.limit,
        limit_per_user=found.per_user or None,
        ended=found.ended,
        used=found.limit - uses.available - uses.reserved,
        held=uses.reserved,
        left=None if unlimited else uses.available,
    )


def counter_row(found: Counter, revision: int) -> audit.CouponCounter:
    """For the audit."""
    entries = {key: audit.Entry(entry.quantity, entry.state, entry.token, entry.until) for key, entry in found.open.items()}
    return audit.CouponCounter(id=found.id, revision=revision, available=found.available, reserved=found.reserved, open=entries)


def movement_row(found: Movement, revision: int) -> audit.CouponMovement:
    """For the audit."""
    return audit.CouponMovement(
        id=found.id,
        revision=revision,
        key=found.key,
        thing=found.thing,
        quantity=found.quantity,
        state=found.state,
        bound=found.bound,
        expires_at=found.expires_at,
        returned=found.returned,
        token=found.token,
    )
