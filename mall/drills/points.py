"""The drill at the named steps: each process ends itself at each of its points, and each late call arrives after its undo."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from mall.drills.stage import TROUBLE, DrillFailed, Stage

STEPS = "/internal/steps"
LATE = ":late"
REACHED_WITHIN = 20.0
"""Seconds of people buying; a point that is not reached gets a second chance, three times as long."""
TOLD_WITHIN = 60.0
"""Seconds after the last late call was held back in which every one has arrived."""
Point = tuple[str, str]
"""Process and point."""


async def all_of_them(stage: Stage) -> None:
    """Those that end a process first, then those that hold a call back; a subset of `times` by seed."""
    points = await _listed(stage)
    if stage.wish.times:
        points = stage.dice.sample(points, min(stage.wish.times, len(points)))
    stage.figures["points"] = len(points)
    deadly = _in_turns(point for point in points if not point[1].endswith(LATE))
    missed = [point for point in deadly if not await _dies_at(stage, point, REACHED_WITHIN)]
    missed = [point for point in missed if not await _dies_at(stage, point, REACHED_WITHIN * 3)]
    missed += await _late(stage, [point for point in points if point[1].endswith(LATE)])
    stage.faults += [f"{name} never came to {point}" for name, point in missed]


async def _listed(stage: Stage) -> list[Point]:
    return [
        (name, point)
        for name in stage.names
        if name not in {"redis", "gateway"}
        for point in (await stage.door(name, STEPS))["points"]
    ]  # fmt: skip


def _in_turns(points: Iterable[Point]) -> list[Point]:
    """One of each process after the other: what has just started again is left alone for a while."""
    of: defaultdict[str, list[Point]] = defaultdict(list)
    for point in points:
        of[point[0]].append(point)
    return [point for row in itertools.zip_longest(*of.values()) for point in row if point]


async def _dies_at(stage: Stage, point: Point, seconds: float) -> bool:
    """Whether people's buying brought the process to the point; it is whole again afterwards."""
    name, where = point
    await stage.whole()
    before = stage.mall.pid(name)
    await stage.door(name, STEPS, "PUT", {"point": where, "passes": stage.dice.choice((1, 1, 2, 3))})
    try:
        async with asyncio.timeout(seconds):
            while stage.mall.pid(name) == before:
                await asyncio.sleep(0.01)
    except TimeoutError:
        with suppress(DrillFailed, *TROUBLE):
            await stage.door(name, STEPS, "DELETE")
        return False
    stage.figures["kills"] += 1
    return True


async def _late(stage: Stage, points: list[Point]) -> list[Point]:
    """Those whose call was never held back, or never arrived afterwards."""
    await stage.whole()
    missed = [point for point in points if not await _held_back(stage, point)]
    waited = [point for point in points if point not in missed]
    with suppress(TimeoutError):
        async with asyncio.timeout(TOLD_WITHIN):
            while waited:
                await asyncio.sleep(0.2)
                told = {name: (await stage.door(name, STEPS))["late"] for name, _ in waited}
                waited = [(name, point) for name, point in waited if point.removesuffix(LATE) not in told[name]]
    stage.figures["late calls"] = len(points) - len(missed) - len(waited)
    return missed + waited


async def _held_back(stage: Stage, point: Point) -> bool:
    name, where = point
    await stage.door(name, STEPS, "PUT", {"point": where})
    with suppress(TimeoutError):
        async with asyncio.timeout(REACHED_WITHIN):
            while where in (await stage.door(name, STEPS))["armed"]:
                await asyncio.sleep(0.02)
            return True
    await stage.door(name, STEPS, "DELETE")
    return False
