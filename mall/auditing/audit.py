"""An audit: readings of the whole mall until every suspect of the first one has gone or counts."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mall.auditing import actions, carts, coupons, money, purchases, statement, stock
from mall.auditing.asking import Asking
from mall.auditing.books import Books
from mall.auditing.invariants import Finding, Invariant, Patience, Suspect, examine
from mall.auditing.report import Report, figures, verdicts
from mall.auditing.settings import Settings
from mall.auditing.watch import Watch

INVARIANTS: tuple[Invariant, ...] = (
    *stock.INVARIANTS,
    *money.INVARIANTS,
    *statement.INVARIANTS,
    *purchases.INVARIANTS,
    *coupons.INVARIANTS,
    *actions.INVARIANTS,
    *carts.INVARIANTS,
)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds between two readings: what is on its way has mostly arrived at the second one."""


def watch_of(settings: Settings) -> Watch:
    """With the patience that the settings give."""
    return Watch({Patience.GRACE: settings.grace_seconds, Patience.PUBLISH: settings.publish_seconds})


@dataclass(frozen=True)
class Look:
    """One reading, examined."""

    books: Books
    findings: Sequence[Finding]
    counted: Sequence[Suspect]
    """Suspects that have lasted long enough."""

    @property
    def suspects(self) -> list[Suspect]:
        """All of this reading."""
        return [suspect for finding in self.findings for suspect in finding.suspects]


async def look(asking: Asking, watch: Watch) -> Look:
    """Reads, examines, compares with the readings before. Raises NotAsked; the watch then begins anew."""
    began = time.monotonic()
    try:
        books = await asking.read()
    except BaseException:
        watch.forget()
        raise
    findings = await asyncio.to_thread(examine, books, INVARIANTS)
    seen = [suspect for finding in findings for suspect in finding.suspects]
    return Look(books, findings, watch.look(seen, began, time.monotonic()))


async def audit(asking: Asking, settings: Settings, tell: Callable[[str], None]) -> Report:
    """Until nothing that the first reading doubted is open. Raises NotAsked."""
    started, watch, readings, pause = time.monotonic(), watch_of(settings), 1, FIRST_PAUSE
    last = await look(asking, watch)
    counted = {suspect.key: suspect for suspect in last.counted}
    doubted = {suspect.key for suspect in last.suspects} - counted.keys()
    while doubted:
        tell(f"{len(doubted)} of what was read do not fit yet; asking again in {pause:.1f} s")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
        last, readings = await look(asking, watch), readings + 1
        counted |= {suspect.key: suspect for suspect in last.counted}
        doubted &= {suspect.key for suspect in last.suspects} - counted.keys()
    return Report(
        clean=not counted,
        seconds=time.monotonic() - started,
        readings=readings,
        invariants=verdicts(last.findings, counted.values()),
        figures=figures(last.books),
    )
