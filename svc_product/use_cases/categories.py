"""Categories: shown with their products, made, moved, taken away."""

from msgspec import UNSET

from contracts import product as contract
from contracts.product import CategoryInUse
from mallkit.errors import Missing
from mallkit.steps import Write
from svc_product.domain.categories import Category, Placed, Tree
from svc_product.ports import Ports

SET, DELETED = Write("product.category-set"), Write("product.category-deleted")


async def listed(ports: Ports) -> list[Placed]:
    """By name, those too that only products name."""
    tree = await ports.categories.tree()
    sums = tree.sums(await ports.catalogue.categories())
    return [_shown(name, tree, products) for name, products in sorted(sums.items())]


async def put(wish: contract.SetCategory, ports: Ports) -> Placed:
    """Makes or changes it. Raises ParentUnknown, CategoryLoop, CategoryTooDeep, CategoriesFull."""
    parent = "" if wish.parent is UNSET else wish.parent
    changes = {wish.category: Category(title=wish.title, title_zh=wish.title_zh, parent=parent)}
    implied = parent and parent != wish.category and await ports.catalogue.sells_in(parent)

    def rule(tree: Tree) -> Tree:
        is_named_only = implied and parent not in tree.categories
        return tree.grown({parent: Category(), **changes} if is_named_only else changes)

    with SET.writing():
        tree = await ports.categories.change(rule)
    return _shown(wish.category, tree, tree.sums(await ports.catalogue.categories())[wish.category])


async def remove(name: str, ports: Ports) -> None:
    """Raises Missing, CategoryInUse. What is put on sale in it at this very moment stays in a category without a title."""
    if await ports.catalogue.sells_in(name):
        message = f"products are on sale in {name}"
        raise CategoryInUse(message)
    if name not in (await ports.categories.tree()).categories:
        raise Missing(category=name)
    with DELETED.writing():
        await ports.categories.change(lambda tree: tree.without(name))


def _shown(name: str, tree: Tree, products: int) -> Placed:
    return Placed(category=tree.categories.get(name, Category()), path=tree.path(name), products=products)
