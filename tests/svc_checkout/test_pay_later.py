"""Ordering the cart now and paying later: the same refusals, one order for one key, and never half an order, whoever dies."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from contracts.checkout import CheckoutStatus
from tests.journeys.people import DECLINED
from tests.svc_checkout.buying import Buyer, Buying, buying, until
from tests.svc_checkout.test_recovery import LEASE, Left, did, left

pytestmark = pytest.mark.asyncio(loop_scope="module")
FAST = {
    "MALL_CHECKOUT_LEASE_SECONDS": str(LEASE),
    "MALL_CHECKOUT_RECOVER_SECONDS": "0.1",
    "MALL_ORDER_SETTLE_SECONDS": "0.1",
    "MALL_PAYMENT_SETTLE_SECONDS": "0.1",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with buying(tmp_path_factory.mktemp("mall"), **FAST) as running:
        yield running


async def has_stock(mall: Buying, product_id: str, available: int, reserved: int = 0) -> None:
    async def has() -> bool:
        return await mall.stock(product_id) == (available, reserved)

    await until(has)


async def cancel(mall: Buying, buyer: Buyer, order_id: str) -> str:
    told = await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", {}, by=buyer)
    assert told.status == 200, told.body
    return str(told.json["status"])


@pytest.mark.requirement(33, 34, 39, 133)
async def test_a_cart_is_ordered_and_paid_later(mall: Buying) -> None:
    product_id = await mall.product(10)
    buyer = await mall.with_cart(product_id, 2)
    told = await mall.place_order(buyer)
    assert told.status == 201, told.body
    assert await mall.lines(buyer) == {}
    assert await mall.stock(product_id) == (18, 2)
    order = (await mall.call("order", "GET", f"/api/v1/orders/{told.json['order_id']}", by=buyer)).json
    assert (order["status"], order["total"], order["pay_by"]) == ("pending", 26.65, told.json["pay_by"])
    assert order["receipt"] == told.json["receipt"]["lines"]
    assert order["pay_by"] > order["created_at"]
    seen = (await mall.call("checkout", "GET", f"/api/v1/checkout/{told.json['checkout_id']}", by=buyer)).json
    assert (seen["status"], seen["order_id"], seen["pay_by"]) == ("done", told.json["order_id"], told.json["pay_by"])
    paid = await mall.pay(buyer, told.json)
    assert paid.status == 200, paid.body
    assert await mall.order_status(told.json["order_id"]) == "paid"
    await has_stock(mall, product_id, 18)
    again = await mall.pay(buyer, told.json)
    assert (again.status, again.kind) == (409, "payment/already-paid")


async def test_one_key_is_one_order(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    answers = await asyncio.gather(*(mall.place_order(buyer, key="placed-once") for _ in range(4)))
    assert {told.status for told in answers} <= {201, 202}
    told = await mall.place_order(buyer, key="placed-once")
    assert {each.json["order_id"] for each in answers if each.status == 201} == {told.json["order_id"]}
    assert [order["order_id"] for order in await mall.orders(buyer)] == [told.json["order_id"]]
    assert await mall.stock(product_id) == (19, 1)
    other = await mall.place_order(buyer, key="placed-once", firstname="Bob")
    assert (other.status, other.kind) == (422, "idempotency-key-reused")


async def test_it_is_refused_like_a_purchase_and_changes_nothing(mall: Buying) -> None:
    product_id = await mall.product(stock=1)
    buyer = await mall.buyer()
    empty = await mall.place_order(buyer)
    assert (empty.status, empty.kind, empty.json["code"]) == (409, "checkout/cart-empty", 4001002)
    await mall.add(buyer, product_id)
    price = await mall.place_order(buyer, expected_total=15)
    assert (price.status, price.kind, price.json["receipt"]["total"]) == (409, "checkout/price-changed", 15.83)
    nowhere = await mall.place_order(buyer, address={"street_address": "", "city": "C", "state": "", "country": "US", "zip_code": "1"})
    assert (nowhere.status, nowhere.json["code"]) == (422, 4001004)
    stranger = await mall.place_order(buyer, user_id="somebody-else")
    assert stranger.status == 404
    await mall.add(buyer, product_id)
    short = await mall.place_order(buyer)
    assert (short.status, short.kind, short.json["code"]) == (409, "checkout/out-of-stock", 4001002)
    await has_stock(mall, product_id, 1)
    assert await mall.lines(buyer) == {product_id: 2}


async def test_what_the_bank_refuses_may_be_paid_with_another_card(mall: Buying) -> None:
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    order = (await mall.place_order(buyer)).json
    assert (await mall.pay(buyer, order, DECLINED)).status == 402
    assert await mall.order_status(order["order_id"]) == "pending"
    assert (await mall.pay(buyer, order)).status == 200
    await has_stock(mall, product_id, 19)


async def test_the_referee_knows_owner_amount_and_currency(mall: Buying) -> None:
    buyer = await mall.with_cart(await mall.product())
    other = await mall.buyer()
    order = (await mall.place_order(buyer)).json
    theirs = await mall.pay(other, order)
    assert (theirs.status, theirs.kind) == (404, "not-found")
    for wrong in ({"amount": 15.82}, {"currency": "EUR"}):
        told = await mall.pay(buyer, order, **wrong)
        assert (told.status, told.kind) == (422, "payment/amount-wrong")
    assert await mall.order_status(order["order_id"]) == "pending"


@pytest.mark.parametrize("paid", [False, True])
async def test_cancelled_it_gives_everything_back(mall: Buying, paid: bool) -> None:  # noqa: FBT001 - a parameter of the test
    product_id = await mall.product()
    buyer = await mall.with_cart(product_id)
    order = (await mall.place_order(buyer)).json
    if paid:
        assert (await mall.pay(buyer, order)).status == 200
    assert await cancel(mall, buyer, order["order_id"]) == "cancelled"
    await has_stock(mall, product_id, 20)

    async def money_is_back() -> bool:
        return [each["status"] for each in await mall.payments(order["order_id"])] == (["refunded"] if paid else [])

    await until(money_is_back)
    late = await mall.pay(buyer, order)
    assert (late.status, late.kind) == (409, "payment/already-paid" if paid else "order/wrong-status")


async def is_placed(dead: Left, status: str = "pending") -> None:
    """Done, with the whole order and an empty cart."""
    seen = await dead.mall.ended(dead.id)
    assert (seen["status"], seen["refusal"], seen["order_id"]) == ("done", "", dead.order_id)
    assert await dead.mall.order_status(dead.order_id) == status
    assert await dead.mall.lines(dead.buyer) == {}
    assert await dead.mall.stock(dead.product_id) == ((19, 1) if status == "pending" else (19, 0))


async def test_died_before_it_had_a_price_it_is_undone(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold())
    await dead.die(pay_later=True)
    await dead.is_undone(ordered=False)


async def test_died_after_it_had_a_price_it_is_placed(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold())
    await dead.die(priced=True, pay_later=True)
    await is_placed(dead)
    assert (await mall.seen(dead.id))["pay_by"] > (await mall.seen(dead.id))["created_at"]


async def test_died_after_it_was_placed_it_is_placed_once(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place())
    await dead.die(priced=True, pay_later=True)
    await is_placed(dead)
    assert [order["order_id"] for order in await mall.orders(dead.buyer)] == [dead.order_id]


async def test_undoing_it_goes_on_backwards(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place())
    await dead.die(priced=True, pay_later=True, status=CheckoutStatus.UNDOING)
    await dead.is_undone()


async def test_undoing_turns_forward_when_its_buyer_has_paid_meanwhile(mall: Buying) -> None:
    dead = await left(mall)
    await did(dead.seal(), dead.hold(), dead.place(pay_later=True), dead.charge())
    await dead.die(priced=True, pay_later=True, status=CheckoutStatus.UNDOING)
    assert (await mall.ended(dead.id))["status"] == "done"
    await has_stock(mall, dead.product_id, 19)
    await is_placed(dead, "paid")


@pytest.mark.requirement(38)
async def test_an_order_that_nobody_pays_in_time_is_cancelled_and_its_stock_returns(tmp_path: Path) -> None:
    async with buying(tmp_path, **FAST, MALL_ORDER_PAY_WITHIN="0.5") as mall:
        product_id = await mall.product()
        buyer = await mall.with_cart(product_id)
        order = (await mall.place_order(buyer)).json
        await has_stock(mall, product_id, 20)
        assert await mall.order_status(order["order_id"]) == "cancelled"
        late = await mall.pay(buyer, order)
        assert (late.status, late.kind) == (409, "order/wrong-status")
        assert (await mall.seen(order["checkout_id"]))["status"] == "done"
