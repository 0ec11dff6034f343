"""The failure desk of one service: what could not be taken in is kept, tried again by a job, and by operators."""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable
from functools import partial

import structlog

from mallkit import desk_rules as rules
from mallkit.background import side_by_side
from mallkit.consumers import SECONDS, Inbox, NoConsumer, Unreadable
from mallkit.desk_endpoints import FailureStatus, FailureUnknown
from mallkit.desk_rules import Cause, Failure
from mallkit.dues import Dues
from mallkit.errors import ShopError
from mallkit.events import Envelope
from mallkit.metrics import ServerMetrics
from mallkit.steps import Write
from mallkit.store import Absent, AnyOf, Collection, Kind, Page, Range, Store
from mallkit.times import NEVER
from mallkit.tracing import server_span, trace_id_of

log = structlog.get_logger()

FAILURES: Kind[Failure] = Kind(
    name="failures",
    type=Failure,
    fields={"status": str, "due": float, "place": str, "updated": float},
    indexes=(("status", "due"), ("status", "updated"), ("status", "place")),
    counted=(("status",),),
)
LARGEST_UNREAD = 65_536
"""Bytes that are kept of a message that cannot be read; any other is kept whole, to be tried again."""
AT_ONCE = 20
SUCCESS_KEPT = 7 * 24 * 3600.0
FILED = Write("desk.filed")
BEGUN = Write("desk.begun")
ENDED = Write("desk.ended")
POSTPONED = Write("desk.postponed")
PURGED = Write("desk.purged")
UNREAD = Envelope(specversion="1.0", id="", source="", type="", subject="", sequence=0, time=rules.MOMENT)


class Desk:
    """Keeps failures in the service's own store."""

    def __init__(self, service: str, store: Store, inbox: Inbox, metrics: ServerMetrics, clock: Callable[[], float] = time.time) -> None:
        self._service = service
        self._store = store
        self._failures: Collection[Failure] = store[FAILURES]
        self._inbox = inbox
        self._clock = clock
        self._tries = metrics.counter("mall_failures_retried", "Tries of events that had failed.", ("outcome",))
        self._filed = metrics.counter("mall_failures_filed", "Events that could not be taken in.", ("error",))
        self._size = metrics.gauge("mall_failures", "Failures at the desk.", ("status",))

    async def file(self, body: bytes, envelope: Envelope | None, consumer: str, error: Exception) -> None:
        """Keeps a failure; the same message and consumer again change nothing. Raises StoreUnavailable."""
        now, cause, about = self._clock(), cause_of(error), envelope or UNREAD
        what = b"/".join((consumer.encode(), body))
        wanted = Failure(
            id=f"{self._service}.{hashlib.blake2b(what, digest_size=15).hexdigest()}",
            consumer=consumer,
            event_id=about.id,
            event_type=about.type,
            source=about.source,
            subject=about.subject,
            message=body if envelope else body[:LARGEST_UNREAD],
            error=cause.error,
            error_message=cause.text,
            trace_id=trace_id_of(about.traceparent),
            created=now,
            updated=now,
            due=NEVER if cause.lasting else now + rules.FIRST_PAUSE * _spread(),
            status=FailureStatus.FAILED if cause.lasting else FailureStatus.PENDING,
        )
        with FILED.writing():
            kept = await self._failures.change(wanted.id, lambda found: found, absent=wanted)
        if kept is wanted:
            self._filed.labels(cause.error).inc()
            log.warning("event.failed", type=about.type, consumer=consumer, reason=cause.error, failure_id=wanted.id)

    async def page(self, status: FailureStatus | None, after: str | None, limit: int) -> Page[Failure]:
        """Newest first. `after`: the `place` of the last one seen."""
        where: dict[str, object] = {} if status is None else {"status": status.value}
        if after is not None:
            where["place"] = Range(lt=after)
        return await self._failures.find(where, order="-place", limit=limit)

    async def retry(self, failure_id: str) -> Failure:
        """Tries one now and tells how it ended. Raises FailureUnknown, FailureFinished, FailureInWork."""
        now = self._clock()
        try:
            await self._failures.change(failure_id, lambda found: rules.asked_for(found, now))
        except Absent:
            raise FailureUnknown(failure_id=failure_id) from None
        await self._try(failure_id)
        return await self._failures.get(failure_id)

    async def retry_all(self) -> int:
        """Makes everything due that waits or was given up; the job does the rest."""
        now, number, place = self._clock(), 0, ""
        waiting = AnyOf((FailureStatus.PENDING.value, FailureStatus.FAILED.value))
        while found := (await self._failures.find({"status": waiting, "place": Range(gt=place)}, order="place", limit=200)).items:
            place = found[-1].place
            rule = partial(_asked_for_if_idle, now=now)
            changed = await asyncio.gather(*(self._failures.change(failure.id, rule) for failure in found))
            number += sum(failure.status is FailureStatus.PENDING for failure in changed)
        return number

    async def work(self) -> None:
        """A job's round: tries what is due."""
        now = self._clock()
        for status, longest in ((FailureStatus.PENDING, rules.LONGEST_WAIT), (FailureStatus.PROCESSING, rules.WORK_SECONDS)):
            due = await Dues(self._failures, "due", {"status": status.value}).come(now, longest, AT_ONCE)
            await side_by_side(self._try(failure.id) for failure in due)

    async def measure(self) -> None:
        """A job of every copy: counts what is there. All copies tell the same."""
        counts = await self._failures.counts("status")
        for status in FailureStatus:
            self._size.labels(status.value).set(counts.get(status.value, 0))

    async def purge(self) -> None:
        """A job: forgets successes of last week."""
        before = Range(le=self._clock() - SUCCESS_KEPT)
        where = {"status": FailureStatus.SUCCESS.value, "updated": before}
        while old := (await self._failures.find(where, order="updated", limit=200)).items:
            for failure in old:
                with PURGED.writing():
                    await self._failures.remove(failure.id)

    async def _try(self, failure_id: str) -> None:
        now = self._clock()
        mine: list[bool] = []

        def begin(found: Failure) -> Failure:
            after = rules.begun(found, now)
            mine[:] = [after is not found and after.status is FailureStatus.PROCESSING]
            return after

        with BEGUN.writing():
            failure = await self._failures.change(failure_id, begin)
        if not mine[0]:
            return
        try:
            with server_span(f"00-{failure.trace_id}-{'0' * 15}1-01" if failure.trace_id else None, f"RETRY {failure.consumer}"):
                async with asyncio.timeout(SECONDS):
                    await self._take(failure)
        except Exception as error:  # noqa: BLE001 - whatever the consumer raised is what the desk is for
            await self._postpone(failure, error)
            return
        self._tries.labels("success").inc()

    async def _take(self, failure: Failure) -> None:
        """Effect, note and success in one write."""
        envelope = self._inbox.read(failure.message)
        end = self._failures.changing(failure.id, lambda found: rules.succeeded(found, self._clock()))
        consumers = [each for each in self._inbox.consumers_of(envelope) if failure.consumer in ("", each.name)]
        if failure.consumer and not consumers:
            raise NoConsumer(f"{failure.consumer} is not here")
        for consumer in consumers[:-1]:
            await self._inbox.take(envelope, consumer)
        with ENDED.writing():
            if consumers:
                await self._inbox.take(envelope, consumers[-1], end)
            else:  # by now it is known, and nobody here takes it
                await self._store.together(end)

    async def _postpone(self, failure: Failure, error: Exception) -> None:
        now, spread, cause = self._clock(), _spread(), cause_of(error)
        with POSTPONED.writing():
            after = await self._failures.change(failure.id, lambda found: rules.failed_again(found, cause, now, spread))
        self._tries.labels(after.status.value).inc()
        log.warning("event.failed-again", failure_id=failure.id, reason=cause.error, tries=after.retry_count, status=after.status.value)


def cause_of(error: Exception) -> Cause:
    """What is kept of an exception: a refusal's own words; of anything else its class, for its text may hold what nobody may read."""
    if isinstance(error, ShopError):
        return Cause(error.slug, error.detail, isinstance(error, Unreadable))
    return Cause(type(error).__name__, "the consumer failed")


def _asked_for_if_idle(failure: Failure, now: float) -> Failure:
    idle = failure.status in {FailureStatus.PENDING, FailureStatus.FAILED}
    return rules.asked_for(failure, now) if idle else failure


def _spread() -> float:
    return random.uniform(0.75, 1.25)  # noqa: S311 - keeps retries apart, hides nothing
