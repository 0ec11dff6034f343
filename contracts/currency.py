"""How operators tell svc_checkout what other currencies are worth: dated rates of the mall's own."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.checkout_types import BadCheckout
from contracts.pricing import Currency, CurrencyUnknown, RateView
from mallkit.endpoint import OPERATORS, PUT, Endpoint, Wish
from mallkit.errors import Refused

PerUnit = Annotated[Decimal, Meta(extra_json_schema={"minimum": 0.000001, "maximum": 1_000_000, "examples": [0.92]})]
"""So many units for one unit of the mall's own currency."""


class OwnCurrency(Refused):
    """The mall's own currency is the measure of all others."""

    slug = "pricing/own-currency"
    title = "The mall's own currency has no rate"
    status = 422
    remedy = "Set the rates of other currencies."


class RateDateWrong(Refused):
    """`as_of` lies in the future, or before that of the rate which is already there."""

    slug = "pricing/rate-date-wrong"
    title = "The rate is of a day that it cannot be of"
    status = 422
    remedy = "Send the moment at which the rate was taken, or leave it out for now."


class RateTooOld(Refused):
    """`as_of` is when the currency's rate was taken: too long ago to buy at it."""

    slug = "pricing/rate-too-old"
    title = "The mall's rate for this currency is too old"
    remedy = "Pay in the mall's own currency, or try again when the rate is fresh."


class PutRate(Wish, frozen=True):
    """A rate taken at a moment; now, unless it is said."""

    currency: Currency
    per_unit: PerUnit
    as_of: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


put_rate = Endpoint(
    method=PUT, path="/api/v1/rates/{currency}", takes=PutRate, gives=RateView, may=OPERATORS, idempotent=True, invalid=BadCheckout,
    refuses=(CurrencyUnknown, OwnCurrency, RateDateWrong), summary="Set what a currency is worth",
)  # fmt: skip
