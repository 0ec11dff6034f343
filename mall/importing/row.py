"""One product of an import: how raw cells become a checked `ImportRow`, and how what is wrong is told. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from contracts.product import ImportCategory, ImportRow
from mallkit.errors import Invalid
from mallkit.html import safe_html
from mallkit.money import LARGEST, Money
from mallkit.svg import svg_fault

PLAIN_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""NUL, other control characters and halves of surrogate pairs: no text that a shop shows."""
NO_SLUG = re.compile(r"[^a-z0-9]+")
LONGEST_CATEGORY = 64
NOT_HTTPS = "not an https URL of at most 1000 characters without spaces"


@dataclass(frozen=True, slots=True, order=True)
class BadRow:
    """`line` is the line of the file, from 1, where the row begins."""

    line: int
    reason: str


class BadImport(Invalid):
    """The file cannot be imported; `rows` holds every bad row, by line."""

    slug = "import/bad-rows"
    title = "The file has rows that cannot be imported"

    def __init__(self, rows: list[BadRow]) -> None:
        super().__init__("; ".join(f"line {row.line}: {row.reason}" for row in rows[:3]))
        self.rows = tuple(sorted(rows))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a file holds. `left_out` counts products that the file itself marks as not on sale."""

    products: tuple[ImportRow, ...]
    left_out: int = 0
    categories: tuple[ImportCategory, ...] = ()


def import_key(handle: str, options: Mapping[str, str]) -> str:
    """Stable over exports: "clay-plant-pot/large". A slash inside a value is escaped, so that two variants never share a key."""
    values = [value.replace("%", "%25").replace("/", "%2F") for value in options.values()]
    return unicodedata.normalize("NFC", "/".join([handle, *values])).lower()


def slug(text: str) -> str:
    """A category name for URLs, "Home & Garden" → "home-garden"; empty when there is no Latin letter or digit in it."""
    return NO_SLUG.sub("-", text.lower()).strip("-")[:LONGEST_CATEGORY].strip("-")


def price(text: str, currency: str) -> Decimal:
    """An amount with exactly the currency's decimals. Raises Invalid."""
    if not PLAIN_NUMBER.fullmatch(text):
        message = f"the price {text!r} is not a plain number" if text else "the price is empty"
        raise Invalid(message)
    try:
        return exact(Decimal(text), currency)
    except Invalid as error:
        message = f"the price {text}: {error.detail}"
        raise Invalid(message) from None


def exact(amount: Decimal, currency: str) -> Decimal:
    """The amount with the currency's decimals, so that 10 and 10.00 are one content. Raises Invalid."""
    money = Money.read(amount, currency)
    if money.minor < 0 or money.amount > LARGEST:
        message = f"an amount in {currency} lies between 0 and {LARGEST}"
        raise Invalid(message)
    return money.amount


def stock(text: str) -> int:
    """Pieces; an empty cell is none. Raises Invalid on anything but digits, a minus sign too."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 10):  # noqa: PLR2004 - the contract bounds the value itself
        message = f"the stock {text[:40]!r} is not a whole number from 0"
        raise Invalid(message)
    return int(text)


def grams(text: str) -> int:
    """A weight in grams, rounded; an empty cell is nothing. Raises Invalid."""
    if not text:
        return 0
    if not PLAIN_NUMBER.fullmatch(text):
        message = f"the weight {text[:40]!r} is not a plain number of grams"
        raise Invalid(message)
    return int(Decimal(text).to_integral_value(ROUND_HALF_UP))


def checked(fields: Mapping[str, object], *, exported: bool = False) -> ImportRow:
    """The row as the contract wants it, its description made safe. Raises Invalid with the field and the reason.

    What a mall has told of itself may have spaces at the ends of words.
    """
    try:
        row = msgspec.convert({**fields, "description": safe_html(str(fields.get("description", "")))}, ImportRow)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        reason = NOT_HTTPS if place.startswith("picture_url") else reason[:1].lower() + reason[1:]
        message = f"{place.rstrip('`') or 'row'}: {reason}"
        raise Invalid(message) from None
    if row.picture_svg and (fault := svg_fault(row.picture_svg)):
        message = f"the picture: {fault}"
        raise Invalid(message)
    for word in (row.name, row.name_zh, row.group, row.sku, *row.tags, *row.options, *row.options.values()):
        if UNREADABLE.search(word) or (word != word.strip() and not exported):
            message = f"control characters or outer spaces in {word[:40]!r}"
            raise Invalid(message)
    return row


def once(products: list[tuple[int, ImportRow]], bad: list[BadRow]) -> tuple[ImportRow, ...]:
    """The rows in order; a key that comes twice becomes a bad row. Raises BadImport when any row is bad, or none is there."""
    first: dict[str, int] = {}
    for line, row in products:
        if (earlier := first.setdefault(row.import_key, line)) != line:
            bad.append(BadRow(line, f"the same product as in line {earlier}: {row.import_key}"))
    if not products and not bad:
        bad.append(BadRow(1, "no product to import"))
    if bad:
        raise BadImport(bad)
    return tuple(row for _, row in products)
