"""Attempts and refunds that a dead process left open reach their end; whoever comes late finds it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from contracts.order import Status
from contracts.payment import PaymentStatus, RefundStatus
from mallkit.calls import Calls
from mallkit.errors import Unavailable
from mallkit.http1 import Client
from mallkit.money import Money
from mallkit.sqlite import open_store
from svc_order.repository.orders import ORDERS
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account, Refund
from svc_payment.domain.attempt import Attempt
from svc_payment.ports import Intent
from svc_payment.providers.bank import Bank
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from tests.journeys.people import GOOD, SLOW, card
from tests.svc_checkout.buying import CARD_CUT, Buyer, Buying, buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
PARTS = ("auth", "product", "order", "payment", "bank")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """A bank that is slower than people wait."""
    fast = {"MALL_PAYMENT_SETTLE_SECONDS": "0.1", "MALL_BANK_SLOW_SECONDS": "2.5", "MALL_PAYMENT_ANSWER_SECONDS": "1.5"}
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, **fast) as running:
        yield running


async def left(mall: Buying, number: str = GOOD, *, authorized: bool = True) -> tuple[Buyer, str, str]:
    """Who pays, an order that is *paying*, and its attempt, authorized at the bank; the account knows nothing yet."""
    buyer, order_id, attempt = await mall.buyer(), new_id("o"), new_id("a")
    assert (await mall.place(buyer, order_id, f"h-{order_id}", "p1")).status == 200
    begun = await mall.inside("order", f"/internal/orders/{order_id}/attempts/{attempt}", {"user_id": buyer.user_id})
    assert begun.status == 200, begun.body
    if authorized:
        await authorize(mall, order_id, attempt, number)
    return buyer, order_id, attempt


async def authorize(mall: Buying, order_id: str, attempt: str, number: str = GOOD) -> None:
    """As the payment service asks for it."""
    plastic = {"number": number, "cvv": "123", "year": 2031, "month": 12}
    wish = {"key": attempt, "amount": 1000, "currency": "USD", "card": plastic, "reference": order_id}
    assert (await mall.bank("/v1/authorizations", wish)).status == 200


async def write(mall: Buying, buyer: Buyer, order_id: str, attempt_id: str, *steps: Callable[[Account], Any]) -> None:
    """The account as a process that died left it: the attempt is due."""
    now = time.time()
    attempt = Attempt(
        attempt_id, f"t-{attempt_id}", buyer.user_id, PaymentStatus.ASKED, 1000, "USD", "credit_card", "visa 4242", now, now, now - 1
    )
    async with open_store(mall.mall.folder / "payment.db", (ACCOUNTS, POINTERS)) as store:
        if steps:  # in one write: the job is quick

            def all_of(account: Account) -> Account:
                account = rules.ask(account, attempt)
                for step in steps:
                    stepped = step(account)
                    account = stepped[0] if isinstance(stepped, tuple) else stepped
                return account

            await Accounts(store).change(order_id, all_of)
        else:
            await Accounts(store).ask(order_id, attempt)


async def status_of(mall: Buying, order_id: str) -> list[str]:
    return [each["status"] for each in await mall.payments(order_id)]


async def becomes(mall: Buying, order_id: str, payments: list[str], order: str) -> None:
    async def did() -> bool:
        return await status_of(mall, order_id) == payments and await mall.order_status(order_id) == order

    await until(did)


async def charge(mall: Buying, buyer: Buyer, order_id: str, number: str = GOOD, key: str = "") -> Any:
    body = {"amount": 10, "credit_card": card(number), "order_id": order_id, "user_id": buyer.user_id}
    return await mall.call("payment", "POST", "/payment/charge", body, by=buyer, key=key)


@pytest.mark.requirement(96, 100)
async def test_an_attempt_left_asked_is_voided_and_the_order_can_be_paid_again(mall: Buying) -> None:
    buyer, order_id, attempt = await left(mall)
    await write(mall, buyer, order_id, attempt)
    await becomes(mall, order_id, ["voided"], "pending")

    async def has_ended() -> bool:
        begun = await mall.inside("order", f"/internal/orders/{order_id}/attempts/{attempt}", {"user_id": buyer.user_id})
        return begun.kind == "order/attempt-ended"

    await until(has_ended)  # a *paying* order is shown as pending: only its referee tells the two apart
    late = await mall.bank("/v1/captures", {"key": new_id("late"), "authorization": attempt})
    assert (late.json["status"], late.json["reason"]) == ("declined", "voided")

    async def can_be_paid() -> bool:
        return bool((await charge(mall, buyer, order_id)).status == 200)

    await until(can_be_paid)


async def test_an_attempt_left_capturing_is_captured(mall: Buying) -> None:
    buyer, order_id, attempt = await left(mall)
    await write(mall, buyer, order_id, attempt, lambda account: rules.capturing(account, attempt, 0, 0))
    await becomes(mall, order_id, ["captured"], "paid")


async def test_a_capture_that_was_not_booked_is_booked(mall: Buying) -> None:
    buyer, order_id, attempt = await left(mall)
    await mall.bank("/v1/captures", {"key": f"{attempt}-capture", "authorization": attempt})
    path = f"/internal/orders/{order_id}/attempts/{attempt}/paid"
    assert (await mall.inside("order", path, {"transaction_id": f"t-{attempt}"})).status == 200
    await write(mall, buyer, order_id, attempt, lambda account: rules.capturing(account, attempt, 0, 0))
    await becomes(mall, order_id, ["captured"], "paid")


async def test_a_capture_that_the_bank_refuses_for_good_fails(mall: Buying) -> None:
    buyer, order_id, attempt = await left(mall, CARD_CUT)
    await write(mall, buyer, order_id, attempt, lambda account: rules.capturing(account, attempt, 0, 0))
    await becomes(mall, order_id, ["failed"], "pending")


@pytest.mark.requirement(98, 123)
async def test_a_refund_left_on_its_way_arrives(mall: Buying) -> None:
    buyer, order_id, attempt = await left(mall)
    await mall.bank("/v1/captures", {"key": f"{attempt}-capture", "authorization": attempt})
    wished = Refund("r1", "", 0, "damaged", RefundStatus.REFUNDING, 0, 0)
    await write(
        mall,
        buyer,
        order_id,
        attempt,
        lambda account: rules.capturing(account, attempt, 0, 0),
        lambda account: rules.captured(account, attempt, 0),
        lambda account: rules.begin_refund(account, wished, 400, 0),
    )

    async def arrived() -> bool:
        return [(each["status"], each["refunded"]) for each in await mall.payments(order_id)] == [("partly_refunded", 4)]

    await until(arrived)


async def test_a_void_that_comes_first_keeps_the_charge_away(mall: Buying) -> None:
    buyer, order_id = await mall.buyer(), new_id("o")
    undone = await mall.inside("payment", f"/internal/payments/{order_id}/void")
    assert undone.json == {"order_id": order_id, "outcome": "voided", "transaction_id": ""}
    assert (await mall.place(buyer, order_id, f"h-{order_id}", "p1")).status == 200
    told = await charge(mall, buyer, order_id)
    assert (told.status, told.kind) == (409, "order/wrong-status")
    assert await status_of(mall, order_id) == []
    assert await mall.order_status(order_id) == "pending"


async def test_a_void_that_comes_too_late_says_so(mall: Buying) -> None:
    buyer, order_id = await mall.buyer(), new_id("o")
    assert (await mall.place(buyer, order_id, f"h-{order_id}", "p1")).status == 200
    told = await charge(mall, buyer, order_id)
    undone = await mall.inside("payment", f"/internal/payments/{order_id}/void")
    assert (undone.json["outcome"], undone.json["transaction_id"]) == ("captured", told.json["transaction_id"])


async def test_an_authorization_that_comes_late_finds_the_void(mall: Buying) -> None:
    buyer, order_id = await mall.buyer(), new_id("o")
    assert (await mall.place(buyer, order_id, f"h-{order_id}", "p1")).status == 200
    paying = asyncio.create_task(charge(mall, buyer, order_id, SLOW))

    async with open_store(mall.mall.folder / "order.db", (ORDERS,)) as store:

        async def is_paying() -> bool:
            return (await store[ORDERS].get(order_id)).status is Status.PAYING

        await until(is_paying)
    cancelled = await mall.call("order", "PUT", f"/api/v1/orders/{order_id}/cancel", {}, by=buyer)
    assert (cancelled.status, cancelled.kind, cancelled.headers["Retry-After"]) == (409, "order/being-paid", "1")
    undone = await mall.inside("payment", f"/internal/payments/{order_id}/void")
    assert undone.json["outcome"] == "voided"
    assert await mall.order_status(order_id) == "pending"
    assert (await paying).status in {402, 504}
    await becomes(mall, order_id, ["voided"], "pending")


@pytest.mark.requirement(112)
async def test_the_same_key_asked_again_while_the_bank_thinks_gets_the_one_payment(mall: Buying) -> None:
    buyer, order_id = await mall.buyer(), new_id("o")
    assert (await mall.place(buyer, order_id, f"h-{order_id}", "p1")).status == 200
    answers = [await charge(mall, buyer, order_id, SLOW, key="patient")]
    assert (answers[0].status, answers[0].kind) == (504, "payment/outcome-unknown")
    async with asyncio.timeout(15):
        while answers[-1].status == 504:
            answers.append(await charge(mall, buyer, order_id, SLOW, key="patient"))
    assert answers[-1].status == 200, answers[-1].body
    assert [(each["status"], each["transaction_id"]) for each in await mall.payments(order_id)] == [
        ("captured", answers[-1].json["transaction_id"])
    ]


async def test_a_bank_that_does_not_know_our_key_gives_no_word_on_the_money(mall: Buying) -> None:
    async def no_token() -> str:
        raise AssertionError

    client = Client()
    try:
        bank = Bank(Calls(client, {"bank": [mall.mall.url("bank")]}, no_token).to("bank", anonymous=True), "a-wrong-key-of-ours")
        with pytest.raises(Unavailable):
            await bank.capture(Intent("a1", Money(1000, "USD"), "o1"))
    finally:
        client.close()
