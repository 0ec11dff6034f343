"""What nobody may send: every refusal is a problem with its status, and nothing has changed."""

import io
import json
from typing import Any

from tests.svc_product.conftest import POT, Shop

BAD_FIELDS: list[dict[str, Any]] = [
    {"name": ""},
    {"name": None},
    {"name": 7},
    {"name": "x" * 301},
    {"name": "a\0b"},
    {"name_zh": "\x1b"},
    {"price": "19.99"},
    {"price": -0.01},
    {"price": 1.999},
    {"price": None},
    {"price": True},
    {"price": 1_000_000_000},
    {"price": 10**40},
    {"category": "Garden"},
    {"category": ""},
    {"category": "garden\n"},
    {"description": "x" * 20_001},
    {"description": "\x08"},
    {"options": {"Size": 5}},
    {"options": {"": "x"}},
    {"options": {str(number): "x" for number in range(11)}},
    {"options": []},
    {"tags": "clay"},
    {"tags": [""]},
    {"tags": ["x"] * 51},
    {"tags": ["\0"]},
    {"sku": "x" * 65},
    {"group": "\x01"},
    {"unknown": 1},
    {"product_id": "mine"},
]
BAD_AMOUNTS = ["1e2", "1E+2", "1e999999999", "1e-999999999", "-1e999999999", "1" + "0" * 400, "0." + "0" * 400 + "1", "NaN", "Infinity"]
BROKEN = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"name": "\\ud800"}', b"[" * 100_000, b'{"name": "x", "name": "y"', b"\x00"]
BAD_QUERIES = [
    "limit=0", "limit=201", "limit=-1", "limit=x", "limit=1e9", "sort=stock", "sort=", "in_stock=maybe", "unknown=1", "q=a&q=b",
    "category=Garden", "category=", "after=", "after=%00", f"after={'x' * 513}", f"q={'x' * 201}", f"group={'x' * 129}",
]  # fmt: skip


async def test_bad_fields_are_refused_by_create_and_patch(shop: Shop) -> None:
    pot = await shop.sells()
    for bad in BAD_FIELDS:
        answers = [await shop.do("POST", "products", POT | bad), await shop.do("PATCH", f"products/{pot['product_id']}", bad)]
        assert [(answer.status, answer.kind) for answer in answers] == [(400, "bad-request")] * 2, bad
        assert answers[0].headers["Content-Type"] == "application/problem+json"
    assert (await shop.get("products")).json["items"] == [pot]


async def test_bad_first_stock_and_currency_are_refused(shop: Shop) -> None:
    for bad in ({"stock": -1}, {"stock": 1.5}, {"stock": "5"}, {"stock": 1_000_000_001}, {"stock": None}, {"currency": "usd"}):
        assert (await shop.do("POST", "products", POT | bad)).status == 400, bad
    assert (await shop.get("products")).json["items"] == []


async def test_missing_fields_are_refused(shop: Shop) -> None:
    for missing in POT:
        answer = await shop.do("POST", "products", {name: value for name, value in POT.items() if name != missing})
        assert answer.status == 400, missing


async def test_amounts_that_are_no_plain_numbers_are_refused(shop: Shop) -> None:
    for amount in BAD_AMOUNTS:
        text = json.dumps(POT).replace("19.99", amount)
        answer = await shop.do("POST", "products", data=text.encode(), headers={"Content-Type": "application/json"})
        assert (answer.status, answer.kind) == (400, "bad-request"), amount


async def test_another_currency_is_refused_by_its_own_name(shop: Shop) -> None:
    answer = await shop.do("POST", "products", POT | {"currency": "EUR"})
    assert (answer.status, answer.kind) == (422, "product/wrong-currency")
    assert (await shop.do("POST", "products", POT | {"currency": "USD"})).status == 201


async def test_broken_json_is_refused(shop: Shop) -> None:
    for body in BROKEN:
        answer = await shop.do("POST", "products", data=body, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.kind) == (400, "bad-request"), body[:40]


async def test_half_a_surrogate_is_no_text(shop: Shop) -> None:
    text = json.dumps(POT).replace("Clay Pot", "\\ud83d")
    assert (await shop.do("POST", "products", data=text.encode(), headers={"Content-Type": "application/json"})).status == 400


async def test_too_large_and_undeclared_bodies_are_refused(shop: Shop) -> None:
    large = await shop.do("POST", "products", data=io.BytesIO(b" " * 2_000_000), headers={"Content-Type": "application/json"})
    plain = await shop.do("POST", "products", data=json.dumps(POT).encode(), headers={"Content-Type": "text/plain"})
    assert (large.status, plain.status) == (413, 415)


async def test_bad_queries_are_refused(shop: Shop) -> None:
    for query in BAD_QUERIES:
        answer = await shop.get(f"products?{query}")
        assert (answer.status, answer.kind) == (400, "bad-request"), query


async def test_an_unknown_id_is_not_found(shop: Shop) -> None:
    for product_id in ("nothing", "x" * 65, "%00", "a%2Fb", "%F0%9F%98%80", "..%2F..", "'%20OR%201=1"):
        path = f"products/{product_id}"
        answers = [
            await shop.get(path),
            await shop.get(f"{path}/picture"),
            await shop.do("PATCH", path, {"name": "x"}),
            await shop.do("DELETE", path),
            await shop.do("GET", f"{path}/stock"),
            await shop.do("PUT", f"{path}/stock", {"on_hand": 1}, headers={"If-Match": '"1"'}),
        ]
        assert [answer.status for answer in answers] == [404] * 6, product_id


async def test_only_operators_write_and_only_services_come_inside(shop: Shop) -> None:
    pot = await shop.sells()
    path, key = f"products/{pot['product_id']}", "0" * 64
    shopper = await shop.mall.token("shopper")
    wishes: list[tuple[str, str, Any]] = [
        ("POST", "products", POT),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("GET", f"{path}/stock", None),
        ("PUT", f"{path}/stock", {"on_hand": 1}),
        ("PUT", f"catalogue/imports/{key}/parts/0", {"products": [POT | {"import_key": "k"}]}),
        ("POST", f"catalogue/imports/{key}", {"parts": 1}),
    ]
    for method, where, body in wishes:
        statuses = [(await shop.do(method, where, body, token=token)).status for token in ("", shopper, shop.service)]
        assert statuses == [401, 403, 403], where
    for where in ("products/look-up", "holds/h", "holds/h/bind", "holds/h/take", "holds/h/release", "holds/h/give-back"):
        answers = [await shop.mall.call("product", "POST", f"/internal/{where}", {}, token=token) for token in ("", shopper, shop.operator)]
        assert [answer.status for answer in answers] == [401, 403, 403], where
    assert (await shop.get(path)).json == pot
