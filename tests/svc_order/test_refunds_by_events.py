"""What payment tells by events: a refund appears in the order once, and a message that nobody can take waits at order's desk."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from mallkit.redis_bus import stream_of
from tests.buses.brokers import PASSWORD, RedisBroker, redis_broker
from tests.journeys.people import People, Person
from tests.mallhouse import House, house

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE = 20.0
PAYMENT = stream_of("payment")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisBroker]:
    async with redis_broker(tmp_path_factory.mktemp("bus")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mall(tmp_path_factory: pytest.TempPathFactory, broker: RedisBroker) -> AsyncIterator[House]:
    """The whole mall on a real bus."""
    async with house(tmp_path_factory.mktemp("mall"), MALL_REDIS_URL=broker.environ["BUS_URL"], MALL_REDIS_PASSWORD=PASSWORD) as running:
        yield running


@pytest.fixture
def people(mall: House) -> People:
    return People(mall.session, mall.url("gateway"))


async def refund(people: People, bought: dict[str, Any], amount: float, key: str) -> None:
    path = f"/api/v1/payments/{bought['transaction_id']}/refunds"
    told = await (await people.operator()).call("POST", path, {"reason": "damaged", "amount": amount}, key=key)
    assert told.status == 201, told.body


async def until_refunded(buyer: Person, bought: dict[str, Any], amount: float) -> None:
    """Waits, and sees that it never becomes more."""
    async with asyncio.timeout(PATIENCE):
        while (shown := (await buyer.order(bought["order_id"]))["refunded"]) != amount:
            assert shown < amount
            await asyncio.sleep(0.02)


def add(broker: RedisBroker, message: str) -> None:
    """A message by hand."""
    broker.command("XADD", PAYMENT, "*", "e", message)


async def failed(people: People, event_id: str = "", status: str = "") -> dict[str, Any]:
    """The failure at order's desk, through the gateway; once it has this status, where one is named: its job may just be trying it."""
    operator = await people.operator()
    async with asyncio.timeout(PATIENCE):
        while True:
            told = await operator.call("GET", "/api/v1/failures?service=order")
            assert told.status == 200, told.body
            for item in told.json["items"]:
                if item["event_id"] == event_id and status in {"", item["status"]}:
                    return dict(item)
            await asyncio.sleep(0.02)


def refunded(event_id: str, order_id: str, refund_id: str, **other: Any) -> str:
    """An event as payment would tell it."""
    told = {"order_id": order_id, "transaction_id": "t", "refund_id": refund_id, "amount_minor": 100, "currency": "USD"}
    envelope = {"specversion": "1.0", "id": event_id, "source": "payment", "type": "payment.refunded", "subject": order_id, "sequence": 9}
    return json.dumps({**envelope, "time": "2026-11-21T08:00:00Z", "data": told, **other})


async def test_a_refund_appears_in_the_order_once(people: People, broker: RedisBroker) -> None:
    buyer, product = await people.shopper(), await people.product(10)
    bought = await buyer.bought(product)
    assert (await buyer.order(bought["order_id"]))["refunded"] == 0
    await refund(people, bought, 5, "first")
    await refund(people, bought, 5, "first")
    await until_refunded(buyer, bought, 5)
    # The same refund under another event, as if payment's store had been put back: the order knows the refund itself.
    events = [line for line in broker.command("XRANGE", PAYMENT, "-", "+").splitlines() if '"payment.refunded"' in line]
    assert len(events) == 1
    told = json.loads(events[0])
    add(broker, events[0])
    add(broker, json.dumps(told | {"id": "again"}))
    await refund(people, bought, 2.5, "second")
    await until_refunded(buyer, bought, 7.5)


async def test_a_cancelled_orders_refund_appears_too(people: People) -> None:
    buyer, product = await people.shopper(), await people.product(10)
    bought = await buyer.bought(product)
    total = (await buyer.order(bought["order_id"]))["total"]
    assert (await buyer.call("PUT", f"/api/v1/orders/{bought['order_id']}/cancel", {})).status == 200
    await until_refunded(buyer, bought, total)


@pytest.mark.requirement(60, 61, 69, 70)
async def test_a_poisoned_message_lands_at_the_desk_and_is_tried_again_by_hand(people: People, broker: RedisBroker) -> None:
    buyer, product = await people.shopper(), await people.product(10)
    bought = await buyer.bought(product)
    add(broker, "poison")
    await refund(people, bought, 1, "behind the poison")
    await until_refunded(buyer, bought, 1)
    failure = await failed(people)
    assert (failure["status"], failure["error"], failure["message_data"]) == ("failed", "event/undecodable", "poison")
    operator = await people.operator()
    again = await operator.call("POST", f"/api/v1/failures/{failure['failure_id']}/retry")
    assert (again.status, again.json["status"], again.json["retry_count"]) == (200, "failed", 1)


@pytest.mark.requirement(43, 44, 45)
async def test_an_event_whose_order_is_not_there_waits_at_the_desk_with_its_trace(people: People, broker: RedisBroker, mall: House) -> None:
    trace = "4bea7748385ec2ea52b6ba3135c76a28"
    add(broker, refunded("early", "no-such-order", "r1", traceparent=f"00-{trace}-00f067aa0ba902b7-01"))
    failure = await failed(people, "early", "pending")
    assert (failure["consumer"], failure["status"], failure["error"], failure["trace_id"]) == ("note_refund", "pending", "Absent", trace)
    assert failure["next_attempt_at"] is not None
    metrics = (await mall.call("order", "GET", "/metrics")).body.decode()
    assert 'mall_failures_filed_total{error="Absent"} 1.0' in metrics


@pytest.mark.requirement(81)
async def test_the_desks_runs_are_counted(people: People, broker: RedisBroker, mall: House) -> None:
    add(broker, refunded("future", "o", "r3", type="payment.refunded.v2"))
    add(broker, refunded("unknown", "o", "r4", type="payment.vanished"))
    future, unknown = await failed(people, "future"), await failed(people, "unknown")
    assert (future["error"], unknown["error"]) == ("event/future-version", "event/unknown")
    operator = await people.operator()
    assert (await operator.call("POST", "/api/v1/failures/retry", {"service": "order"})).status == 200

    async def shown() -> set[str]:
        return set((await mall.call("order", "GET", "/metrics")).body.decode().splitlines())

    async with asyncio.timeout(PATIENCE):
        while not any(line.startswith('mall_failures_retried_total{outcome="failed"}') for line in await shown()):
            await asyncio.sleep(0.05)
        while not any(line.startswith('mall_failures{status="failed"}') and not line.endswith(" 0.0") for line in await shown()):
            await asyncio.sleep(0.05)
    assert 'mall_failures_filed_total{error="event/unknown"} 1.0' in await shown()
