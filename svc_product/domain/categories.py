"""Categories as a tree: what hangs below what. A category that only products name is a root without a title."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from contracts.product import CategoriesFull, CategoryInUse, CategoryLoop, CategoryTooDeep, ParentUnknown
from mallkit.errors import Missing

DEEPEST = 8
"""Levels, the root's own counted."""
MOST = 5000
TREE = "tree"


@dataclass(frozen=True, slots=True)
class Category:
    """`parent` is empty for a root; a title is empty where nobody gave one."""

    title: str = ""
    title_zh: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A category in its place; `path` leads from itself up to its root, `products` are on sale in it and below it."""

    category: Category
    path: Sequence[str]
    products: int


@dataclass(frozen=True, kw_only=True)
class Tree:
    """All categories that operators made, by name: one aggregate, so that two moves never make a loop together."""

    id: str = TREE
    categories: dict[str, Category] = field(default_factory=dict)

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, category in self.categories.items():
            if category.parent:
                found.setdefault(category.parent, []).append(name)
        return found

    def path(self, name: str) -> list[str]:
        """From the category itself up to its root."""
        found = [name]
        while (category := self.categories.get(found[-1])) is not None and category.parent:
            found.append(category.parent)
        return found

    def below(self, name: str) -> list[str]:
        """The category itself and all that hangs below it."""
        found = [name]
        for each in found:
            found += self._children.get(each, ())
        return found

    def grown(self, changes: Mapping[str, Category]) -> Self:
        """With these made or changed. Raises ParentUnknown, CategoryLoop, CategoryTooDeep, CategoriesFull."""
        after = {**self.categories, **changes}
        if after == self.categories:
            return self
        if len(after) > MOST:
            message = f"there may be {MOST} categories at most"
            raise CategoriesFull(message)
        for name, category in changes.items():
            if category.parent and category.parent not in after:
                message = f"{name} is to hang below {category.parent}, which there is not"
                raise ParentUnknown(message, parent=category.parent)
        for name in after:
            _check_way_up(name, after)
        return replace(self, categories=after)

    def without(self, name: str) -> Self:
        """Raises Missing, CategoryInUse while something hangs below it."""
        if name not in self.categories:
            raise Missing(category=name)
        if children := self._children.get(name):
            message = f"{len(children)} categories hang below {name}"
            raise CategoryInUse(message, categories=len(children))
        return replace(self, categories={key: value for key, value in self.categories.items() if key != name})

    def sums(self, own: Mapping[str, int]) -> dict[str, int]:
        """From the products of each category itself to those that it has with all below it, by name."""
        found = dict.fromkeys(self.categories, 0)
        for name, products in own.items():
            for each in self.path(name):
                found[each] = found.get(each, 0) + products
        return found


def _check_way_up(name: str, categories: Mapping[str, Category]) -> None:
    """Raises CategoryLoop, CategoryTooDeep."""
    way = [name]
    while parent := categories[way[-1]].parent:
        if parent in way:
            message = f"{parent} would hang below itself"
            raise CategoryLoop(message)
        way.append(parent)
        if len(way) > DEEPEST:
            message = f"{name} would be {len(way)} levels deep, {DEEPEST} are allowed"
            raise CategoryTooDeep(message)
