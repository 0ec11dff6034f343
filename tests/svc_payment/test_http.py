"""Paying orders over HTTP as the requirements show it, reading payments, and giving money back."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from mallkit.idempotency import ANSWERS
from mallkit.sqlite import open_store
from svc_payment.domain.account import BANK, RETURNS, SALES
from svc_payment.repository import ACCOUNTS, POINTERS, Accounts
from tests.journeys.people import DECLINED, LOST, card
from tests.mallhouse import Answer
from tests.svc_checkout.buying import CARD_CUT, Buyer, Buying, buying, new_id, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
PARTS = ("auth", "product", "order", "payment", "bank")
REFUND_REFUSED, REFUND_LOST = "4000000000000382", "4000000000000275"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    """All that paying an order takes."""
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, MALL_PAYMENT_SETTLE_SECONDS="0.1") as running:
        yield running


async def order_of(mall: Buying, buyer: Buyer, order_id: str = "") -> str:
    """A pending order over 10.00."""
    order_id = order_id or new_id("o")
    assert (await mall.place(buyer, order_id, f"h-{order_id}", "p1")).status == 200
    return order_id


async def charge(mall: Buying, buyer: Buyer, order_id: Any, *numbers: str, key: str = "", **more: Any) -> Answer:
    body = {"amount": 10, "credit_card": card(*numbers), "order_id": order_id, "user_id": buyer.user_id} | more
    return await mall.call("payment", "POST", "/payment/charge", body, by=buyer, key=key)


async def paid(mall: Buying, *numbers: str) -> tuple[Buyer, str, str]:
    """Who paid, the order, the transaction."""
    buyer = await mall.buyer()
    order_id = await order_of(mall, buyer)
    told = await charge(mall, buyer, order_id, *numbers)
    assert told.status == 200, told.body
    return buyer, order_id, told.json["transaction_id"]


async def give_back(mall: Buying, transaction_id: str, key: str = "", **body: Any) -> Answer:
    path = f"/api/v1/payments/{transaction_id}/refunds"
    return await mall.call("payment", "POST", path, {"reason": "damaged"} | body, token=mall.operator, key=key or new_id("r"))


async def ledger_of(mall: Buying, order_id: str) -> dict[str, int]:
    """What each account of the ledger holds, in minor units."""
    async with open_store(mall.mall.folder / "payment.db", (ACCOUNTS, POINTERS)) as store:
        account = await Accounts(store).get(order_id)
    sums = dict.fromkeys((BANK, SALES, RETURNS), 0)
    for entry in account.ledger:
        sums[entry.debit] += entry.minor
        sums[entry.credit] -= entry.minor
    assert sum(sums.values()) == 0
    return sums


@pytest.mark.requirement(39, 94, 95, 96, 97, 103, 104, 105, 106, 107, 108, 109, 110, 111, 119)
async def test_an_order_is_charged_as_the_document_shows_it(mall: Buying) -> None:
    buyer = await mall.buyer()
    await order_of(mall, buyer, "123456")
    shown = {
        "credit_card_number": "4242424242424242",
        "credit_card_cvv": 123,
        "credit_card_expiration_year": 2031,
        "credit_card_expiration_month": 12,
    }
    expired = await charge(mall, buyer, 123456, credit_card=shown | {"credit_card_expiration_year": 2025}, payment_method="credit_card")
    assert (expired.status, expired.json["code"]) == (422, 4004001)
    told = await charge(mall, buyer, 123456, credit_card=shown, payment_method="credit_card", amount=10.00)
    assert told.status == 200, told.body
    assert list(told.json) == ["transaction_id"]
    assert str(uuid.UUID(told.json["transaction_id"])) == told.json["transaction_id"]
    assert await mall.order_status("123456") == "paid"
    one = await mall.call("payment", "GET", f"/api/v1/payments/{told.json['transaction_id']}", by=buyer)
    assert (one.json["order_id"], one.json["status"], one.json["amount"], one.json["card"]) == ("123456", "captured", 10, "visa 4242")
    of_order = await mall.call("payment", "GET", "/api/v1/payments?order_id=123456", by=buyer)
    assert of_order.json == {"items": [one.json], "next": None}
    assert await ledger_of(mall, "123456") == {BANK: 1000, SALES: -1000, RETURNS: 0}


async def test_the_other_path_and_text_ids_work_too(mall: Buying) -> None:
    buyer = await mall.buyer()
    body = {"amount": 10, "credit_card": card(cvv="012"), "order_id": await order_of(mall, buyer), "user_id": buyer.user_id}
    told = await mall.call("payment", "POST", "/api/v1/payments/charge", body, by=buyer)
    assert told.status == 200, told.body


@pytest.mark.requirement(113)
@pytest.mark.parametrize(
    "wrong",
    [
        {"credit_card_number": "4242424242424241"},
        {"credit_card_cvv": "12"},
        {"credit_card_cvv": 1234},
        {"credit_card_expiration_month": 13},
        {"credit_card_expiration_year": 2025},
    ],
)
async def test_a_card_that_cannot_be_leaves_nothing(mall: Buying, wrong: dict[str, Any]) -> None:
    buyer = await mall.buyer()
    order_id = await order_of(mall, buyer)
    told = await charge(mall, buyer, order_id, credit_card=card() | wrong)
    assert (told.status, told.json["code"], told.json["field"]) == (422, 4004001, next(iter(wrong)))
    assert await mall.payments(order_id) == []


@pytest.mark.parametrize(("number", "status"), [(DECLINED, "declined"), (CARD_CUT, "failed")])
async def test_after_a_refusal_of_the_bank_another_card_pays(mall: Buying, number: str, status: str) -> None:
    buyer = await mall.buyer()
    order_id = await order_of(mall, buyer)
    told = await charge(mall, buyer, order_id, number)
    assert (told.status, told.kind, told.json["reason"]) == (402, "payment/declined", "declined")
    assert await mall.order_status(order_id) == "pending"
    assert (await charge(mall, buyer, order_id)).status == 200
    assert [each["status"] for each in await mall.payments(order_id)] == ["captured", status]
    assert (await ledger_of(mall, order_id))[BANK] == 1000


async def test_a_lost_answer_of_the_bank_is_asked_for_again(mall: Buying) -> None:
    _, order_id, _ = await paid(mall, LOST)
    assert [each["status"] for each in await mall.payments(order_id)] == ["captured"]
    assert (await ledger_of(mall, order_id))[BANK] == 1000


@pytest.mark.requirement(112, 115)
async def test_an_order_is_paid_once(mall: Buying) -> None:
    buyer = await mall.buyer()
    order_id = await order_of(mall, buyer)
    answers = await asyncio.gather(*(charge(mall, buyer, order_id, key="one") for _ in range(5)))
    assert {(told.status, told.body) for told in answers} == {(200, answers[0].body)}
    twice = await charge(mall, buyer, order_id)
    assert (twice.status, twice.kind, twice.json["code"]) == (409, "payment/already-paid", 4005002)
    assert [each["status"] for each in await mall.payments(order_id)] == ["captured"]


async def test_one_of_many_payments_at_once_wins(mall: Buying) -> None:
    buyer = await mall.buyer()
    order_id = await order_of(mall, buyer)
    answers = await asyncio.gather(*(charge(mall, buyer, order_id) for _ in range(6)))
    assert sorted(told.status for told in answers) == [200, 409, 409, 409, 409, 409]
    assert {told.kind for told in answers if told.status == 409} <= {"payment/already-paid", "order/being-paid"}
    assert (await ledger_of(mall, order_id))[BANK] == 1000


@pytest.mark.parametrize(
    ("wrong", "status", "kind"),
    [
        ({"amount": 9.99}, 422, "payment/amount-wrong"),
        ({"currency": "EUR"}, 422, "payment/amount-wrong"),
        ({"payment_method": "cash"}, 422, "payment/method-unknown"),
        ({"amount": 0}, 400, "bad-request"),
        ({"amount": 10.001}, 400, "bad-request"),
        ({"user_id": 1}, 404, "not-found"),
        ({"order_id": 987654}, 404, "not-found"),
    ],
)
async def test_what_is_not_the_order_is_refused(mall: Buying, wrong: dict[str, Any], status: int, kind: str) -> None:
    buyer = await mall.buyer()
    order_id = await order_of(mall, buyer)
    sent = {"order_id": order_id} | wrong
    told = await charge(mall, buyer, sent.pop("order_id"), **sent)
    assert (told.status, told.kind) == (status, kind)
    assert await mall.order_status(order_id) == "pending"
    assert (await charge(mall, buyer, order_id)).status == 200


async def accounts_written(mall: Buying) -> tuple[int, int]:
    async with open_store(mall.mall.folder / "payment.db", (ACCOUNTS, POINTERS)) as store:
        return await store[ACCOUNTS].count(), await store[POINTERS].count()


async def test_a_stranger_learns_and_writes_nothing(mall: Buying) -> None:
    stranger, (buyer, order_id, transaction_id) = await mall.buyer(), await paid(mall)
    unpaid = await order_of(mall, buyer)
    undone = await order_of(mall, buyer)
    assert (await mall.inside("payment", f"/internal/payments/{undone}/void")).status == 200
    written = await accounts_written(mall)
    for other in (order_id, unpaid, undone, "no-such-order"):
        told = await charge(mall, stranger, other)
        assert (told.status, told.kind) == (404, "not-found"), other
    for path in (f"/api/v1/payments/{transaction_id}", f"/api/v1/payments?order_id={order_id}", "/api/v1/payments/unknown"):
        told = await mall.call("payment", "GET", path, by=stranger)
        assert (told.status, told.kind) == (404, "not-found"), path
    assert await accounts_written(mall) == written


@pytest.mark.requirement(98, 99, 100, 123)
async def test_parts_and_the_rest_are_given_back(mall: Buying) -> None:
    buyer, order_id, transaction_id = await paid(mall)
    first = await give_back(mall, transaction_id, "part", amount=2.5)
    assert (first.status, first.json["amount"], first.json["status"]) == (201, 2.5, "refunded")
    assert (await give_back(mall, transaction_id, "part", amount=2.5)).body == first.body
    much = await give_back(mall, transaction_id, amount=7.51)
    assert (much.status, much.kind, much.json["refundable"]) == (409, "payment/refund-too-large", 7.5)
    seen = (await mall.call("payment", "GET", f"/api/v1/payments/{transaction_id}", by=buyer)).json
    assert (seen["status"], seen["refunded"]) == ("partly_refunded", 2.5)
    rest = await give_back(mall, transaction_id)
    assert (rest.status, rest.json["amount"]) == (201, 7.5)
    seen = (await mall.call("payment", "GET", f"/api/v1/payments/{transaction_id}", by=buyer)).json
    assert (seen["status"], seen["refunded"], len(seen["refunds"])) == ("refunded", 10, 2)
    assert await ledger_of(mall, order_id) == {BANK: 0, SALES: -1000, RETURNS: 1000}


async def test_many_refunds_at_once_never_exceed_what_was_paid(mall: Buying) -> None:
    _, order_id, transaction_id = await paid(mall)
    answers = await asyncio.gather(*(give_back(mall, transaction_id, amount=3) for _ in range(8)))
    assert sorted(told.status for told in answers) == [201] * 3 + [409] * 5
    assert {told.kind for told in answers if told.status == 409} == {"payment/refund-too-large"}
    assert await ledger_of(mall, order_id) == {BANK: 100, SALES: -1000, RETURNS: 900}


async def test_a_refund_that_the_bank_refuses_frees_the_amount(mall: Buying) -> None:
    _, order_id, transaction_id = await paid(mall, REFUND_REFUSED)
    for _ in range(2):
        told = await give_back(mall, transaction_id)
        assert (told.status, told.kind) == (409, "payment/refund-refused")
    assert (await ledger_of(mall, order_id))[BANK] == 1000
    rest = await mall.inside("payment", f"/internal/payments/{order_id}/refund-rest", {"key": "k1", "reason": "x"})
    assert (rest.status, rest.json["done"], rest.json["refunded_minor"]) == (200, False, 0)
    again = await mall.inside("payment", f"/internal/payments/{order_id}/refund-rest", {"key": "k1", "reason": "x"})
    assert again.json == rest.json


async def test_a_refund_whose_answer_is_lost_happens_once(mall: Buying) -> None:
    _, order_id, transaction_id = await paid(mall, REFUND_LOST)
    told = await give_back(mall, transaction_id, amount=4)
    assert told.status == 201
    await until(lambda: _is(mall, order_id, {BANK: 600, SALES: -1000, RETURNS: 400}))


async def _is(mall: Buying, order_id: str, sums: dict[str, int]) -> bool:
    return await ledger_of(mall, order_id) == sums


async def test_a_key_of_long_ago_gives_back_another_payment_too(mall: Buying) -> None:
    """Its first answer is forgotten by now; the bank remembers for ever."""
    _, _, first = await paid(mall)
    _, order_id, second = await paid(mall)
    assert (await give_back(mall, first, "of-long-ago")).status == 201
    async with open_store(mall.mall.folder / "payment.db", (ANSWERS,)) as store:
        kept = (await store[ANSWERS].find(limit=1000)).items
        await store.together(*(store[ANSWERS].removing(answer.id) for answer in kept))
    told = await give_back(mall, second, "of-long-ago")
    assert (told.status, told.json["status"]) == (201, "refunded")
    assert await ledger_of(mall, order_id) == {BANK: 0, SALES: -1000, RETURNS: 1000}


async def test_what_a_refund_needs(mall: Buying) -> None:
    buyer, _, transaction_id = await paid(mall)
    path = f"/api/v1/payments/{transaction_id}/refunds"
    without_key = await mall.call("payment", "POST", path, {"reason": "x"}, token=mall.operator)
    assert without_key.status == 400
    assert (await mall.call("payment", "POST", path, {"reason": "x"}, by=buyer, key="k")).status == 403
    assert (await give_back(mall, "unknown")).status == 404
    order_id = await order_of(mall, buyer)
    await charge(mall, buyer, order_id, DECLINED)
    (declined,) = await mall.payments(order_id)
    told = await give_back(mall, declined["transaction_id"])
    assert (told.status, told.kind) == (409, "payment/nothing-paid")
