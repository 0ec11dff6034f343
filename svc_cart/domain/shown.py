"""A cart as it is shown: with what its products are called, cost, and how many there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mallkit.money import Money, converted
from svc_cart.domain.cart import Cart


@dataclass(frozen=True, slots=True)
class Face:
    """What a product was called and cost, and how many could be bought, when it was `asked` (seconds since 1970).

    Without a price it is not on sale.
    """

    name: str
    unit: Money | None
    asked: float
    stock: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """So many units of `currency` for one of the mall's own, as of a moment (RFC 3339)."""

    currency: str
    per_unit: Decimal
    as_of: str

    def of(self, money: Money) -> Money:
        """The same in this currency, half up."""
        return converted(money, self.currency, self.per_unit)


@dataclass(frozen=True, slots=True)
class Shown:
    """A cart as its user sees it at the time `at`: with the faces of all open and saved lines, and the mall's currency.

    With a `rate` it is shown in that one's currency.
    """

    cart: Cart
    faces: Mapping[str, Face]
    at: float
    currency: str
    rate: Rate | None = None
