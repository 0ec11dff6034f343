"""Shipments and returns over HTTP: by line, once for a key, and money and pieces where they belong, whoever is away meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.mallhouse import Answer
from tests.svc_checkout.buying import PARTS, Buying, buying, new_id, until
from tests.svc_order.test_http import REFUND_REFUSED

pytestmark = pytest.mark.asyncio(loop_scope="module")
FAST = {"MALL_ORDER_SETTLE_SECONDS": "0.1", "MALL_PAYMENT_SETTLE_SECONDS": "0.1"}
Json = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with buying(tmp_path_factory.mktemp("mall"), **FAST) as running:
        yield running


async def bought(mall: Buying, quantity: int = 3, price: float = 10, *cards: str) -> tuple[str, str]:
    """A paid order of one product, and the product: 33.83 for three pieces of 10 with tax, and 5 for the shipping."""
    product_id = await mall.product(price)
    buyer = await mall.with_cart(product_id, quantity)
    told = await mall.check_out(buyer, *cards)
    assert told.status == 200, told.body
    return str(told.json["order_id"]), product_id


async def ship(mall: Buying, order_id: str, number: str = "", key: str = "", **body: Any) -> Answer:
    wish = {"carrier": "DHL", "tracking_number": number or new_id("T")} | body
    return await mall.call("order", "POST", f"/api/v1/orders/{order_id}/shipments", wish, token=mall.operator, key=key or new_id("s"))


async def take_back(mall: Buying, order_id: str, *lines: Json, key: str = "", **body: Any) -> Answer:
    wish = {"lines": list(lines), "reason": "damaged"} | body
    return await mall.call("order", "POST", f"/api/v1/orders/{order_id}/returns", wish, token=mall.operator, key=key or new_id("r"))


async def order(mall: Buying, order_id: str) -> Json:
    return dict((await mall.call("order", "GET", f"/api/v1/orders/{order_id}", token=mall.operator)).json)


async def set_status(mall: Buying, order_id: str, status: str, **body: Any) -> Answer:
    return await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/status", {"status": status} | body, token=mall.operator)


async def is_settled(mall: Buying, order_id: str) -> None:
    async def settled() -> bool:
        return all(each["settled"] for each in (await order(mall, order_id))["returns"])

    await until(settled)


def line(product_id: str, quantity: int, **more: Any) -> Json:
    return {"product_id": product_id, "quantity": quantity} | more


@pytest.mark.requirement(35, 36, 46, 63)
async def test_an_order_is_shipped_in_parcels(mall: Buying) -> None:
    order_id, product_id = await bought(mall)
    first = await ship(mall, order_id, lines=[line(product_id, 2)])
    assert first.status == 201, first.body
    assert first.json["lines"] == [line(product_id, 2)]
    seen = await order(mall, order_id)
    assert (seen["status"], seen["items"][0]["shipped"], seen["shipments"]) == ("paid", 2, [first.json])
    too_many = await ship(mall, order_id, lines=[line(product_id, 2)])
    assert (too_many.status, too_many.kind, too_many.json["left"]) == (409, "order/more-than-ordered", 1)
    twice = await ship(mall, order_id, lines=[line(product_id, 1), line(product_id, 1)])
    assert (twice.status, twice.kind) == (400, "bad-request")
    late = await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", {}, token=mall.operator)
    assert (late.status, late.kind) == (409, "order/partly-shipped")
    rest = await ship(mall, order_id)
    assert (rest.status, rest.json["lines"]) == (201, [line(product_id, 1)])
    assert (await order(mall, order_id))["status"] == "shipped"
    over = await ship(mall, order_id)
    assert (over.status, over.kind) == (409, "order/wrong-status")
    assert (await set_status(mall, order_id, "completed")).json["status"] == "completed"


async def test_a_tracking_number_belongs_to_one_shipment(mall: Buying) -> None:
    order_id, product_id = await bought(mall)
    other_id, _ = await bought(mall, 1)
    number = new_id("T")
    first = await ship(mall, order_id, number, "parcel-1", lines=[line(product_id, 1)])
    assert first.status == 201
    for taken in (await ship(mall, order_id, number), await ship(mall, other_id, number.lower(), carrier="dhl")):
        assert (taken.status, taken.kind) == (409, "order/tracking-number-taken")
    again = await ship(mall, order_id, number, "parcel-1", lines=[line(product_id, 1)])
    assert (again.status, again.json) == (201, first.json)
    assert (await order(mall, other_id))["shipments"] == []
    assert (await ship(mall, other_id, number, carrier="UPS")).status == 201


async def test_clicking_again_and_again_ships_and_returns_once(mall: Buying) -> None:
    order_id, product_id = await bought(mall)
    number = new_id("T")
    sent = await asyncio.gather(*(ship(mall, order_id, number, "storm", lines=[line(product_id, 2)]) for _ in range(8)))
    assert {each.status for each in sent} == {201}
    assert len({each.json["shipment_id"] for each in sent}) == 1
    back = await asyncio.gather(*(take_back(mall, order_id, line(product_id, 1), key="storm") for _ in range(8)))
    assert {each.status for each in back} == {201}
    rivals = await asyncio.gather(*(take_back(mall, order_id, line(product_id, 1)) for _ in range(4)))
    assert sorted(each.status for each in rivals) == [201, 409, 409, 409], "only one piece more had left the house"
    await is_settled(mall, order_id)
    seen = await order(mall, order_id)
    assert (seen["items"][0]["shipped"], seen["items"][0]["returned"], len(seen["returns"])) == (2, 2, 2)
    assert await mall.stock(product_id) == (19, 0)


async def test_without_a_key_nothing_is_shipped_or_taken_back(mall: Buying) -> None:
    order_id, product_id = await bought(mall, 1)
    for path, body in (
        ("shipments", {"carrier": "DHL", "tracking_number": new_id("T")}),
        ("returns", {"lines": [line(product_id, 1)], "reason": "damaged"}),
    ):
        told = await mall.call("order", "POST", f"/api/v1/orders/{order_id}/{path}", body, token=mall.operator)
        assert told.status == 400
    assert (await order(mall, order_id))["status"] == "paid"


@pytest.mark.requirement(98, 99, 123)
async def test_what_comes_back_is_refunded_by_the_receipt_and_restocked_or_written_off(mall: Buying) -> None:
    order_id, product_id = await bought(mall)  # 3 x 10 + 5 shipping + 2.48 tax
    assert (await ship(mall, order_id)).status == 201
    assert (await order(mall, order_id))["total"] == 37.48
    back = await take_back(mall, order_id, line(product_id, 1), line(product_id, 1, restock=False))
    assert (back.status, back.json["currency"]) == (201, "USD")
    share = back.json["refund"]
    await is_settled(mall, order_id)
    (paid,) = await mall.payments(order_id)
    assert (paid["refunded"], paid["status"]) == (share, "partly_refunded")
    assert await mall.stock(product_id) == (18, 0), "one of two is on the shelf again"
    last = await take_back(mall, order_id, line(product_id, 1))
    await is_settled(mall, order_id)
    (paid,) = await mall.payments(order_id)
    assert (round(share + last.json["refund"], 2), paid["refunded"], paid["status"]) == (37.48, 37.48, "refunded")
    assert await mall.stock(product_id) == (19, 0)
    assert (await order(mall, order_id))["items"][0]["returned"] == 3


async def test_after_a_refund_by_hand_a_return_brings_what_is_left(mall: Buying) -> None:
    order_id, product_id = await bought(mall, 1)  # 15.83
    transaction_id = (await order(mall, order_id))["transaction_id"]
    path = f"/api/v1/payments/{transaction_id}/refunds"
    by_hand = await mall.call("payment", "POST", path, {"amount": 10, "reason": "sorry"}, token=mall.operator, key=new_id("h"))
    assert by_hand.status == 201
    await ship(mall, order_id)
    assert (await take_back(mall, order_id, line(product_id, 1))).json["refund"] == 15.83
    await is_settled(mall, order_id)
    (paid,) = await mall.payments(order_id)
    assert sorted(each["amount"] for each in paid["refunds"]) == [5.83, 10]


async def test_a_refund_that_the_bank_refuses_waits_for_an_operator_and_keeps_no_stock(mall: Buying) -> None:
    order_id, product_id = await bought(mall, 2, 10, REFUND_REFUSED)
    await ship(mall, order_id)
    assert (await take_back(mall, order_id, line(product_id, 1))).json["settled"] is False

    async def is_restocked() -> bool:
        return await mall.stock(product_id) == (19, 0)

    await until(is_restocked)
    (paid,) = await mall.payments(order_id)
    assert [each["status"] for each in paid["refunds"]] == ["refused"]
    assert (await order(mall, order_id))["returns"][0]["settled"] is False


async def test_by_hand_only_what_is_not_a_payments(mall: Buying) -> None:
    buyer = await mall.with_cart(await mall.product())
    pending = (await mall.place_order(buyer)).json["order_id"]
    for status in ("pending", "paying", "paid"):
        told = await set_status(mall, pending, status)
        assert (told.status, told.kind) == (409, "order/wrong-status"), status
    assert (await set_status(mall, pending, "shipped")).kind == "order/wrong-status"
    assert (await set_status(mall, "nothing", "completed")).status == 404
    order_id, product_id = await bought(mall)
    assert (await set_status(mall, order_id, "completed")).kind == "order/wrong-status"
    shipped = await set_status(mall, order_id, "shipped")
    assert (shipped.json["status"], shipped.json["shipments"][0]["lines"]) == ("shipped", [line(product_id, 3)])
    assert (await set_status(mall, order_id, "shipped")).json == shipped.json
    assert (await set_status(mall, order_id, "cancelled")).kind == "order/wrong-status"
    by_service = await mall.inside("order", f"/api/v1/orders/{order_id}/status", {"status": "completed"}, method="PUT")
    assert (by_service.status, by_service.json["status"]) == (200, "completed")


async def test_a_pending_order_that_staff_gives_up_frees_its_stock(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    placed = (await mall.place_order(buyer)).json
    told = await set_status(mall, placed["order_id"], "failed", reason="fraud")
    assert (told.status, told.json["status"]) == (200, "failed")

    async def is_free() -> bool:
        return await mall.stock(product_id) == (20, 0)

    await until(is_free)
    late = await mall.pay(buyer, placed)
    assert (late.status, late.kind) == (409, "order/wrong-status")


@pytest.mark.parametrize("away", ["payment", "product"])
async def test_what_a_return_owes_is_done_when_who_was_away_comes_back(tmp_path: Path, away: str) -> None:
    async with buying(tmp_path, *(name for name in PARTS if name != away), **FAST) as mall:
        running = await mall.mall.open(away)
        await mall.mall.until_ready(away)
        order_id, product_id = await bought(mall)
        await ship(mall, order_id)
        await running.cleanup()
        told = await take_back(mall, order_id, line(product_id, 2))
        assert (told.status, told.json["settled"]) == (201, False)
        await mall.mall.open(away)
        await mall.mall.until_ready(away)
        await is_settled(mall, order_id)
        (paid,) = await mall.payments(order_id)
        assert paid["refunded"] == told.json["refund"]
        assert await mall.stock(product_id) == (19, 0)
