"""Orders over HTTP: reading, listing, cancelling; and what a cancelled order owes is given back whoever is away meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.order import Status
from svc_order.domain import owed
from svc_order.domain.order import Order
from tests.journeys.people import card
from tests.mallhouse import Answer
from tests.svc_checkout.buying import Buyer, Buying, buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
PARTS = ("auth", "product", "order", "payment", "bank")
REFUND_REFUSED = "4000000000000382"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """All that an order and its payment take."""
    fast = {"MALL_ORDER_SETTLE_SECONDS": "0.1", "MALL_PAYMENT_SETTLE_SECONDS": "0.1"}
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, **fast) as running:
        yield running


async def pay(mall: Buying, buyer: Buyer, order_id: str, *numbers: str) -> Answer:
    body = {"amount": 10, "credit_card": card(*numbers), "order_id": order_id, "user_id": buyer.user_id}
    return await mall.call("payment", "POST", "/payment/charge", body, by=buyer)


async def cancel(mall: Buying, buyer: Buyer | None, order_id: str, **body: Any) -> Answer:
    more = {"by": buyer} if buyer else {"token": mall.operator}
    return await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", body, **more)


async def has_stock(mall: Buying, product_id: str, available: int) -> bool:
    return await mall.stock(product_id) == (available, 0)


async def are(mall: Buying, order_id: str, *statuses: str) -> bool:
    return [each["status"] for each in await mall.payments(order_id)] == list(statuses)


@pytest.mark.requirement(33, 36, 37, 57, 62)
async def test_an_order_is_read_by_its_buyer_and_by_operators(mall: Buying) -> None:
    product_id = await mall.product()
    buyer, other = await mall.buyer(), await mall.buyer()
    order_id = await mall.pending(buyer, product_id)
    path = f"/api/v1/orders/{order_id}"
    mine = await mall.call("order", "GET", path, by=buyer)
    assert (mine.status, mine.json["status"], mine.json["total"], mine.json["user_id"]) == (200, "pending", 10, buyer.user_id)
    line = {"product_id": product_id, "name": "A Thing", "quantity": 1, "unit_price": 10, "line_total": 10, "shipped": 0, "returned": 0}
    assert mine.json["items"] == [line]
    assert sum(each["amount"] for each in mine.json["receipt"]) == mine.json["total"]
    assert (await mall.call("order", "GET", path, token=mall.operator)).json == mine.json
    for unknown in (await mall.call("order", "GET", path, by=other), await mall.call("order", "GET", f"{path}x", by=buyer)):
        assert (unknown.status, unknown.kind) == (404, "not-found")


@pytest.mark.requirement(37, 65, 66)
async def test_orders_are_listed_newest_first_by_page_and_by_cursor(mall: Buying) -> None:
    product_id = await mall.product()
    buyer, other = await mall.buyer(), await mall.buyer()
    placed = [await mall.pending(buyer, product_id) for _ in range(5)][::-1]
    path = f"/api/v1/users/{buyer.user_id}/orders"

    async def page(query: str, **more: Any) -> Answer:
        return await mall.call("order", "GET", f"{path}?{query}", **({"by": buyer} | more))

    by_page = [(await page(f"page={number}&pageSize=2")).json for number in (1, 2, 3, 4)]
    assert [[each["order_id"] for each in part["items"]] for part in by_page] == [placed[:2], placed[2:4], placed[4:], []]
    assert {part["total"] for part in by_page} == {5}
    seen, after = list[str](), ""
    while True:
        part = (await page(f"limit=2{after}")).json
        seen += [each["order_id"] for each in part["items"]]
        if part["next"] is None:
            break
        after = f"&after={part['next']}"
    assert seen == placed
    assert (await page("", token=mall.operator, by=None)).json["total"] == 5
    assert (await page("", by=other)).status == 404
    assert len((await page("pageSize=2")).json["items"]) == len((await page("page=1&limit=2")).json["items"]) == 2
    assert {
        (await page(query)).status for query in ("page=0", "pageSize=201", "page=1&after=x", "pageSize=2&after=x", "after=x", "limit=0")
    } == {400}


@pytest.mark.requirement(35, 64)
async def test_a_pending_order_is_cancelled_once_and_its_stock_returns(mall: Buying) -> None:
    product_id = await mall.product()
    buyer, other = await mall.buyer(), await mall.buyer()
    order_id = await mall.pending(buyer, product_id)
    assert await mall.stock(product_id) == (19, 1)
    assert (await cancel(mall, other, order_id)).status == 404
    first, again = await cancel(mall, buyer, order_id, reason="ordered twice"), await cancel(mall, buyer, order_id)
    assert (first.status, first.json["status"], again.json["status"]) == (200, "cancelled", "cancelled")
    await until(lambda: has_stock(mall, product_id, 20))
    told = await pay(mall, buyer, order_id)
    assert (told.status, told.kind) == (409, "order/wrong-status")
    assert await mall.order_status(order_id) == "cancelled"


async def test_a_paying_order_is_not_cancelled(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.buyer()
    order_id = await mall.pending(buyer, product_id)
    attempt = f"/internal/orders/{order_id}/attempts/a1"
    assert (await mall.inside("order", attempt, {"user_id": buyer.user_id})).status == 200
    assert await mall.order_status(order_id) == "pending"
    told = await cancel(mall, buyer, order_id)
    assert (told.status, told.kind, told.headers["Retry-After"]) == (409, "order/being-paid", "1")
    assert (await mall.inside("order", f"{attempt}/end")).json["status"] == "pending"
    assert (await cancel(mall, buyer, order_id)).status == 200


@pytest.mark.requirement(35, 39, 64, 98, 123)
async def test_a_paid_order_that_is_cancelled_gives_money_and_stock_back(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.buyer()
    order_id = await mall.pending(buyer, product_id)
    assert (await pay(mall, buyer, order_id)).status == 200
    assert (await mall.inside("product", f"/internal/holds/h-{order_id}/take")).status == 200
    assert await mall.stock(product_id) == (19, 0)
    answers = await asyncio.gather(*(cancel(mall, buyer, order_id) for _ in range(4)))
    assert {(told.status, told.json["status"]) for told in answers} == {(200, "cancelled")}
    await until(lambda: has_stock(mall, product_id, 20))
    await until(lambda: are(mall, order_id, "refunded"))
    (payment,) = await mall.payments(order_id)
    assert ([each["amount"] for each in payment["refunds"]], payment["refunded"]) == ([10], 10)


async def test_cancelling_owes_only_what_was_not_given_back_before(mall: Buying) -> None:
    buyer = await mall.buyer()
    order_id = await mall.pending(buyer, await mall.product())
    transaction_id = (await pay(mall, buyer, order_id)).json["transaction_id"]
    path = f"/api/v1/payments/{transaction_id}/refunds"
    part = await mall.call("payment", "POST", path, {"amount": 4, "reason": "scratched"}, token=mall.operator, key=new_id("r"))
    assert part.status == 201
    assert (await cancel(mall, None, order_id)).status == 200
    await until(lambda: are(mall, order_id, "refunded"))
    (payment,) = await mall.payments(order_id)
    assert sorted(each["amount"] for each in payment["refunds"]) == [4, 6]


async def test_an_order_undone_before_it_was_placed_is_not_there(mall: Buying) -> None:
    buyer, order_id = await mall.buyer(), new_id("o")
    assert (await mall.inside("order", f"/internal/orders/{order_id}/undo")).json["status"] == "cancelled"
    late = await mall.place(buyer, order_id, "h", "p")
    assert (late.status, late.kind) == (409, "order/wrong-status")
    for unknown in (
        await mall.call("order", "GET", f"/api/v1/orders/{order_id}", token=mall.operator),
        await cancel(mall, None, order_id),
        await cancel(mall, buyer, order_id),
        await mall.inside("order", f"/internal/orders/{order_id}/attempts/a1", {"user_id": buyer.user_id}),
    ):
        assert (unknown.status, unknown.kind) == (404, "not-found")


async def test_a_refund_that_the_bank_refuses_keeps_no_stock_and_waits_for_an_operator(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.buyer()
    order_id = await mall.pending(buyer, product_id)
    assert (await pay(mall, buyer, order_id, REFUND_REFUSED)).status == 200
    assert (await cancel(mall, buyer, order_id)).json["status"] == "cancelled"
    await until(lambda: has_stock(mall, product_id, 20))
    (payment,) = await mall.payments(order_id)
    assert [(each["status"], each["amount"]) for each in payment["refunds"]] == [("refused", 10)]
    assert (payment["status"], payment["refunded"]) == ("captured", 0)


@pytest.mark.parametrize("away", ["payment", "product"])
async def test_what_is_owed_is_given_back_when_who_was_away_comes_back(tmp_path: Path, away: str) -> None:
    parts = [name for name in PARTS if name != away]
    async with buying(tmp_path, *parts, MALL_ORDER_SETTLE_SECONDS="0.1") as mall:
        running = await mall.mall.open(away)
        await mall.mall.until_ready(away)
        product_id = await mall.product()
        buyer = await mall.buyer()
        order_id = await mall.pending(buyer, product_id)
        assert (await pay(mall, buyer, order_id)).status == 200
        await running.cleanup()
        told = await cancel(mall, buyer, order_id)
        assert (told.status, told.json["status"]) == (200, "cancelled")
        if away == "payment":
            await until(lambda: has_stock(mall, product_id, 20))
        else:
            await until(lambda: are(mall, order_id, "refunded"))
        await mall.mall.open(away)
        await mall.mall.until_ready(away)
        await until(lambda: has_stock(mall, product_id, 20))
        await until(lambda: are(mall, order_id, "refunded"))


async def test_what_cannot_be_given_back_is_tried_ever_later() -> None:
    order = Order("o1", "ann", Status.CANCELLED, 1, "USD", 0, 0, owes=True)
    waits = []
    now = 0.0
    for _ in range(20):
        order = owed.postponed(order, now)
        waits.append(order.due - now)
        now = order.due
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1, owed.LONGEST_WAIT)
    assert not owed.settled(order, now).owes
