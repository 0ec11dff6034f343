"""Words of the cart: what people and guests ask, what they are shown, and why they are refused. Promised by contracts/cart.py."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.pricing import Currency, RateView
from mallkit.endpoint import END, Id, View, Wish
from mallkit.errors import Missing, Refused
from mallkit.money import Amount

Quantity = Annotated[int, Meta(ge=1, le=999, examples=[2])]
CartToken = Annotated[str, Meta(min_length=1, max_length=200, pattern=rf"^[A-Za-z0-9._-]+{END}")]
"""Whoever has it has the guest cart: it travels in the header Cart-Token or in a body, never in a URL."""


class CartEmpty(Refused):
    """There is nothing to buy."""

    code = 4001002
    slug = "checkout/cart-empty"
    title = "The cart is empty"
    remedy = "Put something into the cart first."


class CartFull(Refused):
    """More lines, or more of one product, than a cart takes."""

    slug = "cart/full"
    title = "The cart takes no more of this"
    status = 422
    remedy = "A cart takes 100 products and 999 pieces of each."


class CartBusy(Refused):
    """`checkout_id` names the checkout that runs, or is being undone."""

    slug = "checkout/running"
    title = "Another checkout of this cart is still running"
    retry_after = 1
    remedy = "Ask GET /api/v1/checkout/{checkout_id}, or try again after the seconds in Retry-After."


class CheckoutGone(Refused):
    """This checkout was undone before its seal arrived."""

    slug = "cart/checkout-gone"
    title = "This checkout has been undone"


class GuestCartUnknown(Missing):
    """The same answer for a token that is not ours, for a cart that was forgotten, and for one that was merged into a user's cart."""

    slug = "cart/guest-cart-unknown"
    title = "There is no guest cart with this Cart-Token"
    remedy = "Begin another one: POST /api/v1/guest-carts. After a login its lines are in the user's cart."


class CartLine(View, frozen=True):
    """`available` is false when the product is no longer on sale; it then counts nothing in the total.

    `price_was` is what a piece cost when its user last put pieces in, null while that is the price. `stock` is what can be bought now.
    """

    product_id: str
    name: str
    quantity: int
    unit_price: Amount
    line_total: Amount
    available: bool
    price_was: Amount | None = None
    stock: int = 0


class CartView(View, frozen=True):
    """Names, prices and stock are at most 30 s old: as of `prices_as_of`. Checkout always asks again.

    `changes`: a line costs something else than when it was put in, is no longer on sale, or wants more than there is. `saved` lines
    are kept for later: they count nothing in the total and are never bought. `rate` is there where another currency was asked for: the
    mall's prices are shown converted at it.
    """

    items: list[CartLine]
    total: Amount
    currency: str
    prices_as_of: str
    changes: bool = False
    saved: list[CartLine] = []
    rate: RateView | None = None


class GuestCartMade(View, frozen=True):
    """Send the token as the header Cart-Token. A cart that nobody uses until `expires_at` is forgotten; each use puts that off."""

    cart_token: str
    expires_at: str


class LeftOut(View, frozen=True):
    """Pieces of a guest cart for which the user's cart had no room."""

    product_id: str
    name: str
    quantity: int


class MergedView(View, frozen=True):
    """The user's cart as it is now, and what did not fit when the guest cart was merged."""

    cart: CartView
    left_out: list[LeftOut]


class AddItem(Wish, frozen=True):
    """Adds to what is there of the product."""

    product_id: Id
    quantity: Quantity


class SetItem(Wish, frozen=True):
    """Sets how many of the product the cart holds."""

    product_id: Id
    quantity: Quantity


class OneItem(Wish, frozen=True):
    """Names a line."""

    product_id: Id


class ShowCart(Wish, frozen=True):
    """In the mall's own currency, or in another one that it has a rate for."""

    currency: Currency | UnsetType = UNSET


class GuestShows(ShowCart, frozen=True):
    """As ShowCart."""

    cart_token: CartToken | UnsetType = UNSET


class GuestsCart(Wish, frozen=True):
    """The cart of whoever has the token."""

    cart_token: CartToken | UnsetType = UNSET


class GuestAdds(AddItem, frozen=True):
    """As AddItem."""

    cart_token: CartToken | UnsetType = UNSET


class GuestSets(SetItem, frozen=True):
    """As SetItem."""

    cart_token: CartToken | UnsetType = UNSET


class GuestRemoves(OneItem, frozen=True):
    """As OneItem."""

    cart_token: CartToken | UnsetType = UNSET


class Merge(Wish, frozen=True):
    """A guest cart for my own: of the same product the larger quantity stays."""

    cart_token: CartToken


class MergeFor(Wish, frozen=True):
    """A guest cart for a user's."""

    user_id: Id
    cart_token: CartToken
