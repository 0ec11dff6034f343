"""What a product is, what may be written about it, and what an import changes. Pure: no clock, no I/O."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Self

from contracts.pricing import STANDARD
from contracts.product import WrongCurrency
from mallkit.errors import Invalid, Missing
from mallkit.html import plain_text, safe_html
from mallkit.money import Money
from mallkit.terms import terms

UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""NUL and the other control characters, but for tab and line ends: no text that a shop shows."""
DEAREST = Decimal("999999999.99")
SEARCHED_TEXT = 1000
"""Characters of a description that are searched: what a product is stands at its beginning, and an index row is kept for every word."""
SORTED_NAME = 48
"""Characters of a name that decide its place in a list: the cursor carries them."""
SVG = "svg:"
VERSION = re.compile(r'(?:W/)?("?)(?:[0-9]{1,18}\.)?([0-9]{1,18})\1')


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is written about a product. `picture`: nothing, an https URL, or `svg:` with the digest of the drawing that is kept for it."""

    name: str
    price: Money
    category: str
    name_zh: str = ""
    description: str = ""
    group: str = ""
    options: dict[str, str] = field(default_factory=dict)
    sku: str = ""
    tags: tuple[str, ...] = ()
    picture: str = ""
    tax_class: str = STANDARD
    weight_grams: int = 0

    def checked(self) -> Self:
        """The same, its description made safe. Raises Invalid that names the field that cannot be shown."""
        for name, text in self._texts():
            if UNREADABLE.search(text):
                message = f"{name} has control characters"
                raise Invalid(message)
        return replace(self, description=safe_html(self.description))

    def _texts(self) -> Iterator[tuple[str, str]]:
        for name in ("name", "name_zh", "description", "group", "sku"):
            yield name, getattr(self, name)
        yield from (("tags", tag) for tag in self.tags)
        for name, value in self.options.items():
            yield "options", name
            yield "options", value


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One sellable thing. A withdrawn one (`on_sale` false) is kept for the holds that still run on it. Times in seconds since 1970."""

    id: str
    import_key: str
    """What an import, or the command that made it, knows the product by; unique."""
    sheet: Sheet
    created_at: float
    updated_at: float
    on_sale: bool = True
    version: int = 1

    @property
    def category(self) -> str:
        """As on the sheet, for filters."""
        return self.sheet.category

    @property
    def group(self) -> str:
        """As on the sheet, for filters."""
        return self.sheet.group

    @property
    def price_minor(self) -> int:
        """For sorting."""
        return self.sheet.price.minor

    @property
    def name_key(self) -> str:
        """For sorting without regard to case."""
        return self.sheet.name.casefold()[:SORTED_NAME]

    @property
    def made(self) -> str:
        """For sorting by age: ids are UUIDv7, and an index may end with a field only."""
        return self.id

    @property
    def terms(self) -> frozenset[str]:
        """What a search finds it under: nothing when it is withdrawn."""
        if not self.on_sale:
            return frozenset()
        sheet = self.sheet
        words = (sheet.name, sheet.name_zh, sheet.category, *sheet.tags, *sheet.options, *sheet.options.values())
        return terms(*words, plain_text(sheet.description)[:SEARCHED_TEXT])

    def offered(self) -> Self:
        """The product itself. Raises Missing when it was withdrawn."""
        if not self.on_sale:
            raise Missing(product_id=self.id)
        return self

    def rewritten(self, sheet: Sheet, now: float) -> Self:
        """On sale with this sheet. The very same product when nothing differs."""
        if self.on_sale and sheet == self.sheet:
            return self
        return replace(self, sheet=sheet, on_sale=True, version=self.version + 1, updated_at=now)

    def withdrawn(self, now: float) -> Self:
        """No longer on sale."""
        return replace(self, on_sale=False, version=self.version + 1, updated_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """A checked row of an import. `stock` counts for a new product only; `drawing` is SVG, or nothing."""

    import_key: str
    sheet: Sheet
    stock: int
    drawing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedPart:
    """A part of an import that waits to be applied."""

    id: str
    rows: tuple[ImportedRow, ...]
    staged_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedImport:
    """What an import did when it was applied last; `id` is the import's."""

    id: str
    parts: int
    created: int
    updated: int
    unchanged: int
    applied_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What applying an import means for the catalogue as it stands."""

    new: Sequence[ImportedRow]
    changed: Sequence[tuple[Product, ImportedRow]]
    unchanged: int


def price(amount: Decimal, currency: str, sold_in: str) -> Money:
    """Raises WrongCurrency, and Invalid for an amount that is no price."""
    if currency != sold_in:
        message = f"the mall sells in {sold_in}, not in {currency}"
        raise WrongCurrency(message)
    money = Money.read(amount, currency)
    if money.minor < 0 or money.amount > DEAREST:
        message = f"a price lies between 0 and {DEAREST}"
        raise Invalid(message)
    return money


def readable(name: str, text: str) -> str:
    """The text itself. Raises Invalid, naming it, when it has control characters."""
    if UNREADABLE.search(text):
        message = f"{name} has control characters"
        raise Invalid(message)
    return text


def part_id(import_id: str, number: int) -> str:
    """Under which a part waits."""
    return f"{import_id}/{number}"


def plan(rows: Iterable[ImportedRow], known: Mapping[str, Product]) -> Plan:
    """What is new and what differs, `known` by import key. Raises Invalid when two rows are one product."""
    new, changed, unchanged, seen = [], [], 0, set[str]()
    for row in rows:
        if row.import_key in seen:
            message = f"the import key {row.import_key} comes twice"
            raise Invalid(message)
        seen.add(row.import_key)
        product = known.get(row.import_key)
        if product is None:
            new.append(row)
        elif product.on_sale and product.sheet == row.sheet:
            unchanged += 1
        else:
            changed.append((product, row))
    return Plan(new=new, changed=changed, unchanged=unchanged)


def stock_versions(if_match: str) -> frozenset[int] | None:
    """The stock versions that `If-Match` names; None when any will do (`*`).

    The ETag of a product ends in that of its stock: `"3.7"` and `"7"` name the same stock. What is no ETag of ours names nothing.
    """
    if if_match.strip() == "*":
        return None
    found = (VERSION.fullmatch(tag.strip()) for tag in if_match.split(","))
    return frozenset(int(tag[2]) for tag in found if tag)
