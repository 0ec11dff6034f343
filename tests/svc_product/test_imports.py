"""Imports over HTTP: staged in parts, applied all or nothing, idempotent."""

import asyncio
from typing import Any

import pytest

from tests.mallhouse import JSON, Answer
from tests.svc_product.conftest import Shop

ID = "ab" * 32
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3" fill="#c00"/></svg>'


def row(key: str, **fields: Any) -> JSON:
    return {"import_key": key, "name": f"Pot {key}", "price": 19.99, "stock": 5, "category": "garden"} | fields


async def stage(shop: Shop, part: int, *rows: JSON, import_id: str = ID) -> Answer:
    return await shop.do("PUT", f"catalogue/imports/{import_id}/parts/{part}", {"products": list(rows)})


async def apply(shop: Shop, parts: int, import_id: str = ID) -> Answer:
    return await shop.do("POST", f"catalogue/imports/{import_id}", {"parts": parts})


def did(answer: Answer) -> tuple[int, int, int]:
    assert answer.status == 200, answer.body
    return answer.json["created"], answer.json["updated"], answer.json["unchanged"]


@pytest.mark.requirement(27)
async def test_nothing_is_seen_of_an_import_before_it_is_applied(shop: Shop) -> None:
    kept = await stage(shop, 0, row("a", picture_svg=SVG, description="<p>fine<script>x</script></p>"), row("b", name_zh="花盆"))
    assert (kept.status, kept.json) == (200, {"import_id": ID, "part": 0, "rows": 2})
    await stage(shop, 1, row("c", picture_url="https://example.org/c.png"))
    assert (await shop.get("products")).json["items"] == []
    assert did(await apply(shop, 2)) == (3, 0, 0)
    items = {item["name"]: item for item in (await shop.get("products", sort="name")).json["items"]}
    assert list(items) == ["Pot a", "Pot b", "Pot c"]
    assert [item["stock"] for item in items.values()] == [5, 5, 5]
    assert items["Pot a"]["description"] == "<p>fine</p>"
    assert items["Pot a"]["picture"] == f"/api/v1/products/{items['Pot a']['product_id']}/picture"
    assert (items["Pot b"]["picture"], items["Pot c"]["picture"]) == ("", "https://example.org/c.png")
    assert await shop.names(q="花盆") == ["Pot b"]
    for name, status in (("Pot a", 200), ("Pot b", 404), ("Pot c", 404)):
        picture = await shop.get(f"products/{items[name]['product_id']}/picture")
        assert picture.status == status
        if status == 200:
            assert (picture.body.decode(), picture.headers["Content-Type"]) == (SVG, "image/svg+xml")
            assert "default-src 'none'" in picture.headers["Content-Security-Policy"]


async def test_the_same_import_again_changes_nothing(shop: Shop) -> None:
    rows = [row("a", picture_svg=SVG, tags=["x"], options={"Size": "L"}), row("b", description="<a href='https://example.org'>x</a>")]
    await stage(shop, 0, *rows)
    assert did(await apply(shop, 1)) == (2, 0, 0)
    before = (await shop.get("products")).json
    assert did(await apply(shop, 1)) == (2, 0, 0), "an answer that was lost is given again"
    await stage(shop, 0, *rows)
    assert did(await apply(shop, 1)) == (0, 0, 2)
    assert (await shop.get("products")).json == before


async def test_an_import_changes_what_differs_but_never_stock(shop: Shop) -> None:
    await stage(shop, 0, row("a", picture_svg=SVG), row("b"), row("c"))
    await apply(shop, 1)
    pots = {item["name"]: item for item in (await shop.get("products")).json["items"]}
    await shop.hold("h1", (pots["Pot a"]["product_id"], 2))
    await stage(shop, 0, row("a", price=5, stock=99), row("b", stock=99), row("c", picture_svg=SVG), row("d"), import_id="cd" * 32)
    assert did(await apply(shop, 1, "cd" * 32)) == (1, 2, 1)
    after = {item["name"]: item for item in (await shop.get("products")).json["items"]}
    assert {name: (item["price"], item["stock"]) for name, item in after.items()} == {
        "Pot a": (5.00, 3),
        "Pot b": (19.99, 5),
        "Pot c": (19.99, 5),
        "Pot d": (19.99, 5),
    }
    assert after["Pot a"]["product_id"] == pots["Pot a"]["product_id"]
    pictures = [(await shop.get(f"products/{after[name]['product_id']}/picture")).status for name in ("Pot a", "Pot c")]
    assert pictures == [404, 200]


async def test_an_import_puts_a_withdrawn_product_back_on_sale(shop: Shop) -> None:
    await stage(shop, 0, row("a"))
    await apply(shop, 1)
    pot = (await shop.get("products")).json["items"][0]["product_id"]
    await shop.do("DELETE", f"products/{pot}")
    await stage(shop, 0, row("a"))
    assert did(await apply(shop, 1)) == (0, 1, 0)
    assert (await shop.get(f"products/{pot}")).json["stock"] == 5


async def test_an_import_without_all_its_parts_is_not_applied(shop: Shop) -> None:
    await stage(shop, 0, row("a"))
    await stage(shop, 2, row("c"))
    answer = await apply(shop, 4)
    assert (answer.status, answer.kind, answer.json["missing"]) == (409, "product/import-incomplete", [1, 3])
    assert (await apply(shop, 1, "0" * 64)).status == 409
    assert (await shop.get("products")).json["items"] == []


async def test_one_product_in_two_parts_applies_nothing(shop: Shop) -> None:
    await stage(shop, 0, row("a"), row("b"))
    await stage(shop, 1, row("b"))
    assert (await apply(shop, 2)).status == 400
    assert (await shop.get("products")).json["items"] == []
    await stage(shop, 1, row("c"))
    assert did(await apply(shop, 2)) == (3, 0, 0)


BAD = {"currency": "EUR"}, {"picture_svg": "<svg/>"}, {"price": 1.999}
BAD_ROWS: list[tuple[list[JSON], int, str, list[int]]] = [
    ([row("a"), row("b", currency="EUR"), row("c", currency="GBP")], 422, "product/wrong-currency", [1, 2]),
    ([row("a", picture_svg="<svg/>"), row("b")], 422, "product/unsafe-picture", [0]),
    ([row("a", picture_svg=SVG.replace("<circle", "<script>x</script><circle"))], 422, "product/unsafe-picture", [0]),
    ([row("a", **BAD[0]), row("b", **BAD[1]), row("c", **BAD[2]), row("d")], 422, "product/wrong-currency", [0, 1, 2]),
    ([row("a", **BAD[2]), row("b", **BAD[1])], 400, "bad-request", [0, 1]),
    ([row("a"), row("b"), row("a")], 400, "bad-request", [0, 2]),
    ([row("a", price=-1)], 400, "bad-request", [0]),
]
NO_PARTS: list[JSON] = [
    {"products": []},
    {"products": [row(str(number)) for number in range(501)]},
    {"products": [row("a", picture_url="http://example.org/a.png")]},
    {"products": [row("a", picture_url="https://example.org/\n")]},
    {"products": [row("")]},
    {"products": [row("\0b")]},
    {"products": [row("a", name="\0")]},
    {"products": [row("a", unknown=1)]},
    {"products": [row("a", price="1")]},
    {"products": [{}]},
    {},
]


async def test_every_bad_row_of_a_part_is_named_and_nothing_of_it_is_kept(shop: Shop) -> None:
    for rows, status, kind, bad in BAD_ROWS:
        answer = await stage(shop, 0, *rows)
        assert (answer.status, answer.kind) == (status, kind), rows
        assert [error["row"] for error in answer.json["errors"]] == bad
        assert all(error["detail"] and error["import_key"] == rows[error["row"]]["import_key"] for error in answer.json["errors"])
    assert (await apply(shop, 1)).status == 409


async def test_what_is_no_part_of_an_import_is_refused(shop: Shop) -> None:
    for body in NO_PARTS:
        assert (await shop.do("PUT", f"catalogue/imports/{ID}/parts/0", body)).status == 400, body
    for path in (f"{ID}/parts/1000", f"{ID}/parts/-1", f"{ID}/parts/x", "short/parts/0", f"{ID.upper()}/parts/0"):
        assert (await shop.do("PUT", f"catalogue/imports/{path}", {"products": [row("a")]})).status == 400, path
    assert (await apply(shop, 1)).status == 409


async def test_an_import_applied_many_times_at_once_happens_once(shop: Shop) -> None:
    await stage(shop, 0, *(row(str(number)) for number in range(50)))
    await stage(shop, 1, *(row(f"x{number}") for number in range(50)))
    answers = await asyncio.gather(*(apply(shop, 2) for _ in range(10)))
    assert {did(answer) for answer in answers} == {(100, 0, 0)}
    await stage(shop, 0, *(row(str(number), price=5) for number in range(50)))
    answers = await asyncio.gather(*(apply(shop, 1) for _ in range(10)))
    assert {did(answer) for answer in answers} == {(0, 50, 0)}
    assert len(await shop.names(limit=200)) == 100


async def test_two_imports_of_the_same_products_at_once_make_each_once(shop: Shop) -> None:
    other = "cd" * 32
    await stage(shop, 0, *(row(str(number)) for number in range(30)))
    await stage(shop, 0, *(row(str(number), price=5) for number in range(30)), import_id=other)
    answers = await asyncio.gather(apply(shop, 1), apply(shop, 1, other))
    assert sorted(did(answer) for answer in answers) == [(0, 30, 0), (30, 0, 0)]
    items = (await shop.get("products")).json["items"]
    assert len(items) == 30
    assert {item["stock"] for item in items} == {5}


async def test_fifteen_hundred_products_in_three_parts_become_visible_in_one_moment(shop: Shop) -> None:
    for part in range(3):
        rows = [row(f"{part}-{number}", picture_svg=SVG, name_zh="陶土花盆", description="<p>Fired clay.</p>" * 3) for number in range(500)]
        assert (await stage(shop, part, *rows)).status == 200
    seen: set[int] = set()
    applying = asyncio.create_task(apply(shop, 3))
    while not applying.done():
        seen |= {item["products"] for item in (await shop.get("categories")).json["items"]}
        await asyncio.sleep(0.005)
    assert did(applying.result()) == (1500, 0, 0)
    assert seen <= {1500}
    assert [(each["category"], each["products"]) for each in (await shop.get("categories")).json["items"]] == [("garden", 1500)]
