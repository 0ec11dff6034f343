"""What a product has cost, since when, and who changed it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from mallkit.money import Money, converted
from svc_product.domain.product import Product

MOST = 1000
"""Prices of a product that are kept; the oldest go."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The currency in which prices are shown, `per_unit` of which are one unit of the mall's own."""

    currency: str
    per_unit: Decimal

    def of(self, price: Money) -> Money:
        """A price in it. Raises Invalid where it is out of range."""
        return converted(price, self.currency, self.per_unit)


@dataclass(frozen=True, slots=True)
class Price:
    """A price since a moment (seconds since 1970); `by` is the operator who set it, nobody for the one that the product came with."""

    money: Money
    since: float
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All prices of the product `id`, oldest first; none as long as it has only had one."""

    id: str
    entries: tuple[Price, ...] = ()

    def after(self, before: Product, now: Product, by: str) -> Self:
        """With the price that a change has brought, if it has."""
        if before.sheet.price == now.sheet.price:
            return self
        entries = self.entries or (Price(before.sheet.price, before.created_at),)
        return replace(self, entries=(*entries, Price(now.sheet.price, now.updated_at, by))[-MOST:])

    def of(self, product: Product) -> tuple[Price, ...]:
        """Oldest first, the present one last."""
        return self.entries or (Price(product.sheet.price, product.created_at),)
