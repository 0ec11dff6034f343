"""The project's own catalogue file, described in docs and by `OwnProduct`: one JSON object, flat list of products."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.pricing import STANDARD
from contracts.product import ImportCategory, ImportRow
from mall.importing.row import BadImport, BadRow, Catalogue, checked, exact, import_key, once
from mallkit.errors import Invalid
from mallkit.svg import MOST_CHARS, svg_fault

MOST_ROWS = 200_000
BESIDE = re.compile(r"[\w-]+(/[\w-]+)*\.svg")


class OwnProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One sellable thing. Products of one `handle` differ in `options` and form a group; `name` is already the variant's own.

    `description` is HTML; `picture` is an .svg file beside the catalogue, or an https URL. An export has `key` and `group` in the place
    of the handle, and drawings and images (base64) inside.
    """

    handle: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    key: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    group: str = ""
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
    low_stock_at: int | None = None
    picture_svg: str = ""
    picture_image: bytes = b""


class OwnCategory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A category in its place; without a parent at the top."""

    category: str
    title: str
    title_zh: str = ""
    parent: str = ""


class OwnFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`{"format": "mall-catalogue/1", "currency": "USD", "categories": [...], "products": [...]}`; categories may be left out."""

    format: Literal["mall-catalogue/1"]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    products: list[msgspec.Raw]
    categories: list[OwnCategory] = []


def read_own_json(text: str, folder: Path, most_rows: int = MOST_ROWS) -> Catalogue:
    """Pictures are read from `folder` and below. Raises BadImport with every bad product."""
    try:
        file = msgspec.json.decode(text, type=OwnFile)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadImport([BadRow(_line_of(error, text), f"not a mall catalogue: {error}")]) from None
    if len(file.products) > most_rows:
        raise BadImport([BadRow(1, f"more than {most_rows:,} products: split the file")])
    bad: list[BadRow] = []
    found: list[tuple[int, ImportRow]] = []
    categories = _categories(file.categories, bad)
    for line, raw in _with_lines(text, file.products):
        try:
            found.append((line, _import_row(msgspec.json.decode(raw, type=OwnProduct), file.currency, folder)))
        except (msgspec.DecodeError, RecursionError) as error:
            bad.append(BadRow(line, str(error)))
        except Invalid as error:
            bad.append(BadRow(line, error.detail))
    return Catalogue(once(found, bad), categories=categories)


def _categories(found: list[OwnCategory], bad: list[BadRow]) -> tuple[ImportCategory, ...]:
    """Those that fit; the others go to `bad`, under the first line."""
    good: dict[str, ImportCategory] = {}
    for each in found:
        told = {name: value for name, value in msgspec.structs.asdict(each).items() if name != "parent" or value}
        try:
            category = msgspec.convert(told, ImportCategory)
        except msgspec.ValidationError as error:
            bad.append(BadRow(1, f"category {each.category[:64]!r}: {error}"))
            continue
        if good.setdefault(category.category, category) is not category:
            bad.append(BadRow(1, f"the category {category.category!r} comes twice"))
    return tuple(good.values())


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
    for name in ("handle", "key", "picture"):
        del fields[name]
    if product.handle is not None and product.key is None:
        fields |= {"import_key": import_key(product.handle, product.options), "group": product.handle.lower() if product.options else ""}
    elif product.key is not None and product.handle is None:
        fields["import_key"] = product.key
    else:
        message = "a product has either a handle or a key"
        raise Invalid(message)
    is_url = product.picture.startswith("https://")
    if product.picture and not is_url:
        fields["picture_svg"] = _drawn(product.picture, folder)
    fields |= {"price": exact(product.price, currency), "currency": currency, "picture_url": product.picture if is_url else ""}
    return checked(fields, exported=product.key is not None)


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
