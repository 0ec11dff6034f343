"""The tree of categories in the store, remembered for a moment."""

from collections.abc import Callable

from mallkit.store import Absent, Kind, Step, Store
from svc_product.domain.categories import TREE, Tree

TREES: Kind[Tree] = Kind(name="category_trees", type=Tree)
TREE_SECONDS = 1.0
"""How long a tree is believed that another copy may have changed."""


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

    def changing(self, rule: Callable[[Tree], Tree]) -> Step:
        """`change`, for `together`; whoever wrote it says so by `forget`."""
        return self._trees.changing(TREE, rule, absent=Tree())

    def forget(self) -> None:
        """The tree is read anew when it is asked for."""
        self._read_at = float("-inf")

    async def change(self, rule: Callable[[Tree], Tree]) -> Tree:
        """The tree after the rule was applied to its newest version; raises what the rule raises."""
        self._tree = await self._trees.change(TREE, rule, absent=Tree())
        self._read_at = self._monotonic()
        return self._tree
