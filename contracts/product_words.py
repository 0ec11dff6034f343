"""Words of the product contract: field types, refusals, and the rows of an import."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from contracts.pricing import STANDARD, TaxClass
from mallkit.endpoint import END, Id, Wish
from mallkit.errors import Refused
from mallkit.money import Amount

SHOWN = rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*{END}"
"""Text that a shop can show: no NUL and no other control characters, but for tab and line ends."""
Title = Annotated[str, Meta(min_length=1, max_length=300, pattern=SHOWN, examples=["Clay Plant Pot, Large"])]
Chinese = Annotated[str, Meta(max_length=300, pattern=SHOWN)]
"""The name in Chinese."""
Category = Annotated[str, Meta(min_length=1, max_length=64, pattern=rf"^[a-z0-9]+(-[a-z0-9]+)*{END}", examples=["garden"])]
Html = Annotated[str, Meta(max_length=20_000, pattern=SHOWN, examples=["<p>Fired clay, 12 cm.</p>"])]
Group = Annotated[str, Meta(max_length=128, pattern=SHOWN, examples=["clay-plant-pot"])]
Options = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=64, pattern=SHOWN)],
        Annotated[str, Meta(min_length=1, max_length=128, pattern=SHOWN)],
    ],
    Meta(max_length=10, examples=[{"Size": "Large"}]),
]
Sku = Annotated[str, Meta(max_length=64, pattern=SHOWN, examples=["POT-L"])]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64, pattern=SHOWN)]], Meta(max_length=50, examples=[["clay"]])]
Currency = Annotated[str, Meta(pattern=rf"^[A-Z]{{3}}{END}", examples=["USD"])]
OnHand = Annotated[int, Meta(ge=0, le=1_000_000_000, examples=[20])]
LowAt = Annotated[int, Meta(ge=0, le=1_000_000_000, examples=[5])]
"""With so many pieces to be bought, or fewer, a product is low."""
Svg = Annotated[str, Meta(max_length=20_000)]
Image = Annotated[bytes, Meta(max_length=524_288)]
"""PNG or JPEG, in base64 on the wire."""
Quantity = Annotated[int, Meta(ge=1, le=100_000, examples=[2])]
Grams = Annotated[int, Meta(ge=0, le=100_000_000, examples=[850])]
"""What one piece weighs, for the shipping."""
ImportId = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{END}")]
ImportKey = Annotated[str, Meta(min_length=1, max_length=300, pattern=SHOWN)]


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


class BelowZero(Refused):
    """`on_hand` pieces are there, `delta` would take away more."""

    slug = "product/below-zero"
    title = "There are not that many pieces"
    remedy = "Count again, and take away no more than are on hand."


class HoldGone(Refused):
    """The hold was released, or undone before it was made."""

    slug = "product/hold-gone"
    title = "The hold on the stock has ended"


class UnsafePicture(Refused):
    """The SVG has a part that could run or load something."""

    slug = "product/unsafe-picture"
    title = "The picture is not a safe SVG"
    status = 422
    remedy = "Send plain shapes only: no scripts, no links, no foreign objects."


class PictureUnknown(Refused):
    """The first bytes are neither those of PNG nor those of JPEG."""

    slug = "product/picture-unknown"
    title = "The image is neither PNG nor JPEG"
    status = 422
    remedy = "Send an SVG as `svg`, or a PNG or JPEG file in base64 as `image`."


class OneProduct(Wish, frozen=True):
    """Names a product."""

    product_id: Id


class NewProduct(Wish, frozen=True):
    """`description` is HTML and is made safe. Without a `low_stock_at` the mall's own level counts, if it has one."""

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


class ProductPatch(Wish, frozen=True):
    """Only the fields that are sent change; stock has its own endpoint."""

    product_id: Id
    name: Title | UnsetType = UNSET
    price: Amount | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    name_zh: Chinese | UnsetType = UNSET
    description: Html | UnsetType = UNSET
    group: Group | UnsetType = UNSET
    options: Options | UnsetType = UNSET
    sku: Sku | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    tax_class: TaxClass | UnsetType = UNSET
    weight_grams: Grams | UnsetType = UNSET
    low_stock_at: LowAt | UnsetType | None = UNSET
