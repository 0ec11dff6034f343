"""Shopify's product CSV export: several rows a product, one for each variant and some only for pictures. Pure.

Not on sale (Published false, Status draft, archived or unlisted) is left out. A product's category is its Type, else the last step of its
product category, else its first tag, else "other".
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contracts.product import ImportRow
from mall.importing.row import UNREADABLE, BadImport, BadRow, Catalogue, checked, grams, import_key, once, price, slug, stock
from mallkit.errors import Invalid

MOST_ROWS = 200_000
NEEDED = ("Handle", "Title", "Variant Price")
OPTIONS = ("Option1", "Option2", "Option3")
VARIANT_CELLS = ("Option1 Value", "Variant Price", "Variant SKU")
"""A further row of a handle without any of these only adds a picture."""
CATEGORIES = ("Product Category", "Standardized Product Type", "Google Shopping / Google Product Category")
ON_SALE = {
    "Published": {"": True, "true": True, "false": False},
    "Status": {"": True, "active": True, "draft": False, "archived": False, "unlisted": False},
}
csv.field_size_limit(1_000_000)  # the kit's own 128 KiB would refuse long descriptions without naming the row


@dataclass(frozen=True, slots=True)
class Row:
    """A row that has as many cells as the header; `line` is where it begins."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "").strip()


@dataclass(slots=True)
class Product:
    """A handle: its first row, which alone has title, body and tags, and the rows that are variants."""

    first: Row
    variants: list[Row]
    pictures: list[str] = field(default_factory=list)


def read_shopify(text: str | Iterable[str], currency: str, most_rows: int = MOST_ROWS) -> Catalogue:
    """`text` whole, or by lines. Raises BadImport with every bad row; more rows than `most_rows` are not read."""
    bad: list[BadRow] = []
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    products = _products(_rows(lines, bad, most_rows), bad)
    found: list[tuple[int, ImportRow]] = []
    left_out = 0
    for product in products:
        try:
            if not _on_sale(product.first):
                left_out += 1
                continue
        except Invalid as error:
            bad.append(BadRow(product.first.line, error.detail))
            continue
        for variant in product.variants:
            try:
                found.append((variant.line, _import_row(product, variant, currency)))
            except Invalid as error:
                bad.append(BadRow(variant.line, error.detail))
    return Catalogue(once(found, bad), left_out)


def _rows(lines: Iterable[str], bad: list[BadRow], most: int) -> Iterator[Row]:
    """The rows below the header. Raises BadImport at once for a header that is not an export's, and for one row too many.

    Other faults go to `bad`.
    """
    reader = csv.reader(lines, strict=True)
    header: list[str] = []
    line = 1
    try:
        for number, cells in enumerate(reader):
            if number > most:
                raise BadImport([BadRow(line, f"more than {most:,} rows: split the file")])
            if not header:
                header = _header(cells)
            elif any(cell.strip() for cell in cells):
                if len(cells) == len(header) and not any(map(UNREADABLE.search, cells)):
                    yield Row(line, {name: cell for name, cell in zip(header, cells, strict=True) if cell})
                else:
                    bad.append(BadRow(line, _unusable(cells, header)))
            line = reader.line_num + 1
    except csv.Error as error:
        bad.append(BadRow(line, f"not CSV: {error}; nothing after this line was read"))


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    missing = [name for name in NEEDED if name not in names]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if missing:
        raise BadImport([BadRow(1, f"not a Shopify product export: no column {', '.join(missing)}")])
    if twice:
        raise BadImport([BadRow(1, f"the header names a column twice: {', '.join(twice)}")])
    return names


def _unusable(cells: list[str], header: list[str]) -> str:
    if len(cells) != len(header):
        return f"{len(cells)} cells where the header has {len(header)}"
    column = next(name for name, cell in zip(header, cells, strict=True) if UNREADABLE.search(cell))
    return f"control characters in {column}"


def _products(rows: Iterator[Row], bad: list[BadRow]) -> list[Product]:
    """Rows gathered by handle. A later row may repeat the title, not change it."""
    products: dict[str, Product] = {}
    for row in rows:
        handle, title = row["Handle"].lower(), row["Title"]
        product = products.get(handle)
        if not handle:
            bad.append(BadRow(row.line, "the handle is empty"))
        elif product is None and not title:
            bad.append(BadRow(row.line, f"no row before this one gives {row['Handle']!r} a title"))
        elif product is None:
            product = products[handle] = Product(row, [row])
        elif title and title != product.first["Title"]:
            bad.append(BadRow(row.line, f"{row['Handle']!r} has another title in line {product.first.line}"))
        elif any(row[cell] for cell in VARIANT_CELLS):
            product.variants.append(row)
        elif not row["Image Src"]:
            bad.append(BadRow(row.line, "neither a variant nor a picture"))
        if product is not None and row["Image Src"]:
            product.pictures.append(row["Image Src"])
    return list(products.values())


def _on_sale(first: Row) -> bool:
    answers = []
    for column, meanings in ON_SALE.items():
        if first[column].lower() not in meanings:
            message = f"{column} is {first[column][:40]!r}"
            raise Invalid(message)
        answers.append(meanings[first[column].lower()])
    return all(answers)


def _import_row(product: Product, variant: Row, currency: str) -> ImportRow:
    """All that is wrong with the variant's own cells is told together."""
    faults: list[str] = []
    cells: dict[str, object] = {}
    for name, read in (
        ("price", lambda: price(variant["Variant Price"], currency)),
        ("stock", lambda: stock(variant["Variant Inventory Qty"])),
        ("weight_grams", lambda: grams(variant["Variant Grams"])),
        ("options", lambda: _options(product.first, variant)),
    ):
        try:
            cells[name] = read()
        except Invalid as error:
            faults.append(error.detail)
    if faults:
        raise Invalid("; ".join(faults))
    return checked(cells | _words(product, variant, _options(product.first, variant)) | {"currency": currency})


def _words(product: Product, variant: Row, options: dict[str, str]) -> dict[str, object]:
    first = product.first
    return {
        "import_key": import_key(first["Handle"], options),
        "name": ", ".join([" ".join(first["Title"].split()), *options.values()]),
        "category": _category(first),
        "description": first["Body (HTML)"],
        "group": first["Handle"].lower() if options else "",
        "options": options,
        "sku": variant["Variant SKU"].removeprefix("'"),  # Shopify writes '007 so that spreadsheets keep the zeros
        "tags": _tags(first),
        "picture_url": variant["Variant Image"] or next(iter(product.pictures), ""),
    }


def _options(first: Row, variant: Row) -> dict[str, str]:
    """Raises Invalid when a value has no name or a name no value. "Title: Default Title" is Shopify's way to say none."""
    if first["Option1 Name"] == "Title" and variant["Option1 Value"] in {"Default Title", ""} and not first["Option2 Name"]:
        return {}
    options: dict[str, str] = {}
    for option in OPTIONS:
        name, value = first[f"{option} Name"], " ".join(variant[f"{option} Value"].split())
        if bool(name) != bool(value) or name in options:
            message = f"{option}: the name is {name!r}, the value {value!r}"
            raise Invalid(message)
        if name:
            options[name] = value
    return options


def _category(first: Row) -> str:
    steps = [first[column].rpartition(">")[2] for column in CATEGORIES]
    return next((name for name in map(slug, [first["Type"], *steps, *_tags(first)]) if name), "other")


def _tags(first: Row) -> list[str]:
    return list(dict.fromkeys(tag for tag in (" ".join(part.split()) for part in first["Tags"].split(",")) if tag))
