"""Trimming forgets what every group has acknowledged, and nothing else."""

import asyncio
import itertools

from hypothesis import HealthCheck, Phase, given, settings
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
    assert await take_all(bus.subscribe(["shop"], "mail", "one"), least=len(HUNDRED)) == HUNDRED
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
    assert await take_all(late, least=0) == []
    await bus.publish("shop", HUNDRED, 100)
    assert await take_all(bus.subscribe(["shop"], "stock", "one"), least=len(HUNDRED)) == HUNDRED
    await asyncio.sleep(0.01)
    assert await bus.trim("shop", 0) == 0
    assert await take_all(late) == HUNDRED


@settings(max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, caught_up=st.sets(GROUPS))
async def test_whatever_the_order_nothing_is_trimmed_that_a_group_still_needs(
    bus: Bus, broker: RedisBroker, moves: list[tuple[object, ...]], caught_up: set[str]
) -> None:
    story = Story(bus, next(SOURCES))
    await story.begin()
    for move in [*moves, *(("take", group) for group in sorted(caught_up)), ("trim",)]:
        match move:
            case ("publish", int(count)):
                await story.publish(count)
            case ("take", str(group)):
                await story.take(group)
            case ("acknowledge", str(group), set(places)):
                await story.acknowledge(group, places)
            case _:
                await asyncio.sleep(0.002)  # older than this millisecond
                await bus.trim(story.source, 0)
    async with broker.open() as later, asyncio.timeout(5):
        for group, done in story.done.items():
            wanted = set(story.published) - done
            came = await take(later.subscribe([story.source], group, "one"), len(wanted)) if wanted else []
            assert {each.body for each in came} == wanted


class Story:
    """What was published, and what two groups hold and have done."""

    def __init__(self, bus: Bus, source: str) -> None:
        self.bus = bus
        self.source = source
        self.published: list[bytes] = []
        self.subscriptions = {group: bus.subscribe([source], group, "one") for group in ("mail", "stock")}
        self.held: dict[str, list[Delivery]] = {group: [] for group in self.subscriptions}
        self.done: dict[str, set[bytes]] = {group: set() for group in self.subscriptions}

    async def begin(self) -> None:
        """Each group takes part: from now on, all that is published is kept for it."""
        await self.bus.publish(self.source, [b"first"], 0)
        for subscription in self.subscriptions.values():
            await subscription.acknowledge(await subscription.next())

    async def publish(self, count: int) -> None:
        fresh = numbered(range(len(self.published), len(self.published) + count))
        self.published += fresh
        await self.bus.publish(self.source, fresh, len(self.published))

    async def take(self, group: str) -> None:
        while len(self.done[group]) + len(self.held[group]) < len(self.published):
            self.held[group] += await self.subscriptions[group].next()

    async def acknowledge(self, group: str, places: set[int]) -> None:
        chosen = [each for place, each in enumerate(self.held[group]) if place in places]
        await self.subscriptions[group].acknowledge(chosen)
        self.done[group] |= {each.body for each in chosen}
        self.held[group] = [each for each in self.held[group] if each not in chosen]
