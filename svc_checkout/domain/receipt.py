"""What a purchase costs: lines in minor units whose sum is the total. Pure.

In this order: the goods at their prices, the best promotion on each product, the coupon shared among the products, shipping, tax. What a
line that names a product says is that product's alone; what belongs to the whole purchase names none. Lines of nothing are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.checkout import OrderFailed
from contracts.checkout_types import LineKind
from contracts.coupon import CouponKind
from mallkit.money import MOST
from svc_checkout.domain.coupon import Coupon, takes_off
from svc_checkout.domain.currency import Exchange
from svc_checkout.domain.promotion import Promotion, best
from svc_checkout.domain.shares import WHOLE, rounded, shared
from svc_checkout.domain.shipping import Tariff, cost
from svc_checkout.domain.tax import Taxed, TaxTable, taxes

LONGEST_TEXT = 200


@dataclass(frozen=True)
class Item:
    """A product as it is bought, in the purchase's currency."""

    product_id: str
    name: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True)
class Good:
    """An item, with what its price depends on: its category and those above it, its tax class, and what one piece weighs."""

    item: Item
    categories: Sequence[str] = ()
    tax_class: str = ""
    grams: int = 0


@dataclass(frozen=True)
class Line:
    """A part of the total. `included` is tax that the prices contain: told beside the sum, no part of it."""

    kind: LineKind
    text: str
    minor: int
    product_id: str = ""
    quantity: int = 0
    included: int = 0


@dataclass(frozen=True)
class Receipt:
    """The total is nothing but the sum of its lines. `per_unit` and `as_of` are the rate's, where a currency was exchanged."""

    lines: tuple[Line, ...]
    currency: str
    per_unit: Decimal = Decimal(1)
    as_of: float = 0.0

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(line.minor for line in self.lines)


@dataclass(frozen=True)
class Rates:
    """The settings' flat rates by country, `*` for all others: `shipping` in minor units a purchase, `tax` in basis points of the goods."""

    shipping: Mapping[str, int]
    tax: Mapping[str, int]


@dataclass(frozen=True)
class Terms:
    """All that a price depends on but the goods."""

    country: str
    exchange: Exchange
    tariff: Tariff | int
    taxes: TaxTable
    promotions: tuple[Promotion, ...] = ()
    coupon: Coupon | None = None


def price(goods: Sequence[Good], terms: Terms) -> Receipt:
    """Raises what a coupon that does not hold is refused with, ParcelTooHeavy, TaxClassUnknown."""
    items = [_item(good.item) for good in goods]
    promoted = list(promotion_lines(goods, terms.promotions))
    nets = {line.product_id: line.minor for line in items}
    for line in promoted:
        nets[line.product_id] += line.minor
    grams = sum(good.grams * good.item.quantity for good in goods)
    shipping = cost(terms.tariff, grams, sum(nets.values()), terms.exchange)
    off = list(_off(terms, nets, shipping))
    for line in off:
        if line.product_id:
            nets[line.product_id] += line.minor
    shipped = [Line(LineKind.SHIPPING, f"Shipping to {terms.country}", shipping)] if shipping else []
    taxed = _taxed(goods, nets, shipping + sum(line.minor for line in off if not line.product_id), terms)
    lines = (*items, *promoted, *off, *shipped, *taxed)
    return Receipt(lines, terms.exchange.currency, terms.exchange.per_unit, terms.exchange.as_of)


def _item(item: Item) -> Line:
    return Line(LineKind.ITEM, item.name[:LONGEST_TEXT], item.unit_minor * item.quantity, item.product_id, item.quantity)


def promotion_lines(goods: Sequence[Good], promotions: Sequence[Promotion]) -> Iterator[Line]:
    """What the best promotion takes off each product."""
    for good in goods:
        found = best(promotions, good.categories) if promotions else None
        off = 0 if found is None else rounded(good.item.unit_minor * good.item.quantity * found.basis_points, WHOLE)
        if found is not None and off:
            yield Line(LineKind.PROMOTION, f"{found.name}, {percent(found.basis_points)}", -off, good.item.product_id)


def _off(terms: Terms, nets: Mapping[str, int], shipping: int) -> Iterator[Line]:
    """The coupon's lines: each product's share, or the whole of shipping."""
    coupon = terms.coupon
    if coupon is None:
        return
    off, text = takes_off(coupon, sum(nets.values()), shipping, terms.exchange), f"Coupon {coupon.id}"
    if coupon.kind is CouponKind.FREE_SHIPPING:
        yield Line(LineKind.COUPON, text, -off)
        return
    for product_id, share in zip(nets, shared(off, list(nets.values())), strict=True):
        if share:
            yield Line(LineKind.COUPON, text, -share, product_id)


def _taxed(goods: Sequence[Good], nets: Mapping[str, int], shipping: int, terms: Terms) -> Iterator[Line]:
    table = terms.taxes
    shares = taxes(table, terms.country, [Taxed(good.item.product_id, good.tax_class, nets[good.item.product_id]) for good in goods])
    for product_id, (rate, minor) in shares.items():
        if minor:
            yield _tax_line(terms, rate, minor, product_id)
    rate = table.rates[table.shipping] if table.shipping else 0
    minor = table.of(shipping, rate)
    if minor:
        yield _tax_line(terms, rate, minor)


def _tax_line(terms: Terms, rate: int, minor: int, product_id: str = "") -> Line:
    what = "Tax" if product_id else "Tax on shipping"
    if terms.taxes.inclusive:
        return Line(LineKind.TAX, f"{what} in {terms.country}, {percent(rate)}, included", 0, product_id, included=minor)
    return Line(LineKind.TAX, f"{what} in {terms.country}, {percent(rate)}", minor, product_id)


def percent(basis_points: int) -> str:
    """As people write it."""
    return f"{basis_points / 100:g} %"


def payable(receipt: Receipt) -> Receipt:
    """The receipt. Raises OrderFailed where nothing is to be paid, or more than one payment can be."""
    if not 0 < receipt.total <= MOST:
        message = "there is nothing to pay" if receipt.total <= 0 else "this costs more than can be paid at once"
        raise OrderFailed(message)
    return receipt
