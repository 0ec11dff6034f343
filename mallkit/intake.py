"""The intake: takes what the bus delivers, each message once in effect; what fails goes to the desk, and only then it is acknowledged."""

import asyncio
from collections.abc import Sequence

import structlog

from mallkit.background import pause
from mallkit.bus import BusUnavailable, Delivery, Subscription
from mallkit.consumers import SECONDS, Abandoned, Inbox
from mallkit.desk import Desk
from mallkit.events import Envelope
from mallkit.metrics import ServerMetrics
from mallkit.steps import Call, Write
from mallkit.store import StoreUnavailable
from mallkit.tracing import server_span

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
GATHER = 0.03
"""Seconds after a delivery before the next one is asked for, so that several come at once."""
MOST_TIMES = 5
"""What was given out more often goes to the desk untried: an event that ends every process that takes it must come to rest."""
RECEIVED = Call("consumer.received")
TAKEN = Write("consumer.taken")
ACKNOWLEDGED = Call("consumer.acknowledged")


class Intake:
    """One copy's share of what its service's group gets; `run` is the job."""

    def __init__(self, subscription: Subscription, inbox: Inbox, desk: Desk, metrics: ServerMetrics, gather: float = GATHER) -> None:
        self._subscription = subscription
        self._gather = gather
        self._inbox = inbox
        self._desk = desk
        self._taken = metrics.counter("mall_events_taken", "Events taken in.", ("outcome",))

    async def run(self) -> None:
        """For ever. With the bus away it waits; with the store away nothing is acknowledged, and comes again."""
        wait, told = FIRST_PAUSE, False
        while True:
            try:
                deliveries = await RECEIVED.taking(self._next())
                await self._take_all(deliveries)
                wait, told = FIRST_PAUSE, False
                await asyncio.sleep(self._gather)
            except (BusUnavailable, StoreUnavailable) as error:
                if not told:
                    log.warning("intake.waiting", reason=error.slug, detail=error.detail)
                told = True
                await asyncio.sleep(pause(wait))
                wait = min(wait * 2, LONGEST_PAUSE)

    async def _next(self) -> Sequence[Delivery]:
        return await self._subscription.next()

    async def _take_all(self, deliveries: Sequence[Delivery]) -> None:
        outcomes = await asyncio.gather(*(self._take(each) for each in deliveries), return_exceptions=True)
        done = [each for each, outcome in zip(deliveries, outcomes, strict=True) if not isinstance(outcome, BaseException)]
        if done:
            await ACKNOWLEDGED.taking(self._subscription.acknowledge(done))
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _take(self, delivery: Delivery) -> None:
        """Raises only when the desk cannot be written either."""
        body, envelope = delivery.body, None
        try:
            envelope = self._inbox.read(body)
            consumers = self._inbox.consumers_of(envelope)
        except Exception as error:  # noqa: BLE001 - a message that cannot be read blocks nobody: the desk keeps it
            await self._fail(body, envelope, "", error)
            return
        if consumers and delivery.times > MOST_TIMES:
            await self._fail(body, envelope, "", Abandoned(f"given out {delivery.times} times"))
            return
        for consumer in consumers:
            try:
                with server_span(envelope.traceparent or None, f"TAKE {envelope.type}"), TAKEN.writing():
                    async with asyncio.timeout(SECONDS):
                        fresh = await self._inbox.take(envelope, consumer)
                self._taken.labels("taken" if fresh else "seen").inc()
            except Exception as error:  # noqa: BLE001 - whatever a consumer raises is what the desk is for
                await self._fail(body, envelope, consumer.name, error)

    async def _fail(self, body: bytes, envelope: Envelope | None, consumer: str, error: Exception) -> None:
        await self._desk.file(body, envelope, consumer, error)
        self._taken.labels("failed").inc()
