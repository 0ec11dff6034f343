"""Drills that end processes, or stop them for a while."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mall.drills.stage import Stage

CLOSED = ("no-answer", "unavailable", "bad-gateway")
MOST_CLOSED = 0.01
KILLS = 100
ROUND = 10
"""Kills; then the mall is whole again and sells, so that people buy in every round."""


async def payment(stage: Stage) -> None:
    """Every copy of it, again and again, mostly in the middle of charges."""
    async for _ in stage.spend(20):
        await stage.sleep(0.2, 3)
        for name in stage.copies_of("payment"):
            await stage.kill(name)
        await stage.sold()


async def each(stage: Stage) -> None:
    """Every process in turn, Redis and the bank too; the next one as soon as people can buy again."""
    for _ in range(stage.wish.times or 2):
        for name in stage.dice.sample(stage.names, len(stage.names)):
            await stage.sleep(0, 1)
            await stage.kill(name)
            await stage.whole()
            await stage.sold(2)


async def at_random(stage: Stage) -> None:
    """Any process at any moment, also while others are starting again."""
    for number in range(stage.wish.times or KILLS):
        await stage.sleep(0, 0.8)
        await stage.kill(stage.dice.choice(stage.names))
        if number % ROUND == ROUND - 1:
            await stage.whole()
            await stage.sold(10)
    await stage.whole()


async def copies(stage: Stage) -> None:
    """One copy of each service in turn, while the other one serves: people hardly see it."""
    async with _few_closed_doors(stage):
        for name in _doubled(stage):
            await stage.kill(name)
            await stage.sold(3)
            await stage.whole()


def _doubled(stage: Stage) -> list[str]:
    """The processes that another copy stands in for, in random order; a client of the gateway knows only one of its copies."""
    names = [name for name in stage.names if len(stage.copies_of(name.partition("-")[0])) > 1 and not name.startswith("gateway")]
    return stage.dice.sample(names, len(names))


async def pauses(stage: Stage) -> None:
    """Stands still for longer than a lease, and goes on as if nothing had been: another one may have taken over meanwhile."""
    async for left in stage.spend(60):
        names = stage.dice.sample(stage.names, stage.dice.choice((1, 1, 2)))
        stopped = [name for name in names if stage.hit(name, signal.SIGSTOP)]
        try:
            await asyncio.sleep(min(left, stage.dice.choice((0.5, 3, 11))))
        finally:
            for name in stopped:
                stage.hit(name, signal.SIGCONT)
        stage.figures["pauses"] += len(stopped)
        await stage.sold()


async def restarts(stage: Stage) -> None:
    """Each copy of each service in turn, as a new release is brought in: people hardly see it. Then what there is only one of."""
    doubled = _doubled(stage)
    async with _few_closed_doors(stage):
        for name in doubled:
            await _restart(stage, name)
    for name in sorted(set(stage.names) - set(doubled)):
        await _restart(stage, name)


async def _restart(stage: Stage, name: str) -> None:
    """SIGTERM: it drains, ends, and is started again."""
    before = stage.mall.pid(name)
    stage.hit(name, signal.SIGTERM)
    stage.figures["restarts"] += 1
    async with stage.within(30, f"{name} to end after SIGTERM"):
        while stage.mall.pid(name) == before:
            await asyncio.sleep(0.01)
    await stage.whole()
    await stage.sold(2)


@asynccontextmanager
async def _few_closed_doors(stage: Stage) -> AsyncIterator[None]:
    """Of a hundred requests at most one finds nobody there, or somebody who cannot serve."""
    ledger = stage.crowd.ledger
    asked, closed = ledger.requests, sum(map(ledger.refusals.__getitem__, CLOSED))
    yield
    asked, closed = ledger.requests - asked, sum(map(ledger.refusals.__getitem__, CLOSED)) - closed
    stage.figures[f"closed doors of {asked} requests"] = closed
    if closed > asked * MOST_CLOSED:
        stage.faults.append(f"{closed} of {asked} requests met a closed door, more than {MOST_CLOSED:.0%}")
