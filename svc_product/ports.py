"""What the product service needs of the world."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from msgspec import UNSET, UnsetType

from contracts.product import Sort
from mallkit.store import Page, Term
from svc_product.domain.categories import Tree
from svc_product.domain.imports import AppliedImport, Brought, StagedPart
from svc_product.domain.pictures import Picture
from svc_product.domain.prices import Prices
from svc_product.domain.product import Product
from svc_product.domain.stock import StockEntry


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which products a list shows, and in which order. None: whatever."""

    categories: Sequence[str] = ()
    """In any of these; in all where none is named."""
    group: str | None = None
    words: Sequence[Term] = ()
    sort: Sort = Sort.NEWEST


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of a product, in one write."""

    rule: Callable[[Product], Product]
    picture: Picture | UnsetType | None = UNSET
    """None: it goes."""
    by: str | None = None
    """Who may have changed the price; None where nobody did."""


class Pieces(Protocol):
    """How many there are of a product. `version` grows with every change of them."""

    @property
    def id(self) -> str:
        """The product's."""
        ...

    @property
    def available(self) -> int:
        """What can be bought now."""
        ...

    @property
    def reserved(self) -> int:
        """What buyers hold."""
        ...

    @property
    def on_hand(self) -> int:
        """Both together: what is in the house."""
        ...

    @property
    def version(self) -> int:
        """For the ETag."""
        ...

    @property
    def low_at(self) -> int:
        """With so many available it is low; -1: never."""
        ...

    @property
    def low(self) -> bool:
        """Whether it is."""
        ...


Stocked: TypeAlias = tuple[Product, Pieces]


class Catalogue(Protocol):
    """The products and their drawings. Withdrawn products are told apart by `Product.on_sale` only."""

    async def get(self, product_id: str) -> Product:
        """Raises Missing, for withdrawn ones too."""
        ...

    async def some(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Those that there are, by id."""
        ...

    async def page(self, query: Query, after: str | None, limit: int) -> Page[Product]:
        """What is on sale."""
        ...

    async def categories(self) -> Mapping[str, int]:
        """How many products are on sale in each itself."""
        ...

    async def sells_in(self, category: str) -> bool:
        """Whether a product is on sale in the category itself."""
        ...

    async def open(self, product: Product, pieces: int) -> Product:
        """Adds a product with its first stock; the product as it is when its import key was there before."""
        ...

    async def change(self, product_id: str, change: Change) -> Product:
        """Applies it to the newest version. Raises Missing."""
        ...

    async def picture(self, product_id: str) -> Picture:
        """The one that is kept. Raises Missing."""
        ...

    async def by_key(self, after: str | None, limit: int) -> Page[Product]:
        """All products, withdrawn ones too, by import key."""
        ...

    async def drawings(self, product_ids: Sequence[str]) -> dict[str, str]:
        """The SVG of those that have one, by product id."""
        ...

    async def prices(self, product_id: str) -> Prices:
        """The prices that it had."""
        ...

    async def mark_low_again(self) -> None:
        """Looks at the next products, going round: whether their stock is told from which level on it is low."""
        ...

    async def known(self, import_keys: Sequence[str]) -> dict[str, Product]:
        """Products by import key."""
        ...


class Categories(Protocol):
    """How categories hang together."""

    async def tree(self) -> Tree:
        """From memory, at most a second old."""
        ...

    async def change(self, rule: Callable[[Tree], Tree]) -> Tree:
        """The tree after the rule was applied to its newest version; raises what the rule raises."""
        ...


class Imports(Protocol):
    """Imports on their way."""

    async def stage(self, part: StagedPart) -> None:
        """Keeps a part, in the place of the one before."""
        ...

    async def staged(self, part_ids: Iterable[str]) -> list[StagedPart]:
        """Those that are there, in this order."""
        ...

    async def applied(self, import_id: str) -> AppliedImport | None:
        """What it did."""
        ...

    async def apply(self, brought: Brought, done: AppliedImport, by: str) -> bool:
        """Does all of it or nothing; False when the catalogue or the parts have changed since the plan was made. Raises as `Tree.grown`."""
        ...

    async def purge(self, before: float) -> None:
        """Forgets parts and results from before this time."""
        ...


class Stock(Protocol):
    """The pieces of every product, and the holds on them. The verbs of a hold give its state, and may be repeated."""

    async def of(self, product_ids: Sequence[str]) -> Mapping[str, Pieces]:
        """By product id."""
        ...

    async def low(self, after: str | None, limit: int) -> Page[Pieces]:
        """Products that are low, by id."""
        ...

    async def set_on_hand(self, entry: StockEntry, on_hand: int, versions: frozenset[int] | None) -> Pieces:
        """Writes the entry too. Raises Stale unless the stock has one of these versions, BelowReserved, Missing."""
        ...

    async def adjust(self, entry: StockEntry, delta: int) -> Pieces:
        """Once for the entry's id; writes the entry too. Raises BelowZero, BelowReserved, Missing."""
        ...

    async def log(self, product_id: str, after: str | None, limit: int) -> Page[StockEntry]:
        """Newest first."""
        ...

    async def hold(self, hold_id: str, lines: Mapping[str, int], seconds: float, order_id: str) -> Mapping[str, Pieces]:
        """All lines (product id → quantity) or none; the pieces afterwards. Raises OutOfStock, HoldGone, Missing, KeyReused."""
        ...

    async def is_known(self, hold_id: str) -> bool:
        """Whether this hold was asked for, or undone, before."""
        ...

    async def bind(self, hold_id: str, order_id: str) -> str:
        """From here the clock does not end it. Raises HoldGone, KeyReused for another order."""
        ...

    async def take(self, hold_id: str) -> str:
        """The pieces are sold. Raises HoldGone."""
        ...

    async def release(self, hold_id: str) -> str:
        """What was held can be bought again; of a hold that is still on its way, nothing will be held."""
        ...

    async def give_back(self, hold_id: str) -> str:
        """As release, and what was sold can be bought again too."""
        ...

    async def return_pieces(self, hold_id: str, lines: Mapping[str, int]) -> str:
        """So many of what was sold are back in all, and can be bought again. Raises KeyReused for what the hold never gave."""
        ...

    async def settle(self) -> None:
        """Ends holds whose time is over, and completes what a stopped process left undone."""
        ...


class Rates(Protocol):
    """What other currencies are worth, remembered for a short while."""

    async def per_unit(self, currency: str) -> Decimal:
        """So many units of it for one of the mall's own. Raises CurrencyUnknown, Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """`currency` is the only one that the mall sells in; `import_rows` may become visible in one write; `clock`: seconds since 1970."""

    catalogue: Catalogue
    categories: Categories
    imports: Imports
    stock: Stock
    rates: Rates
    currency: str
    import_rows: int
    clock: Callable[[], float]
    new_id: Callable[[], str]
