"""What svc_product promises of stock: counted, set by operators, held while somebody buys. Read it through `contracts.product`."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.pricing import STANDARD
from contracts.product_words import SHOWN, BelowReserved, BelowZero, HoldGone, OneProduct, OnHand, OutOfStock, Quantity
from mallkit.endpoint import GET, OPERATORS, POST, PUT, SERVICE, Cursor, Endpoint, Id, Keyed, Limit, View, Wish
from mallkit.errors import Missing, PreconditionRequired, Stale


class SetStock(Wish, frozen=True):
    """`on_hand` counts what is in the house, reserved pieces included. `if_match` is the ETag of the product or of its stock."""

    product_id: Id
    on_hand: OnHand
    if_match: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=200, pattern=SHOWN, examples=["count"])] = "set by operator"


class StockView(View, frozen=True):
    """on_hand = available + reserved. `low` when no more than `low_stock_at` are available; without a level nothing is low."""

    product_id: str
    on_hand: int
    available: int
    reserved: int
    version: str
    low: bool = False
    low_stock_at: int | None = None


class Reason(StrEnum):
    """Why pieces came or went."""

    RECEIVED = "received"
    RETURNED = "returned"
    DAMAGED = "damaged"
    LOST = "lost"
    FOUND = "found"
    COUNTED = "counted"
    WRITTEN_OFF = "written_off"
    OTHER = "other"


class AdjustStock(Wish, frozen=True):
    """`delta` pieces more, or fewer when it is negative."""

    product_id: Id
    delta: Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000, examples=[-2], extra_json_schema={"not": {"const": 0}})]
    reason: Reason
    note: Annotated[str, Meta(max_length=200, pattern=SHOWN, examples=["broken on the shelf"])] = ""


class StockEntryView(View, frozen=True):
    """`reason` is one of the adjustments', or `set` where an operator said how many there are; `by` is the operator's user id."""

    at: str
    by: str
    delta: int
    on_hand: int
    reason: str
    note: str


class StockLog(View, frozen=True):
    """Newest first. What buyers take stands in their orders."""

    items: list[StockEntryView]
    next: str | None


class LogOf(Wish, frozen=True):
    """Which product's, and where the list goes on."""

    product_id: Id
    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


class LowStock(View, frozen=True):
    """A product of which few pieces are left to be bought."""

    product_id: str
    name: str
    on_hand: int
    available: int
    reserved: int
    low_stock_at: int


class LowStocks(View, frozen=True):
    """Products on sale at their level or below."""

    items: list[LowStock]
    next: str | None


class Listed(Wish, frozen=True):
    """Where the list goes on."""

    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


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


class ReturnPieces(Wish, frozen=True):
    """So many of what a hold has given are back in all, and can be bought again. Said again, it changes nothing."""

    hold_id: Id
    lines: Annotated[list[HoldLine], Meta(min_length=1, max_length=100)]


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
adjust_stock = Endpoint(
    method=POST, path="/api/v1/products/{product_id}/stock/adjustments", takes=AdjustStock, gives=StockView, may=OPERATORS, status=201,
    refuses=(Missing, BelowReserved, BelowZero), keyed=Keyed.REQUIRED, etag="version", summary="Add pieces, or take some away",
)  # fmt: skip
stock_log = Endpoint(
    method=GET, path="/api/v1/products/{product_id}/stock/log", takes=LogOf, gives=StockLog, may=OPERATORS, refuses=(Missing,),
    summary="What operators did to a product's stock",
)  # fmt: skip
low_stock = Endpoint(
    method=GET, path="/api/v1/stock/low", takes=Listed, gives=LowStocks, may=OPERATORS, summary="Products of which few are left",
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
return_pieces = Endpoint(
    method=POST, path="/internal/holds/{hold_id}/return", takes=ReturnPieces, gives=HoldView, may=(SERVICE,), internal=True,
    idempotent=True,
)  # fmt: skip
