"""A payment that waits for its buyer: told by webhook, found by asking, given up in time; one result whoever comes first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.journeys.people import card
from tests.mallhouse import Answer
from tests.svc_checkout.buying import CHALLENGE_FAILS, CHALLENGED, Buyer, Buying, buying, new_id, until
from tests.svc_payment.telling import BY_THE_TEST_ALONE, PARTS, event, statement, tell

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """Nobody but the test tells or asks anything."""
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, **BY_THE_TEST_ALONE) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """The bank tells nothing; the job asks, and gives up soon."""
    fast = {"MALL_PAYMENT_SETTLE_SECONDS": "0.1", "MALL_PAYMENT_ACTION_SECONDS": "2.5", "MALL_BANK_WEBHOOK_SECONDS": "3600"}
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, **fast) as running:
        yield running


async def charge(mall: Buying, buyer: Buyer, order_id: str, number: str = CHALLENGED, key: str = "") -> Answer:
    body = {"amount": 10, "credit_card": card(number), "order_id": order_id, "user_id": buyer.user_id}
    return await mall.call("payment", "POST", "/payment/charge", body, by=buyer, key=key)


async def waiting(mall: Buying, number: str = CHALLENGED) -> tuple[Buyer, str, str, Any]:
    """Buyer, order, key, and what the 202 says."""
    buyer, key = await mall.buyer(), new_id("k")
    order_id = await mall.pending(buyer, await mall.product())
    told = await charge(mall, buyer, order_id, number, key)
    assert told.status == 202, told.body
    return buyer, order_id, key, told.json


async def becomes(mall: Buying, order_id: str, payment: str, order: str) -> None:
    async def did() -> bool:
        payments = [each["status"] for each in await mall.payments(order_id)]
        return payments == [payment] and await mall.order_status(order_id) == order

    await until(did)


async def attempt_at(mall: Buying, order_id: str) -> str:
    """The key of the one authorization that the bank has of it."""
    headers = {"X-Api-Key": mall.mall.environ["MALL_BANK_API_KEY"]}
    page = (await mall.call("bank", "GET", "/v1/operations?limit=1000", headers=headers)).json
    return next(str(each["authorization"]) for each in page["items"] if each["reference"] == order_id)


@pytest.mark.requirement(96, 97, 100)
async def test_a_charge_that_the_buyer_must_agree_to_says_where(mall: Buying) -> None:
    buyer, order_id, key, told = await waiting(mall)
    assert set(told) == {"transaction_id", "status", "action_url", "status_url"}
    seen = await mall.call("payment", "GET", told["status_url"], by=buyer)
    assert (seen.json["status"], seen.json["action_url"]) == ("requires_action", told["action_url"])
    again = await charge(mall, buyer, order_id, key=key)
    assert (again.status, again.json) == (202, told), "the same key asks again, and the truth is the same"
    beside = await charge(mall, buyer, order_id, "4242424242424242", new_id("k"))
    assert (beside.status, beside.kind) == (409, "order/being-paid")
    inside = await mall.call("payment", "GET", f"/internal/payments/{order_id}", token=mall.service)
    assert (inside.json["outcome"], inside.json["action_url"]) == ("requires_action", told["action_url"])
    stranger = await mall.buyer()
    assert (await mall.call("payment", "GET", told["status_url"], by=stranger)).status == 404


@pytest.mark.parametrize("by", ["the same key", "webhook", "both at once, twice"])
async def test_the_buyers_yes_is_a_payment_however_it_is_found_out(mall: Buying, by: str) -> None:
    buyer, order_id, key, told = await waiting(mall)
    attempt = await attempt_at(mall, order_id)
    assert (await mall.act(told["action_url"], "approve")).status == 200
    news = event(attempt, order_id, "authorize", key=attempt)
    asks = 0 if by == "webhook" else 2 if "twice" in by else 1
    tells = 0 if by == "the same key" else 2 if "twice" in by else 1
    asked, heard = [charge(mall, buyer, order_id, key=key) for _ in range(asks)], [tell(mall, news) for _ in range(tells)]
    answers = await asyncio.gather(*asked, *heard)
    assert {answer.status for answer in answers} <= {200, 204}
    await becomes(mall, order_id, "captured", "paid")
    final = await charge(mall, buyer, order_id, key=key)
    assert (final.status, final.json) == (200, {"transaction_id": told["transaction_id"]})
    assert await statement(mall, order_id) == [("authorize", "approved"), ("capture", "approved")]


@pytest.mark.parametrize(("number", "answer"), [(CHALLENGED, "decline"), (CHALLENGE_FAILS, "approve")])
async def test_without_the_buyers_yes_nothing_is_paid_and_the_order_can_be_paid_otherwise(mall: Buying, number: str, answer: str) -> None:
    buyer, order_id, key, told = await waiting(mall, number)
    await mall.act(told["action_url"], answer)
    refused = await charge(mall, buyer, order_id, number, key)
    assert (refused.status, refused.kind, refused.json["reason"]) == (402, "payment/declined", "authentication_failed")
    assert [each["status"] for each in await mall.payments(order_id)] == ["declined"]
    assert (await charge(mall, buyer, order_id, "4242424242424242", new_id("k"))).status == 200
    late = await mall.act(told["action_url"], "approve")
    assert b"Nothing is paid" in late.body, "the first word stands"


async def test_the_sagas_undo_ends_the_waiting(mall: Buying) -> None:
    buyer, order_id, key, told = await waiting(mall)
    undone = await mall.inside("payment", f"/internal/payments/{order_id}/void")
    assert undone.json["outcome"] == "voided"
    assert b"Nothing is paid" in (await mall.act(told["action_url"], "approve")).body
    assert (await charge(mall, buyer, order_id, key=key)).status == 402
    assert await statement(mall, order_id) == [("authorize", "declined"), ("void", "approved")]


async def test_an_answer_that_nobody_tells_is_found_by_asking(asking: Buying) -> None:
    _, order_id, _, told = await waiting(asking)
    await asking.act(told["action_url"], "approve")
    await becomes(asking, order_id, "captured", "paid")


async def test_a_buyer_who_does_nothing_is_waited_for_so_long_and_no_longer(asking: Buying) -> None:
    _, order_id, _, told = await waiting(asking)
    await becomes(asking, order_id, "voided", "pending")

    async def is_ended_at_the_bank() -> bool:
        return ("void", "approved") in await statement(asking, order_id)

    await until(is_ended_at_the_bank)
    assert b"Nothing is paid" in (await asking.act(told["action_url"], "approve")).body
    assert await statement(asking, order_id) == [("authorize", "declined"), ("void", "approved")]
