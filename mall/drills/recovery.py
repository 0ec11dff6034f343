"""The rest after the harm: everything that was begun has come to an end, and the audit finds the books right."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contracts.audit import Order
from contracts.order import Status
from mall.auditing.asking import Asking, NotAsked, asking
from mall.auditing.audit import INVARIANTS, audit
from mall.auditing.books import Books
from mall.auditing.command import ASKED, read_settings
from mall.auditing.invariants import Patience, examine
from mall.auditing.report import Report
from mall.auditing.settings import Settings
from mall.drills.stage import DrillFailed, Stage

FINAL = frozenset({Status.PAID, Status.SHIPPED, Status.COMPLETED, Status.CANCELLED, Status.FAILED})
GRACE_SECONDS = 5.0
"""For the audit after the mall has come to rest: nothing is on its way any more, so nothing needs long."""


class Auditor:
    """Asks every service of one drill's mall for its rows."""

    def __init__(self, mall: Asking, settings: Settings, stage: Stage) -> None:
        self._mall = mall
        self._settings = settings
        self._stage = stage

    async def at_rest(self, shopping: "asyncio.Task[None]", within: float) -> None:
        """Until everybody has gone home, and nothing is running, paying, held, owed or unpublished. Raises DrillFailed."""
        ends = time.monotonic() + within
        left = ["shoppers still ask for their answers"]
        while left:
            if time.monotonic() > ends:
                raise DrillFailed(f"not at rest {within:.0f} s after the harm: {'; '.join(left)}")
            await asyncio.sleep(0.2)
            if shopping.done():
                shopping.result()
                left = await self._left()

    async def _left(self) -> list[str]:
        try:
            books = await self._mall.read()
        except NotAsked as refusal:
            return [refusal.detail]
        if self._stage.poisoned:
            del books.failures["failed"]
        return await asyncio.to_thread(_left_in, books)

    async def report(self) -> Report:
        """The whole audit. Raises DrillFailed when a service cannot be asked."""
        try:
            return await audit(self._mall, self._settings, lambda _: None)
        except NotAsked as refusal:
            raise DrillFailed(refusal.detail) from None

    async def at_once(self) -> list[str]:
        """What can be said while people buy: the invariants that hold at every moment."""
        try:
            findings = examine(await self._mall.read(), [each for each in INVARIANTS if each.patience is Patience.NONE])
        except NotAsked:
            return []  # a part is starting: the audit at the end asks again
        return [f"{suspect.invariant} {suspect.id}: {suspect.told}" for finding in findings for suspect in finding.suspects]


@asynccontextmanager
async def auditor(stage: Stage) -> AsyncIterator[Auditor]:
    """For as long as the context lasts."""
    settings = read_settings(stage.mall.environ, GRACE_SECONDS)
    async with asking(settings, ASKED) as mall:
        yield Auditor(mall, settings, stage)


def _left_in(books: Books) -> list[str]:
    """How many of what, with one of them as an example."""
    suspects = [suspect for finding in examine(books, INVARIANTS) for suspect in finding.suspects]
    example = {suspect.invariant: f"{suspect.id} {suspect.told}" for suspect in suspects}
    found = Counter(suspect.invariant for suspect in suspects)
    found += Counter({"orders that are not final": sum(_is_open(order) for order in books.orders.values())})
    found += Counter({"pieces reserved": sum(counter.reserved for counter in books.counters.values())})
    found += Counter({f"{status} at the failure desks": number for status, number in books.failures.items() if status != "success"})
    return [f"{number} {what}{f' ({example[what]})' if what in example else ''}" for what, number in found.most_common()]


def _is_open(order: Order) -> bool:
    return bool(order.hold_id) and order.status not in FINAL


def told(report: Report) -> tuple[str, list[str]]:
    """The audit in one line, and what it found wrong."""
    wrong = [f"{each.name} {violation.id}: {violation.told}" for each in report.invariants for violation in each.violations]
    verdict = f"{len(wrong)} violations" if wrong else "clean"
    desk = ", ".join(f"{number} {status}" for status, number in report.figures.failures.items()) or "empty"
    looked = f"{len(report.invariants)} invariants, {report.figures.rows} rows, {report.readings} readings"
    return f"{verdict}: {looked}; failure desks: {desk}", wrong
