"""The drill at the named steps: each process ends itself at each of its points, and each late call arrives after its undo."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from mall.drills import chores
from mall.drills.recovery import Auditor, auditor
from mall.drills.stage import TROUBLE, DrillFailed, Stage
from mall.parts import PARTS

STEPS = "/internal/steps"
LATE = ":late"
ON_ITS_OWN = 8.0
"""Seconds in which people's buying mostly comes to a point; then neighbours stand still, or the store does, so that jobs come to it."""
REACHED_WITHIN = 90.0
TOLD_WITHIN = 60.0
"""Seconds after the last late call was held back in which every one has arrived."""
LOOKED_AFTER = 10
"""Points, after which the books are looked at while people buy."""
NOT_TRIED = {"desk.purged": "a job of every ten minutes forgets successes of last week"}
HEARS = "order"
"""A service that consumes events, so that its store's stall sends one to the failure desk."""


@dataclass(frozen=True)
class Point:
    """A step's boundary, and every process that has it: the kit's are in many."""

    where: str
    names: tuple[str, ...]

    @property
    def step(self) -> str:
        """Without the boundary."""
        return self.where.partition(":")[0]


async def all_of_them(stage: Stage) -> None:
    """Those that end a process first, then those that hold a call back; a subset of `times` by seed."""
    found = await _listed(stage)
    strange = sorted(set(stage.wish.at) - {point.where for point in found})
    if strange:
        raise DrillFailed(f"there is no such point: {', '.join(strange)}")
    points = [point for point in found if point.step not in NOT_TRIED and (not stage.wish.at or point.where in stage.wish.at)]
    if stage.wish.times:
        points = stage.dice.sample(points, min(stage.wish.times, len(points)))
    stage.figures |= {"points": len(found), "points tried": len(points)}
    around = chores.Chores(stage)
    chore = asyncio.create_task(around.run())
    try:
        async with auditor(stage) as looking:
            missed = await _deadly(stage, _in_turns([point for point in points if not point.where.endswith(LATE)]), looking)
        missed += await _late(stage, [point for point in points if point.where.endswith(LATE)])
    finally:
        around.stop()
        await chore
    stage.faults += [f"{' or '.join(point.names)} never came to {point.where}" for point in missed]


async def _listed(stage: Stage) -> list[Point]:
    """A point of the kit is one, wherever it is passed first."""
    ours = [part.name for part in PARTS if part.module.startswith(("svc_", "sandbox_"))]
    of: defaultdict[str, list[str]] = defaultdict(list)
    for name in ours:
        for where in (await stage.door(name, STEPS))["points"]:
            of[where].append(name)
    return [Point(where, tuple(names)) for where, names in sorted(of.items())]


def _in_turns(points: Sequence[Point]) -> list[Point]:
    """One of each process after the other: what has just started again is left alone for a while."""
    of: defaultdict[str, list[Point]] = defaultdict(list)
    for point in points:
        of[point.names[0]].append(point)
    return [point for row in itertools.zip_longest(*of.values()) for point in row if point]


async def _deadly(stage: Stage, points: list[Point], looking: Auditor) -> list[Point]:
    """Those at which no process died."""
    missed = []
    for number, point in enumerate(points, 1):
        if not await _dies_at(stage, point):
            missed.append(point)
            stage.tell(f"not reached: {point.where}")
        if number % LOOKED_AFTER == 0:
            stage.faults += await looking.at_once()
            stage.tell(f"{number} of {len(points)} points, {len(missed)} not reached")
    await stage.whole()
    return missed


async def _dies_at(stage: Stage, point: Point) -> bool:
    """Whether what goes on in the mall brought a process to the point."""
    await stage.whole()
    before = {name: stage.mall.pid(name) for name in point.names}

    def is_alive() -> bool:
        return all(stage.mall.pid(name) == pid for name, pid in before.items())

    for harass, passes, seconds in ((False, stage.dice.choice((1, 1, 2, 3)), ON_ITS_OWN), (True, 1, REACHED_WITHIN)):
        for name in point.names if is_alive() else ():
            with suppress(*TROUBLE):  # it may be dying at this moment
                await stage.door(name, STEPS, "PUT", {"point": point.where, "passes": passes})
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), _harassed(stage, point, really=harass and is_alive()):
                while is_alive():
                    await asyncio.sleep(0.01)
    stage.figures["kills"] += not is_alive()
    for name in point.names:
        with suppress(DrillFailed, *TROUBLE):
            await stage.door(name, STEPS, "DELETE")
    return not is_alive()


@asynccontextmanager
async def _harassed(stage: Stage, point: Point, *, really: bool) -> AsyncIterator[None]:
    """While the context lasts, something is the matter around the process that is to come to the point."""
    async with AsyncExitStack() as stack:
        if really:
            task = asyncio.create_task(_trouble(stage, point))
            stack.push_async_callback(asyncio.wait, [task])
            stack.callback(task.cancel)
        yield


async def _trouble(stage: Stage, point: Point) -> None:
    """What brings a process to a point that buying alone does not bring it to."""
    if point.step == "desk.ended":  # an event that could not be taken, and then could
        await chores.stall(stage, HEARS)
    elif len(point.names) > 1:
        stage.poisoned = True
        await chores.poison(stage)
    else:
        await chores.leave_alone(stage, point.names[0])


async def _late(stage: Stage, points: list[Point]) -> list[Point]:
    """Those whose call was never held back, or never arrived afterwards."""
    await stage.whole()
    missed = [point for point in points if not await _held_back(stage, point)]
    waited = [point for point in points if point not in missed]
    with suppress(TimeoutError):
        async with asyncio.timeout(TOLD_WITHIN):
            while waited:
                await asyncio.sleep(0.2)
                waited = [point for point in waited if point.step not in (await stage.door(point.names[0], STEPS))["late"]]
    stage.figures["late calls"] = len(points) - len(missed) - len(waited)
    return missed + waited


async def _held_back(stage: Stage, point: Point) -> bool:
    name = point.names[0]
    await stage.door(name, STEPS, "PUT", {"point": point.where})
    with suppress(TimeoutError):
        async with asyncio.timeout(REACHED_WITHIN):
            while point.where in (await stage.door(name, STEPS))["armed"]:
                await asyncio.sleep(0.02)
            return True
    await stage.door(name, STEPS, "DELETE")
    return False
