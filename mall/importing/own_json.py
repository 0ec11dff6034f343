"""The project's own catalogue file, described in docs and by `OwnProduct`: one JSON object, flat list of products."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.pricing import STANDARD
from contracts.product import ImportRow
from mall.importing.row import BadImport, BadRow, Catalogue, checked, exact, import_key, once
from mallkit.errors import Invalid
from mallkit.svg import MOST_CHARS, svg_fault

BESIDE = re.compile(r"[\w-]+(/[\w-]+)*\.svg")


class OwnProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One sellable thing. Products of one `handle` differ in `options` and form a group; `name` is already the variant's own.

    `description` is HTML; `picture` is an .svg file beside the catalogue, or an https URL.
    """

    handle: Annotated[str, Meta(min_length=1, max_length=128)]
    name: str
    price: Decimal
    stock: int
    category: str
    name_zh: str = ""
    description: str = ""
    options: dict[str, str] = {}
    sku: str = ""
    tags: list[str] = []
    picture: str = ""
    tax_class: str = STANDARD
    weight_grams: int = 0


class OwnFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{"format": "mall-catalogue/1", "currency": "USD", "products": [...]}`."""

    format: Literal["mall-catalogue/1"]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    products: list[msgspec.Raw]


def read_own_json(text: str, folder: Path) -> Catalogue:
    """Pictures are read from `folder` and below. Raises BadImport with every bad product."""
    try:
        file = msgspec.json.decode(text, type=OwnFile)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadImport([BadRow(_line_of(error, text), f"not a mall catalogue: {error}")]) from None
    bad: list[BadRow] = []
    found: list[tuple[int, ImportRow]] = []
    for line, raw in _with_lines(text, file.products):
        try:
            found.append((line, _import_row(msgspec.json.decode(raw, type=OwnProduct), file.currency, folder)))
        except (msgspec.DecodeError, RecursionError) as error:
            bad.append(BadRow(line, str(error)))
        except Invalid as error:
            bad.append(BadRow(line, error.detail))
    return Catalogue(once(found, bad))


def _line_of(error: Exception, text: str) -> int:
    """The decoder names a byte where the text is no JSON, and nothing where a field does not fit."""
    place = re.search(r"\(byte (\d+)\)", str(error))
    return text.encode().count(b"\n", 0, int(place[1])) + 1 if place else 1


def _with_lines(text: str, products: list[msgspec.Raw]) -> Iterator[tuple[int, bytes]]:
    """Between one product and the next stand only a comma and spaces, so looking for its text finds it where it is."""
    content = text.encode()
    at = content.find(b'"products"')
    line = content.count(b"\n", 0, at) + 1
    for product in map(bytes, products):
        start = content.index(product, at)
        line += content.count(b"\n", at, start)
        yield line, product
        at = start + len(product)
        line += product.count(b"\n")


def _import_row(product: OwnProduct, currency: str, folder: Path) -> ImportRow:
    fields: dict[str, object] = msgspec.structs.asdict(product)
    handle = str(fields.pop("handle"))
    picture = str(fields.pop("picture"))
    is_url = picture.startswith("https://")
    return checked(
        fields
        | {
            "import_key": import_key(handle, product.options),
            "group": handle.lower() if product.options else "",
            "price": exact(product.price, currency),
            "currency": currency,
            "picture_url": picture if is_url else "",
            "picture_svg": _drawn(picture, folder) if picture and not is_url else "",
        }
    )


def _drawn(name: str, folder: Path) -> str:
    """The file's text. Raises Invalid when it lies outside the folder, cannot be read, or is no safe picture."""
    path = folder / name
    if not BESIDE.fullmatch(name) or not path.resolve().is_relative_to(folder.resolve()):
        message = f"picture {name!r} is neither an https URL nor an .svg file beside the catalogue"
        raise Invalid(message)
    try:
        with path.open(encoding="utf-8") as file:
            svg = file.read(MOST_CHARS + 1)
    except (OSError, ValueError):
        message = f"picture {name!r} cannot be read as UTF-8 text"
        raise Invalid(message) from None
    if fault := svg_fault(svg):
        message = f"picture {name!r}: {fault}"
        raise Invalid(message)
    return svg
