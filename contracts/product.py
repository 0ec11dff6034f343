"""What svc_product promises: the catalogue, its search, stock, and holds on it."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.pricing import STANDARD, Currency, CurrencyUnknown
from contracts.product_categories import (
    Categories,
    CategoriesFull,
    CategoryInUse,
    CategoryLoop,
    CategoryTooDeep,
    CategoryView,
    OneCategory,
    ParentUnknown,
    SetCategory,
    categories,
    delete_category,
    set_category,
)
from contracts.product_imports import (
    ApplyImport,
    Export,
    Exported,
    ExportedView,
    ImportCategory,
    Imported,
    ImportIncomplete,
    ImportPart,
    ImportRow,
    ImportTooLarge,
    PartKept,
    apply_import,
    export,
    import_part,
)
from contracts.product_pictures import (
    PictureView,
    PriceChange,
    PriceChanges,
    Prices,
    PriceView,
    SetPicture,
    delete_picture,
    picture,
    price_changes,
    prices,
    set_picture,
)
from contracts.product_stock import (
    AdjustStock,
    BindHold,
    Card,
    Cards,
    Hold,
    HoldLine,
    HoldOf,
    HoldView,
    Listed,
    LogOf,
    LookUp,
    LowStock,
    LowStocks,
    Reason,
    ReturnPieces,
    SetStock,
    StockEntryView,
    StockLog,
    StockView,
    adjust_stock,
    bind_hold,
    give_back,
    hold,
    look_up,
    low_stock,
    release_hold,
    return_pieces,
    set_stock,
    stock,
    stock_log,
    take_hold,
)
from contracts.product_words import (
    BelowReserved,
    BelowZero,
    Category,
    Group,
    HoldGone,
    NewProduct,
    OneProduct,
    OutOfStock,
    PictureUnknown,
    ProductPatch,
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
    Cursor,
    Done,
    Endpoint,
    Keyed,
    Limit,
    View,
    Wish,
)  # fmt: skip
from mallkit.errors import Missing

__all__ = [
    "AdjustStock",
    "ApplyImport",
    "BelowReserved",
    "BelowZero",
    "BindHold",
    "Card",
    "Cards",
    "Categories",
    "CategoriesFull",
    "CategoryInUse",
    "CategoryLoop",
    "CategoryTooDeep",
    "CategoryView",
    "Export",
    "Exported",
    "ExportedView",
    "Hold",
    "HoldGone",
    "HoldLine",
    "HoldOf",
    "HoldView",
    "ImportCategory",
    "ImportIncomplete",
    "ImportPart",
    "ImportRow",
    "ImportTooLarge",
    "Imported",
    "Listed",
    "LogOf",
    "LookUp",
    "LowStock",
    "LowStocks",
    "NewProduct",
    "OneCategory",
    "OneProduct",
    "OutOfStock",
    "ParentUnknown",
    "PartKept",
    "PictureUnknown",
    "PictureView",
    "PriceChange",
    "PriceChanges",
    "PriceView",
    "Prices",
    "ProductPatch",
    "Reason",
    "ReturnPieces",
    "SetCategory",
    "SetPicture",
    "SetStock",
    "StockEntryView",
    "StockLog",
    "StockView",
    "UnsafePicture",
    "WrongCurrency",
    "adjust_stock",
    "apply_import",
    "bind_hold",
    "categories",
    "delete_category",
    "delete_picture",
    "export",
    "give_back",
    "hold",
    "import_part",
    "look_up",
    "low_stock",
    "picture",
    "price_changes",
    "prices",
    "release_hold",
    "return_pieces",
    "set_category",
    "set_picture",
    "set_stock",
    "stock",
    "stock_log",
    "take_hold",
]
"""Also said here, so that the contract can be read from one module."""


ShownAmount = Annotated[Decimal, Meta(extra_json_schema={"minimum": 0})]
"""A price with the decimals of the currency that it is shown in."""


class Sort(StrEnum):
    """How a list is ordered; a leading minus turns it round."""

    NAME = "name"
    NAME_DOWN = "-name"
    PRICE = "price"
    PRICE_DOWN = "-price"
    NEWEST = "newest"


class ProductView(View, frozen=True):
    """`stock` is what can be bought now; `picture` is a path on this host, or a URL, or empty.

    `version` is the ETag; it changes with the stock too.
    """

    product_id: str
    name: str
    name_zh: str
    description: str
    price: ShownAmount
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
    tax_class: str = STANDARD
    weight_grams: int = 0


class ProductPage(View, frozen=True):
    """A page of the catalogue."""

    items: list[ProductView]
    next: str | None


class ShownProduct(OneProduct, frozen=True):
    """Names a product, and the currency that its price is shown in: without one the mall's own."""

    currency: Currency | UnsetType = UNSET


class Search(Wish, frozen=True):
    """`q` finds words, word beginnings and Chinese characters, all of them must be there.

    A category shows what hangs below it too. `currency`: which prices are shown in; the order goes by the mall's own.
    """

    category: Category | UnsetType = UNSET
    group: Group | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=200)] = ""
    sort: Sort = Sort.NEWEST
    in_stock: bool = False
    currency: Currency | UnsetType = UNSET
    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


products = Endpoint(
    method=GET, path="/api/v1/products", takes=Search, gives=ProductPage, may=(ANYONE,),
    refuses=(CurrencyUnknown,), summary="The catalogue, searched and sorted",
)  # fmt: skip
product = Endpoint(
    method=GET, path="/api/v1/products/{product_id}", takes=ShownProduct, gives=ProductView, may=(ANYONE,),
    refuses=(Missing, CurrencyUnknown), etag="version", cache="no-cache", summary="One product",
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
