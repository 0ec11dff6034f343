"""Paying through Stripe: the whole payment service over the sandbox bank that speaks Stripe's words."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from svc_payment.domain.account import BANK, RETURNS, SALES
from tests.journeys.people import card
from tests.mallhouse import Answer
from tests.svc_checkout.buying import CHALLENGED, Buyer, Buying, buying, new_id, until
from tests.svc_payment.providing import STRIPE
from tests.svc_payment.telling import BY_WEBHOOKS_ALONE, PARTS, asked, statement, tell_as_stripe
from tests.svc_payment.test_http import ledger_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
LOST_AT_ONCE, LOST_CAPTURE = "4000000000000267", "4000000000000259"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """Nothing is found out but by webhooks: the job does nothing."""
    settings = {**STRIPE, **BY_WEBHOOKS_ALONE, "MALL_PAYMENT_PROVIDERS": "credit_card=stripe", "MALL_BANK_WEBHOOK_URL": ""}
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, **settings) as running:
        yield running


async def charge(mall: Buying, buyer: Buyer, order_id: str, key: str = "", **means: Any) -> Answer:
    body = {"amount": 10, "order_id": order_id, "user_id": buyer.user_id} | (means or {"credit_card": card()})
    return await mall.call("payment", "POST", "/payment/charge", body, by=buyer, key=key)


async def someone(mall: Buying) -> tuple[Buyer, str]:
    buyer = await mall.buyer()
    return buyer, await mall.pending(buyer, await mall.product())


async def becomes(mall: Buying, order_id: str, payment: str) -> None:
    async def did() -> bool:
        return [each["status"] for each in await mall.payments(order_id)] == [payment]

    await until(did)


@pytest.mark.requirement(94, 95, 98, 99, 183)
async def test_an_order_is_paid_and_given_back_through_stripe(mall: Buying) -> None:
    buyer, order_id = await someone(mall)
    paid = await charge(mall, buyer, order_id)
    assert paid.status == 200, paid.body
    assert await mall.order_status(order_id) == "paid"
    path = f"/api/v1/payments/{paid.json['transaction_id']}/refunds"
    for amount, kept in ((4, 600), (6, 0)):
        given = await mall.call("payment", "POST", path, {"amount": amount, "reason": "x"}, token=mall.operator, key=new_id("r"))
        assert (given.status, given.json["status"]) == (201, "refunded")
        assert (await ledger_of(mall, order_id))[BANK] == kept
    assert await ledger_of(mall, order_id) == {BANK: 0, SALES: -1000, RETURNS: 1000}
    kinds = [kind for kind, _ in await statement(mall, order_id)]
    assert kinds == ["authorize", "capture", "refund", "refund"]


@pytest.mark.parametrize(("number", "reason"), [("4000000000000002", "declined"), ("4000000000009995", "insufficient_funds")])
async def test_a_card_that_stripe_declines_says_why(mall: Buying, number: str, reason: str) -> None:
    buyer, order_id = await someone(mall)
    told = await charge(mall, buyer, order_id, credit_card=card(number))
    assert (told.status, told.kind, told.json["reason"]) == (402, "payment/declined", reason)
    assert (await charge(mall, buyer, order_id)).status == 200


async def test_a_token_pays_and_the_mall_sees_no_card(mall: Buying) -> None:
    buyer, order_id = await someone(mall)
    key = new_id("k")
    paid = await charge(mall, buyer, order_id, key, payment_token="pm_card_visa")
    assert paid.status == 200, paid.body
    assert [each["card"] for each in await mall.payments(order_id)] == ["token"]
    other = await charge(mall, buyer, order_id, key, payment_token="pm_card_chargeDeclined")
    assert (other.status, other.kind) == (422, "idempotency-key-reused")


@pytest.mark.parametrize("means", [{"payment_token": "pm_card_visa", "credit_card": card()}, {"payment_token": "pm visa"}, {"x": 1}])
async def test_a_card_or_a_token_and_nothing_else(mall: Buying, means: dict[str, Any]) -> None:
    buyer, order_id = await someone(mall)
    told = await charge(mall, buyer, order_id, **means)
    assert (told.status, told.kind) == (400, "bad-request")


async def test_a_challenge_of_stripe_is_answered_and_its_webhook_ends_the_waiting(mall: Buying) -> None:
    buyer, order_id = await someone(mall)
    key = new_id("k")
    told = await charge(mall, buyer, order_id, key, credit_card=card(CHALLENGED))
    assert told.status == 202, told.body
    await mall.act(told.json["action_url"], "approve")
    await becomes(mall, order_id, "captured")
    final = await charge(mall, buyer, order_id, key, credit_card=card(CHALLENGED))
    assert (final.status, final.json) == (200, {"transaction_id": told.json["transaction_id"]})
    assert await statement(mall, order_id) == [("authorize", "approved"), ("capture", "approved")]


async def test_a_capture_whose_answer_is_lost_is_booked_when_stripe_tells_it(mall: Buying) -> None:
    buyer, order_id = await someone(mall)
    assert (await charge(mall, buyer, order_id, credit_card=card(LOST_CAPTURE))).status == 504
    await becomes(mall, order_id, "captured")
    assert await statement(mall, order_id) == [("authorize", "approved"), ("capture", "approved")]
    assert await mall.order_status(order_id) == "paid"


async def test_an_authorization_whose_answer_is_lost_is_found_by_the_same_key(mall: Buying) -> None:
    buyer, order_id = await someone(mall)
    key = new_id("k")
    assert (await charge(mall, buyer, order_id, key, credit_card=card(LOST_AT_ONCE))).status == 504
    again = await charge(mall, buyer, order_id, key, credit_card=card(LOST_AT_ONCE))
    assert again.status == 200, again.body
    assert await statement(mall, order_id) == [("authorize", "approved"), ("capture", "approved")]


async def test_events_that_come_again_in_any_order_change_nothing_and_ask_nobody(mall: Buying) -> None:
    buyer, order_id = await someone(mall)
    assert (await charge(mall, buyer, order_id)).status == 200
    (seen,) = await mall.payments(order_id)
    attempt = await attempt_of(mall, order_id)
    about = {"object": {"id": "pi_x", "metadata": {"order": order_id, "attempt": attempt}}}
    types = [f"payment_intent.{each}" for each in ("succeeded", "canceled", "amount_capturable_updated")] + ["charge.refunded", "new.type"]
    before = await asked(mall, "bank")
    told = await asyncio.gather(*(tell_as_stripe(mall, {"type": kind, "data": about}) for kind in types * 2))
    assert {answer.status for answer in told} == {204}
    assert await asked(mall, "bank") == before
    assert await mall.payments(order_id) == [seen]


NO_METADATA = b'{"type": "x", "data": {"object": {"metadata": null}}}'


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b'{"type": 5}', NO_METADATA, b"\xff"])
async def test_events_that_say_nothing_to_us_are_taken(mall: Buying, content: bytes) -> None:
    assert (await tell_as_stripe(mall, None, data=content)).status == 204


async def attempt_of(mall: Buying, order_id: str) -> str:
    headers = {"X-Api-Key": mall.mall.environ["MALL_BANK_API_KEY"]}
    page = (await mall.call("bank", "GET", "/v1/operations?limit=1000", headers=headers)).json
    return next(str(each["authorization"]) for each in page["items"] if each["reference"] == order_id)
