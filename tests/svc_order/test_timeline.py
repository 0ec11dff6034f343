"""What became of an order: every change with its cause and the trace of the request that caused it; and all orders for operators."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from mallkit.times import rfc3339
from tests.journeys.people import DECLINED
from tests.svc_checkout.buying import Buying, buying, new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")
TRACE = "4bea7748385ec2ea52b6ba3135c76a28"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with buying(tmp_path_factory.mktemp("mall"), MALL_ORDER_SETTLE_SECONDS="0.1") as running:
        yield running


async def timeline(mall: Buying, order_id: str, **who: Any) -> list[dict[str, Any]]:
    told = await mall.call("order", "GET", f"/api/v1/orders/{order_id}/timeline", **(who or {"token": mall.operator}))
    assert told.status == 200, told.body
    return list(told.json["items"])


@pytest.mark.requirement(35, 36)
async def test_every_change_is_told_with_its_cause_and_its_trace(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id, 2)
    placed = (await mall.place_order(buyer)).json
    order_id = placed["order_id"]
    assert (await mall.pay(buyer, placed, DECLINED)).status == 402
    assert (await mall.pay(buyer, placed)).status == 200
    parcel = {"carrier": "DHL", "tracking_number": new_id("T")}
    path = f"/api/v1/orders/{order_id}"
    by_staff: dict[str, Any] = {"token": mall.operator, "headers": PARENT}
    shipment = await mall.call("order", "POST", f"{path}/shipments", parcel, key=new_id("k"), **by_staff)
    back = {"lines": [{"product_id": product_id, "quantity": 1}], "reason": "damaged"}
    returned = await mall.call("order", "POST", f"{path}/returns", back, key=new_id("k"), **by_staff)
    told = await timeline(mall, order_id)
    steps = [(each["what"], each["before"], each["after"], each["cause"]) for each in told if each["what"] != "refund"]
    assert steps == [
        ("status", None, "pending", "checkout"),
        ("status", "pending", "paying", "payment"),
        ("status", "paying", "pending", "payment"),
        ("status", "pending", "paying", "payment"),
        ("status", "paying", "paid", "payment"),
        ("shipment", None, None, "operator"),
        ("status", "paid", "shipped", "operator"),
        ("return", None, None, "operator"),
    ]
    assert (told[0]["cause_id"], told[3]["cause_id"]) == (placed["checkout_id"], told[4]["cause_id"])
    assert told[1]["cause_id"] != told[3]["cause_id"], "each attempt is named"
    assert (told[5]["thing"], told[7]["thing"]) == (shipment.json["shipment_id"], returned.json["return_id"])
    assert {each["trace_id"] for each in told[5:8]} == {TRACE}
    assert all(len(each["trace_id"]) == 32 for each in told)
    assert [each["at"] for each in told] == sorted(each["at"] for each in told)


async def test_staff_is_not_named_to_customers_and_strangers_see_nothing(mall: Buying) -> None:
    buyer, other = await mall.with_cart(await mall.product()), await mall.buyer()
    order_id = (await mall.place_order(buyer)).json["order_id"]
    await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/status", {"status": "failed", "reason": "fraud"}, token=mall.operator)
    (placed, failed) = await timeline(mall, order_id, by=buyer)
    assert (failed["cause"], failed["cause_id"], placed["cause"]) == ("operator", "", "checkout")
    assert (await timeline(mall, order_id))[1]["cause_id"]
    stranger = await mall.call("order", "GET", f"/api/v1/orders/{order_id}/timeline", by=other)
    assert (stranger.status, stranger.kind) == (404, "not-found")


async def test_nothing_about_a_person_stands_in_it(mall: Buying) -> None:
    buyer = await mall.with_cart(await mall.product())
    order_id = (await mall.place_order(buyer)).json["order_id"]
    reason = "Ann Other of 1 Infinite Loop has moved"
    await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", {"reason": reason}, by=buyer)
    told = await mall.call("order", "GET", f"/api/v1/orders/{order_id}/timeline", token=mall.operator)
    assert not [word for word in (b"Ann", b"Loop", b"@", b"moved") if word in told.body]


@pytest.mark.requirement(37, 46)
async def test_operators_see_all_orders_by_status_buyer_and_time(mall: Buying) -> None:
    product_id = await mall.product()
    began = time.time()
    buyers = [await mall.with_cart(product_id) for _ in range(3)]
    placed = [(await mall.place_order(buyer)).json["order_id"] for buyer in buyers]
    await mall.call("order", "PUT", f"/api/v1/orders/{placed[0]}/cancel", {}, by=buyers[0])
    assert (await mall.inside("order", f"/internal/orders/{new_id('o')}/undo")).status == 200

    async def listed(query: str, **who: Any) -> list[str]:
        told = await mall.call("order", "GET", f"/api/v1/orders?{query}", **(who or {"token": mall.operator}))
        assert told.status == 200, told.body
        return [each["order_id"] for each in told.json["items"]]

    since = f"created_from={rfc3339(began - 1)}"
    assert (await listed(since))[:3] == placed[::-1]
    assert set(placed[1:]) <= set(await listed(f"{since}&status=pending"))
    assert placed[0] in await listed(f"{since}&status=cancelled")
    assert await listed(f"user_id={buyers[1].user_id}") == [placed[1]]
    assert await listed(f"user_id={buyers[1].user_id}&status=paid") == []
    assert not set(placed) & set(await listed(f"created_to={rfc3339(began - 60)}"))
    attempt = await mall.inside("order", f"/internal/orders/{placed[1]}/attempts/a1", {"user_id": buyers[1].user_id})
    assert attempt.status == 200
    assert placed[1] in await listed(f"{since}&status=pending"), "a paying order is shown as pending"
    first = await mall.call("order", "GET", f"/api/v1/orders?{since}&limit=2", token=mall.operator)
    assert placed[0] in await listed(f"{since}&limit=2&after={first.json['next']}")
    assert (await mall.call("order", "GET", "/api/v1/orders", by=buyers[0])).status == 403
    for wrong in ("created_from=yesterday", "created_from=2026-11-25T08:00:00", "status=lost", "limit=0", "after=garbage", "user_id=a%20b"):
        assert (await mall.call("order", "GET", f"/api/v1/orders?{wrong}", token=mall.operator)).status == 400, wrong
