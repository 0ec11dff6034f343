"""What other currencies are worth, and how a price becomes one of theirs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from contracts.checkout import OrderFailed
from contracts.currency import OwnCurrency, RateDateWrong, RateTooOld
from contracts.pricing import CurrencyUnknown
from mallkit.errors import Invalid
from mallkit.money import DECIMALS, Money, converted
from mallkit.times import APART, rfc3339

LEAST, GREATEST = Decimal("0.000001"), Decimal(1_000_000)
DIGITS, PLACES = 40, 30
"""More than any rate has; a number of a million digits would cost minutes."""


@dataclass(frozen=True)
class Rate:
    """So many units for one of the mall's own, as of a moment (seconds since 1970)."""

    per_unit: Decimal
    as_of: float


@dataclass(frozen=True)
class Exchange:
    """From the mall's own currency, `base`, into the one that a purchase is reckoned in."""

    base: str
    currency: str
    per_unit: Decimal = Decimal(1)
    as_of: float = 0.0

    @classmethod
    def none(cls, base: str) -> Self:
        """The mall's own currency."""
        return cls(base, base)

    @property
    def own(self) -> bool:
        """Nothing is exchanged."""
        return self.base == self.currency

    def of(self, minor: int) -> int:
        """Minor units of the purchase's currency, half up. Raises OrderFailed for more than anybody can pay."""
        if self.own:
            return minor
        try:
            return converted(Money(minor, self.base), self.currency, self.per_unit).minor
        except Invalid as refusal:
            raise OrderFailed(refusal.detail) from None


def known(currency: str) -> str:
    """A currency whose decimals we know. Raises CurrencyUnknown."""
    if currency not in DECIMALS:
        message = f"{currency} is not a currency that the mall knows"
        raise CurrencyUnknown(message, currencies=sorted(DECIMALS))
    return currency


def read(currency: str, base: str, per_unit: Decimal) -> Decimal:
    """A rate as an operator tells it. Raises CurrencyUnknown, OwnCurrency, Invalid."""
    if known(currency) == base:
        raise OwnCurrency
    _, digits, exponent = per_unit.as_tuple()
    fits = isinstance(exponent, int) and -PLACES <= exponent <= DIGITS and len(digits) <= DIGITS
    if not fits or not LEAST <= per_unit <= GREATEST:
        message = f"per_unit is a number from {LEAST} to {GREATEST}"
        raise Invalid(message)
    return per_unit


def dated(known: Mapping[str, Rate], currency: str, rate: Rate, now: float) -> dict[str, Rate]:
    """The rates with this one. Raises RateDateWrong: a feed that repeats itself late does not set a rate back."""
    if rate.as_of > now + APART:
        message = "as_of lies in the future"
        raise RateDateWrong(message)
    if currency in known and rate.as_of < known[currency].as_of:
        message = f"there is a rate of {rfc3339(known[currency].as_of)} already"
        raise RateDateWrong(message, as_of=rfc3339(known[currency].as_of))
    return {**known, currency: rate}


def fresh(known: Mapping[str, Rate], now: float, longest: float) -> dict[str, Rate]:
    """Rates that one may buy at: those of the last so many seconds, by currency."""
    return {currency: rate for currency, rate in sorted(known.items()) if now - rate.as_of <= longest}


def exchange(known: Mapping[str, Rate], base: str, currency: str, now: float, longest: float) -> Exchange:
    """Into the currency that a buyer asks for. Raises CurrencyUnknown, RateTooOld."""
    if currency == base:
        return Exchange.none(base)
    rate = known.get(currency)
    if rate is None:
        message = f"the mall has no rate for {currency}"
        raise CurrencyUnknown(message, currencies=[base, *fresh(known, now, longest)])
    if now - rate.as_of > longest:
        message = f"the rate for {currency} is of {rfc3339(rate.as_of)}"
        raise RateTooOld(message, currency=currency, as_of=rfc3339(rate.as_of))
    return Exchange(base, currency, rate.per_unit, rate.as_of)
