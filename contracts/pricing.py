"""Words of prices that several services speak: the currencies that the mall shows and charges, and their rates. svc_checkout owns them."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from contracts.checkout_types import BadCheckout
from mallkit.endpoint import ANYONE, END, GET, Endpoint, Nothing, View
from mallkit.errors import Refused

Currency = Annotated[str, Meta(pattern=rf"^[A-Z]{{3}}{END}", examples=["EUR"])]
"""ISO 4217."""
TaxClass = Annotated[str, Meta(min_length=1, max_length=32, pattern=rf"^[a-z0-9]+(-[a-z0-9]+)*{END}", examples=["standard"])]
"""Which of a country's tax rates a product has; `standard` where nothing else is said."""
STANDARD = "standard"


class CurrencyUnknown(Refused):
    """`currencies` lists those that the mall has a rate for."""

    slug = "pricing/currency-unknown"
    title = "The mall has no rate for this currency"
    status = 422
    remedy = "Send one of `currencies`, or leave the currency out."


class RateView(View, frozen=True):
    """So many units of `currency` for one unit of the mall's own, as of a moment (RFC 3339)."""

    currency: Currency
    per_unit: Decimal
    as_of: str


class Rates(View, frozen=True):
    """`base` is the mall's own currency, in which prices are kept; it stands among the items too, at 1. Rates that are too old do not."""

    base: Currency
    items: list[RateView]


rates = Endpoint(
    method=GET, path="/api/v1/rates", takes=Nothing, gives=Rates, may=(ANYONE,), invalid=BadCheckout,
    summary="The currencies that prices are shown in",
)  # fmt: skip
