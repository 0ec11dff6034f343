"""What svc_product promises of stock: counted, set by operators, held while somebody buys. Read it through `contracts.product`."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.pricing import STANDARD
from contracts.product_words import SHOWN, BelowReserved, HoldGone, OneProduct, OnHand, OutOfStock, Quantity
from mallkit.endpoint import GET, OPERATORS, POST, PUT, SERVICE, Endpoint, Id, View, Wish
from mallkit.errors import Missing, PreconditionRequired, Stale


class SetStock(Wish, frozen=True):
    """`on_hand` counts what is in the house, reserved pieces included. `if_match` is the ETag of the product or of its stock."""

    product_id: Id
    on_hand: OnHand
    if_match: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=200, pattern=SHOWN, examples=["count"])] = "set by operator"


class StockView(View, frozen=True):
    """on_hand = available + reserved."""

    product_id: str
    on_hand: int
    available: int
    reserved: int
    version: str


class LookUp(Wish, frozen=True):
    """What a neighbour needs to know of some products."""

    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=100)]


class Card(View, frozen=True):
    """A product's face: `unit_minor` in minor units, `categories` from its own category up to the root, `weight_grams` of one piece."""

    product_id: str
    name: str
    unit_minor: int
    currency: str
    stock: int
    picture: str = ""
    categories: list[str] = []
    tax_class: str = STANDARD
    weight_grams: int = 0


class Cards(View, frozen=True):
    """Those of the asked products that are on sale."""

    items: list[Card]


class HoldLine(Wish, frozen=True):
    """So many of a product."""

    product_id: Id
    quantity: Quantity


class Hold(Wish, frozen=True):
    """Reserves all lines under `hold_id`, or none: bound to `order_id` from the start, or until the clock ends it after `seconds`."""

    hold_id: Id
    lines: Annotated[list[HoldLine], Meta(min_length=1, max_length=100)]
    seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900
    order_id: Id | UnsetType = UNSET


class HoldOf(Wish, frozen=True):
    """Names a hold."""

    hold_id: Id


class BindHold(Wish, frozen=True):
    """From here the clock does not end the hold."""

    hold_id: Id
    order_id: Id


class HoldView(View, frozen=True):
    """`state`: held, taken, released or returned."""

    hold_id: str
    state: str


stock = Endpoint(
    method=GET, path="/api/v1/products/{product_id}/stock", takes=OneProduct, gives=StockView, may=OPERATORS, refuses=(Missing,),
    etag="version", summary="A product's stock",
)  # fmt: skip
set_stock = Endpoint(
    method=PUT, path="/api/v1/products/{product_id}/stock", takes=SetStock, gives=StockView, may=OPERATORS,
    refuses=(Missing, Stale, PreconditionRequired, BelowReserved), headers={"if_match": "If-Match"}, etag="version",
    summary="Set what is on hand",
)  # fmt: skip
look_up = Endpoint(
    method=POST, path="/internal/products/look-up", takes=LookUp, gives=Cards, may=(SERVICE,), internal=True, idempotent=True,
)  # fmt: skip
hold = Endpoint(
    method=POST, path="/internal/holds/{hold_id}", takes=Hold, gives=Cards, may=(SERVICE,), internal=True, idempotent=True,
    refuses=(Missing, OutOfStock, HoldGone),
)  # fmt: skip
bind_hold = Endpoint(
    method=POST, path="/internal/holds/{hold_id}/bind", takes=BindHold, gives=HoldView, may=(SERVICE,), internal=True, idempotent=True,
    refuses=(HoldGone,),
)  # fmt: skip
take_hold = Endpoint(
    method=POST, path="/internal/holds/{hold_id}/take", takes=HoldOf, gives=HoldView, may=(SERVICE,), internal=True, idempotent=True,
    refuses=(HoldGone,),
)  # fmt: skip
release_hold = Endpoint(
    method=POST, path="/internal/holds/{hold_id}/release", takes=HoldOf, gives=HoldView, may=(SERVICE,), internal=True, idempotent=True,
)  # fmt: skip
give_back = Endpoint(
    method=POST, path="/internal/holds/{hold_id}/give-back", takes=HoldOf, gives=HoldView, may=(SERVICE,), internal=True, idempotent=True,
)  # fmt: skip
