"""What shipping costs: tariffs by country and weight that operators set, and a quote for everybody."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.checkout_types import AddressInvalid, BadCheckout
from contracts.currency import RateTooOld
from contracts.pricing import Currency, CurrencyUnknown
from contracts.product_words import Quantity
from mallkit.endpoint import ANYONE, END, GET, OPERATORS, POST, PUT, Endpoint, Id, View, Wish
from mallkit.errors import Missing, Refused
from mallkit.money import Amount

OTHERS = "others"
"""Stands for every country that has nothing of its own."""
Country = Annotated[str, Meta(pattern=rf"^([A-Z]{{2}}|others){END}", examples=["AQ"])]
"""ISO 3166-1 alpha-2, or `others` for every country that has nothing of its own."""
Grams = Annotated[int, Meta(ge=0, le=1_000_000_000, examples=[500])]


class TariffWrong(Refused):
    """Each step is heavier than the one before."""

    slug = "pricing/tariff-wrong"
    title = "The steps of the tariff are not in order"
    status = 422
    remedy = "Send the steps from the lightest to the heaviest."


class ParcelTooHeavy(Refused):
    """`weight_grams` is what it weighs, `most_grams` the most that is shipped there."""

    slug = "checkout/parcel-too-heavy"
    title = "The parcel is too heavy to be shipped there"
    status = 422
    remedy = "Buy it in several orders."


class TariffStep(Wish, frozen=True):
    """Parcels of up to so many grams cost so much, in the mall's own currency."""

    up_to_grams: Annotated[int, Meta(ge=1, le=1_000_000_000, examples=[2000])]
    price: Amount


class PutTariff(Wish, frozen=True):
    """`free_from`: goods of so much are shipped for nothing."""

    country: Country
    steps: Annotated[list[TariffStep], Meta(min_length=1, max_length=50, examples=[[{"up_to_grams": 2000, "price": 4.9}]])]
    free_from: Amount | UnsetType = UNSET


class TariffOf(Wish, frozen=True):
    """Names a country."""

    country: Country


class TariffStepView(View, frozen=True):
    """As TariffStep."""

    up_to_grams: int
    price: Amount


class TariffView(View, frozen=True):
    """A tariff as it is kept; amounts in `currency`, the mall's own."""

    country: str
    steps: list[TariffStepView]
    free_from: Amount | None
    currency: str


class ParcelLine(Wish, frozen=True):
    """So many of a product."""

    product_id: Id
    quantity: Quantity


class QuoteShipping(Wish, frozen=True):
    """A parcel of these products, and of so many grams beside them; where nothing is said it weighs nothing."""

    country: Annotated[str, Meta(pattern=rf"^[A-Z]{{2}}{END}", examples=["US"])]
    lines: Annotated[list[ParcelLine], Meta(max_length=100)] = []
    weight_grams: Grams = 0
    currency: Currency | UnsetType = UNSET


class ShippingQuote(View, frozen=True):
    """What it costs to ship a parcel of that weight, without tax."""

    country: str
    weight_grams: int
    price: Amount
    currency: str


class ProductUnknown(Refused):
    """`product_id` is not sold."""

    slug = "pricing/product-unknown"
    title = "One of the products is not on sale"
    status = 422
    remedy = "Take it out of the lines."


put_tariff = Endpoint(
    method=PUT, path="/api/v1/shipping/{country}", takes=PutTariff, gives=TariffView, may=OPERATORS, idempotent=True, invalid=BadCheckout,
    refuses=(AddressInvalid, TariffWrong), summary="Set what shipping to a country costs",
)  # fmt: skip
tariff = Endpoint(
    method=GET, path="/api/v1/shipping/{country}", takes=TariffOf, gives=TariffView, may=OPERATORS, refuses=(Missing,), invalid=BadCheckout,
    summary="What shipping to a country costs",
)  # fmt: skip
quote_shipping = Endpoint(
    method=POST, path="/api/v1/shipping/quote", takes=QuoteShipping, gives=ShippingQuote, may=(ANYONE,), idempotent=True,
    refuses=(AddressInvalid, ParcelTooHeavy, ProductUnknown, CurrencyUnknown, RateTooOld), invalid=BadCheckout,
    summary="What it would cost to ship this",
)  # fmt: skip
