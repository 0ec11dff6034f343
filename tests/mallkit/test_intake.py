"""The intake: what cannot be taken goes to the desk and blocks nobody; what cannot even be kept there is not acknowledged."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mallkit import background
from mallkit.background import Running
from mallkit.bus import Bus
from mallkit.desk_endpoints import FailureStatus
from mallkit.errors import Unavailable
from mallkit.intake import MOST_TIMES, Intake
from tests.buses.brokers import QUICK, RedisBroker, redis_broker
from tests.buses.taking import until
from tests.mallkit.books import Sold
from tests.mallkit.ledger import LINES, Ledger, Lent, ledger, message, sold

GROUP, COPY = "ledger", "host:1"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RedisBroker]:
    async with redis_broker(tmp_path) as running:
        yield running


@pytest.fixture
async def bus(broker: RedisBroker) -> AsyncIterator[Bus]:
    async with broker.open() as opened:
        yield opened


@asynccontextmanager
async def taking(broker: RedisBroker, books: Ledger) -> AsyncIterator[Running]:
    """The intake runs."""
    async with broker.open(QUICK) as bus:
        intake = Intake(bus.subscribe(["shop"], GROUP, COPY), books.inbox, books.desk, books.metrics)
        async with background.running(intake.run) as running:
            yield running


def unacknowledged(broker: RedisBroker) -> int:
    """Messages that were delivered and may come again."""
    told = broker.command("XPENDING", "mall:events:shop", GROUP).split()[0]
    return 0 if told == "NOGROUP" else int(told)


async def all_taken(broker: RedisBroker, number: int) -> None:
    """Waits until so many were delivered, and all were acknowledged."""

    async def taken() -> bool:
        told = broker.command("XINFO", "STREAM", "mall:events:shop")
        added = int(re.search(r"length\s+(\d+)", told)[1])  # type: ignore[index]  # Redis tells it
        groups = broker.command("XINFO", "GROUPS", "mall:events:shop").split()
        last = told.split()[told.split().index("last-generated-id") + 1]
        return added >= number and last in groups and unacknowledged(broker) == 0

    await until(taken)


async def failures(books: Ledger) -> list[tuple[str, str, FailureStatus]]:
    """Consumer, error, status."""
    return sorted((each.consumer, each.error, each.status) for each in (await books.desk.page(None, None, 200)).items)


@pytest.mark.requirement(60)
async def test_every_message_is_taken_or_at_the_desk(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with ledger(tmp_path) as books, taking(broker, books) as running:
        books.ports.trouble["bad"] = [Unavailable("nobody there")]
        messages = [
            sold(event_id="e1"),
            b"\xff\x00",
            sold(type="book.eaten"),
            sold("bad", event_id="e2"),
            sold(type="book.sold.v2"),
            sold(event_id="e3").replace(b'"left":0', b'"left":"none"'),
            message(Lent(book_id="b1"), event_id="e4"),
            b"[" * 100_000,
            sold(event_id="e5", sequence=2),
        ]
        await bus.publish("shop", messages, 1)
        await all_taken(broker, len(messages))
        assert await failures(books) == [
            ("", "event/future-version", "failed"),
            ("", "event/undecodable", "failed"),
            ("", "event/undecodable", "failed"),
            ("", "event/unknown", "failed"),
            ("add_up", "event/undecodable", "failed"),
            ("add_up", "unavailable", "pending"),
            ("keep_newest", "event/undecodable", "failed"),
        ]
        assert ((await books.line()).sold, (await books.line("bad")).left) == (2, 0)
        assert all(running.alive().values())
        shown = books.metrics.render()[0].decode()
        assert 'mall_events_taken_total{outcome="failed"} 7.0' in shown
        assert 'mall_events_taken_total{outcome="taken"} 5.0' in shown


async def test_what_comes_again_is_seen(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with ledger(tmp_path) as books, taking(broker, books):
        await bus.publish("shop", [sold()] * 5, 1)
        await all_taken(broker, 5)
        assert (await books.line()).sold == 1
        assert 'mall_events_taken_total{outcome="seen"} 8.0' in books.metrics.render()[0].decode()


@pytest.mark.requirement(187)
async def test_with_the_store_away_nothing_is_acknowledged_and_nothing_lost(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with ledger(tmp_path) as books:
        pass  # its store is closed now, neither effect nor failure can be written
    async with taking(broker, books) as running:
        await bus.publish("shop", [sold(event_id="e1"), b"no event", sold(event_id="e2", sequence=2)], 1)

        async def delivered() -> bool:
            return unacknowledged(broker) == 3

        await until(delivered)
        assert all(running.alive().values())
    assert unacknowledged(broker) == 3
    async with ledger(tmp_path) as books, taking(broker, books):
        await all_taken(broker, 3)
        assert (await books.line()).sold == 2
        assert await failures(books) == [("", "event/undecodable", "failed")]


@pytest.mark.requirement(60, 187)
async def test_an_event_that_nobody_comes_to_an_end_with_is_tried_by_the_desk(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    """Or it would end every process that takes it, for ever."""
    await bus.publish("shop", [sold()], 1)
    for times in range(1, MOST_TIMES + 1):  # whoever got it has died, and was started again
        async with broker.open(QUICK) as opened:
            (delivery,) = await opened.subscribe(["shop"], GROUP, COPY).next()
            assert delivery.times == times
    async with ledger(tmp_path) as books, taking(broker, books):
        await all_taken(broker, 1)
        assert await failures(books) == [("", "event/abandoned", "pending")]
        assert (await books.store[LINES].find()).items == []
        books.clock.now += 5
        await books.desk.work()
        assert await failures(books) == [("", "event/abandoned", "success")]
        assert (await books.line()).sold == 1


async def test_the_bus_may_go_and_come_back(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with ledger(tmp_path) as books, taking(broker, books) as running:
        await bus.publish("shop", [sold()], 1)
        await all_taken(broker, 1)
        await broker.come_back()
        await until(lambda: _publishes(bus, message(Sold(book_id="b1", left=9), "e2", 2)))
        await all_taken(broker, 2)
        assert ((await books.line()).sold, (await books.line()).left) == (2, 9)
        assert all(running.alive().values())


async def _publishes(bus: Bus, body: bytes) -> bool:
    try:
        await bus.publish("shop", [body], 2)
    except Unavailable:
        return False
    return True
