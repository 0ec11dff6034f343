"""What svc_product promises of pictures and of prices that were. Read it through `contracts.product`."""

from contracts.product_words import Image, OneProduct, PictureUnknown, Svg, UnsafePicture
from mallkit.endpoint import ANYONE, DELETE, GET, OPERATORS, PUT, Blob, Done, Endpoint, Id, View, Wish
from mallkit.errors import Missing
from mallkit.money import Amount


class SetPicture(Wish, frozen=True):
    """Either an `svg` of plain shapes, or an `image`: a PNG or JPEG file in base64, at most 512 KiB."""

    product_id: Id
    svg: Svg = ""
    image: Image = b""


class PictureView(View, frozen=True):
    """`picture` is its path on this host, `tag` its ETag without the quotes."""

    product_id: str
    picture: str
    tag: str


class PriceView(View, frozen=True):
    """A price from a moment on, until another one came; `until` is null for the present one. RFC 3339."""

    price: Amount
    currency: str
    since: str
    until: str | None = None


class Prices(View, frozen=True):
    """Newest first; the last 1,000."""

    items: list[PriceView]
    next: str | None = None


class PriceChange(PriceView, frozen=True):
    """`by` is the user id of the operator who set it, empty for the price that the product came with."""

    by: str = ""


class PriceChanges(View, frozen=True):
    """Newest first; the last 1,000."""

    items: list[PriceChange]
    next: str | None = None


picture = Endpoint(
    method=GET, path="/api/v1/products/{product_id}/picture", takes=OneProduct, gives=Blob, may=(ANYONE,), refuses=(Missing,),
    media="image/svg+xml", other_media=("image/png", "image/jpeg"), cache="public, max-age=60", summary="The product's picture",
)  # fmt: skip
set_picture = Endpoint(
    method=PUT, path="/api/v1/products/{product_id}/picture", takes=SetPicture, gives=PictureView, may=OPERATORS, idempotent=True,
    refuses=(Missing, UnsafePicture, PictureUnknown), summary="Set a product's picture",
)  # fmt: skip
delete_picture = Endpoint(
    method=DELETE, path="/api/v1/products/{product_id}/picture", takes=OneProduct, gives=Done, may=OPERATORS, status=204,
    refuses=(Missing,), summary="Take a product's picture away",
)  # fmt: skip
prices = Endpoint(
    method=GET, path="/api/v1/products/{product_id}/prices", takes=OneProduct, gives=Prices, may=(ANYONE,), refuses=(Missing,),
    summary="What a product has cost",
)  # fmt: skip
price_changes = Endpoint(
    method=GET, path="/api/v1/products/{product_id}/prices/changes", takes=OneProduct, gives=PriceChanges, may=OPERATORS,
    refuses=(Missing,), summary="Who changed a product's price",
)  # fmt: skip
