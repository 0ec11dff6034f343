"""What a product is, and what may be written about it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Self

from contracts.pricing import STANDARD
from contracts.product import WrongCurrency
from mallkit.allotment_words import NEVER
from mallkit.errors import Invalid, Missing
from mallkit.html import plain_text, safe_html
from mallkit.money import LARGEST, Money
from mallkit.terms import terms

UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""NUL and the other control characters, but for tab and line ends: no text that a shop shows."""
SEARCHED_TEXT = 1000
"""Characters of a description that are searched: what a product is stands at its beginning, and an index row is kept for every word."""
SORTED_NAME = 48
"""Characters of a name that decide its place in a list: the cursor carries them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is written about a product. `picture`: nothing, an https URL, or the name of one that is kept for it."""

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
    low_stock_at: int | None = None
    """None: as the mall has it."""

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
    def terms(self) -> frozenset[str]:
        """What a search finds it under: nothing when it is withdrawn."""
        if not self.on_sale:
            return frozenset()
        sheet = self.sheet
        words = (sheet.name, sheet.name_zh, sheet.category, *sheet.tags, *sheet.options, *sheet.options.values())
        return terms(*words, plain_text(sheet.description)[:SEARCHED_TEXT])

    def low_at(self, malls: int) -> int:
        """With so many pieces available it is low; `malls` is the level of products without their own, and NEVER is none."""
        if not self.on_sale:
            return NEVER
        return malls if self.sheet.low_stock_at is None else self.sheet.low_stock_at

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


def read_price(amount: Decimal, currency: str, sold_in: str) -> Money:
    """Raises WrongCurrency, and Invalid for an amount that is no price."""
    if currency != sold_in:
        message = f"the mall sells in {sold_in}, not in {currency}"
        raise WrongCurrency(message)
    money = Money.read(amount, currency)
    if money.minor < 0 or money.amount > LARGEST:
        message = f"a price lies between 0 and {LARGEST}"
        raise Invalid(message)
    return money


def readable(name: str, text: str) -> str:
    """The text itself. Raises Invalid, naming it, when it has control characters."""
    if UNREADABLE.search(text):
        message = f"{name} has control characters"
        raise Invalid(message)
    return text
