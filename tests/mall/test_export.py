"""`mall export`: what it writes, an import brings back, and another export writes again to the byte."""

import asyncio
import base64
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.product import Categories, CategoryView, Exported, ExportedView
from mall import exporting
from mall.importing import command
from mall.importing.own_json import read_own_json
from mall.importing.row import BadImport
from mall.importing.sending import Gateway
from tests.mallhouse import JSON, House, house

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
WORD = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=12)
FULL = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1, max_size=12)
SLUG = st.sampled_from(["tea", "green-tea", "food", "a1"])
ROWS = st.builds(
    ExportedView,
    import_key=FULL,
    name=FULL,
    price=st.integers(0, 99_999_999_999).map(lambda minor: Decimal(minor).scaleb(-2)),
    currency=st.just("USD"),
    stock=st.integers(0, 1_000_000_000),
    category=SLUG,
    name_zh=WORD,
    description=st.sampled_from(["", "<p>fine</p>", "a &amp; b", "<ul><li>花</li></ul>"]),
    group=WORD,
    options=st.dictionaries(FULL, FULL, max_size=3),
    sku=WORD,
    tags=st.lists(FULL, max_size=3),
    tax_class=st.sampled_from(["standard", "food", "books"]),
    weight_grams=st.integers(0, 100_000_000),
    low_stock_at=st.none() | st.integers(0, 9),
    picture_svg=st.sampled_from(["", SVG]),
    picture_url=st.just(""),
    picture=st.sampled_from(["", "/picture"]),
)
CATEGORIES = [
    CategoryView(category="food", products=2, title="Food & Drink", title_zh="食品", parent="", path=["food"]),
    CategoryView(category="tea", products=2, title="tea", parent="food", path=["food", "tea"]),
    CategoryView(category="named-only", products=1, title="named-only", path=["named-only"]),
]


class Shelf(Gateway):
    """A mall whose answers are given."""

    def __init__(self, rows: list[ExportedView]) -> None:
        self.rows = rows

    def call(self, gives: Any, _method: str, path: str, _body: object = None) -> Any:
        """Categories at once, products one a page."""
        if gives is Categories:
            return Categories(items=CATEGORIES)
        at = int(path.partition("&after=")[2] or 0)
        return Exported(items=self.rows[at : at + 1], next=str(at + 1) if at + 1 < len(self.rows) else None)

    def read(self, _: str) -> bytes:
        """Any picture."""
        return PNG


@pytest.mark.requirement(27)
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=5, unique_by=lambda row: row.import_key))
def test_a_file_holds_every_product_as_it_is(rows: list[ExportedView], tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = [row if not (row.picture and row.picture_svg) else msgspec.structs.replace(row, picture="") for row in rows]
    path = tmp_path_factory.getbasetemp() / "export.json"
    with path.open("wb") as file:
        assert exporting.write(Shelf(rows), file) == len(rows)
    read = read_own_json(path.read_text(encoding="utf-8"), path.parent)
    for row, back in zip(rows, read.products, strict=True):
        wanted = msgspec.structs.asdict(row) | {"picture_image": PNG if row.picture else b""}
        del wanted["picture"]
        assert msgspec.structs.asdict(back) == wanted
    assert [(each.category, each.title_zh) for each in read.categories] == [("food", "食品"), ("tea", "")]
    assert len(path.read_bytes().splitlines()) == len(rows) + 2, "one line a product"


async def sells(mall: House) -> None:
    """All that a catalogue can hold."""
    token = await mall.token("operator")

    async def do(method: str, path: str, body: JSON, key: str = "") -> Mapping[str, Any]:
        answer = await mall.call("product", method, f"/api/v1/{path}", body, token=token, key=key)
        assert answer.status < 300, answer.body
        return answer.json or {}

    await do("PUT", "categories/food", {"title": "Food & Drink", "title_zh": "食品"})
    await do("PUT", "categories/tea", {"title": "Tea", "parent": "food"})
    await do("PUT", "categories/empty", {"title": "empty"})
    tea: JSON = {"name": " Green Tea ", "price": 19.9, "stock": 20, "category": "tea", "name_zh": "龙井", "description": "<p>a &amp; b</p>"}
    tea |= {"options": {"Size": "L/XL", "Colour": "Sea %"}, "group": "green", "sku": "007", "tags": ["a", "b"], "tax_class": "food"}
    first = await do("POST", "products", tea | {"weight_grams": 250, "low_stock_at": 3}, "k1")
    await do("PUT", f"products/{first['product_id']}/picture", {"svg": SVG})
    second = await do("POST", "products", {"name": "Pot", "price": 1000000, "stock": 0, "category": "garden"}, "k2")
    await do("PUT", f"products/{second['product_id']}/picture", {"image": base64.b64encode(PNG).decode()})
    await do("POST", f"products/{second['product_id']}/stock/adjustments", {"delta": 7, "reason": "found"}, "k3")
    gone = await do("POST", "products", {"name": "Gone", "price": 1, "stock": 1, "category": "garden"}, "k4")
    await do("DELETE", f"products/{gone['product_id']}", {})
    rows = [{"import_key": f"pot/{size}", "name": f"Pot {size}", "price": 5, "stock": 2, "category": "garden"} for size in "ab"]
    rows[0]["picture_url"] = "https://example.org/a.png"
    await do("PUT", f"catalogue/imports/{'ab' * 32}/parts/0", {"products": rows})
    await do("POST", f"catalogue/imports/{'ab' * 32}", {"parts": 1})


async def shown(mall: House) -> tuple[list[JSON], list[JSON]]:
    """Products without what a mall gives them itself, and categories."""
    own = {"product_id", "version", "created_at", "updated_at"}
    items = (await mall.call("product", "GET", "/api/v1/products?sort=name")).json["items"]
    products = [{name: value for name, value in item.items() if name not in own} | {"picture": bool(item["picture"])} for item in items]
    return products, (await mall.call("product", "GET", "/api/v1/categories")).json["items"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def ran(mall: House, main: Any, *words: str) -> int:
    return int(await asyncio.to_thread(main, [*words, "--gateway", mall.url("gateway")], {"MALL_ENV": "dev"}))


@pytest.mark.requirement(27, 28)
async def test_an_export_brings_the_whole_catalogue_back_and_is_the_same_to_the_byte(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    async with house(tmp_path / "one", "auth", "product", "gateway") as mall:
        await sells(mall)
        assert await ran(mall, exporting.main, str(first)) == 0
        before = await shown(mall)
        assert await ran(mall, command.main, str(first)) == 0
        assert await shown(mall) == before, "at home it changes nothing"
    async with house(tmp_path / "two", "auth", "product", "gateway") as mall:
        assert await ran(mall, command.main, str(first)) == 0
        assert await shown(mall) == before
        assert await ran(mall, exporting.main, str(second)) == 0
    assert second.read_bytes() == first.read_bytes()
    assert names(tmp_path) == ["first.json", "one", "second.json", "two"]


async def test_an_export_that_fails_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wish = [str(tmp_path / "x.json"), "--gateway", "http://127.0.0.1:9"]
    assert await asyncio.to_thread(exporting.main, wish, {"MALL_ENV": "dev"}) == 2
    assert "no answer" in capsys.readouterr().err
    assert names(tmp_path) == []


@pytest.mark.requirement(27)
async def test_an_import_that_is_too_large_for_one_write_is_refused_and_goes_in_pieces(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "product", "gateway", MALL_PRODUCT_IMPORT_ROWS="20") as mall:
        products = [{"handle": f"p{n}", "name": f"P{n}", "price": n, "stock": 1, "category": "c"} for n in range(45)]
        head = {"format": "mall-catalogue/1", "currency": "USD", "categories": [{"category": "c", "title": "C"}]}
        path = tmp_path / "large.json"
        path.write_bytes(msgspec.json.encode(head | {"products": products}))
        assert await ran(mall, command.main, str(path)) == 1
        assert await shown(mall) == ([], [])
        for _ in range(2):
            assert await ran(mall, command.main, str(path), "--pieces", "20") == 0
        assert [(each["title"], each["products"]) for each in (await shown(mall))[1]] == [("C", 45)]


@pytest.mark.parametrize(
    ("categories", "told"),
    [
        ([{"category": "No Slug", "title": "x"}], "No Slug"),
        ([{"category": "a", "title": ""}], "title"),
        ([{"category": "a", "title": "x"}, {"category": "a", "title": "y"}], "comes twice"),
    ],
)
def test_a_category_that_is_wrong_is_told(categories: list[JSON], told: str, tmp_path: Path) -> None:
    products = [{"key": "k", "name": "P", "price": 1, "stock": 1, "category": "c"}]
    file = {"format": "mall-catalogue/1", "currency": "USD", "categories": categories, "products": products}
    with pytest.raises(BadImport, match=told):
        read_own_json(msgspec.json.encode(file).decode(), tmp_path)


@pytest.mark.requirement(28)
async def test_categories_that_would_make_a_loop_import_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, "auth", "product", "gateway") as mall:
        products = [{"key": "k", "name": "P", "price": 1, "stock": 1, "category": "c"}]
        loop = [{"category": "a", "title": "A", "parent": "b"}, {"category": "b", "title": "B", "parent": "a"}]
        file = {"format": "mall-catalogue/1", "currency": "USD", "categories": loop, "products": products}
        path = tmp_path / "loop.json"
        path.write_bytes(msgspec.json.encode(file))
        assert await ran(mall, command.main, str(path)) == 1
        assert await shown(mall) == ([], [])
