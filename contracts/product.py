"""What svc_product promises: the catalogue, its search, stock, and holds on it."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from mallkit.endpoint import (
    ANYONE,
    DELETE,
    END,
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
from mallkit.errors import Missing, PreconditionRequired, Refused, Stale
from mallkit.money import Amount

Title = Annotated[str, Meta(min_length=1, max_length=300, examples=["Clay Plant Pot, Large"])]
Category = Annotated[str, Meta(min_length=1, max_length=64, pattern=rf"^[a-z0-9]+(-[a-z0-9]+)*{END}", examples=["garden"])]
Html = Annotated[str, Meta(max_length=20_000, examples=["<p>Fired clay, 12 cm.</p>"])]
Group = Annotated[str, Meta(max_length=128, examples=["clay-plant-pot"])]
Options = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=64)], Annotated[str, Meta(min_length=1, max_length=128)]],
    Meta(max_length=10, examples=[{"Size": "Large"}]),
]
Sku = Annotated[str, Meta(max_length=64, examples=["POT-L"])]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=50, examples=[["clay"]])]
Currency = Annotated[str, Meta(pattern=rf"^[A-Z]{{3}}{END}", examples=["USD"])]
OnHand = Annotated[int, Meta(ge=0, le=1_000_000_000, examples=[20])]
Quantity = Annotated[int, Meta(ge=1, le=100_000, examples=[2])]
ImportId = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{END}")]
ImportKey = Annotated[str, Meta(min_length=1, max_length=300)]


class OutOfStock(Refused):
    """`product_id` and `available` tell which; `temporary` says that only others' holds are in the way."""

    slug = "product/out-of-stock"
    title = "Not enough in stock"
    remedy = "Order less, or try again later when `temporary` is true."


class WrongCurrency(Refused):
    """The mall sells in one currency."""

    slug = "product/wrong-currency"
    title = "The mall does not sell in this currency"
    status = 422
    remedy = "Leave the currency out, or send the mall's own."


class BelowReserved(Refused):
    """On-hand stock cannot be set below what buyers hold at this moment."""

    slug = "product/below-reserved"
    title = "More than that is reserved"
    remedy = "Wait until the running purchases have ended, or set a higher number."


class HoldGone(Refused):
    """The hold was released, or undone before it was made."""

    slug = "product/hold-gone"
    title = "The hold on the stock has ended"


class SkuTaken(Refused):
    """Another product has this import key."""

    slug = "product/import-key-taken"
    title = "Another product has this import key"


class UnsafePicture(Refused):
    """The SVG has a part that could run or load something."""

    slug = "product/unsafe-picture"
    title = "The picture is not a safe SVG"
    status = 422
    remedy = "Send plain shapes only: no scripts, no links, no foreign objects."


class ImportIncomplete(Refused):
    """Not all announced parts have arrived."""

    slug = "product/import-incomplete"
    title = "Parts of the import are missing"
    remedy = "Send the missing parts, then apply again."


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


class NewProduct(Wish, frozen=True):
    """`description` is HTML and is made safe."""

    name: Title
    price: Amount
    stock: OnHand
    category: Category
    currency: Currency | UnsetType = UNSET
    name_zh: Annotated[str, Meta(max_length=300)] = ""
    description: Html = ""
    group: Group = ""
    options: Options = {}
    sku: Sku = ""
    tags: Tags = []


class ProductPatch(Wish, frozen=True):
    """Only the fields that are sent change; stock has its own endpoint."""

    product_id: Id
    name: Title | UnsetType = UNSET
    price: Amount | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    name_zh: Annotated[str, Meta(max_length=300)] | UnsetType = UNSET
    description: Html | UnsetType = UNSET
    group: Group | UnsetType = UNSET
    options: Options | UnsetType = UNSET
    sku: Sku | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET


class SetStock(Wish, frozen=True):
    """`on_hand` counts what is in the house, reserved pieces included. `if_match` is the ETag of the product or of its stock."""

    product_id: Id
    on_hand: OnHand
    if_match: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=200, examples=["count"])] = "set by operator"


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


class ImportRow(Wish, frozen=True):
    """One product of an import. `import_key` makes the import idempotent; `stock` counts only when the product is new."""

    import_key: ImportKey
    name: Title
    price: Amount
    stock: OnHand
    category: Category
    currency: Currency | UnsetType = UNSET
    name_zh: Annotated[str, Meta(max_length=300)] = ""
    description: Html = ""
    group: Group = ""
    options: Options = {}
    sku: Sku = ""
    tags: Tags = []
    picture_svg: Annotated[str, Meta(max_length=20_000)] = ""
    picture_url: Annotated[str, Meta(max_length=1000, pattern=rf"^(https://\S+)?{END}")] = ""


class ImportPart(Wish, frozen=True):
    """A part of an import, kept aside until the import is applied; the same part again replaces it."""

    import_id: ImportId
    part: Annotated[int, Meta(ge=0, le=999)]
    products: Annotated[list[ImportRow], Meta(min_length=1, max_length=500)]


class PartKept(View, frozen=True):
    """The part is kept aside; nothing of it is visible yet."""

    import_id: str
    part: int
    rows: int


class ApplyImport(Wish, frozen=True):
    """All `parts` (numbered from 0) become visible in one write, or none."""

    import_id: ImportId
    parts: Annotated[int, Meta(ge=1, le=1000)]


class Imported(View, frozen=True):
    """What the import did; the same import again has created and updated nothing."""

    import_id: str
    created: int
    updated: int
    unchanged: int


class LookUp(Wish, frozen=True):
    """What a neighbour needs to know of some products."""

    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=100)]


class Card(View, frozen=True):
    """A product's face: `unit_minor` in minor units."""

    product_id: str
    name: str
    unit_minor: int
    currency: str
    stock: int
    picture: str = ""


class Cards(View, frozen=True):
    """Those of the asked products that are on sale."""

    items: list[Card]


class HoldLine(Wish, frozen=True):
    """So many of a product."""

    product_id: Id
    quantity: Quantity


class Hold(Wish, frozen=True):
    """Reserves all lines under `hold_id`, or none. Unbound holds end after `seconds`."""

    hold_id: Id
    lines: Annotated[list[HoldLine], Meta(min_length=1, max_length=100)]
    seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900


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
