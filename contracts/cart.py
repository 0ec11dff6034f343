"""What svc_cart promises: one cart per user, sealed while a checkout runs, bought at most once."""

from typing import Annotated

from msgspec import Meta

from contracts.persons import export as export  # noqa: PLC0414 - served here too
from contracts.persons import forget as forget  # noqa: PLC0414 - as export
from mallkit.endpoint import ADMIN, CUSTOMER, DELETE, GET, OPERATOR, POST, PUT, SERVICE, Done, Endpoint, Id, Keyed, Nothing, View, Wish
from mallkit.errors import Missing, Refused
from mallkit.money import Amount

Quantity = Annotated[int, Meta(ge=1, le=999, examples=[2])]
BUYERS = (CUSTOMER, OPERATOR, ADMIN)


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


class CartLine(View, frozen=True):
    """`available` is false when the product is no longer on sale; it then counts nothing in the total."""

    product_id: str
    name: str
    quantity: int
    unit_price: Amount
    line_total: Amount
    available: bool


class CartView(View, frozen=True):
    """Names and prices are at most 30 s old: as of `prices_as_of`. Checkout always asks again."""

    items: list[CartLine]
    total: Amount
    currency: str
    prices_as_of: str


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


cart = Endpoint(method=GET, path="/api/v1/cart", takes=Nothing, gives=CartView, may=BUYERS, summary="My cart")
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
