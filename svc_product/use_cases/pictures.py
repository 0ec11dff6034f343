"""A product's picture: shown, set, taken away."""

from dataclasses import replace

from contracts import product as contract
from mallkit.errors import Invalid, Missing
from mallkit.steps import Write
from svc_product.domain.pictures import Picture, drawn, is_kept, photographed
from svc_product.domain.product import Product
from svc_product.ports import Change, Ports

PICTURED = Write("product.pictured")


async def of(product_id: str, ports: Ports) -> Picture:
    """Of a product on sale. Raises Missing, also where the picture is elsewhere."""
    product = await ports.catalogue.get(product_id)
    if not is_kept(product.sheet.picture):
        message = "this product has no picture here"
        raise Missing(message)
    return await ports.catalogue.picture(product_id)


async def put(wish: contract.SetPicture, ports: Ports) -> Product:
    """In the place of the one before. Raises Missing, UnsafePicture, PictureUnknown."""
    if bool(wish.svg) == bool(wish.image):
        message = "send either svg or image"
        raise Invalid(message)
    picture = drawn(wish.svg) if wish.svg else photographed(wish.image)
    return await _put(wish.product_id, picture, ports)


async def remove(product_id: str, ports: Ports) -> None:
    """Raises Missing, also where there is no picture."""
    if not (await ports.catalogue.get(product_id)).sheet.picture:
        message = "this product has no picture"
        raise Missing(message)
    await _put(product_id, None, ports)


async def _put(product_id: str, picture: Picture | None, ports: Ports) -> Product:
    now = ports.clock()

    def rule(product: Product) -> Product:
        return product.rewritten(replace(product.offered().sheet, picture=picture.name if picture else ""), now)

    with PICTURED.writing():
        return await ports.catalogue.change(product_id, Change(rule=rule, picture=picture))
