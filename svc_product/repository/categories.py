"""The tree of categories in the store, remembered; and how many products each has, counted now and then."""

import asyncio
from collections.abc import Callable, Mapping

from mallkit.store import Absent, Collection, Kind, Store
from svc_product.domain.categories import TREE, Tree
from svc_product.domain.product import Product

TREES: Kind[Tree] = Kind(name="category_trees", type=Tree)
TREE_SECONDS = 1.0
"""How long a tree is believed that another copy may have changed."""
COUNTED_SECONDS = 10.0
"""How long counts are believed. What this copy wrote since then is counted at once."""


class Categories:
    """`monotonic` gives seconds since whenever."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._trees = store[TREES]
        self._monotonic = monotonic
        self._tree = Tree()
        self._read_at = float("-inf")

    async def tree(self) -> Tree:
        """At most a second old; this copy's own changes stand in it. From memory, as a rule: every purchase asks."""
        now = self._monotonic()
        if now - self._read_at > TREE_SECONDS:
            try:
                self._tree = await self._trees.get(TREE)
            except Absent:
                self._tree = Tree()
            self._read_at = now
        return self._tree

    async def change(self, rule: Callable[[Tree], Tree]) -> Tree:
        """The tree after the rule was applied to its newest version; raises what the rule raises."""
        self._tree = await self._trees.change(TREE, rule, absent=Tree())
        self._read_at = self._monotonic()
        return self._tree


class Counts:
    """How many products are on sale in each category itself. One reading of an index serves everybody who waits for it."""

    def __init__(self, products: Collection[Product], monotonic: Callable[[], float]) -> None:
        self._products = products
        self._monotonic = monotonic
        self._counts: Mapping[str, int] = {}
        self._counted_at = float("-inf")
        self._writes = 0
        self._writes_counted = -1
        self._counting: asyncio.Task[None] | None = None

    def written(self) -> None:
        """Products have changed."""
        self._writes += 1

    async def all(self) -> Mapping[str, int]:
        """By category."""
        asked = self._writes
        while self._writes_counted < asked or self._monotonic() - self._counted_at > COUNTED_SECONDS:
            if self._counting is None:
                # A task of its own: whoever asked first may go away while others wait for the same counts.
                self._counting = asyncio.create_task(self._count(), name="categories.count")
                self._counting.add_done_callback(self._ended)
            await asyncio.shield(self._counting)
        return self._counts

    async def _count(self) -> None:
        writes, at = self._writes, self._monotonic()
        self._counts = await self._products.counts("category", {"on_sale": True})
        self._writes_counted, self._counted_at = writes, at

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._counting = None
        if not task.cancelled():
            task.exception()  # those who wait are told; if all have gone, nobody needs to be
