"""Trimming forgets what every group has acknowledged, and nothing else."""

import asyncio
import itertools
from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mallkit.bus import Bus, Delivery
from tests.buses.brokers import RedisBroker
from tests.buses.taking import numbered, take, take_all

HUNDRED = numbered(range(100))
SOURCES = (f"shop{number}" for number in itertools.count())
GROUPS = st.sampled_from(["mail", "stock"])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 5)),
        st.tuples(st.just("take"), GROUPS),
        st.tuples(st.just("acknowledge"), GROUPS, st.sets(st.integers(0, 9), max_size=6)),
        st.tuples(st.just("trim")),
    ),
    max_size=25,
)


async def test_what_is_old_and_acknowledged_by_all_is_forgotten(bus: Bus) -> None:
    await bus.publish("shop", HUNDRED, 100)
    assert await take_all(bus.subscribe(["shop"], "mail", "one")) == HUNDRED
    slow = bus.subscribe(["shop"], "stock", "one")
    got = await take(slow, 100)
    await slow.acknowledge(got[:70])
    await asyncio.sleep(0.01)
    assert await bus.trim("shop", 3600) == 0
    assert await bus.trim("shop", 0) == 70
    await slow.acknowledge(got[70:])
    assert await bus.trim("shop", 0) == 30
    assert await bus.trim("shop", 0) == 0


async def test_without_groups_age_alone_decides(bus: Bus) -> None:
    assert await bus.trim("shop", 0) == 0
    await bus.publish("shop", HUNDRED, 100)
    await asyncio.sleep(0.01)
    assert await bus.trim("shop", 3600) == 0
    assert await bus.trim("shop", 0) == 100
    assert await bus.position("shop") == 100


async def test_a_group_that_has_taken_nothing_keeps_everything(bus: Bus) -> None:
    late = bus.subscribe(["shop"], "mail", "one")
    assert await take_all(late) == []
    await bus.publish("shop", HUNDRED, 100)
    assert await take_all(bus.subscribe(["shop"], "stock", "one")) == HUNDRED
    await asyncio.sleep(0.01)
    assert await bus.trim("shop", 0) == 0
    assert await take_all(late) == HUNDRED


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
async def test_whatever_the_order_nothing_is_trimmed_that_a_group_still_needs(
    bus: Bus, broker: RedisBroker, moves: list[tuple[object, ...]]
) -> None:
    source, published = next(SOURCES), list[bytes]()
    subscriptions = {group: bus.subscribe([source], group, "one") for group in ("mail", "stock")}
    held: dict[str, list[Delivery]] = defaultdict(list)
    done: dict[str, set[bytes]] = defaultdict(set)
    await bus.publish(source, [b"first"], 0)
    for subscription in subscriptions.values():  # a group that takes part: from now on, all that is published is kept for it
        await subscription.acknowledge(await subscription.next())
    for move in moves:
        match move:
            case ("publish", int(count)):
                fresh = numbered(range(len(published), len(published) + count))
                published += fresh
                await bus.publish(source, fresh, len(published))
            case ("take", str(group)) if len(done[group]) + len(held[group]) < len(published):
                held[group] += await subscriptions[group].next()
            case ("acknowledge", str(group), set(places)):
                chosen = [each for place, each in enumerate(held[group]) if place in places]
                await subscriptions[group].acknowledge(chosen)
                done[group] |= {each.body for each in chosen}
                held[group] = [each for each in held[group] if each not in chosen]
            case ("trim",):
                await bus.trim(source, 0)
    await bus.trim(source, 0)
    async with broker.open() as later:
        for group in subscriptions:
            wanted = set(published) - done[group]
            came = await take(later.subscribe([source], group, "one"), len(wanted)) if wanted else []
            assert {each.body for each in came} == wanted
