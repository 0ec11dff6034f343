"""What svc_product promises of catalogues that come in whole, and go out. Read it through `contracts.product`."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.pricing import STANDARD, TaxClass
from contracts.product_categories import CategoriesFull, CategoryLoop, CategoryTooDeep, ParentUnknown
from contracts.product_words import (
    Category,
    Chinese,
    Currency,
    Grams,
    Group,
    Html,
    Image,
    ImportId,
    ImportKey,
    LowAt,
    OnHand,
    Options,
    PictureUnknown,
    Sku,
    Svg,
    Tags,
    Title,
    UnsafePicture,
    WrongCurrency,
)
from mallkit.endpoint import END, GET, OPERATORS, POST, PUT, Cursor, Endpoint, Limit, View, Wish
from mallkit.errors import Refused
from mallkit.money import Amount


class ImportIncomplete(Refused):
    """Not all announced parts have arrived."""

    slug = "product/import-incomplete"
    title = "Parts of the import are missing"
    remedy = "Send the missing parts, then apply again."


class ImportTooLarge(Refused):
    """The import has `rows` rows; at most `most` become visible in one write."""

    slug = "product/import-too-large"
    title = "The import has too many rows for one write"
    status = 422
    remedy = "Send it as several imports, each with no more than `most` rows: `mall import --pieces` does so."


class ImportRow(Wish, frozen=True):
    """One product of an import. `import_key` makes the import idempotent; `stock` counts only when the product is new."""

    import_key: ImportKey
    name: Title
    price: Amount
    stock: OnHand
    category: Category
    currency: Currency | UnsetType = UNSET
    name_zh: Chinese = ""
    description: Html = ""
    group: Group = ""
    options: Options = {}
    sku: Sku = ""
    tags: Tags = []
    tax_class: TaxClass = STANDARD
    weight_grams: Grams = 0
    low_stock_at: LowAt | None = None
    picture_svg: Svg = ""
    picture_image: Image = b""
    picture_url: Annotated[str, Meta(max_length=1000, pattern=rf"^(https://[!-~]+)?{END}")] = ""


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


class ImportCategory(Wish, frozen=True):
    """A category of an import, as it is to be: without a parent at the top."""

    category: Category
    title: Title
    title_zh: Chinese = ""
    parent: Category | UnsetType = UNSET


class ApplyImport(Wish, frozen=True):
    """All `parts` (numbered from 0) and the `categories` become visible in one write, or nothing."""

    import_id: ImportId
    parts: Annotated[int, Meta(ge=1, le=1000)]
    categories: Annotated[list[ImportCategory], Meta(max_length=5000)] = []


class Imported(View, frozen=True):
    """What the import did; the same import again has created and updated nothing."""

    import_id: str
    created: int
    updated: int
    unchanged: int


class ExportedView(View, frozen=True):
    """A product on sale as an import would bring it, `stock` with what is held; `picture` is the path of a PNG or JPEG."""

    import_key: str
    name: str
    price: Amount
    currency: str
    stock: int
    category: str
    name_zh: str
    description: str
    group: str
    options: dict[str, str]
    sku: str
    tags: list[str]
    tax_class: str
    weight_grams: int
    low_stock_at: int | None
    picture_svg: str
    picture_url: str
    picture: str


class Exported(View, frozen=True):
    """By import key. A page may be shorter than its limit though `next` says that the list goes on."""

    items: list[ExportedView]
    next: str | None


class Export(Wish, frozen=True):
    """Where the list goes on."""

    after: Cursor | UnsetType = UNSET
    limit: Limit = 50


import_part = Endpoint(
    method=PUT, path="/api/v1/catalogue/imports/{import_id}/parts/{part}", takes=ImportPart, gives=PartKept, may=OPERATORS,
    refuses=(WrongCurrency, UnsafePicture, PictureUnknown), idempotent=True, summary="Send a part of an import",
)  # fmt: skip
apply_import = Endpoint(
    method=POST, path="/api/v1/catalogue/imports/{import_id}", takes=ApplyImport, gives=Imported, may=OPERATORS,
    refuses=(ImportIncomplete, ImportTooLarge, ParentUnknown, CategoryLoop, CategoryTooDeep, CategoriesFull), idempotent=True,
    summary="Apply an import, all or nothing",
)  # fmt: skip
export = Endpoint(
    method=GET, path="/api/v1/catalogue/export", takes=Export, gives=Exported, may=OPERATORS, summary="The whole catalogue, for a file",
)  # fmt: skip
