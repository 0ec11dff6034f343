"""Products and drawings in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

from contracts.product import Sort
from mallkit.errors import Missing
from mallkit.store import Absent, AnyOf, Kind, Page, Step, Store, Taken
from svc_product.domain.pictures import Format, Picture
from svc_product.domain.prices import Prices
from svc_product.domain.product import Product
from svc_product.ports import Change, Query
from svc_product.repository.stock import Stock

PRODUCTS: Kind[Product] = Kind(
    name="products",
    type=Product,
    fields={"import_key": str, "on_sale": bool, "category": str, "group": str, "price_minor": int, "name_key": str},
    unique=(("import_key",),),
    indexes=(
        ("on_sale", "price_minor"),
        ("on_sale", "name_key"),
        ("on_sale", "category", "price_minor"),
        ("on_sale", "category", "name_key"),
        ("on_sale", "id"),
        ("on_sale", "category", "id"),
        ("on_sale", "group", "id"),
    ),
    many=("terms",),
    many_by={"terms": ("price_minor", "name_key")},
    counted=(("on_sale", "category"),),
)
ORDER = {
    Sort.NAME: "name_key",
    Sort.NAME_DOWN: "-name_key",
    Sort.PRICE: "price_minor",
    Sort.PRICE_DOWN: "-price_minor",
    Sort.NEWEST: "-id",
}
"""Ids are UUIDv7: they grow with time."""
KEYS_AT_ONCE = 500
WALKED_AT_ONCE = 200
STAMPED = Change(rule=lambda product: product)
"""Nothing but the level at which it is low."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture of a product; `id` is the product's. Of `svg` and `image` one is empty."""

    id: str
    svg: str
    image: bytes = b""
    format: Format = Format.SVG

    @classmethod
    def of(cls, product_id: str, picture: Picture) -> Self:
        """As it is kept."""
        if picture.format is Format.SVG:
            return cls(product_id, picture.content.decode())
        return cls(product_id, "", picture.content, picture.format)

    @property
    def picture(self) -> Picture:
        """As it is shown."""
        return Picture(self.format, self.image or self.svg.encode())


DRAWINGS: Kind[Drawing] = Kind(name="drawings", type=Drawing)
PRICES: Kind[Prices] = Kind(name="prices", type=Prices)


class Catalogue:
    """What can be bought, and what could."""

    def __init__(self, store: Store, stock: Stock, low_at: int) -> None:
        self._store = store
        self._stock = stock
        self._low_at = low_at
        self._walked: str | None = None
        self._products = store[PRODUCTS]
        self._drawings = store[DRAWINGS]
        self._prices = store[PRICES]

    async def get(self, product_id: str) -> Product:
        """Raises Missing, for withdrawn ones too."""
        try:
            return (await self._products.get(product_id)).offered()
        except Absent:
            raise Missing(product_id=product_id) from None

    async def some(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Those that there are, by id; at most 1,000."""
        found = await self._products.find({"id": AnyOf(product_ids)}, limit=len(product_ids))
        return {product.id: product for product in found.items}

    async def page(self, query: Query, after: str | None, limit: int) -> Page[Product]:
        """What is on sale."""
        where: dict[str, Any] = {"on_sale": True}
        if query.categories:
            where["category"] = query.categories[0] if len(query.categories) == 1 else AnyOf(query.categories)
        if query.group is not None:
            where["group"] = query.group
        if query.words and len(where) == 1:
            where = {}  # what is withdrawn has no terms
        all_of = {"terms": query.words} if query.words else {}
        return await self._products.find(where, order=ORDER[query.sort], after=after, limit=limit, all_of=all_of)

    async def categories(self) -> Mapping[str, int]:
        """How many products are on sale in each itself."""
        return await self._products.counts("category", {"on_sale": True})

    async def sells_in(self, category: str) -> bool:
        """Whether a product is on sale in the category itself."""
        return bool((await self._products.find({"on_sale": True, "category": category}, limit=1)).items)

    async def open(self, product: Product, pieces: int) -> Product:
        """Adds a product with its first stock; the product as it is when its import key was there before."""
        try:
            await self._store.together(*self.opening(product, pieces, None))
        except Taken:
            known = await self.known([product.import_key])
            return known[product.import_key].offered()
        return product

    def opening(self, product: Product, pieces: int, picture: Picture | None) -> list[Step]:
        """`open`, for `together`."""
        steps = [self._products.adding(product), *self._stock.receiving(product.id, pieces, product.low_at(self._low_at))]
        return [*steps, self._drawings.adding(Drawing.of(product.id, picture))] if picture else steps

    async def change(self, product_id: str, change: Change) -> Product:
        """Applies it to the newest version. Raises Missing."""
        try:
            changed: Product = (await self._store.together(*self.changing(product_id, change)))[0]
        except Absent:
            raise Missing(product_id=product_id) from None
        return changed

    def changing(self, product_id: str, change: Change) -> list[Step]:
        """`change`, for `together`: the product, the level from which on it is low, its new price, its picture."""
        seen: list[Product] = []

        def changed(product: Product) -> Product:
            seen[:] = [product, change.rule(product)]
            return seen[1]

        steps = [self._products.changing(product_id, changed), self._stock.marking(product_id, lambda: seen[1].low_at(self._low_at))]
        if change.by is not None:
            by, first = change.by, Prices(id=product_id)
            steps.append(self._prices.changing(product_id, lambda prices: prices.after(seen[0], seen[1], by), absent=first))
        if isinstance(change.picture, Picture):
            drawing = Drawing.of(product_id, change.picture)
            steps.append(self._drawings.changing(product_id, lambda _: drawing, absent=drawing))
        elif change.picture is None:
            steps.append(self._drawings.removing(product_id))
        return steps

    async def prices(self, product_id: str) -> Prices:
        """The prices that it had; none where it has only had one."""
        try:
            return await self._prices.get(product_id)
        except Absent:
            return Prices(id=product_id)

    async def mark_low_again(self) -> None:
        """The next products, going round: a level that the settings name has changed since they were written, or is new."""
        page = await self._products.find(after=self._walked, limit=WALKED_AT_ONCE)
        self._walked = page.next
        pieces = await self._stock.of([product.id for product in page.items])
        wrong = [product for product in page.items if pieces[product.id].low_at != product.low_at(self._low_at)]
        if wrong:
            await self._store.together(*chain.from_iterable(self.changing(product.id, STAMPED) for product in wrong))

    async def picture(self, product_id: str) -> Picture:
        """The one that is kept. Raises Missing."""
        try:
            return (await self._drawings.get(product_id)).picture
        except Absent:
            raise Missing(product_id=product_id) from None

    async def by_key(self, after: str | None, limit: int) -> Page[Product]:
        """All products, withdrawn ones too: asking for those on sale only would sort them all for every page."""
        return await self._products.find(order="import_key", after=after, limit=limit)

    async def drawings(self, product_ids: Sequence[str]) -> dict[str, str]:
        """The SVG of those that have one."""
        found = await self._drawings.find({"id": AnyOf(product_ids)}, limit=len(product_ids))
        return {drawing.id: drawing.svg for drawing in found.items if drawing.svg}

    async def known(self, import_keys: Sequence[str]) -> dict[str, Product]:
        """Products by import key."""
        found: dict[str, Product] = {}
        for start in range(0, len(import_keys), KEYS_AT_ONCE):
            some = AnyOf(import_keys[start : start + KEYS_AT_ONCE])
            page = await self._products.find({"import_key": some}, limit=KEYS_AT_ONCE)
            found.update((product.import_key, product) for product in page.items)
        return found
