"""The catalogue over HTTP: written, listed, searched, withdrawn."""

import itertools
from typing import Any

import msgspec
import pytest

from svc_product.settings import Settings
from tests.svc_product.conftest import POT, Shop

FOUND: dict[str, set[str]] = {
    "clay": {"Clay Plant Pot"},
    "CLAY%20plant": {"Clay Plant Pot"},
    "pla": {"Clay Plant Pot"},
    "clay%20pl": {"Clay Plant Pot"},
    "cla%20pot": set(),
    "花盆": {"Clay Plant Pot"},
    "花": {"Clay Plant Pot", "Rose Tea"},
    "玫瑰花茶": {"Rose Tea"},
    "玫瑰%20茶": {"Rose Tea"},
    "盆花": set(),
    "tea": {"Rose Tea"},
    "large": {"Clay Plant Pot"},
    "outdoor": {"Clay Plant Pot"},
    "frostproof": {"Clay Plant Pot"},
    "strong": set(),
    "caf%C3%A9": {"Rose Tea"},
    "cafe": {"Rose Tea"},
    "none": set(),
    "%21%3F": set(),
    "%20": {"Clay Plant Pot", "Rose Tea"},
    "%00": set(),
}


@pytest.mark.requirement(32)
def test_it_listens_on_8003_unless_told_otherwise() -> None:
    assert {field.name: field.default for field in msgspec.structs.fields(Settings)}["port"] == 8003


@pytest.mark.requirement(27)
async def test_an_operator_puts_a_product_on_sale_and_everybody_sees_it(shop: Shop) -> None:
    sent = POT | {
        "name_zh": "陶土花盆",
        "description": '<p onclick="x()">Fired <b>clay</b><script>alert(1)</script></p>',
        "group": "pots",
        "options": {"Size": "Large"},
        "sku": "POT-L",
        "tags": ["clay", "outdoor"],
    }
    made = await shop.do("POST", "products", sent)
    assert made.status == 201
    seen = await shop.get(f"products/{made.json['product_id']}")
    assert seen.json == made.json
    assert seen.headers["ETag"] == f'"{seen.json["version"]}"'
    assert seen.json["description"] == "<p>Fired <b>clay</b></p>"
    shown = ("name", "name_zh", "price", "stock", "category", "group", "options", "sku", "tags")
    assert {name: seen.json[name] for name in shown} == {name: sent[name] for name in shown}
    assert (seen.json["currency"], seen.json["picture"]) == ("USD", "")
    listed = await shop.get("products")
    assert listed.json == {"items": [seen.json], "next": None}


@pytest.mark.requirement(27)
async def test_a_patch_changes_what_was_sent_and_nothing_else(shop: Shop) -> None:
    pot = await shop.sells(tags=["clay"], group="pots")
    changed = await shop.do("PATCH", f"products/{pot['product_id']}", {"price": 5, "tags": []})
    assert changed.status == 200
    assert changed.json == pot | {
        "price": 5.00,
        "tags": [],
        "version": changed.json["version"],
        "updated_at": changed.json["updated_at"],
    }
    assert changed.json["version"] != pot["version"]
    assert (await shop.get(f"products/{pot['product_id']}")).json == changed.json


@pytest.mark.requirement(27)
async def test_a_product_says_what_neighbours_reckon_with(shop: Shop) -> None:
    plain, food = await shop.sells(), await shop.sells(tax_class="food", weight_grams=250)
    assert [(pot["tax_class"], pot["weight_grams"]) for pot in (plain, food)] == [("standard", 0), ("food", 250)]
    changed = await shop.do("PATCH", f"products/{plain['product_id']}", {"tax_class": "books", "weight_grams": 90})
    assert (changed.json["tax_class"], changed.json["weight_grams"]) == ("books", 90)
    asked = [plain["product_id"], food["product_id"]]
    looked = (await shop.inside("products/look-up", {"product_ids": asked})).json["items"]
    held = (await shop.hold("h1", *((product_id, 1) for product_id in asked))).json["items"]
    for cards in (looked, held):
        assert [(card["categories"], card["tax_class"], card["weight_grams"]) for card in cards] == [
            (["garden"], "books", 90),
            (["garden"], "food", 250),
        ]


@pytest.mark.requirement(27)
async def test_a_patch_without_news_changes_nothing(shop: Shop) -> None:
    pot = await shop.sells()
    for nothing in ({}, {"name": "Clay Pot"}, {"price": 19.99, "options": {}}):
        answer = await shop.do("PATCH", f"products/{pot['product_id']}", nothing)
        assert (answer.status, answer.json) == (200, pot)


@pytest.mark.requirement(27)
async def test_a_withdrawn_product_is_nowhere(shop: Shop) -> None:
    pot = await shop.sells()
    path = f"products/{pot['product_id']}"
    assert (await shop.do("DELETE", path)).status == 204
    answers = [
        await shop.get(path),
        await shop.get(f"{path}/picture"),
        await shop.do("DELETE", path),
        await shop.do("PATCH", path, {"name": "x"}),
        await shop.do("GET", f"{path}/stock"),
        await shop.do("PUT", f"{path}/stock", {"on_hand": 1}, headers={"If-Match": "*"}),
        await shop.hold("h1", (pot["product_id"], 1)),
    ]
    assert [(answer.status, answer.kind) for answer in answers] == [(404, "not-found")] * 7
    assert (await shop.get("products")).json["items"] == []
    assert (await shop.get("products", q="clay")).json["items"] == []
    assert (await shop.get("categories")).json["items"] == []
    assert (await shop.inside("products/look-up", {"product_ids": [pot["product_id"]]})).json["items"] == []


async def test_a_repeated_command_finds_the_product_that_it_made(shop: Shop) -> None:
    first = await shop.do("POST", "products", POT, key="k1")
    again = await shop.do("POST", "products", POT, key="k1")
    other = await shop.do("POST", "products", POT | {"name": "Other"}, key="k1")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert (other.status, other.kind) == (422, "idempotency-key-reused")
    assert len((await shop.get("products")).json["items"]) == 1


@pytest.mark.requirement(28)
async def test_categories_are_told_by_name_with_their_products(shop: Shop) -> None:
    for category in ("tea", "garden", "tea"):
        await shop.sells(category=category)
    told = (await shop.get("categories")).json
    assert [(each["category"], each["title"], each["products"]) for each in told["items"]] == [("garden", "garden", 1), ("tea", "tea", 2)]
    assert told["next"] is None


@pytest.mark.requirement(28)
async def test_a_list_shows_a_category_and_a_group(shop: Shop) -> None:
    await shop.sells(name="A", group="a")
    await shop.sells(name="B", group="b", category="tea")
    await shop.sells(name="C", group="a", category="tea")
    assert await shop.names(category="tea") == ["C", "B"]
    assert await shop.names(group="a") == ["C", "A"]
    assert await shop.names(group="a", category="tea") == ["C"]
    assert await shop.names(category="none") == []


async def test_lists_are_sorted_with_ties_and_cut_into_pages(shop: Shop) -> None:
    for name, price in (("b", 2), ("A", 1), ("a", 2), ("C", 1)):
        await shop.sells(name=name, price=price, tags=["shared"])
    for limit, q in itertools.product((1, 2, 3, 50), ("", "shared")):
        more = {"limit": limit, "q": q}
        assert await shop.names(sort="newest", **more) == ["C", "a", "A", "b"]
        assert await shop.names(sort="name", **more) == ["A", "a", "b", "C"]
        assert await shop.names(sort="-name", **more) == ["C", "b", "a", "A"]
        assert await shop.names(sort="price", **more) == ["A", "C", "b", "a"]
        assert await shop.names(sort="-price", **more) == ["a", "b", "C", "A"]


async def test_the_longest_names_page_too(shop: Shop) -> None:
    names = {"\U0001f600" * 297 + f"{number:03}" for number in range(3)} | {'"\\' * 150, "花" * 300}
    for name in names:
        await shop.sells(name=name)
    assert set(await shop.names(sort="name", limit=1)) == names


async def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    for _ in range(2):
        await shop.sells()
    after = (await shop.get("products", limit=1)).json["next"]
    for query in ({"after": after, "sort": "price"}, {"after": "nonsense"}, {"after": "", "sort": "price"}):
        assert (await shop.get("products", **query)).status == 400


@pytest.mark.requirement(29)
async def test_search_finds_words_word_beginnings_and_chinese(shop: Shop) -> None:
    await shop.sells(
        name="Clay Plant Pot",
        name_zh="陶土花盆",
        options={"Size": "Large"},
        tags=["outdoor"],
        description="<p>Frost<strong>proof</strong></p>",
    )
    await shop.sells(name="Rose Tea", name_zh="玫瑰花茶", category="tea", tags=["café"])
    assert {q: set(await shop.names(q=q)) for q in FOUND} == FOUND


@pytest.mark.requirement(29)
async def test_a_changed_product_is_found_under_its_new_words_only(shop: Shop) -> None:
    pot = await shop.sells(name="Clay Pot")
    await shop.do("PATCH", f"products/{pot['product_id']}", {"name": "Steel Bowl", "name_zh": "钢碗"})
    assert [await shop.names(q=q) for q in ("clay", "steel", "钢碗")] == [[], ["Steel Bowl"], ["Steel Bowl"]]


@pytest.mark.requirement(29)
async def test_search_filter_sort_and_stock_go_together(shop: Shop) -> None:
    for number in range(12):
        await shop.sells(
            name=f"Pot {number:02}", price=number % 3, stock=number % 2, category="tea" if number % 4 == 3 else "garden", tags=["clay"]
        )
    await shop.sells(name="Bowl", stock=9)
    expected = [f"Pot {number:02}" for number in (1, 5, 9)]
    by_price = sorted(expected, key=lambda name: int(name[4:]) % 3)
    for limit in (1, 2, 3, 50):
        assert await shop.names(q="cla", category="garden", in_stock="true", sort="name", limit=limit) == expected
        assert await shop.names(q="cla", category="garden", in_stock="true", sort="price", limit=limit) == by_price


async def test_pages_of_what_is_in_stock_lose_and_double_nothing(shop: Shop) -> None:
    stocks = [1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0] + [0] * 30 + [1] * 5
    for number, stock in enumerate(stocks):
        await shop.sells(name=f"{number:03}", stock=stock)
    expected = [f"{number:03}" for number, stock in enumerate(stocks) if stock]
    for limit in (1, 3, 7, 50, 200):
        assert await shop.names(in_stock="true", sort="name", limit=limit) == expected


async def test_pages_while_products_come_and_go_keep_every_lasting_one_once(shop: Shop) -> None:
    lasting = [f"{number:03}" for number in range(0, 60, 2)]
    for name in lasting:
        await shop.sells(name=name)
    seen: list[str] = []
    query: dict[str, Any] = {"sort": "name", "limit": 4, "in_stock": "true"}
    short = [await shop.sells(name=f"{number:03}") for number in range(1, 60, 12)]
    while True:
        answer = await shop.get("products", **query)
        seen += [item["name"] for item in answer.json["items"]]
        if answer.json["next"] is None:
            break
        query["after"] = answer.json["next"]
        if short:
            await shop.do("DELETE", f"products/{short.pop()['product_id']}")
        await shop.sells(name=f"{len(seen):03} new")
    assert len(seen) == len(set(seen))
    assert [name for name in seen if name in lasting] == lasting


async def test_a_lookup_tells_what_neighbours_need_in_the_order_asked(shop: Shop) -> None:
    pot, bowl = await shop.sells(), await shop.sells(name="Bowl", stock=3, price=5)
    asked = [bowl["product_id"], "nothing", pot["product_id"], bowl["product_id"]]
    answer = await shop.inside("products/look-up", {"product_ids": asked})
    assert [(card["name"], card["unit_minor"], card["currency"], card["stock"]) for card in answer.json["items"]] == [
        ("Bowl", 500, "USD", 3),
        ("Clay Pot", 1999, "USD", 20),
    ]
