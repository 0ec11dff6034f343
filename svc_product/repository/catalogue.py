"""Products and drawings in the store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from contracts.product import Sort
from mallkit.errors import Missing
from mallkit.store import Absent, AnyOf, Kind, Page, Step, Store, Taken
from svc_product.domain.product import Product
from svc_product.ports import Query
from svc_product.repository.stock import Stock

PRODUCTS: Kind[Product] = Kind(
    name="products",
    type=Product,
    fields={"import_key": str, "on_sale": bool, "category": str, "group": str, "price_minor": int, "name_key": str, "made": str},
    unique=(("import_key",),),
    indexes=(
        ("on_sale", "price_minor"),
        ("on_sale", "name_key"),
        ("on_sale", "category", "price_minor"),
        ("on_sale", "category", "name_key"),
        ("on_sale", "made"),
        ("on_sale", "category", "made"),
        ("on_sale", "group", "made"),
    ),
    many=("terms",),
    many_by={"terms": ("price_minor",)},
    counted=(("on_sale", "category"),),
)
ORDER = {
    Sort.NAME: "name_key",
    Sort.NAME_DOWN: "-name_key",
    Sort.PRICE: "price_minor",
    Sort.PRICE_DOWN: "-price_minor",
    Sort.NEWEST: "-made",
}
KEYS_AT_ONCE = 500
WALKED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Drawing:
    """The SVG of a product; `id` is the product's."""

    id: str
    svg: str


DRAWINGS: Kind[Drawing] = Kind(name="drawings", type=Drawing)


class Catalogue:
    """What can be bought, and what could."""

    def __init__(self, store: Store, stock: Stock, low_at: int) -> None:
        self._store = store
        self._stock = stock
        self._low_at = low_at
        self._walked: str | None = None
        self._products = store[PRODUCTS]
        self._drawings = store[DRAWINGS]

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
        # What is withdrawn has no terms. Asking for `on_sale` all the same would make a planner walk everything that is on sale.
        where: dict[str, Any] = {} if query.words else {"on_sale": True}
        if query.categories:
            where["category"] = query.categories[0] if len(query.categories) == 1 else AnyOf(query.categories)
        if query.group is not None:
            where["group"] = query.group
        if not query.words:
            return await self._products.find(where, order=ORDER[query.sort], after=after, limit=limit)
        order = "-id" if query.sort is Sort.NEWEST else ORDER[query.sort]  # as `made` is, and terms have lists by it
        return await self._products.find(where, order=order, after=after, limit=limit, all_of={"terms": query.words})

    async def categories(self) -> Mapping[str, int]:
        """How many products are on sale in each itself."""
        return await self._products.counts("category", {"on_sale": True})

    async def sells_in(self, category: str) -> bool:
        """Whether a product is on sale in the category itself."""
        return bool((await self._products.find({"on_sale": True, "category": category}, order="made", limit=1)).items)

    async def open(self, product: Product, pieces: int) -> Product:
        """Adds a product with its first stock; the product as it is when its import key was there before."""
        try:
            await self._store.together(*self.opening(product, pieces, ""))
        except Taken:
            known = await self.known([product.import_key])
            return known[product.import_key].offered()
        return product

    def opening(self, product: Product, pieces: int, drawing: str) -> list[Step]:
        """`open`, for `together`."""
        steps = [self._products.adding(product), *self._stock.receiving(product.id, pieces, product.low_at(self._low_at))]
        return [*steps, self._drawings.adding(Drawing(product.id, drawing))] if drawing else steps

    async def change(self, product_id: str, rule: Callable[[Product], Product]) -> Product:
        """Applies a rule to the newest version. Raises Missing."""
        try:
            changed: Product = (await self._store.together(*self._changing(product_id, rule)))[0]
        except Absent:
            raise Missing(product_id=product_id) from None
        return changed

    def _changing(self, product_id: str, rule: Callable[[Product], Product]) -> list[Step]:
        """The product, then the level from which on it is low."""
        seen: list[Product] = []

        def changed(product: Product) -> Product:
            seen[:] = [rule(product)]
            return seen[0]

        return [self._products.changing(product_id, changed), self._stock.marking(product_id, lambda: seen[0].low_at(self._low_at))]

    async def mark_low_again(self) -> None:
        """The next products, going round: a level that the settings name has changed since they were written, or is new."""
        page = await self._products.find(after=self._walked, limit=WALKED_AT_ONCE)
        self._walked = page.next
        pieces = await self._stock.of([product.id for product in page.items])
        wrong = [product for product in page.items if pieces[product.id].low_at != product.low_at(self._low_at)]
        if wrong:
            await self._store.together(*chain.from_iterable(self._changing(product.id, _as_it_is) for product in wrong))

    def changing(self, product_id: str, rule: Callable[[Product], Product], drawing: str) -> list[Step]:
        """`change`, for `together`; the drawing becomes the one given, or goes."""
        drawn = Drawing(product_id, drawing)
        picture = self._drawings.changing(product_id, lambda _: drawn, absent=drawn) if drawing else self._drawings.removing(product_id)
        return [*self._changing(product_id, rule), picture]

    async def drawing(self, product_id: str) -> str:
        """The SVG. Raises Missing."""
        try:
            return (await self._drawings.get(product_id)).svg
        except Absent:
            raise Missing(product_id=product_id) from None

    async def known(self, import_keys: Sequence[str]) -> dict[str, Product]:
        """Products by import key."""
        found: dict[str, Product] = {}
        for start in range(0, len(import_keys), KEYS_AT_ONCE):
            some = AnyOf(import_keys[start : start + KEYS_AT_ONCE])
            page = await self._products.find({"import_key": some}, limit=KEYS_AT_ONCE)
            found.update((product.import_key, product) for product in page.items)
        return found


def _as_it_is(product: Product) -> Product:
    return product
