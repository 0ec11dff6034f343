"""Who gets which messages: groups, their consumers, and consumers that die."""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallkit.bus import Bus
from tests.buses.brokers import RECLAIMING, RedisBroker
from tests.buses.taking import LONG_QUIET, consuming, numbered, take, take_all, until

ROOT = Path(__file__).resolve().parents[2]
HUNDRED = numbered(range(100))


@pytest.mark.requirement(165)
async def test_every_group_gets_every_message(bus: Bus) -> None:
    await bus.publish("shop", HUNDRED, 100)
    for group in ("mail", "stock", "figures"):
        assert await take_all(bus.subscribe(["shop"], group, "one"), least=len(HUNDRED)) == HUNDRED


async def test_the_consumers_of_a_group_share_the_messages(bus: Bus, broker: RedisBroker) -> None:
    taken: dict[str, list[bytes]] = {"one": [], "two": []}
    async with broker.open() as other, consuming(bus, "mail", "one", taken["one"]), consuming(other, "mail", "two", taken["two"]):
        for number, message in enumerate(HUNDRED, start=1):
            await bus.publish("shop", [message], number)
        await until(lambda: asyncio.sleep(0, sum(map(len, taken.values())) >= len(HUNDRED)))
    assert sorted(taken["one"] + taken["two"]) == sorted(HUNDRED)
    assert taken["one"]
    assert taken["two"]


async def test_a_group_hears_only_its_sources(bus: Bus) -> None:
    for source in ("shop", "bank", "post"):
        await bus.publish(source, numbered(range(3), source), 3)
    heard = await take_all(bus.subscribe(["shop", "post"], "mail", "one"))
    assert sorted(heard) == sorted(numbered(range(3), "shop") + numbered(range(3), "post"))


async def test_a_new_group_begins_with_the_oldest_message(bus: Bus) -> None:
    await bus.publish("shop", HUNDRED, 100)
    assert await take_all(bus.subscribe(["shop"], "old", "one"), least=len(HUNDRED)) == HUNDRED
    await bus.publish("shop", [b"later"], 101)
    assert await take_all(bus.subscribe(["shop"], "new", "one")) == [*HUNDRED, b"later"]


async def test_a_message_reaches_who_waits_already(bus: Bus) -> None:
    subscription = bus.subscribe(["shop", "bank"], "mail", "one")
    waiting = asyncio.create_task(take(subscription, 1))
    await asyncio.sleep(0)
    await bus.publish("bank", [b"news"], 1)
    assert [delivery.body for delivery in await waiting] == [b"news"]


async def test_published_twice_or_shuffled_all_of_it_arrives(bus: Bus) -> None:
    sent = HUNDRED + HUNDRED[:30]
    random.Random(7).shuffle(sent)
    for begin in range(0, len(sent), 7):
        await bus.publish("shop", sent[begin : begin + 7], begin + 1)
    assert sorted(await take_all(bus.subscribe(["shop"], "mail", "one"))) == sorted(sent)


@pytest.mark.parametrize("body", [b"", b"\x00\xff\r\n$5\r\n", '{"name": "Jürgen 李"}'.encode(), b"x" * 1_000_000])
async def test_any_bytes_arrive_as_they_are(bus: Bus, body: bytes) -> None:
    await bus.publish("shop", [body], 1)
    assert await take_all(bus.subscribe(["shop"], "mail", "one")) == [body]


async def test_what_is_acknowledged_never_comes_again(bus: Bus, broker: RedisBroker) -> None:
    await bus.publish("shop", HUNDRED, 100)
    assert await take_all(bus.subscribe(["shop"], "mail", "one"), least=len(HUNDRED)) == HUNDRED
    for consumer in ("one", "two"):
        async with broker.open(RECLAIMING) as other:
            assert await take_all(other.subscribe(["shop"], "mail", consumer), LONG_QUIET, least=0) == []


async def test_what_is_not_acknowledged_comes_to_another_consumer(bus: Bus, broker: RedisBroker) -> None:
    await bus.publish("shop", HUNDRED, 100)
    async with broker.open() as leaving:
        subscription = leaving.subscribe(["shop"], "mail", "one")
        got = await take(subscription, 100)
        await subscription.acknowledge(got[:40])
    left = {delivery.body for delivery in got[40:]}
    async with broker.open(RECLAIMING) as other:
        again = await take(other.subscribe(["shop"], "mail", "two"), len(left))
    assert {delivery.body for delivery in again} == left


async def test_a_consumer_that_comes_back_goes_on_at_once(broker: RedisBroker, bus: Bus) -> None:
    await bus.publish("shop", HUNDRED, 100)
    async with broker.open() as leaving:
        await take(leaving.subscribe(["shop"], "mail", "one"), 100)
    async with asyncio.timeout(5):
        again = await take(bus.subscribe(["shop"], "mail", "one"), 100)
    assert [delivery.body for delivery in again] == HUNDRED


async def test_what_a_living_consumer_leaves_unacknowledged_comes_to_it_again(broker: RedisBroker) -> None:
    async with broker.open(RECLAIMING) as bus:
        await bus.publish("shop", [b"once more"], 1)
        subscription = bus.subscribe(["shop"], "mail", "one")
        for _ in range(2):
            assert [delivery.body for delivery in await take(subscription, 1)] == [b"once more"]


async def test_a_wait_that_is_cancelled_loses_nothing(bus: Bus) -> None:
    subscription, got = bus.subscribe(["shop"], "mail", "one"), set[bytes]()
    for number in range(30):
        waiting = asyncio.create_task(subscription.next())
        await bus.publish("shop", numbered([number]), number + 1)
        waiting.cancel()
        await asyncio.wait([waiting])
        if not waiting.cancelled():
            got |= {delivery.body for delivery in waiting.result()}
    got |= {delivery.body for delivery in await take(subscription, 30 - len(got))} if len(got) < 30 else set()
    assert got == set(numbered(range(30)))


@pytest.mark.requirement(187)
async def test_what_a_consumer_held_when_it_was_killed_comes_to_another(bus: Bus, broker: RedisBroker) -> None:
    await bus.publish("shop", HUNDRED[:5], 5)
    with holder("mail", "dying", broker) as child:
        assert child.stdout is not None
        assert [(await asyncio.to_thread(child.stdout.readline)).strip() for _ in range(5)] == HUNDRED[:5]
        child.kill()
    async with broker.open(RECLAIMING) as other:
        again = await take(other.subscribe(["shop"], "mail", "living"), 5)
    assert {delivery.body for delivery in again} == set(HUNDRED[:5])


@contextlib.contextmanager
def holder(group: str, consumer: str, broker: RedisBroker) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, **broker.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.buses.holder", group, consumer]
    with subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE) as child:
        try:
            yield child
        finally:
            child.kill()
