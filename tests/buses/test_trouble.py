"""A bus that is away, hangs, comes back, or comes back as another: nothing acknowledged is lost, and trouble is told quickly."""

import asyncio
import random
import time

import pytest

from mallkit.bus import Bus, BusUnavailable
from tests.buses.brokers import HASTY, RedisBroker
from tests.buses.taking import consuming, numbered, persistently, take, take_all, until

HUNDRED = numbered(range(100))


async def test_the_position_is_that_of_the_last_publication(bus: Bus, broker: RedisBroker) -> None:
    assert await bus.position("shop") == 0
    await bus.publish("shop", HUNDRED[:3], 17)
    await bus.publish("bank", HUNDRED[:3], 4)
    async with broker.open() as other:
        assert [await other.position(source) for source in ("shop", "bank", "post")] == [17, 4, 0]


@pytest.mark.requirement(187)
async def test_a_restart_keeps_messages_positions_and_acknowledgements(bus: Bus, broker: RedisBroker) -> None:
    await bus.publish("shop", HUNDRED, 100)
    subscription = bus.subscribe(["shop"], "mail", "one")
    got = await take(subscription, 100)
    await subscription.acknowledge(got[:30])
    await broker.come_back()
    assert await persistently(lambda: bus.position("shop")) == 100
    async with broker.open() as later:
        assert await take_all(later.subscribe(["shop"], "mail", "one")) == HUNDRED[30:]
        assert await take_all(later.subscribe(["shop"], "new", "one"), least=len(HUNDRED)) == HUNDRED


@pytest.mark.requirement(187)
async def test_killed_in_the_midst_it_has_all_that_it_took(broker: RedisBroker) -> None:
    """A publication without an answer happened or not; the position tells which."""
    chance, taken, position = random.Random(11), list[bytes](), 0
    async with broker.open(HASTY) as bus, broker.open() as hearing, consuming(hearing, "mail", "one", taken):
        for _ in range(3):
            death = asyncio.create_task(_die_after(broker, chance.uniform(0.02, 0.1)))
            try:
                while True:
                    await bus.publish("shop", numbered(range(position, position + 3)), position + 3)
                    position += 3
            except BusUnavailable:
                await death
            told = await persistently(lambda: bus.position("shop"))
            assert told in {position, position + 3}
            position = told or 0
        await until(lambda: asyncio.sleep(0, set(taken) >= set(numbered(range(position)))))
    assert set(taken) == set(numbered(range(position)))
    assert position > 0


@pytest.mark.requirement(187)
async def test_away_it_is_told_quickly_and_what_was_not_taken_can_be_sent_again(bus: Bus, broker: RedisBroker) -> None:
    await bus.publish("shop", HUNDRED[:1], 1)
    broker.kill()
    for attempt in (
        lambda: bus.publish("shop", HUNDRED[1:2], 2),
        lambda: bus.position("shop"),
        lambda: bus.trim("shop", 0),
        bus.ping,
        lambda: bus.subscribe(["shop"], "mail", "one").next(),
    ):
        began = time.monotonic()
        with pytest.raises(BusUnavailable):
            await attempt()
        assert time.monotonic() - began < 1
    await broker.start()
    assert await persistently(lambda: bus.position("shop")) == 1
    await bus.publish("shop", HUNDRED[1:2], 2)
    assert await take_all(bus.subscribe(["shop"], "mail", "one")) == HUNDRED[:2]


@pytest.mark.requirement(187)
async def test_hanging_it_is_noticed_by_publisher_and_consumer(broker: RedisBroker) -> None:
    async with broker.open(HASTY) as bus:
        subscription = bus.subscribe(["shop"], "mail", "one")
        await bus.publish("shop", HUNDRED[:1], 1)
        await subscription.acknowledge(await take(subscription, 1))
        broker.pause()
        try:
            for attempt in (lambda: bus.publish("shop", HUNDRED[1:2], 2), subscription.next, bus.ping):
                began = time.monotonic()
                with pytest.raises(BusUnavailable):
                    await attempt()
                assert time.monotonic() - began < 3
        finally:
            broker.go_on()
        position = await persistently(lambda: bus.position("shop"))
        expected: dict[int, list[bytes]] = {1: [], 2: HUNDRED[1:2]}  # what was sent may have been in its socket already
        assert await take_all(subscription, least=len(expected[position or 0])) == expected[position or 0]


async def test_a_wait_that_hangs_loses_nothing_when_it_goes_on(broker: RedisBroker, bus: Bus) -> None:
    async with broker.open(HASTY) as hearing:
        subscription = hearing.subscribe(["shop"], "mail", "one")
        assert await take_all(subscription, least=0) == []
        waiting = asyncio.create_task(subscription.next())
        sending = asyncio.create_task(bus.publish("shop", HUNDRED[:2], 2))
        broker.pause()
        await asyncio.wait([waiting])
        broker.go_on()
        await sending
        got = {delivery.body for delivery in waiting.result()} if waiting.exception() is None else set()
        again = await persistently(lambda: take(subscription, 2 - len(got))) if len(got) < 2 else []
    assert got | {delivery.body for delivery in again} == set(HUNDRED[:2])


@pytest.mark.requirement(187)
async def test_come_back_empty_it_makes_its_groups_again(bus: Bus, broker: RedisBroker) -> None:
    taken: list[bytes] = []
    await bus.publish("shop", HUNDRED, 100)
    async with broker.open() as hearing, consuming(hearing, "mail", "one", taken):
        await until(lambda: asyncio.sleep(0, len(taken) == 100))
        await broker.come_back_empty()
        assert await persistently(lambda: bus.position("shop")) == 0
        await bus.publish("shop", [b"new"], 101)
        await until(lambda: asyncio.sleep(0, b"new" in taken))


async def test_come_back_empty_it_is_told_before_anything_is_published(bus: Bus, broker: RedisBroker) -> None:
    """Else the position would say that what was lost is there."""
    await bus.publish("shop", HUNDRED, 100)
    await broker.come_back_empty()
    with pytest.raises(BusUnavailable):
        await bus.publish("shop", [b"new"], 101)
    assert await bus.position("shop") == 0
    await bus.publish("shop", HUNDRED, 100)
    assert await take_all(bus.subscribe(["shop"], "mail", "one"), least=len(HUNDRED)) == HUNDRED


async def _die_after(broker: RedisBroker, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await broker.come_back()
