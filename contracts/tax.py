"""Tax tables as operators set them: by country, a rate for each class of products."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.checkout_types import AddressInvalid, BadCheckout
from contracts.pricing import TaxClass
from contracts.shipping import Country
from mallkit.endpoint import GET, OPERATORS, PUT, Endpoint, View, Wish
from mallkit.errors import Missing, Refused

TaxRates = Annotated[
    dict[TaxClass, Annotated[int, Meta(ge=0, le=100_000)]],
    Meta(min_length=1, max_length=20, examples=[{"standard": 1900, "reduced": 700}]),
]
"""Class → hundredths of a percent."""


class TaxClassUnknown(Refused):
    """`tax_class` is that of `product_id`, or of shipping; the country has a table without it."""

    slug = "checkout/tax-class-unknown"
    title = "There is no tax rate for this class in this country"
    status = 422
    remedy = "Operators: add the class to the country's table. Buyers: take the product out of the cart."


class PutTaxes(Wish, frozen=True):
    """`inclusive`: prices contain the tax. `shipping`: the class whose rate shipping has; left out, shipping is not taxed."""

    country: Country
    rates: TaxRates
    inclusive: bool = False
    shipping: TaxClass | UnsetType = UNSET


class TaxesOf(Wish, frozen=True):
    """Names a country."""

    country: Country


class TaxesView(View, frozen=True):
    """A table as it is kept."""

    country: str
    rates: dict[str, int]
    inclusive: bool
    shipping: str | None


put_taxes = Endpoint(
    method=PUT, path="/api/v1/taxes/{country}", takes=PutTaxes, gives=TaxesView, may=OPERATORS, idempotent=True, invalid=BadCheckout,
    refuses=(AddressInvalid, TaxClassUnknown), summary="Set the taxes of a country",
)  # fmt: skip
taxes = Endpoint(
    method=GET, path="/api/v1/taxes/{country}", takes=TaxesOf, gives=TaxesView, may=OPERATORS, refuses=(Missing,), invalid=BadCheckout,
    summary="The taxes of a country",
)  # fmt: skip
