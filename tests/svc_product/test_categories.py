"""Categories: a tree without loops, searched with all that hangs below, taken away only when nothing is in it."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallkit.errors import ShopError
from svc_product.domain.categories import DEEPEST, Category, Tree
from tests.mallhouse import Answer
from tests.svc_product.conftest import Shop

NAMES = st.sampled_from([f"c{number}" for number in range(12)])


async def put(shop: Shop, name: str, parent: str = "", **more: Any) -> Answer:
    return await shop.do("PUT", f"categories/{name}", {"title": name.title(), **({"parent": parent} if parent else {}), **more})


async def shown(shop: Shop) -> dict[str, dict[str, Any]]:
    return {item["category"]: item for item in (await shop.get("categories")).json["items"]}


@pytest.mark.requirement(28)
async def test_an_operator_hangs_categories_below_one_another(shop: Shop) -> None:
    await shop.sells(category="tea")
    assert (await put(shop, "food", title_zh="食品")).json == {
        "category": "food", "products": 0, "title": "Food", "title_zh": "食品", "parent": "", "path": ["food"],
    }  # fmt: skip
    assert (await put(shop, "drinks", "food")).status == 200
    moved = await put(shop, "tea", "drinks")
    assert (moved.json["path"], moved.json["products"]) == (["food", "drinks", "tea"], 1)
    await shop.sells(category="green-tea")
    await put(shop, "green-tea", "tea")
    told = await shown(shop)
    assert {name: (each["parent"], each["products"]) for name, each in told.items()} == {
        "food": ("", 2), "drinks": ("food", 2), "tea": ("drinks", 2), "green-tea": ("tea", 1),
    }  # fmt: skip
    pot = (await shop.get("products", category="green-tea")).json["items"][0]["product_id"]
    for answer in (await shop.inside("products/look-up", {"product_ids": [pot]}), await shop.hold("h1", (pot, 1))):
        assert answer.json["items"][0]["categories"] == ["green-tea", "tea", "drinks", "food"]


@pytest.mark.requirement(28)
async def test_a_category_that_products_named_can_be_a_parent(shop: Shop) -> None:
    await shop.sells(category="garden")
    assert (await put(shop, "pots", "garden")).json["path"] == ["garden", "pots"]
    assert (await shown(shop))["garden"]["title"] == "garden"


@pytest.mark.requirement(28, 29)
@pytest.mark.parametrize("sort", ["name", "-name", "price", "-price", "newest"])
async def test_a_list_of_a_category_shows_what_hangs_below_in_one_order(shop: Shop, sort: str) -> None:
    for parent, name in (("", "food"), ("food", "tea"), ("food", "rice"), ("", "garden")):
        await put(shop, name, parent)
    for number, category in enumerate(("tea", "rice", "garden", "food", "tea", "rice", "tea")):
        await shop.sells(name=f"P{number}", price=(number * 7) % 5 + 1, category=category, stock=number % 3)
    found, after = [], ""
    while True:
        page = (await shop.get("products", category="food", sort=sort, limit=2, **({"after": after} if after else {}))).json
        found += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    everything = (await shop.get("products", sort=sort)).json["items"]
    assert found == [each for each in everything if each["category"] != "garden"]
    assert await shop.names(category="food", q="p", sort=sort) == [each["name"] for each in found]
    buyable = [each["name"] for each in found if each["stock"]]
    assert await shop.names(category="food", in_stock="true", sort=sort, limit=2) == buyable
    assert {each["category"] for each in (await shop.get("products", category="tea")).json["items"]} == {"tea"}


@pytest.mark.requirement(28)
async def test_what_would_break_the_tree_is_refused_and_changes_nothing(shop: Shop) -> None:
    await put(shop, "c1")
    for depth in range(2, DEEPEST + 1):
        assert (await put(shop, f"c{depth}", f"c{depth - 1}")).status == 200
    await put(shop, "other")
    before = await shown(shop)
    assert [(answer.status, answer.kind) for answer in (
        await put(shop, "c9", "c8"),
        await put(shop, "c1", "other"),
        await put(shop, "c1", "c8"),
        await put(shop, "c1", "c1"),
        await put(shop, "new", "nowhere"),
    )] == [
        (409, "product/category-too-deep"), (409, "product/category-too-deep"), (409, "product/category-loop"),
        (409, "product/category-loop"), (422, "product/parent-unknown"),
    ]  # fmt: skip
    assert await shown(shop) == before


@pytest.mark.requirement(28)
async def test_two_moves_at_once_never_make_a_loop(shop: Shop) -> None:
    for _ in range(10):
        await asyncio.gather(put(shop, "a"), put(shop, "b"))
        answers = await asyncio.gather(put(shop, "a", "b"), put(shop, "b", "a"))
        assert sorted(answer.status for answer in answers) == [200, 409]


@pytest.mark.requirement(28)
async def test_a_category_is_taken_away_once_nothing_is_in_it(shop: Shop) -> None:
    await put(shop, "food")
    await put(shop, "tea", "food")
    pot = await shop.sells(category="tea")
    for name in ("food", "tea"):
        answer = await shop.do("DELETE", f"categories/{name}")
        assert (answer.status, answer.kind) == (409, "product/category-in-use")
    await shop.do("DELETE", f"products/{pot['product_id']}")
    assert [(await shop.do("DELETE", f"categories/{name}")).status for name in ("tea", "food")] == [204, 204]
    gone = await shop.do("DELETE", "categories/tea")
    assert (gone.status, gone.kind, await shown(shop)) == (404, "not-found", {})


@pytest.mark.requirement(28)
async def test_products_that_move_are_counted_where_they_are(shop: Shop) -> None:
    pot = await shop.sells(category="garden")
    assert (await shown(shop))["garden"]["products"] == 1
    await shop.do("PATCH", f"products/{pot['product_id']}", {"category": "kitchen"})
    assert {name: each["products"] for name, each in (await shown(shop)).items()} == {"kitchen": 1}


@pytest.mark.requirement(28)
@given(moves=st.lists(st.tuples(NAMES, st.one_of(st.just(""), NAMES)), max_size=40))
def test_however_categories_are_moved_each_has_a_way_up_to_a_root(moves: list[tuple[str, str]]) -> None:
    tree = Tree()
    for name, parent in moves:
        try:
            tree = tree.grown({name: Category(parent=parent)})
        except ShopError:
            continue
    for name in tree.categories:
        path = tree.path(name)
        assert len(path) == len(set(path)) <= DEEPEST
        assert tree.categories[path[-1]].parent == ""
        assert {each for each in tree.categories if name in tree.path(each)} == set(tree.below(name))
    own = dict.fromkeys(tree.categories, 1) | {"stranger": 5}
    sums = tree.sums(own)
    assert all(sums[name] == len(tree.below(name)) for name in tree.categories)
    assert sums["stranger"] == 5
