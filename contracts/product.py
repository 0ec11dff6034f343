"""What svc_product promises: the catalogue, its search, stock, and holds on it."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.pricing import STANDARD
from contracts.product_words import (
    SHOWN,
    ApplyImport,
    BelowReserved,
    Category,
    Group,
    HoldGone,
    Imported,
    ImportIncomplete,
    ImportPart,
    ImportRow,
    NewProduct,
    OnHand,
    OutOfStock,
    PartKept,
    ProductPatch,
    Quantity,
    UnsafePicture,
    WrongCurrency,
)
from mallkit.endpoint import (
    ANYONE,
    DELETE,
    GET,
    OPERATORS,
    PATCH,
    POST,
    PUT,
    SERVICE,
    Blob,
    Cursor,
    Done,
    Endpoint,
    Id,
    Keyed,
    Limit,
    Nothing,
    View,
    Wish,
)  # fmt: skip
from mallkit.errors import Missing, PreconditionRequired, Stale
from mallkit.money import Amount

__all__ = [
    "ApplyImport",
    "BelowReserved",
    "HoldGone",
    "ImportIncomplete",
    "ImportPart",
    "ImportRow",
    "Imported",
    "NewProduct",
    "OutOfStock",
    "PartKept",
    "ProductPatch",
    "UnsafePicture",
    "WrongCurrency",
]
"""Also said here, so that the contract can be read from one module."""


class Sort(StrEnum):
    """How a list is ordered; a leading minus turns it round."""

    NAME = "name"
    NAME_DOWN = "-name"
    PRICE = "price"
    PRICE_DOWN = "-price"
    NEWEST = "newest"


class ProductView(View, frozen=True):
    """`stock` is what can be bought now; `picture` is a path on this host, or a URL, or empty; `version` is the ETag."""

    product_id: str
    name: str
    name_zh: str
    description: str
    price: Amount
    currency: str
    stock: int
    category: str
    group: str
    options: dict[str, str]
    sku: str
    tags: list[str]
    picture: str
    version: str
    created_at: str
    updated_at: str


class ProductPage(View, frozen=True):
    """A page of the catalogue."""

    items: list[ProductView]
    next: str | None


class Search(Wish, frozen=True):
    """`q` finds words, word beginnings and Chinese characters, all of them must be there."""

    category: Category | UnsetType = UNSET
    group: Group | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=200)] = ""
    sort: Sort = Sort.NEWEST
    in_stock: bool = False
    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


class OneProduct(Wish, frozen=True):
    """Names a product."""

    product_id: Id


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


class CategoryView(View, frozen=True):
    """A category and how many products it has."""

    category: str
    products: int


class Categories(View, frozen=True):
    """All categories, by name."""

    items: list[CategoryView]
    next: str | None = None


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


products = Endpoint(
    method=GET, path="/api/v1/products", takes=Search, gives=ProductPage, may=(ANYONE,), summary="The catalogue, searched and sorted",
)  # fmt: skip
product = Endpoint(
    method=GET, path="/api/v1/products/{product_id}", takes=OneProduct, gives=ProductView, may=(ANYONE,), refuses=(Missing,),
    etag="version", summary="One product",
)  # fmt: skip
picture = Endpoint(
    method=GET, path="/api/v1/products/{product_id}/picture", takes=OneProduct, gives=Blob, may=(ANYONE,), refuses=(Missing,),
    media="image/svg+xml", summary="The product's picture",
)  # fmt: skip
categories = Endpoint(
    method=GET, path="/api/v1/categories", takes=Nothing, gives=Categories, may=(ANYONE,), summary="All categories",
)  # fmt: skip
create = Endpoint(
    method=POST, path="/api/v1/products", takes=NewProduct, gives=ProductView, may=OPERATORS, status=201, refuses=(WrongCurrency,),
    keyed=Keyed.OPTIONAL, etag="version", summary="Put a product on sale",
)  # fmt: skip
patch = Endpoint(
    method=PATCH, path="/api/v1/products/{product_id}", takes=ProductPatch, gives=ProductView, may=OPERATORS, refuses=(Missing,),
    etag="version", summary="Change a product",
)  # fmt: skip
delete = Endpoint(
    method=DELETE, path="/api/v1/products/{product_id}", takes=OneProduct, gives=Done, may=OPERATORS, status=204, refuses=(Missing,),
    summary="Take a product off sale",
)  # fmt: skip
stock = Endpoint(
    method=GET, path="/api/v1/products/{product_id}/stock", takes=OneProduct, gives=StockView, may=OPERATORS, refuses=(Missing,),
    etag="version", summary="A product's stock",
)  # fmt: skip
set_stock = Endpoint(
    method=PUT, path="/api/v1/products/{product_id}/stock", takes=SetStock, gives=StockView, may=OPERATORS,
    refuses=(Missing, Stale, PreconditionRequired, BelowReserved), headers={"if_match": "If-Match"}, etag="version",
    summary="Set what is on hand",
)  # fmt: skip
import_part = Endpoint(
    method=PUT, path="/api/v1/catalogue/imports/{import_id}/parts/{part}", takes=ImportPart, gives=PartKept, may=OPERATORS,
    refuses=(WrongCurrency, UnsafePicture), idempotent=True, summary="Send a part of an import",
)  # fmt: skip
apply_import = Endpoint(
    method=POST, path="/api/v1/catalogue/imports/{import_id}", takes=ApplyImport, gives=Imported, may=OPERATORS,
    refuses=(ImportIncomplete,), idempotent=True, summary="Apply an import, all or nothing",
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
