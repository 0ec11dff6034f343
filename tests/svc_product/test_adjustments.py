"""Stock that comes and goes with a reason: once for each key, never below what is held, and written down in the same write."""

import asyncio
from typing import Any

import pytest

from tests.mallhouse import JSON, Answer
from tests.svc_product.conftest import Shop


async def adjust(shop: Shop, product_id: str, delta: Any, key: str = "k1", **more: Any) -> Answer:
    return await shop.do("POST", f"products/{product_id}/stock/adjustments", {"delta": delta, "reason": "received", **more}, key=key)


async def log(shop: Shop, product_id: str, limit: int = 200) -> list[JSON]:
    """All pages."""
    found: list[JSON] = []
    after = ""
    while True:
        page = (await shop.do("GET", f"products/{product_id}/stock/log?limit={limit}{after}")).json
        found += page["items"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


@pytest.mark.requirement(30)
async def test_pieces_come_and_go_with_a_reason_and_the_log_tells_it_newest_first(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    came = await adjust(shop, pot, 7, "k1", note="from the potter")
    assert (came.status, came.json["on_hand"], came.headers["ETag"]) == (201, 12, f'"{came.json["version"]}"')
    await adjust(shop, pot, -2, "k2", reason="damaged")
    await shop.do("PUT", f"products/{pot}/stock", {"on_hand": 9, "reason": "spring count"}, headers={"If-Match": "*"})
    told = await log(shop, pot, limit=2)
    assert [(entry["delta"], entry["on_hand"], entry["reason"], entry["note"]) for entry in told] == [
        (-1, 9, "set", "spring count"),
        (-2, 10, "damaged", ""),
        (7, 12, "received", "from the potter"),
    ]
    assert len({entry["by"] for entry in told}) == 1
    assert told[0]["by"]
    assert sorted((entry["at"] for entry in told), reverse=True) == [entry["at"] for entry in told]


@pytest.mark.requirement(30)
async def test_the_same_key_moves_the_pieces_once(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    answers = await asyncio.gather(*(adjust(shop, pot, 3, "same") for _ in range(5)))
    assert {(answer.status, answer.json["on_hand"]) for answer in answers} == {(201, 8)}
    assert ((await shop.stock(pot))["on_hand"], len(await log(shop, pot))) == (8, 1)
    other = await adjust(shop, pot, 4, "same")
    assert (other.status, other.kind) == (422, "idempotency-key-reused")
    keyless = await shop.do("POST", f"products/{pot}/stock/adjustments", {"delta": 1, "reason": "found"})
    assert keyless.status == 400


@pytest.mark.requirement(30)
async def test_fifty_adjustments_at_once_add_up(shop: Shop) -> None:
    pot = (await shop.sells(stock=100))["product_id"]
    deltas = [number if number % 2 else -number for number in range(1, 51)]
    answers = await asyncio.gather(*(adjust(shop, pot, delta, f"k{delta}") for delta in deltas))
    assert {answer.status for answer in answers} == {201}
    told = await log(shop, pot, limit=7)
    assert (await shop.stock(pot))["on_hand"] == 100 + sum(deltas)
    assert sorted(entry["delta"] for entry in told) == sorted(deltas)
    at = 100
    levels = {entry["on_hand"]: entry["delta"] for entry in told}
    assert {level - delta for level, delta in levels.items()} - set(levels) == {at}, "each begins where another one ended"


@pytest.mark.requirement(30)
async def test_what_is_held_stays_and_nothing_falls_below_zero(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await shop.hold("h1", (pot, 3))
    for delta, kind in ((-3, "product/below-reserved"), (-5, "product/below-reserved"), (-6, "product/below-zero")):
        refused = await adjust(shop, pot, delta, f"k{delta}", reason="lost")
        assert (refused.status, refused.kind) == (409, kind), delta
    assert (await adjust(shop, pot, -2, "k", reason="lost")).json["available"] == 0
    assert [entry["delta"] for entry in await log(shop, pot)] == [-2]
    assert ((await adjust(shop, "unknown", 1)).status, (await shop.do("GET", "products/unknown/stock/log")).status) == (404, 404)
    assert [(await adjust(shop, pot, delta, f"k{delta}")).status for delta in (0, 1_000_000_000)] == [400, 400]


@pytest.mark.requirement(30)
async def test_the_log_of_a_withdrawn_product_is_still_there(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await adjust(shop, pot, 1)
    await shop.do("DELETE", f"products/{pot}")
    assert len(await log(shop, pot)) == 1
    assert (await adjust(shop, pot, 1, "k2")).status == 404


async def low(shop: Shop, limit: int = 200) -> list[str]:
    """All that are low, by name."""
    found: list[str] = []
    after = ""
    while True:
        page = (await shop.do("GET", f"stock/low?limit={limit}{after}")).json
        found += [item["name"] for item in page["items"]]
        if page["next"] is None:
            return sorted(found)
        after = f"&after={page['next']}"


@pytest.mark.requirement(30)
async def test_a_product_is_low_at_its_level_and_no_longer_above(shop: Shop) -> None:
    pot = (await shop.sells(name="Pot", stock=5, low_stock_at=3))["product_id"]
    await shop.sells(name="Vase", stock=0)
    await shop.sells(name="Bowl", stock=2, low_stock_at=2)
    assert ((await shop.stock(pot))["low"], await low(shop)) == (False, ["Bowl"])
    await shop.hold("h1", (pot, 2))
    assert ((await shop.stock(pot))["low"], await low(shop, 1)) == (True, ["Bowl", "Pot"])
    await shop.inside("holds/h1/release")
    assert await low(shop) == ["Bowl"]
    await adjust(shop, pot, -5, reason="lost")
    (told,) = [item for item in (await shop.do("GET", "stock/low")).json["items"] if item["product_id"] == pot]
    assert told == {"product_id": pot, "name": "Pot", "on_hand": 0, "available": 0, "reserved": 0, "low_stock_at": 3}
    await shop.do("PATCH", f"products/{pot}", {"low_stock_at": None})
    assert await low(shop) == ["Bowl"]
    await shop.do("PATCH", f"products/{pot}", {"low_stock_at": 0})
    assert await low(shop) == ["Bowl", "Pot"]
    await shop.do("DELETE", f"products/{pot}")
    assert await low(shop) == ["Bowl"]


@pytest.mark.requirement(30)
async def test_however_buyers_and_operators_race_no_low_product_is_missed(shop: Shop) -> None:
    pots = [(await shop.sells(name=f"P{number}", stock=6, low_stock_at=number))["product_id"] for number in range(6)]
    for turn in range(3):
        doing = [shop.hold(f"h{turn}-{buyer}", *((pot, 1) for pot in pots)) for buyer in range(4)]
        doing += [shop.inside(f"holds/h{turn - 1}-{buyer}/{'release' if buyer % 2 else 'give-back'}") for buyer in range(4)]
        doing += [adjust(shop, pot, (-1) ** turn * 2, f"a{turn}-{pot}") for pot in pots]
        doing += [shop.do("PATCH", f"products/{pot}", {"low_stock_at": number + turn}) for number, pot in enumerate(pots)]
        await asyncio.gather(*doing)
        stocks = [await shop.stock(pot) for pot in pots]
        assert [stock["low"] for stock in stocks] == [stock["available"] <= stock["low_stock_at"] for stock in stocks]
        assert await low(shop) == [f"P{number}" for number, stock in enumerate(stocks) if stock["low"]]


async def test_becoming_low_is_counted_once_each_time(shop: Shop) -> None:
    pot = (await shop.sells(stock=3, low_stock_at=2))["product_id"]
    for hold_id in ("h1", "h2", "h2"):
        await shop.hold(hold_id, (pot, 1))
    assert "stock_low_total 1.0" in (await shop.mall.call("product", "GET", "/metrics")).body.decode()
    for hold_id in ("h1", "h2"):
        await shop.inside(f"holds/{hold_id}/release")
    await shop.hold("h3", (pot, 1))
    assert "stock_low_total 2.0" in (await shop.mall.call("product", "GET", "/metrics")).body.decode()
