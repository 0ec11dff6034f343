"""A small contract that uses everything an endpoint can declare."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from mallkit.endpoint import (
    ANYONE,
    CUSTOMER,
    DELETE,
    END,
    GET,
    OPERATOR,
    OPERATORS,
    PATCH,
    POST,
    PUT,
    SERVICE,
    Accepted,
    Blob,
    Done,
    Endpoint,
    Id,
    Keyed,
    Nothing,
    View,
    Wish,
)  # fmt: skip
from mallkit.errors import Internal, Invalid, Missing, PreconditionRequired, Refused, Stale
from mallkit.money import Amount


class Bad(Invalid):
    """The numbered 400 of this shop."""

    slug = "shop/bad"
    title = "Bad parameters"
    code = 4001001
    remedy = "Correct them."


class Broken(Internal):
    """A numbered 500."""

    slug = "shop/broken"
    title = "Broken"
    code = 5001001


class Closed(Refused):
    """A 409 without a number."""

    slug = "shop/closed"
    title = "Closed"
    remedy = "Come back."


class Line(Wish, frozen=True):
    """Nested."""

    sku: Annotated[str, Meta(min_length=1, max_length=8, examples=["POT-L"])]
    quantity: Annotated[int, Meta(ge=1, le=99, examples=[2])]


class Buy(Wish, frozen=True):
    """Buys lines."""

    lines: Annotated[list[Line], Meta(min_length=1, max_length=5)]
    expected: Amount | UnsetType = UNSET
    count: int = 1
    note: Annotated[str, Meta(max_length=20, description="For the parcel.")] | None = None
    tip: Amount = Decimal("0.50")
    card: Annotated[str, Meta(pattern=rf"^[0-9]{{3,4}}{END}")] | Annotated[int, Meta(ge=0, le=9999)] = "123"


class Bought(View, frozen=True):
    """What was bought."""

    order_id: str
    total: Amount


class Waiting(Accepted, frozen=True):
    """Not yet."""

    status_url: str


class Change(Wish, frozen=True):
    """Changes a thing."""

    thing_id: Id
    on_hand: Annotated[int, Meta(ge=0)]
    if_match: Annotated[str, Meta(max_length=9)] | UnsetType = UNSET
    reason: Annotated[str, Meta(examples=["count"])] = ""


class Find(Wish, frozen=True):
    """Finds things."""

    thing_id: Id
    after: Annotated[str, Meta(max_length=9)] | None = None
    page_size: Annotated[int, Meta(ge=1, le=50)] = msgspec.field(default=20, name="pageSize")
    exact: bool = False


class Soft(Wish, frozen=True):
    """Nothing must be sent."""

    reason: str = ""


class Page(View, frozen=True):
    """Things."""

    items: list[Bought]
    next: str | None


class Picture(Blob, frozen=True):
    """Bytes."""


AnyEndpoint = Endpoint[Any, Any]
SHOP: dict[str, AnyEndpoint] = {
    "buy": Endpoint(
        method=POST, path="/buy", takes=Buy, gives=Bought, may=(CUSTOMER, SERVICE), status=201, refuses=(Closed, Broken, Internal),
        accepted=Waiting, keyed=Keyed.REQUIRED, invalid=Bad, aliases=("/api/buy",), summary="Buy it",
    ),
    "change": Endpoint(
        method=PUT, path="/things/{thing_id}", takes=Change, gives=Bought, may=OPERATORS, refuses=(Missing, Stale, PreconditionRequired),
        headers={"if_match": "If-Match"}, etag="order_id", keyed=Keyed.OPTIONAL,
    ),
    "find": Endpoint(method=GET, path="/things/{thing_id}/orders", takes=Find, gives=Page, may=(ANYONE, OPERATOR)),
    "drop": Endpoint(method=DELETE, path="/things", takes=Nothing, gives=Done, may=(ANYONE,), status=204, internal=True),
    "poke": Endpoint(method=PATCH, path="/things", takes=Nothing, gives=Done, may=(ANYONE,), status=204),
    "soft": Endpoint(method=POST, path="/soft", takes=Soft, gives=Done, may=(ANYONE,), status=204),
    "picture": Endpoint(method=GET, path="/picture", takes=Nothing, gives=Picture, may=(ANYONE,), media="image/svg+xml"),
}  # fmt: skip
