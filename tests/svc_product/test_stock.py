"""Stock over HTTP: set against a version, held for buyers, sold, given back."""

import asyncio
import time
from typing import Any

import pytest

from tests.mallhouse import Answer
from tests.svc_product.conftest import Shop

UNSEEN: list[tuple[str | None, int, str]] = [
    (None, 428, "precondition-required"),
    ("", 412, "stale-version"),
    ('"1.99"', 412, "stale-version"),
    ("nonsense", 412, "stale-version"),
    ('"*"', 412, "stale-version"),
    ('"99999999999999999999999999"', 412, "stale-version"),
    ("x" * 201, 400, "bad-request"),
]


async def set_stock(shop: Shop, product_id: str, on_hand: Any, if_match: str | None, **more: Any) -> Answer:
    headers = {} if if_match is None else {"If-Match": if_match}
    return await shop.do("PUT", f"products/{product_id}/stock", {"on_hand": on_hand, **more}, headers=headers)


@pytest.mark.requirement(30)
async def test_stock_is_set_by_whoever_has_seen_it(shop: Shop) -> None:
    for form in ('"{product}"', '"{stock}"', 'W/"{product}"', "{product}", "{stock}", '"0.99", "{stock}"', "*"):
        pot = await shop.sells(stock=20)
        seen = await shop.stock(pot["product_id"])
        tag = form.format(product=pot["version"], stock=seen["version"])
        answer = await set_stock(shop, pot["product_id"], 7, tag, reason="count")
        assert (answer.status, answer.json["on_hand"], answer.json["available"], answer.json["reserved"]) == (200, 7, 7, 0), form
        assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
        assert (await shop.get(f"products/{pot['product_id']}")).json["stock"] == 7
        again = await set_stock(shop, pot["product_id"], 9, tag)
        assert again.status == (200 if form == "*" else 412), form


@pytest.mark.requirement(30)
async def test_stock_is_not_set_unseen(shop: Shop) -> None:
    pot = await shop.sells()
    before = await shop.stock(pot["product_id"])
    for if_match, status, kind in UNSEEN:
        answer = await set_stock(shop, pot["product_id"], 7, if_match)
        assert (answer.status, answer.kind) == (status, kind), if_match
    assert await shop.stock(pot["product_id"]) == before


async def test_stock_is_a_whole_number(shop: Shop) -> None:
    pot = await shop.sells()
    for on_hand in (-1, 1.5, "7", None, True, 1_000_000_001, 10**30):
        assert (await set_stock(shop, pot["product_id"], on_hand, "*")).status == 400, on_hand
    assert (await set_stock(shop, pot["product_id"], 1, "*", reason="\0")).status == 400
    assert (await shop.stock(pot["product_id"]))["on_hand"] == 20


@pytest.mark.requirement(30)
async def test_stock_is_not_set_below_what_buyers_hold(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await shop.hold("h1", (pot, 3))
    refused = await set_stock(shop, pot, 2, "*")
    assert (refused.status, refused.kind, refused.json["reserved"]) == (409, "product/below-reserved", 3)
    answer = await set_stock(shop, pot, 3, "*")
    assert {name: answer.json[name] for name in ("on_hand", "available", "reserved")} == {"on_hand": 3, "available": 0, "reserved": 3}


@pytest.mark.requirement(30)
async def test_of_operators_who_saw_the_same_stock_one_sets_it(shop: Shop) -> None:
    pot = await shop.sells()
    answers = await asyncio.gather(*(set_stock(shop, pot["product_id"], number, f'"{pot["version"]}"') for number in range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 19
    winner = next(answer for answer in answers if answer.status == 200)
    assert (await shop.stock(pot["product_id"])) == winner.json


@pytest.mark.requirement(31)
async def test_a_hold_reserves_all_lines_and_tells_their_prices(shop: Shop) -> None:
    pot, bowl = (await shop.sells(stock=5))["product_id"], (await shop.sells(name="Bowl", price=5, stock=4))["product_id"]
    held = await shop.hold("h1", (pot, 2), (bowl, 4))
    assert [(card["name"], card["unit_minor"], card["currency"], card["stock"]) for card in held.json["items"]] == [
        ("Clay Pot", 1999, "USD", 3),
        ("Bowl", 500, "USD", 0),
    ]
    again = await shop.hold("h1", (pot, 2), (bowl, 4))
    assert (again.status, again.json) == (200, held.json)
    assert await shop.names(in_stock="true") == ["Clay Pot"]
    assert (await shop.stock(pot))["reserved"] == 2


@pytest.mark.requirement(31)
async def test_a_hold_that_lacks_one_line_holds_nothing(shop: Shop) -> None:
    pot, bowl = (await shop.sells(stock=5))["product_id"], (await shop.sells(stock=1))["product_id"]
    refused = await shop.hold("h1", (pot, 2), (bowl, 2))
    assert (refused.status, refused.kind) == (409, "product/out-of-stock")
    assert (refused.json["product_id"], refused.json["available"], refused.json["temporary"]) == (bowl, 1, False)
    assert [(await shop.stock(one))["reserved"] for one in (pot, bowl)] == [0, 0]
    await shop.hold("h2", (bowl, 1))
    assert (await shop.hold("h3", (bowl, 1))).json["temporary"] is True


async def test_holds_that_make_no_sense_are_refused(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    assert (await shop.hold("h1", (pot, 1), (pot, 1))).status == 400
    assert (await shop.hold("h1")).status == 400
    for quantity in (0, -1, 100_001):
        assert (await shop.hold("h1", (pot, quantity))).status == 400
    missing = await shop.hold("h1", (pot, 1), ("nothing", 1))
    assert (missing.status, missing.json["product_id"]) == (404, "nothing")
    assert (await shop.stock(pot))["reserved"] == 0
    assert (await shop.hold("h1", (pot, 1))).status == 200
    other = await shop.hold("h1", (pot, 2))
    assert (other.status, other.kind) == (422, "idempotency-key-reused")


async def test_pieces_come_back_until_so_many_are_back_in_all(shop: Shop) -> None:
    pot, bowl = (await shop.sells(stock=5))["product_id"], (await shop.sells(stock=5))["product_id"]
    await shop.hold("h1", (pot, 3), (bowl, 2))
    assert (await shop.inside("holds/h1/take")).json["state"] == "taken"

    async def back(*lines: tuple[str, int]) -> Answer:
        return await shop.inside("holds/h1/return", {"lines": [{"product_id": each, "quantity": many} for each, many in lines]})

    answers = await asyncio.gather(*(back((pot, 1)) for _ in range(5)))
    assert {(answer.status, answer.json["state"]) for answer in answers} == {(200, "taken")}
    assert [(await shop.stock(one))["available"] for one in (pot, bowl)] == [3, 3]
    await asyncio.gather(back((pot, 2), (bowl, 1)), back((pot, 1)), back((pot, 2)))
    assert [(await shop.stock(one))["available"] for one in (pot, bowl)] == [4, 4]
    too_many = await back((pot, 4))
    assert (too_many.status, too_many.kind) == (422, "idempotency-key-reused")
    assert (await back((pot, 3), (bowl, 2))).json["state"] == "returned"
    assert [(await shop.stock(one))["on_hand"] for one in (pot, bowl)] == [5, 5]


@pytest.mark.requirement(31, 133)
async def test_of_a_hundred_buyers_at_once_twenty_get_a_piece(shop: Shop) -> None:
    pot = (await shop.sells(stock=20))["product_id"]
    answers = await asyncio.gather(*(shop.hold(f"h{number}", (pot, 1)) for number in range(100)))
    assert sorted(answer.status for answer in answers) == [200] * 20 + [409] * 80
    assert {answer.kind for answer in answers} == {"", "product/out-of-stock"}
    left = await shop.stock(pot)
    assert (left["on_hand"], left["available"], left["reserved"]) == (20, 0, 20)
    held = [f"h{number}" for number, answer in enumerate(answers) if answer.status == 200]
    await asyncio.gather(*(shop.inside(f"holds/{hold_id}/bind", {"order_id": f"o-{hold_id}"}) for hold_id in held))
    await asyncio.gather(*(shop.inside(f"holds/{hold_id}/take") for hold_id in [*held, *held]))
    assert (await shop.stock(pot))["on_hand"] == 0


@pytest.mark.requirement(31)
async def test_holds_over_the_same_products_in_any_order_never_lock_each_other(shop: Shop) -> None:
    pots = [(await shop.sells(stock=10))["product_id"] for _ in range(3)]
    orders = [(pots[number % 3], pots[(number + 1 + number % 2) % 3]) for number in range(40)]
    answers = await asyncio.gather(*(shop.hold(f"h{number}", (one, 1), (other, 1)) for number, (one, other) in enumerate(orders)))
    held = sum(answer.status == 200 for answer in answers)
    stocks = [await shop.stock(pot) for pot in pots]
    assert sum(stock["reserved"] for stock in stocks) == 2 * held
    assert all(stock["on_hand"] == 10 for stock in stocks)


@pytest.mark.requirement(31)
async def test_a_hold_is_bound_taken_and_given_back_once_however_often_it_is_said(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await shop.hold("h1", (pot, 2))
    said: list[tuple[str, Any, str, tuple[int, int]]] = [
        ("bind", {"order_id": "o1"}, "held", (3, 2)),
        ("take", {}, "taken", (3, 0)),
        ("bind", {"order_id": "o1"}, "taken", (3, 0)),
        ("give-back", {}, "returned", (5, 0)),
        ("take", {}, "returned", (5, 0)),
        ("release", {}, "returned", (5, 0)),
    ]
    for verb, body, state, (available, reserved) in said:
        for _ in range(2):
            answer = await shop.inside(f"holds/h1/{verb}", body)
            assert (answer.status, answer.json) == (200, {"hold_id": "h1", "state": state}), verb
            seen = await shop.stock(pot)
            assert (seen["available"], seen["reserved"]) == (available, reserved), verb


@pytest.mark.requirement(31)
@pytest.mark.parametrize("undo", ["release", "give-back"])
async def test_what_was_undone_before_it_was_held_gives_nothing(shop: Shop, undo: str) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    assert (await shop.inside(f"holds/h1/{undo}", {})).json == {"hold_id": "h1", "state": "released"}
    late = [await shop.hold("h1", (pot, 1)), await shop.inside("holds/h1/bind", {"order_id": "o"}), await shop.inside("holds/h1/take", {})]
    assert [(answer.status, answer.kind) for answer in late] == [(409, "product/hold-gone")] * 3
    assert (await shop.stock(pot))["reserved"] == 0


@pytest.mark.requirement(31)
async def test_a_released_hold_frees_its_pieces_and_can_not_be_bound(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await shop.hold("h1", (pot, 5))
    assert (await shop.inside("holds/h1/release", {})).json["state"] == "released"
    assert (await shop.stock(pot))["available"] == 5
    assert (await shop.inside("holds/h1/bind", {"order_id": "o1"})).kind == "product/hold-gone"
    assert (await shop.inside("holds/h1/take", {})).kind == "product/hold-gone"


async def test_a_hold_belongs_to_one_order(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await shop.hold("h1", (pot, 1))
    await shop.inside("holds/h1/bind", {"order_id": "o1"})
    other = await shop.inside("holds/h1/bind", {"order_id": "o2"})
    assert (other.status, other.kind) == (422, "idempotency-key-reused")


async def test_holds_of_a_withdrawn_product_go_on(shop: Shop) -> None:
    pots = [(await shop.sells(stock=5))["product_id"] for _ in range(2)]
    first = await shop.hold("h1", (pots[0], 1))
    await shop.hold("h2", (pots[1], 1))
    for pot in pots:
        await shop.do("DELETE", f"products/{pot}")
    assert (await shop.hold("h1", (pots[0], 1))).json == first.json
    assert (await shop.inside("holds/h1/take", {})).json["state"] == "taken"
    assert (await shop.inside("holds/h2/release", {})).json["state"] == "released"
    assert (await shop.hold("h3", (pots[0], 1))).status == 404


async def test_the_clock_ends_holds_that_are_not_bound(shop: Shop) -> None:
    pot = (await shop.sells(stock=5))["product_id"]
    await shop.hold("bound", (pot, 1), seconds=1)
    assert (await shop.inside("holds/bound/bind", {"order_id": "o1"})).status == 200
    await shop.hold("lost", (pot, 2), seconds=1)
    ends = time.monotonic() + 10
    while (seen := await shop.stock(pot))["available"] != 4:
        assert time.monotonic() < ends, seen
        await asyncio.sleep(0.05)
    assert seen["reserved"] == 1
    assert (await shop.inside("holds/lost/take", {})).kind == "product/hold-gone"
    assert (await shop.inside("holds/bound/take", {})).json["state"] == "taken"
