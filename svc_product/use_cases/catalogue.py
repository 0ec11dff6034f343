"""The catalogue: looked through, written, withdrawn."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET, UnsetType

from contracts import product as contract
from mallkit.endpoint import Caller
from mallkit.steps import Write
from mallkit.terms import query_terms
from svc_product.domain.categories import Tree
from svc_product.domain.prices import Price, Shown
from svc_product.domain.product import Product, Sheet, read_price
from svc_product.ports import Change, Ports, Query, Stocked

MOST_AT_ONCE = 200
MOST_LOOKS = 10
"""After so many a page ends though it is not full, and its cursor goes on: that is some thousand products that are out of stock."""
COPIED = ("name", "category", "name_zh", "description", "group", "options", "sku", "tax_class", "weight_grams", "low_stock_at")
"""Fields that a product has as they were sent."""
OPENED, REWRITTEN, WITHDRAWN = Write("product.opened"), Write("product.rewritten"), Write("product.withdrawn")


async def page(wish: contract.Search, ports: Ports) -> tuple[list[Stocked], str | None]:
    """What is on sale, and where the list goes on. Words that nothing can be found under find nothing."""
    words = query_terms(wish.q)
    if wish.q.strip() and not words:
        return [], None
    below = () if wish.category is UNSET else (await ports.categories.tree()).below(wish.category)
    query = Query(categories=below, group=_given(wish.group), words=words, sort=wish.sort)
    after = _given(wish.after)
    if wish.in_stock:
        return await _in_stock(query, after, wish.limit, ports)
    found = await ports.catalogue.page(query, after, wish.limit)
    return await _stocked(found.items, ports), found.next


async def _in_stock(query: Query, after: str | None, limit: int, ports: Ports) -> tuple[list[Stocked], str | None]:
    """Reads on, twice as much each time, until the page is full.

    Where it fills up inside what was read, that is read again up to there: its cursor is the page's.
    """
    found: list[Stocked] = []
    size = limit
    for _ in range(MOST_LOOKS):
        read = await ports.catalogue.page(query, after, size)
        places = [(place, pair) for place, pair in enumerate(await _stocked(read.items, ports), 1) if pair[1].available > 0]
        room = limit - len(found)
        if len(places) > room:
            size = places[room - 1][0]
            continue
        found += [pair for _, pair in places]
        after = read.next
        if after is None or len(found) == limit:
            break
        size = min(size * 2, MOST_AT_ONCE)
    return found, after


async def _stocked(products: Sequence[Product], ports: Ports) -> list[Stocked]:
    pieces = await ports.stock.of([product.id for product in products])
    return [(product, pieces[product.id]) for product in products]


async def one(product_id: str, ports: Ports) -> Stocked:
    """Raises Missing."""
    return await _with_stock(await ports.catalogue.get(product_id), ports)


async def _with_stock(product: Product, ports: Ports) -> Stocked:
    return product, (await ports.stock.of([product.id]))[product.id]


async def create(wish: contract.NewProduct, caller: Caller, ports: Ports) -> Stocked:
    """The same command finds the product that it made. Raises WrongCurrency."""
    now = ports.clock()
    currency = ports.currency if wish.currency is UNSET else wish.currency
    price = read_price(wish.price, currency, ports.currency)
    sheet = Sheet(price=price, tags=tuple(wish.tags), **{name: getattr(wish, name) for name in COPIED}).checked()
    made = Product(id=ports.new_id(), import_key=f"made:{caller.command}", sheet=sheet, created_at=now, updated_at=now)
    with OPENED.writing():
        opened = await ports.catalogue.open(made, wish.stock)
    return await _with_stock(opened, ports)


async def rewrite(wish: contract.ProductPatch, caller: Caller, ports: Ports) -> Stocked:
    """Changes what was sent. Raises Missing."""
    now = ports.clock()
    changes: dict[str, Any] = {name: getattr(wish, name) for name in COPIED if getattr(wish, name) is not UNSET}
    if wish.price is not UNSET:
        changes["price"] = read_price(wish.price, ports.currency, ports.currency)
    if wish.tags is not UNSET:
        changes["tags"] = tuple(wish.tags)

    def rule(product: Product) -> Product:
        sheet = product.offered().sheet
        return product.rewritten(replace(sheet, **changes).checked(), now)

    with REWRITTEN.writing():
        rewritten = await ports.catalogue.change(wish.product_id, Change(rule=rule, by=None if wish.price is UNSET else caller.subject))
    return await _with_stock(rewritten, ports)


async def withdraw(product_id: str, ports: Ports) -> None:
    """Takes a product off sale; holds that run on it go on. Raises Missing."""
    now = ports.clock()
    with WITHDRAWN.writing():
        await ports.catalogue.change(product_id, Change(rule=lambda product: product.offered().withdrawn(now)))


async def shown_in(currency: str | UnsetType, ports: Ports) -> Shown | None:
    """None for the mall's own, of which nobody is asked. Raises CurrencyUnknown, Unavailable."""
    if currency is UNSET or currency == ports.currency:
        return None
    return Shown(currency, await ports.rates.per_unit(currency))


async def prices(product_id: str, ports: Ports) -> tuple[Price, ...]:
    """Oldest first, the present one last. Raises Missing."""
    product = await ports.catalogue.get(product_id)
    return (await ports.catalogue.prices(product_id)).of(product)


async def look_up(product_ids: Sequence[str], ports: Ports) -> tuple[list[Stocked], Tree]:
    """Those on sale, each once, in the order they were asked for; and the tree of their categories."""
    asked = list(dict.fromkeys(product_ids))
    known = await ports.catalogue.some(asked)
    found = await _stocked([known[product_id] for product_id in asked if product_id in known and known[product_id].on_sale], ports)
    return found, await ports.categories.tree()


def _given(text: Any) -> str | None:  # noqa: ANN401 - a text or UNSET
    return None if text is UNSET else str(text)
