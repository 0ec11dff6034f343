"""Leases: one copy does the work, a dead one's work goes to another, whatever the clocks do."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest

from mallkit import background
from mallkit.leases import LEASES, SECONDS, Leases, owner_named
from mallkit.sqlite import open_store
from mallkit.store import Store

NOW = 1_800_000_000.0
MOMENT = 0.001


@dataclass
class Clock:
    """One for all copies, which a test sets."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Copies:
    """Copies of one service: each opens the same file for itself."""

    path: Path
    clock: Clock
    stack: AsyncExitStack
    store: Store

    async def copy(self, name: str) -> Leases:
        """Another process would open the file just like this."""
        store = await self.stack.enter_async_context(open_store(self.path, (LEASES,)))
        return Leases(store[LEASES], owner_named(name), self.clock)

    async def written(self, work: str) -> int:
        """How often the lease was written."""
        async with aclosing(self.store.rows([LEASES])) as batches:
            return next(revision for batch in [rows async for rows in batches] for _, revision, lease in batch if lease.id == work)


@pytest.fixture
async def copies(tmp_path: Path) -> AsyncIterator[Copies]:
    path = tmp_path / "leases.db"
    async with AsyncExitStack() as stack:
        yield Copies(path, Clock(), stack, await stack.enter_async_context(open_store(path, (LEASES,))))


async def test_work_belongs_to_one_copy(copies: Copies) -> None:
    one, two = await copies.copy("1"), await copies.copy("2")
    assert [await one.hold("relay"), await two.hold("relay"), await one.hold("relay")] == [True, False, True]
    assert [await two.hold("purge"), await one.hold("purge")] == [True, False]


async def test_a_dead_copys_work_goes_to_another_when_its_lease_is_over(copies: Copies) -> None:
    one, two = await copies.copy("1"), await copies.copy("2")
    assert await one.hold("relay")
    copies.clock.now = NOW + SECONDS - MOMENT
    assert not await two.hold("relay")
    copies.clock.now = NOW + SECONDS
    assert await two.hold("relay")
    assert not await one.hold("relay"), "it stood still, and sees that it was taken for dead"


async def test_a_copy_that_works_keeps_its_work_and_seldom_writes(copies: Copies) -> None:
    one, two = await copies.copy("1"), await copies.copy("2")
    for _ in range(600):
        assert await one.hold("relay")
        assert not await two.hold("relay")
        copies.clock.now += 0.1
    assert 10 <= await copies.written("relay") <= 60 / 4 + 1


async def test_a_copy_that_starts_again_under_its_name_goes_on_at_once(copies: Copies) -> None:
    assert await (await copies.copy("1")).hold("relay")
    assert await (await copies.copy("1")).hold("relay")
    assert not await (await copies.copy("2")).hold("relay")


async def test_a_copy_that_stops_gives_its_work_up(copies: Copies) -> None:
    one, two = await copies.copy("1"), await copies.copy("2")
    assert await one.hold("relay")
    assert await one.hold("purge")
    await one.give_up()
    assert await two.hold("relay")
    assert await two.hold("purge")
    assert not await one.hold("relay")


async def test_what_another_copy_has_by_now_is_not_given_up(copies: Copies) -> None:
    one, two, three = await copies.copy("1"), await copies.copy("2"), await copies.copy("3")
    assert await one.hold("relay")
    copies.clock.now += SECONDS
    assert await two.hold("relay")
    await one.give_up()
    assert not await three.hold("relay")


async def test_a_store_that_cannot_be_written_does_not_keep_a_copy_from_stopping(tmp_path: Path) -> None:
    async with open_store(tmp_path / "closed.db", (LEASES,)) as store:
        leases = Leases(store[LEASES], owner_named("1"))
        assert await leases.hold("relay")
    await leases.give_up()


@pytest.mark.parametrize("jump", [-3600.0, -11.0, 11.0, 3600.0])
async def test_a_clock_that_jumps_stops_no_work(copies: Copies, jump: float) -> None:
    one, two = await copies.copy("1"), await copies.copy("2")
    assert await one.hold("relay")
    copies.clock.now += jump
    assert await one.hold("relay")
    assert not await two.hold("relay")
    copies.clock.now += SECONDS
    assert await two.hold("relay")


async def test_a_lease_of_a_clock_gone_wrong_counts_as_over(copies: Copies) -> None:
    one, two = await copies.copy("1"), await copies.copy("2")
    copies.clock.now = NOW + 3600
    assert await one.hold("relay")
    copies.clock.now = NOW
    assert await two.hold("relay")
    assert not await one.hold("relay")


async def test_of_two_copies_that_race_for_work_one_gets_it(copies: Copies) -> None:
    one, two = await copies.copy("1"), await copies.copy("2")
    works = [f"work-{number}" for number in range(50)]
    racing = [leases.hold(work) for work in works for leases in random.sample((one, two), 2)]
    won = await asyncio.gather(*racing)
    assert [won[at] + won[at + 1] for at in range(0, 100, 2)] == [1] * 50


@pytest.mark.parametrize("seed", range(5))
async def test_no_work_ever_belongs_to_two(copies: Copies, seed: int) -> None:
    """Copies work, die, come back and stop in any order."""
    chance, held = random.Random(seed), dict[str, float]()
    living = {name: await copies.copy(name) for name in ("1", "2", "3")}
    for _ in range(150):
        copies.clock.now += chance.choice((0.0, 0.5, 3.0, SECONDS))
        name = chance.choice(list(living))
        match chance.choice(("hold", "hold", "hold", "die", "stop")):
            case "hold" if await living[name].hold("relay"):
                assert all(other == name or until <= copies.clock.now for other, until in held.items()), (name, held)
                held[name] = max(held.get(name, 0.0), copies.clock.now + SECONDS * 0.6)
            case "die":
                living[name] = await copies.copy(name)
            case "stop":
                await living[name].give_up()
                held.pop(name, None)


async def test_a_job_runs_in_the_copy_that_holds_its_lease(copies: Copies) -> None:
    ran: list[str] = []
    twice = asyncio.Event()
    leases = {name: await copies.copy(name) for name in ("1", "2")}

    def work_of(name: str) -> background.Job:
        async def work() -> None:
            ran.append(name)
            if len(ran) >= 10:
                twice.set()

        return leases[name].job(0.005, work, "sweep")

    async with background.running(work_of("1")) as first, background.running(work_of("2")):
        async with asyncio.timeout(10):
            await twice.wait()
        assert set(ran) == {ran[0]}
        assert all(first.alive().values())
