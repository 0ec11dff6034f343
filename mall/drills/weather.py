"""Drills in which what the services stand on fails: the bank, Redis, the disk, the clock."""

import asyncio
import errno
import importlib.util
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mall.drills.stage import Stage

FAULTS = "/v1/faults"
CHARGES = 10_000
"""Requests to buy, repetitions too."""
LIBRARY = "libfaketime.so.1"
CLOCK = "clock"
"""The file that says how far all clocks are off."""
FILLED_FOR = 6.0
"""Seconds that a disk stays full."""


async def slow_bank(stage: Stage) -> None:
    """Late answers, the latest of them after the shop has stopped waiting."""
    seconds = (stage.wish.seconds or 30) / 2
    for late, share in ((1.5, 0.7), (12.0, 0.25)):
        async with _faults(stage, delay_seconds=late, delay_share=share):
            await asyncio.sleep(seconds)


async def losing_bank(stage: Stage) -> None:
    """Does what it is asked for, and its answers get lost."""
    seconds = stage.wish.seconds or 30
    async with _faults(stage, lose=0.3):
        await asyncio.sleep(seconds)
        await stage.sold()


async def storm(stage: Stage) -> None:
    """Everybody clicks again and again, and one answer of the bank in ten gets lost."""
    charges, ends = stage.wish.times or CHARGES, time.monotonic() + (stage.wish.seconds or math.inf)
    async with _faults(stage, lose=0.1):
        while len(stage.crowd.ledger.took["checkout"]) < charges and time.monotonic() < ends:
            await asyncio.sleep(0.1)
    stage.figures["charge requests"] = len(stage.crowd.ledger.took["checkout"])


@asynccontextmanager
async def _faults(stage: Stage, **faults: float) -> AsyncIterator[None]:
    """In every copy of the bank; a restarted one has none."""
    for name in stage.copies_of("bank"):
        await stage.door(name, FAULTS, "PUT", faults)
    stage.figures["weathers"] += 1
    try:
        yield
    finally:
        for name in stage.copies_of("bank"):
            await stage.door(name, FAULTS, "PUT", {})


async def redis_down(stage: Stage) -> None:
    """Kept down while the shop sells on: killed whenever it comes back. Then everything that waited goes out."""
    seconds = stage.wish.seconds or 30
    ends, bought = time.monotonic() + seconds, len(stage.crowd.ledger.bought)
    while time.monotonic() < ends:
        stage.figures["kills"] += stage.hit("redis")
        await asyncio.sleep(0.005)
    sold = len(stage.crowd.ledger.bought) - bought
    stage.figures["sold without Redis"] = sold
    if sold < seconds:
        stage.faults.append(f"only {sold} purchases in {seconds:.0f} s without Redis")
    await stage.whole()


async def full_disk(stage: Stage) -> None:
    """Filled to the last byte while people buy, then freed; twice."""
    filler = stage.mall.folder / "filler"
    for _ in range(stage.wish.times or 2):
        ends = time.monotonic() + (stage.wish.seconds or FILLED_FOR)
        try:
            while time.monotonic() < ends:  # whatever a part frees is taken as well
                await asyncio.to_thread(_fill, filler)
                await asyncio.sleep(0.05)
        finally:
            filler.unlink(missing_ok=True)
        stage.figures["full disks"] += 1
        await stage.whole()
        await stage.sold(3)


def _fill(filler: Path) -> None:
    for size in (1 << 20, 4096, 1):
        with filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as failure:
                if failure.errno != errno.ENOSPC:
                    raise


async def clock_jump(stage: Stage) -> None:
    """Every process's clock goes an hour forward, later an hour back, at one moment."""
    for hours in (1, 0, -1, 0):
        _set_clock(stage.notes / CLOCK, hours)
        stage.figures["jumps"] += 1
        await asyncio.sleep((stage.wish.seconds or 40) / 4)
        await stage.sold()


def _set_clock(clock: Path, hours: int) -> None:
    written = clock.with_suffix(".new")
    written.write_text(f"{hours:+d}h\n", encoding="ascii")
    written.replace(clock)


def movable_clock(notes: Path) -> dict[str, str]:
    """Variables under which a process reads its wall clock's shift from a file, once a second; what measures durations stays as it is."""
    _set_clock(notes / CLOCK, 0)
    return {
        "LD_PRELOAD": faketime(),
        "FAKETIME_TIMESTAMP_FILE": str(notes / CLOCK),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def faketime() -> str:
    """The library that makes clocks jump: the system's, or that of the Python package of this name. Empty where there is none."""
    places = ("usr/lib/*/faketime", "usr/lib/faketime", "usr/lib64/faketime", "usr/local/lib/faketime", "usr/local/lib/*/faketime")
    found = [path for place in places for path in Path("/").glob(f"{place}/{LIBRARY}")]
    package = importlib.util.find_spec("libfaketime")
    for folder in (package.submodule_search_locations or ()) if package else ():
        found += Path(folder).rglob(LIBRARY)
    return str(next(iter(found), ""))
