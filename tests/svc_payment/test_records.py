"""Trouble with records: the copy of an answer decides nothing, and a store that cannot be read is told by its number."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager

import pytest
import pytest_asyncio

from mallkit.settings import load
from svc_payment.settings import Settings
from tests.journeys.people import GOOD, SLOW, card
from tests.mallhouse import Answer
from tests.svc_checkout.buying import Buyer, Buying, buying, new_id, until
from tests.svc_payment.telling import PARTS, statement

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Buying]:
    async with buying(tmp_path_factory.mktemp("mall"), *PARTS, MALL_BANK_SLOW_SECONDS="1.5") as running:
        yield running


@contextmanager
def away(mall: Buying, table: str) -> Iterator[None]:
    """A collection of the payment store that cannot be reached while the context lasts."""
    with closing(sqlite3.connect(mall.mall.folder / "payment.db", timeout=10, isolation_level=None)) as operator:
        operator.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
        try:
            yield
        finally:
            operator.execute(f"ALTER TABLE elsewhere RENAME TO {table}")


async def charge(mall: Buying, buyer: Buyer, order_id: str, key: str, number: str = GOOD) -> Answer:
    body = {"amount": 10, "credit_card": card(number), "order_id": order_id, "user_id": buyer.user_id}
    return await mall.call("payment", "POST", "/payment/charge", body, by=buyer, key=key)


async def not_kept(mall: Buying, what: str) -> float:
    text = (await mall.call("payment", "GET", "/metrics")).body.decode()
    start = f'mall_answers_not_kept_total{{what="{what}"}} '
    return next((float(line.removeprefix(start)) for line in text.splitlines() if line.startswith(start)), 0.0)


@pytest.mark.requirement(117)
async def test_a_payment_whose_answer_cannot_be_kept_is_a_payment_all_the_same(mall: Buying) -> None:
    buyer, key = await mall.buyer(), new_id("k")
    order_id = await mall.pending(buyer, await mall.product())
    before = await not_kept(mall, "keep")
    paying = asyncio.create_task(charge(mall, buyer, order_id, key, SLOW))

    async def is_at_the_bank() -> bool:
        return bool(await statement(mall, order_id))

    await until(is_at_the_bank)
    with away(mall, "answers"):
        paid = await paying
    assert paid.status == 200, paid.body
    assert await not_kept(mall, "keep") == before + 1
    assert await mall.order_status(order_id) == "paid"


@pytest.mark.requirement(112, 116, 117)
async def test_without_the_records_the_same_key_still_finds_its_payment(mall: Buying) -> None:
    buyer, key = await mall.buyer(), new_id("k")
    order_id = await mall.pending(buyer, await mall.product())
    with away(mall, "answers"):
        answers = [await charge(mall, buyer, order_id, key) for _ in range(2)]
        other = await charge(mall, buyer, order_id, new_id("k"))
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert (other.status, other.json["code"]) == (409, 4005002)
    assert await statement(mall, order_id) == [("authorize", "approved"), ("capture", "approved")]


@pytest.mark.requirement(116)
async def test_a_payment_whose_record_cannot_be_read_is_told_by_its_number(mall: Buying) -> None:
    buyer, key = await mall.buyer(), new_id("k")
    order_id = await mall.pending(buyer, await mall.product())
    paid = await charge(mall, buyer, order_id, key)
    path = f"/api/v1/payments/{paid.json['transaction_id']}"
    with away(mall, "accounts"):
        one = await mall.call("payment", "GET", path, by=buyer)
        listed = await mall.call("payment", "GET", f"/api/v1/payments?order_id={order_id}", by=buyer)
        refund = await mall.call("payment", "POST", f"{path}/refunds", {"reason": "damaged"}, token=mall.operator, key=new_id("r"))
    for told in (one, listed, refund):
        assert (told.status, told.kind, told.json["code"]) == (503, "payment/record-unreadable", 4005003)
        assert told.headers["Retry-After"] == "1"
    assert (await mall.call("payment", "GET", path, by=buyer)).json["status"] == "captured"


@pytest.mark.requirement(121)
async def test_payments_speak_http_on_8005_unless_told_otherwise(mall: Buying) -> None:
    untold = {name: value for name, value in mall.mall.environ.items() if name != "MALL_PAYMENT_PORT"}
    assert {load(Settings, "payment", untold | {"MALL_ENV": env}).port for env in ("dev", "online")} == {8005}
    assert (await mall.call("payment", "GET", "/live")).status == 200
