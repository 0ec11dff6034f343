"""Webhooks of the bank bring to one end whatever was left open, in any order and number."""

import asyncio
import random
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from contracts.payment import RefundStatus
from svc_payment.domain import account as rules
from svc_payment.domain.account import BANK, RETURNS, SALES, Refund
from tests.svc_checkout.buying import Buying, buying, until
from tests.svc_payment import telling
from tests.svc_payment.telling import account_of, asked, capturing, event, statement, tell
from tests.svc_payment.test_http import charge, ledger_of, order_of, paid
from tests.svc_payment.test_settle import authorize, becomes, left, status_of, write

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOTH_APPROVED = [("authorize", "approved"), ("capture", "approved")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with buying(tmp_path_factory.mktemp("mall"), *telling.PARTS, **telling.BY_WEBHOOKS_ALONE) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with buying(tmp_path_factory.mktemp("quiet"), *telling.PARTS, **telling.BY_THE_TEST_ALONE) as running:
        yield running


@pytest.mark.requirement(96, 112)
async def test_a_capture_whose_answer_nobody_heard_is_booked_when_the_bank_tells_it(mall: Buying) -> None:
    _, order_id, attempt = await capturing(mall)
    await mall.bank("/v1/captures", {"key": f"{attempt}-capture", "authorization": attempt})
    await becomes(mall, order_id, ["captured"], "paid")
    assert await ledger_of(mall, order_id) == {BANK: 1000, SALES: -1000, RETURNS: 0}
    assert await statement(mall, order_id) == BOTH_APPROVED


async def test_an_authorization_that_comes_after_the_undo_is_voided_when_the_bank_tells_it(mall: Buying) -> None:
    buyer, order_id, attempt = await left(mall, authorized=False)
    await write(mall, buyer, order_id, attempt, lambda account: rules.over(rules.close(account, 0), attempt))
    await authorize(mall, order_id, attempt)

    async def is_voided() -> bool:
        return await statement(mall, order_id) == [("authorize", "approved"), ("void", "approved")]

    await until(is_voided)
    assert await status_of(mall, order_id) == ["voided"]


@pytest.mark.requirement(98, 123)
async def test_a_refund_whose_answer_nobody_heard_is_booked_once_when_the_bank_tells_it(mall: Buying) -> None:
    buyer, order_id, attempt = await left(mall)
    await mall.bank("/v1/captures", {"key": f"{attempt}-capture", "authorization": attempt})
    wished = Refund("r1", "", 0, "damaged", RefundStatus.REFUNDING, 0, time.time() + 3600)
    await write(
        mall,
        buyer,
        order_id,
        attempt,
        lambda account: rules.capturing(account, attempt, 0, 0),
        lambda account: rules.captured(account, attempt, 0),
        lambda account: rules.begin_refund(account, wished, 400, 0),
    )
    await mall.bank("/v1/refunds", {"key": "r1-refund", "authorization": attempt, "amount": 400})

    async def arrived() -> bool:
        return await ledger_of(mall, order_id) == {BANK: 600, SALES: -1000, RETURNS: 400}

    await until(arrived)
    again = event(attempt, order_id, "refund", key="r1-refund", amount=400)
    assert {(await tell(mall, again, again)).status for _ in range(3)} == {204}
    assert await arrived()


async def test_webhooks_at_once_in_any_order_and_twice_have_one_result(quiet: Buying) -> None:
    _, order_id, attempt = await capturing(quiet)
    told = [event(attempt, order_id, "authorize", key=attempt), event(attempt, order_id), event(attempt, order_id)]
    answers = await asyncio.gather(*(tell(quiet, *random.sample(told, k=3)) for _ in range(12)))
    assert {answer.status for answer in answers} == {204}
    assert await status_of(quiet, order_id) == ["captured"]
    assert await ledger_of(quiet, order_id) == {BANK: 1000, SALES: -1000, RETURNS: 0}
    assert await statement(quiet, order_id) == BOTH_APPROVED


async def test_an_attempt_that_may_still_be_on_its_way_to_the_bank_is_left_alone(quiet: Buying) -> None:
    buyer, order_id, attempt = await left(quiet)
    await write(quiet, buyer, order_id, attempt)
    assert (await tell(quiet, event(attempt, order_id, "authorize", key=attempt))).status == 204
    assert await status_of(quiet, order_id) == ["asked"]
    assert await statement(quiet, order_id) == BOTH_APPROVED[:1]


async def test_of_what_has_ended_nobody_is_asked(quiet: Buying) -> None:
    _, order_id, _ = await paid(quiet)
    (attempt,) = (await account_of(quiet, order_id)).attempts
    before = await asked(quiet, "bank"), await asked(quiet, "order")
    assert (await tell(quiet, *[event(attempt.id, order_id)] * 100)).status == 204
    assert (await asked(quiet, "bank"), await asked(quiet, "order")) == before
    assert await ledger_of(quiet, order_id) == {BANK: 1000, SALES: -1000, RETURNS: 0}


async def test_a_sale_is_told_and_stays_as_it_is(mall: Buying) -> None:
    buyer = await mall.buyer()
    order_id = await order_of(mall, buyer)
    before = await telling.counted_at_bank(mall)
    assert (await charge(mall, buyer, order_id)).status == 200

    async def told() -> bool:
        return await telling.counted_at_bank(mall) > before

    await until(told)
    assert await statement(mall, order_id) == BOTH_APPROVED
    assert await ledger_of(mall, order_id) == {BANK: 1000, SALES: -1000, RETURNS: 0}


async def test_one_account_without_an_end_keeps_no_other_news_waiting(tmp_path_factory: pytest.TempPathFactory) -> None:
    parts = [part for part in telling.PARTS if part != "order"]
    async with buying(tmp_path_factory.mktemp("away"), *parts, **telling.BY_WEBHOOKS_ALONE) as mall:
        orders = await mall.mall.open("order")
        await mall.mall.until_ready("order")
        _, order_id, attempt = await capturing(mall)
        await orders.cleanup()
        before = await telling.counted(mall, telling.IGNORED, "unavailable")
        assert (await tell(mall, event(attempt, order_id), event("nobodys", "no-such-order"))).status == 204
        assert await telling.counted(mall, telling.IGNORED, "unavailable") == before + 1
        await mall.mall.open("order")
        assert (await tell(mall, event(attempt, order_id))).status == 204
        await becomes(mall, order_id, ["captured"], "paid")
