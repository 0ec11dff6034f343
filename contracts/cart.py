"""What svc_cart promises: one cart per user, sealed while a checkout runs, bought at most once; and carts of guests, merged once."""

from contracts.cart_words import (
    AddItem,
    CartBusy,
    CartEmpty,
    CartFull,
    CartLine,
    CartView,
    CheckoutGone,
    GuestAdds,
    GuestCartMade,
    GuestCartUnknown,
    GuestRemoves,
    GuestsCart,
    GuestSets,
    GuestShows,
    LeftOut,
    Merge,
    MergedView,
    MergeFor,
    OneItem,
    SetItem,
    ShowCart,
)
from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from contracts.pricing import CurrencyUnknown
from mallkit.endpoint import (
    ADMIN,
    ANYONE,
    CUSTOMER,
    DELETE,
    GET,
    OPERATOR,
    POST,
    PUT,
    SERVICE,
    Done,
    Endpoint,
    Id,
    Keyed,
    Nothing,
    View,
    Wish,
)
from mallkit.errors import Missing

__all__ = [
    "AddItem",
    "CartBusy",
    "CartEmpty",
    "CartFull",
    "CartLine",
    "CartView",
    "CheckoutGone",
    "GuestAdds",
    "GuestCartMade",
    "GuestCartUnknown",
    "GuestRemoves",
    "GuestSets",
    "GuestShows",
    "GuestsCart",
    "LeftOut",
    "Merge",
    "MergeFor",
    "MergedView",
    "OneItem",
    "SetItem",
    "ShowCart",
]
"""Also said here, so that the contract can be read from one module."""
BUYERS = (CUSTOMER, OPERATOR, ADMIN)


class SealOf(Wish, frozen=True):
    """A checkout of a user's cart."""

    user_id: Id
    checkout_id: Id


class CartOf(Wish, frozen=True):
    """Names a user's cart."""

    user_id: Id


class SealedLine(View, frozen=True):
    """What is being bought."""

    product_id: str
    quantity: int


class Sealed(View, frozen=True):
    """The lines that only this checkout may buy."""

    checkout_id: str
    lines: list[SealedLine]


class OpenLines(View, frozen=True):
    """The lines a quote is made from."""

    lines: list[SealedLine]


TOKEN = {"cart_token": "Cart-Token"}
cart = Endpoint(
    method=GET, path="/api/v1/cart", takes=ShowCart, gives=CartView, may=BUYERS, refuses=(CurrencyUnknown,), summary="My cart",
)  # fmt: skip
add_item = Endpoint(
    method=POST, path="/api/v1/cart/items", takes=AddItem, gives=CartView, may=BUYERS, refuses=(Missing, CartFull), keyed=Keyed.OPTIONAL,
    summary="Put a product into the cart",
)  # fmt: skip
set_item = Endpoint(
    method=PUT, path="/api/v1/cart/items/{product_id}", takes=SetItem, gives=CartView, may=BUYERS, refuses=(Missing, CartFull),
    idempotent=True, summary="Set a line's quantity",
)  # fmt: skip
remove_item = Endpoint(
    method=DELETE, path="/api/v1/cart/items/{product_id}", takes=OneItem, gives=CartView, may=BUYERS, refuses=(Missing,),
    summary="Take a line out",
)  # fmt: skip
clear = Endpoint(
    method=DELETE, path="/api/v1/cart", takes=Nothing, gives=CartView, may=BUYERS, idempotent=True, summary="Empty the cart",
)  # fmt: skip
save = Endpoint(
    method=POST, path="/api/v1/cart/items/{product_id}/save", takes=OneItem, gives=CartView, may=BUYERS, refuses=(Missing, CartFull),
    idempotent=True, summary="Keep a line for later",
)  # fmt: skip
restore = Endpoint(
    method=POST, path="/api/v1/cart/saved/{product_id}/restore", takes=OneItem, gives=CartView, may=BUYERS, refuses=(Missing, CartFull),
    idempotent=True, summary="Put a saved line back",
)  # fmt: skip
remove_saved = Endpoint(
    method=DELETE, path="/api/v1/cart/saved/{product_id}", takes=OneItem, gives=CartView, may=BUYERS, refuses=(Missing,),
    summary="Take a saved line away",
)  # fmt: skip
merge = Endpoint(
    method=POST, path="/api/v1/cart/merge", takes=Merge, gives=MergedView, may=BUYERS, refuses=(GuestCartUnknown, Missing), idempotent=True,
    secret=("cart_token",), summary="Merge a guest cart into mine",
)  # fmt: skip
make_guest = Endpoint(
    method=POST, path="/api/v1/guest-carts", takes=Nothing, gives=GuestCartMade, may=(ANYONE,), status=201,
    summary="Begin a cart without an account",
)  # fmt: skip
guest_cart = Endpoint(
    method=GET, path="/api/v1/guest-cart", takes=GuestShows, gives=CartView, may=(ANYONE,), headers=TOKEN,
    refuses=(GuestCartUnknown, CurrencyUnknown), secret=("cart_token",), summary="A guest's cart",
)  # fmt: skip
guest_add = Endpoint(
    method=POST, path="/api/v1/guest-cart/items", takes=GuestAdds, gives=CartView, may=(ANYONE,), keyed=Keyed.OPTIONAL, whose="cart_token",
    refuses=(GuestCartUnknown, Missing, CartFull), headers=TOKEN, secret=("cart_token",), summary="Put a product into a guest's cart",
)  # fmt: skip
guest_set = Endpoint(
    method=PUT, path="/api/v1/guest-cart/items/{product_id}", takes=GuestSets, gives=CartView, may=(ANYONE,), idempotent=True,
    refuses=(GuestCartUnknown, Missing, CartFull), headers=TOKEN, secret=("cart_token",), summary="Set the quantity of a guest's line",
)  # fmt: skip
guest_remove = Endpoint(
    method=DELETE, path="/api/v1/guest-cart/items/{product_id}", takes=GuestRemoves, gives=CartView, may=(ANYONE,),
    refuses=(GuestCartUnknown, Missing), headers=TOKEN, secret=("cart_token",), summary="Take a guest's line out",
)  # fmt: skip
guest_clear = Endpoint(
    method=DELETE, path="/api/v1/guest-cart", takes=GuestsCart, gives=CartView, may=(ANYONE,), idempotent=True, refuses=(GuestCartUnknown,),
    headers=TOKEN, secret=("cart_token",), summary="Empty a guest's cart",
)  # fmt: skip
merge_for = Endpoint(
    method=POST, path="/internal/carts/{user_id}/merge", takes=MergeFor, gives=Done, may=(SERVICE,), status=204, internal=True,
    idempotent=True, refuses=(GuestCartUnknown, Missing), secret=("cart_token",),
)  # fmt: skip
seal = Endpoint(
    method=POST, path="/internal/carts/{user_id}/seals/{checkout_id}", takes=SealOf, gives=Sealed, may=(SERVICE,), internal=True,
    idempotent=True, refuses=(CartEmpty, CartBusy, CheckoutGone),
)  # fmt: skip
unseal = Endpoint(
    method=POST, path="/internal/carts/{user_id}/seals/{checkout_id}/undo", takes=SealOf, gives=Done, may=(SERVICE,), status=204,
    internal=True, idempotent=True,
)  # fmt: skip
close = Endpoint(
    method=POST, path="/internal/carts/{user_id}/seals/{checkout_id}/close", takes=SealOf, gives=Done, may=(SERVICE,), status=204,
    internal=True, idempotent=True,
)  # fmt: skip
open_lines = Endpoint(
    method=GET, path="/internal/carts/{user_id}/lines", takes=CartOf, gives=OpenLines, may=(SERVICE,), internal=True,
)  # fmt: skip
