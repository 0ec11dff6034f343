"""What a purchase costs: lines in minor units whose sum is the total. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.checkout import OrderFailed
from contracts.checkout_types import LineKind
from mallkit.money import MOST

WHOLE = 10_000
"""Hundredths of a percent."""


@dataclass(frozen=True)
class Item:
    """A product as it is bought."""

    product_id: str
    name: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True)
class Line:
    """A part of the total."""

    kind: LineKind
    text: str
    minor: int
    product_id: str = ""
    quantity: int = 0


@dataclass(frozen=True)
class Receipt:
    """The total is nothing but the sum of its lines."""

    lines: tuple[Line, ...]
    currency: str

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(line.minor for line in self.lines)


@dataclass(frozen=True)
class Rates:
    """By country, `*` for all others: `shipping` in minor units a purchase, `tax` in hundredths of a percent of the goods."""

    shipping: Mapping[str, int]
    tax: Mapping[str, int]


def price(items: tuple[Item, ...], country: str, rates: Rates, currency: str) -> Receipt:
    """Items, then shipping, then tax on the goods, rounded half up; lines of nothing are left out."""
    lines = [Line(LineKind.ITEM, item.name[:200], item.unit_minor * item.quantity, item.product_id, item.quantity) for item in items]
    goods = sum(line.minor for line in lines)
    shipping = rates.shipping.get(country, rates.shipping.get("*", 0))
    if shipping:
        lines.append(Line(LineKind.SHIPPING, f"Shipping to {country}", shipping))
    percent = rates.tax.get(country, rates.tax.get("*", 0))
    tax = (goods * percent + WHOLE // 2) // WHOLE
    if tax:
        lines.append(Line(LineKind.TAX, f"Tax in {country}, {percent / 100:g} %", tax))
    return Receipt(tuple(lines), currency)


def payable(receipt: Receipt) -> Receipt:
    """The receipt. Raises OrderFailed where nothing is to be paid, or more than one payment can be."""
    if not 0 < receipt.total <= MOST:
        message = "there is nothing to pay" if receipt.total <= 0 else "this costs more than can be paid at once"
        raise OrderFailed(message)
    return receipt
