"""`python -m bench.growth [SMALL LARGE [FOLDER]]`: fills two malls, asks both the same, side by side, and prints what it costs.

Filled stores are kept in FOLDER, where one is named, and used again. Figures are printed, never asserted.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench.__main__ import loaded
from bench.growth.asking import Asker, Cost, until_at_rest
from bench.growth.draw import Draw
from bench.growth.fill import enough_room, fill
from bench.growth.questions import QUESTIONS
from mall.running import Mall, machine, running_mall

SIZES = (1_000, 1_000_000)
ROUNDS = 3
REQUESTS = 150
"""Of a question, a round."""
PURCHASES = {1: 60, 8: 160}
"""Clients → purchases a round."""
DAY = "86400"
AT_MOST = 2.0
"""What the large mall may cost, as a multiple of the small one."""


@dataclass(frozen=True)
class Sized:
    """A filled mall that runs."""

    mall: Mall
    draw: Draw


def main(small: int, large: int, kept: Path | None) -> None:
    """Prints everything."""
    print(machine())
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(TemporaryDirectory()))
        draws = [Draw.of(size) for size in (small, large)]
        for draw in draws:
            _filled(folder / str(draw.size), draw)
        malls = [Sized(stack.enter_context(_running(folder / str(draw.size))), draw) for draw in draws]
        for sized in malls:
            until_at_rest(sized.mall)
            print(f"{sized.draw.size:>9,}: ready {sized.mall.ready_seconds:.1f} s after `mall up`, {_memory(sized.mall)}")
        print(f"\n{'p50 ms, then CPU ms of all processes (min / median / max)':46}{small:>22,}{large:>22,}   ratio")
        asyncio.run(_ask_all(malls))
        for clients, count in PURCHASES.items():
            _show(f"the purchase, {clients} clients", [[_bought(sized.mall, clients, count) for sized in malls] for _ in range(ROUNDS)])
        for sized in malls:
            print(f"{sized.draw.size:>9,}: afterwards {_memory(sized.mall)}")


def _filled(folder: Path, draw: Draw) -> None:
    """Fills the stores unless they are there."""
    done = folder / "filled"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not enough_room(folder, draw.size):
        sys.exit(f"there is no room for a mall of {draw.size:,} in {folder}")
    began = time.monotonic()
    size = fill(folder, draw)
    done.touch()
    print(f"{draw.size:>9,}: filled in {time.monotonic() - began:.0f} s, {size / 1e6:,.0f} MB")


def _running(folder: Path) -> AbstractContextManager[Mall]:
    """Logins are many, and from one address; the audit's reading of everything is no part of any request."""
    return running_mall(folder=folder, MALL_AUTH_TRIES_PER_ADDRESS="100000", MALL_AUDIT_FIRST_SECONDS=DAY, MALL_AUDIT_EVERY_SECONDS=DAY)


def _memory(mall: Mall) -> str:
    return f"{sum(mall.memory().values()):.0f} MiB"


async def _ask_all(malls: Sequence[Sized]) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        askers = [Asker(sized.mall, sized.draw, session) for sized in malls]
        for asker in askers:
            await asker.sign_in()
        for question in QUESTIONS:
            _show(question.name, [[await asker.ask(question, REQUESTS) for asker in askers] for _ in range(ROUNDS)])


def _bought(mall: Mall, clients: int, count: int) -> Cost:
    told, cpu = loaded(mall, "purchase", clients, count)
    return Cost(told["p50 ms"], sum(cpu.values()))


def _show(name: str, rounds: Sequence[Sequence[Cost]]) -> None:
    """Two lines: of every round both malls' figures, and the ratio of the medians."""
    for what in ("p50", "cpu"):
        of_size = [[getattr(costs[place], what) for costs in rounds] for place in range(len(rounds[0]))]
        middle = [statistics.median(figures) for figures in of_size]
        told = "".join(f"{min(figures):>8.2f}{statistics.median(figures):>7.2f}{max(figures):>7.2f}" for figures in of_size)
        ratio = middle[-1] / middle[0]
        print(f"{name if what == 'p50' else '':42}{what.upper():4}{told}   {ratio:.2f}{'  MISSED' if ratio > AT_MOST else ''}", flush=True)


if __name__ == "__main__":
    sizes = [int(text) for text in sys.argv[1:3]] or list(SIZES)
    main(sizes[0], sizes[1], Path(sys.argv[3]).absolute() if len(sys.argv) > 3 else None)  # noqa: PLR2004 - the third word
