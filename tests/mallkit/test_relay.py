"""The relay: what was saved is published, soon, by one copy at a time; nothing is lost when bus or relay go away."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from statistics import median

import pytest

from mallkit.bus import Bus
from mallkit.events import decode
from mallkit.redis_bus import position_of, stream_of
from mallkit.relay import AT_ONCE, Pace
from tests.buses.brokers import RedisBroker, redis_broker
from tests.buses.taking import take, take_all, until
from tests.mallkit.publisher import SOURCE, Shop, shop

SLEEPY = Pace(gather=0.0, look=60.0, look_when_shared=60.0, ask_for_work=0.05, ask_position=600.0)
"""Does nothing unless it is told."""
ALERT = Pace(gather=0.0, look=0.05, look_when_shared=0.05, ask_for_work=0.05, ask_position=0.1)
SHARED = Pace(look=0.2, ask_for_work=0.05)
OLDER = "UPDATE _outbox SET at = at - 259200"
"""By three days."""
_readers = count()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RedisBroker]:
    async with redis_broker(tmp_path) as running:
        yield running


@pytest.fixture
async def bus(broker: RedisBroker) -> AsyncIterator[Bus]:
    async with broker.open() as opened:
        yield opened


def books(bodies: list[bytes]) -> list[str]:
    return [decode(body).subject for body in bodies]


async def published(bus: Bus, number: int) -> list[str]:
    """So many different ones at least, and whatever else is there, from the beginning."""
    reader = bus.subscribe([SOURCE], f"reader{next(_readers)}", "one")
    first = [delivery.body for delivery in await take(reader, number)]
    return books(first + await take_all(reader, least=0))


def calls(broker: RedisBroker) -> int:
    """How many publications Redis has seen."""
    lines = [line for line in broker.command("INFO", "commandstats").splitlines() if line.startswith("cmdstat_eval:")]
    return int(lines[0].partition("calls=")[2].partition(",")[0]) if lines else 0


@pytest.mark.requirement(165)
async def test_an_event_is_on_the_bus_soon_after_it_was_saved(tmp_path: Path, bus: Bus) -> None:
    async with shop(tmp_path, bus, pace=Pace(look=60.0, look_when_shared=60.0)) as one:
        await one.start()
        waits = []
        reader = bus.subscribe([SOURCE], "watch", "one")
        for number in range(15):
            await one.sell(f"b{number}")
            (delivery,) = await take(reader, 1)
            at = int(delivery.receipt[1].partition("-")[0]) / 1000
            waits.append(at - decode(delivery.body).time.timestamp())
            await reader.acknowledge([delivery])
        assert median(waits) < 0.1, waits  # 30 ms to gather, and a machine that tests other things meanwhile


async def test_several_events_share_a_round_trip(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with shop(tmp_path, bus) as one:
        await one.start()
        before = calls(broker)
        await one.sell(*(f"b{number}" for number in range(AT_ONCE // 2)))
        assert Counter(await published(bus, AT_ONCE // 2)) == Counter(f"b{number}" for number in range(AT_ONCE // 2))
        assert calls(broker) - before <= 2
        assert one.shown("mall_events_published_total") == AT_ONCE // 2


async def test_what_waited_is_published_at_once_however_much_it_is(tmp_path: Path, bus: Bus) -> None:
    async with shop(tmp_path, bus, pace=SLEEPY) as one:
        await one.sell(*(f"b{number}" for number in range(2 * AT_ONCE + 50)))
        await one.start()
        assert Counter(await published(bus, 2 * AT_ONCE + 50)) == Counter(f"b{number}" for number in range(2 * AT_ONCE + 50))
        assert await one.relay.published() == 2 * AT_ONCE + 50


@pytest.mark.requirement(187)
async def test_while_the_bus_is_away_events_wait_and_none_is_lost(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with shop(tmp_path, bus) as one:
        await one.start()
        await one.sell("before")
        assert await published(bus, 1) == ["before"]
        broker.kill()
        await one.sell("meanwhile")
        await until(lambda: _tells_of_waiting(one, waiting=True))
        assert await one.relay.published() == 1
        await broker.start()
        await one.sell("after")
        assert await published(bus, 3) == ["before", "meanwhile", "after"]
        await until(lambda: _tells_of_waiting(one, waiting=False))


async def _tells_of_waiting(copy: Shop, *, waiting: bool) -> bool:
    return (copy.shown("mall_outbox_waiting_seconds") > 0) is waiting


@pytest.mark.requirement(177)
async def test_one_copy_publishes_for_all_and_another_goes_on_when_it_stops(tmp_path: Path, bus: Bus) -> None:
    async with shop(tmp_path, bus, "1", SHARED) as one, shop(tmp_path, bus, "2", SHARED) as two:
        await one.start()
        await one.sell("a")
        assert await published(bus, 1) == ["a"]
        await two.start()
        await two.sell("b", "c")
        assert sorted(await published(bus, 3)) == ["a", "b", "c"]
        assert (one.shown("mall_events_published_total"), two.shown("mall_events_published_total")) == (3, 0)
        await until(lambda: _knows(two, 3))
        await one.stop()
        await one.sell("d")
        assert sorted(await published(bus, 4)) == ["a", "b", "c", "d"]
        assert two.shown("mall_events_published_total") == 1


async def _knows(copy: Shop, position: int) -> bool:
    return await copy.relay.published() == position


@pytest.mark.parametrize("point", ["relay.publish:before", "relay.publish:after"])
@pytest.mark.requirement(187)
async def test_a_relay_that_is_killed_goes_on_where_it_was(tmp_path: Path, broker: RedisBroker, bus: Bus, point: str) -> None:
    environ = {**os.environ, **broker.environ}
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.mallkit.publisher", str(tmp_path), point, env=environ)
    assert await child.wait() == -signal.SIGKILL
    async with shop(tmp_path, bus) as one:
        await one.start()
        await one.sell("d")
        assert await published(bus, 4) == ["a", "b", "c", "d"], "position and messages are one write: not even a duplicate"


@pytest.mark.parametrize("position", ["0", "2", "1000"])
async def test_a_bus_that_remembers_another_position_is_given_the_rest(
    tmp_path: Path, broker: RedisBroker, bus: Bus, position: str
) -> None:
    """It was put back to an older state, or is another one, or the store is."""
    async with shop(tmp_path, bus, pace=ALERT) as one:
        await one.start()
        await one.sell("a", "b", "c")
        assert await published(bus, 3) == ["a", "b", "c"]
        broker.command("DEL", stream_of(SOURCE))
        broker.command("SET", position_of(SOURCE), position)
        lost = ["a", "b", "c"][int(position) % 1000 :]
        assert await published(bus, len(lost)) == lost
        await until(lambda: _knows(one, 3))
        await one.sell("d")
        assert await published(bus, len(lost) + 1) == [*lost, "d"]


def outbox(folder: Path, sql: str = "SELECT 1") -> list[str]:
    """What is left of it, after a change by hand."""
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as store:
        store.execute(sql)
        store.commit()
        return [subject for (subject,) in store.execute("SELECT subject FROM _outbox ORDER BY seq")]


@pytest.mark.requirement(86)
async def test_purging_keeps_what_is_young_the_newest_and_what_is_not_published(tmp_path: Path, broker: RedisBroker, bus: Bus) -> None:
    async with shop(tmp_path, bus) as one:
        await one.start()
        await one.sell("a", "b", "c")
        await published(bus, 3)
        outbox(tmp_path, f"{OLDER} WHERE subject = 'a'")
        await one.relay.purge()
        assert outbox(tmp_path) == ["b", "c"]
        outbox(tmp_path, OLDER)
        await one.relay.purge()
        assert outbox(tmp_path) == ["c"], "or its number would be given again"
        broker.kill()
        await one.sell("d", "e")
        outbox(tmp_path, OLDER)
        await one.relay.purge()
        assert outbox(tmp_path) == ["d", "e"], "c is published and no longer the newest"
        await broker.start()
        assert await published(bus, 5) == ["a", "b", "c", "d", "e"]
