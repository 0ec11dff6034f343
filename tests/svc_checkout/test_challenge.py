"""Buying with a card whose holder is asked first: the purchase waits for its buyer, and has one result whoever finds it out."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.mallhouse import Answer
from tests.svc_checkout.buying import CHALLENGE_FAILS, CHALLENGED, Buyer, Buying, buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
ACTION_SECONDS = 6.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """A mall in which a buyer has some seconds to act, and that looks often."""
    fast = {
        "MALL_CHECKOUT_RECOVER_SECONDS": "0.1",
        "MALL_PAYMENT_SETTLE_SECONDS": "0.1",
        "MALL_PAYMENT_ACTION_SECONDS": str(ACTION_SECONDS),
        "MALL_BANK_WEBHOOK_SECONDS": "0.2",
    }
    async with buying(tmp_path_factory.mktemp("mall"), **fast) as running:
        yield running


async def waiting(mall: Buying, number: str = CHALLENGED) -> tuple[Buyer, str, str, Answer]:
    """Buyer, product, key, and the 202 that tells where to act."""
    product_id = await mall.product()
    buyer, key = await mall.with_cart(product_id), new_id("k")
    told = await mall.check_out(buyer, number, key=key)
    assert (told.status, set(told.json)) == (202, {"checkout_id", "order_id", "status_url", "action_url"}), told.body
    return buyer, product_id, key, told


async def charged(mall: Buying, order_id: str) -> list[str]:
    """What the bank has approved for an order."""
    headers = {"X-Api-Key": mall.mall.environ["MALL_BANK_API_KEY"]}
    page = (await mall.call("bank", "GET", "/v1/operations?limit=1000", headers=headers)).json
    return [each["kind"] for each in page["items"] if each["reference"] == order_id and each["status"] == "approved"]


async def is_bought(mall: Buying, told: Any, product_id: str, buyer: Buyer) -> None:
    seen = await mall.ended(told["checkout_id"])
    assert (seen["status"], seen["order_id"], seen["action_url"]) == ("done", told["order_id"], "")
    assert await mall.order_status(told["order_id"]) == "paid"
    assert [each["status"] for each in await mall.payments(told["order_id"])] == ["captured"]
    assert await mall.stock(product_id) == (19, 0)
    assert await mall.lines(buyer) == {}
    assert await charged(mall, told["order_id"]) == ["authorize", "capture"]


async def is_undone(mall: Buying, told: Any, product_id: str, buyer: Buyer) -> dict[str, Any]:
    seen = await mall.ended(told["checkout_id"])
    assert (seen["status"], seen["refusal"], seen["action_url"]) == ("refused", "/problems/checkout/payment-failed", "")
    assert await mall.stock(product_id) == (20, 0)
    assert await mall.lines(buyer) == {product_id: 1}
    assert await mall.order_status(told["order_id"]) == "cancelled"
    assert "capture" not in await charged(mall, told["order_id"])
    return seen


async def test_a_purchase_waits_for_its_buyer_and_is_done_once_the_buyer_has_agreed(mall: Buying) -> None:
    buyer, product_id, key, told = await waiting(mall)
    seen = await mall.call("checkout", "GET", told.json["status_url"], by=buyer)
    assert (seen.json["status"], seen.json["action_url"]) == ("running", told.json["action_url"])
    again = await mall.check_out(buyer, CHALLENGED, key=key)
    assert (again.status, again.json) == (202, told.json)
    cancelled = await mall.call("order", "PUT", f"/api/v1/orders/{told.json['order_id']}/cancel", {}, by=buyer)
    assert (cancelled.status, cancelled.kind) == (409, "order/being-paid")
    assert (await mall.stock(product_id))[0] == 19
    assert (await mall.act(told.json["action_url"], "approve")).status == 200
    await is_bought(mall, told.json, product_id, buyer)
    again = await mall.check_out(buyer, CHALLENGED, key=key)
    assert (again.status, again.json["order_id"]) == (200, told.json["order_id"])


@pytest.mark.parametrize(("number", "answer"), [(CHALLENGED, "decline"), (CHALLENGE_FAILS, "approve")])
async def test_a_purchase_that_its_buyer_does_not_agree_to_is_undone(mall: Buying, number: str, answer: str) -> None:
    buyer, product_id, key, told = await waiting(mall, number)
    await mall.act(told.json["action_url"], answer)
    seen = await is_undone(mall, told.json, product_id, buyer)
    assert "authentication_failed" in seen["detail"]
    again = await mall.check_out(buyer, number, key=key)
    assert (again.status, again.kind, again.json["reason"]) == (402, "checkout/payment-failed", "authentication_failed")


async def test_a_buyer_who_leaves_gets_the_cart_back_when_the_time_is_over(mall: Buying) -> None:
    buyer, product_id, _, told = await waiting(mall)
    await is_undone(mall, told.json, product_id, buyer)
    assert [each["status"] for each in await mall.payments(told.json["order_id"])] == ["voided"]
    late = await mall.act(told.json["action_url"], "approve")
    assert b"Nothing is paid" in late.body
    assert await charged(mall, told.json["order_id"]) == ["void"]


async def test_a_buyer_who_presses_again_is_told_the_present_truth(mall: Buying) -> None:
    buyer, product_id, key, told = await waiting(mall)
    await mall.act(told.json["action_url"], "approve")

    async def is_captured() -> bool:
        return [each["status"] for each in await mall.payments(told.json["order_id"])] == ["captured"]

    await until(is_captured)
    answers = await asyncio.gather(*(mall.check_out(buyer, CHALLENGED, key=key) for _ in range(4)))
    assert {answer.status for answer in answers} <= {200, 202}
    await is_bought(mall, told.json, product_id, buyer)


async def test_everybody_who_finds_it_out_at_once_finds_one_result(mall: Buying) -> None:
    bought = [await waiting(mall) for _ in range(3)]
    copy = await mall.mall.open("checkout", port=mall.mall.ports["audit"])
    try:
        for buyer, _, key, told in bought:
            asked = [mall.check_out(buyer, CHALLENGED, key=key) for _ in range(3)]
            acted = [mall.act(told.json["action_url"], "approve") for _ in range(2)]
            await asyncio.gather(*acted, *asked)
        for buyer, product_id, _, told in bought:
            await is_bought(mall, told.json, product_id, buyer)
    finally:
        await copy.cleanup()


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_an_order_that_is_paid_later_waits_for_its_buyer_too(mall: Buying, answer: str) -> None:
    product_id = await mall.product()
    buyer, key = await mall.with_cart(product_id), new_id("k")
    placed = (await mall.place_order(buyer)).json
    told = await mall.pay(buyer, placed, CHALLENGED, key=key)
    assert told.status == 202, told.body
    cancelled = await mall.call("order", "PUT", f"/api/v1/orders/{placed['order_id']}/cancel", {}, by=buyer)
    assert (cancelled.status, cancelled.kind) == (409, "order/being-paid")
    await mall.act(told.json["action_url"], answer)

    async def is_over() -> bool:
        return (await mall.pay(buyer, placed, CHALLENGED, key=key)).status != 202

    await until(is_over)
    if answer == "decline":
        assert [each["status"] for each in await mall.payments(placed["order_id"])] == ["declined"]
        assert (await mall.pay(buyer, placed)).status == 200

    async def is_taken() -> bool:
        return await mall.order_status(placed["order_id"]) == "paid" and await mall.stock(product_id) == (19, 0)

    await until(is_taken)
    assert [kind for kind in await charged(mall, placed["order_id"]) if kind == "capture"] == ["capture"]
