"""Amounts of money: integer minor units and a currency inside, exact decimals on the wire, never a float."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Self

from msgspec import Meta

from mallkit.errors import Invalid

MOST = 100_000_000_000_000
"""Minor units; above this a client has lost a decimal point."""

LARGEST = Decimal("999999999.99")
"""In major units, of the sums on the wire below."""

DECIMALS: dict[str, int] = {
    "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2,
    "INR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2, "SEK": 2, "SGD": 2,
    "THB": 2, "TRY": 2, "TWD": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip
"""ISO 4217: how many decimals a currency has."""

Amount = Annotated[Decimal, Meta(extra_json_schema={"minimum": 0, "maximum": 999_999_999.99, "multipleOf": 0.01})]
"""A sum on the wire, 0 or more, in major units (`99.99`)."""
Paid = Annotated[Decimal, Meta(extra_json_schema={"minimum": 0.01, "maximum": 999_999_999.99, "multipleOf": 0.01})]
"""A sum on the wire that is more than nothing."""
SignedAmount = Annotated[Decimal, Meta(extra_json_schema={"minimum": -999_999_999.99, "maximum": 999_999_999.99, "multipleOf": 0.01})]
"""A line of a receipt: discounts are negative."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`minor` units of `currency`; sums of two currencies are refused."""

    minor: int
    currency: str

    @classmethod
    def read(cls, amount: Decimal, currency: str, least: int = -MOST) -> Self:
        """From the wire, exactly. Raises Invalid on too many decimals, an exponent, less than `least` (in minor units), or a currency
        nobody knows.
        """
        places = DECIMALS.get(currency)
        if places is None:
            message = f"{currency!r} is not a currency we know"
            raise Invalid(message)
        _, digits, exponent = amount.as_tuple()
        if not isinstance(exponent, int) or exponent > 0 or exponent < -places or len(digits) > len(str(MOST)):
            message = f"an amount in {currency} is a plain number with at most {places} decimals"
            raise Invalid(message)
        minor = int(amount.scaleb(places))
        if not least <= minor <= MOST:
            message = f"the amount is out of range for {currency}"
            raise Invalid(message)
        return cls(minor, currency)

    @property
    def amount(self) -> Decimal:
        """For the wire, with the currency's decimals."""
        return Decimal(self.minor).scaleb(-DECIMALS[self.currency])

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            message = f"{other.currency} cannot be reckoned with {self.currency}"
            raise Invalid(message)
        return other.minor


def converted(money: Money, currency: str, per_unit: Decimal) -> Money:
    """The same in another currency, `per_unit` of which are one unit of this one: exactly, then half up to its decimals.

    Raises Invalid where it is out of range, or the currency is one nobody knows.
    """
    if currency not in DECIMALS:
        message = f"{currency!r} is not a currency we know"
        raise Invalid(message)
    over, under = per_unit.as_integer_ratio()
    over, under = money.minor * over * 10 ** DECIMALS[currency], under * 10 ** DECIMALS[money.currency]
    minor = (2 * over + under) // (2 * under)
    if abs(minor) > MOST:
        message = f"the amount is out of range for {currency}"
        raise Invalid(message)
    return Money(minor, currency)
