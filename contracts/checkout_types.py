"""Words that checkout, order and payment share on the wire: addresses, cards, receipt lines."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from mallkit.endpoint import View, Wish
from mallkit.errors import Invalid, Refused
from mallkit.money import SignedAmount

Line = Annotated[str, Meta(max_length=200)]


class BadCheckout(Invalid):
    """A field is missing, unknown or out of range."""

    code = 4001001
    slug = "checkout/bad-parameters"
    title = "The parameters are not valid"
    remedy = "Correct the named field and send the request again."


class AddressInvalid(Refused):
    """`field` names what cannot be delivered to."""

    code = 4001004
    slug = "checkout/address-invalid"
    title = "The address is not valid"
    status = 422
    remedy = "Correct the named field; the country must be one that the mall delivers to."


class Address(Wish, frozen=True):
    """Where it goes. `country` is ISO 3166-1 alpha-2; `zip_code` may be a number, and is read as its decimal string."""

    street_address: Annotated[str, Meta(max_length=200, examples=["1 Infinite Loop"])]
    city: Annotated[str, Meta(max_length=100, examples=["Cupertino"])]
    state: Annotated[str, Meta(max_length=100, examples=["CA"])]
    country: Annotated[str, Meta(max_length=100, examples=["US"])]
    zip_code: Annotated[str, Meta(max_length=20, examples=["95014"])] | Annotated[int, Meta(ge=0, le=9_999_999_999)]


MOST_SENT = 2**53


class CreditCard(Wish, frozen=True):
    """Held in memory for one call only. The CVV is text, or a number (which loses leading zeros).

    The bounds only keep out what is no card at all: what is wrong with a card is told by CardInvalid.
    """

    credit_card_number: Annotated[str, Meta(max_length=64, examples=["4242424242424242"])]
    credit_card_cvv: Annotated[str, Meta(max_length=32, examples=["123"])] | Annotated[int, Meta(ge=-MOST_SENT, le=MOST_SENT)]
    credit_card_expiration_year: Annotated[int, Meta(ge=-MOST_SENT, le=MOST_SENT, examples=[2031])]
    credit_card_expiration_month: Annotated[int, Meta(ge=-MOST_SENT, le=MOST_SENT, examples=[12])]

    def distinct(self) -> str:
        """What tells two cards apart: for keyed fingerprints only, never without a key. The CVV is no part of it."""
        return f"{self.credit_card_number}|{self.credit_card_expiration_year}|{self.credit_card_expiration_month}"

    def __repr__(self) -> str:
        """Never the number."""
        return "CreditCard(…)"


class LineKind(StrEnum):
    """What a line of a receipt is for."""

    ITEM = "item"
    PROMOTION = "promotion"
    COUPON = "coupon"
    SHIPPING = "shipping"
    TAX = "tax"
    ROUNDING = "rounding"


class ReceiptLine(View, frozen=True):
    """`amount` is the line's part of the total.

    A line that names a product belongs to that product's pieces (its price, its share of a discount, its tax): giving a piece back gives
    back the same share of all these lines. A line that names none belongs to the purchase as a whole. `included` is tax that the
    prices contain already: it is told beside the sum and adds nothing to it.
    """

    kind: LineKind
    text: str
    amount: SignedAmount
    product_id: str = ""
    quantity: int = 0
    included: SignedAmount = Decimal(0)


class Receipt(View, frozen=True):
    """The lines add up to the total. `rate`: so much of `currency` for one of the mall's own, as it was at `rate_as_of`."""

    lines: list[ReceiptLine]
    total: SignedAmount
    currency: str
    rate: Decimal = Decimal(1)
    rate_as_of: str = ""
