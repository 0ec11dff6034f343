"""The relay: publishes a store's outbox on the bus, at least once, from one copy of the service at a time."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import structlog

from mallkit.background import pause
from mallkit.bus import Bus, BusUnavailable
from mallkit.errors import ShopError
from mallkit.events import encode
from mallkit.leases import Leases
from mallkit.metrics import ServerMetrics
from mallkit.steps import Call
from mallkit.store import Forgetting, Store

log = structlog.get_logger()

WORK = "relay"
AT_ONCE = 200
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
KEPT_SECONDS = 48 * 3600.0
"""Published entries stay so long, so that a bus that lost what it had can be given it again."""
PUBLISH = Call("relay.publish")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: `gather` between an event and its publication, so that several share a round trip; `look` for other copies' events."""

    gather: float = 0.03
    look: float = 0.5
    look_when_shared: float = 0.04
    shared_for: float = 5.0
    ask_for_work: float = 1.0
    ask_position: float = 2.0


PACE = Pace()


class Relay:
    """One copy's relay; `run` is the job."""

    def __init__(self, source: str, store: Store, bus: Bus, leases: Leases, metrics: ServerMetrics, *, pace: Pace = PACE) -> None:  # noqa: PLR0913 - what it stands between
        self._source = source
        self._store = store
        self._bus = bus
        self._leases = leases
        self._pace = pace
        self._position = 0
        self._certain = False
        """Whether the bus has told the position since there was trouble, or another copy published."""
        self._ask_at = 0.0
        self._something = asyncio.Event()
        self._own_news = False
        self._shared_until = 0.0
        self._published = metrics.counter("mall_events_published", "Events given to the bus.")
        self._waiting = metrics.gauge("mall_outbox_waiting_seconds", "Age of the oldest event that is not on the bus, as the relay knows.")
        store.on_events(self._news)

    async def run(self) -> None:
        """For ever: publishes what is new, soon after it was saved; when the bus is away, tries again, and loses nothing."""
        wait, told, self._certain = FIRST_PAUSE, False, False
        while True:
            try:
                if not await self._leases.hold(WORK):
                    self._certain = False
                    self._waiting.set(0)  # the copy that has the work knows
                    await asyncio.sleep(pause(self._pace.ask_for_work))
                    continue
                more = await self._publish()
                wait, told = FIRST_PAUSE, False
                if not more:
                    await self._until_news()
            except ShopError as error:  # bus or store away: what was saved waits
                self._certain = False
                if not told:
                    log.warning("relay.waiting", reason=error.slug, detail=error.detail)
                told = True
                await self._measure()
                await asyncio.sleep(pause(wait))
                wait = min(wait * 2, LONGEST_PAUSE)

    async def published(self) -> int:
        """The last outbox entry that is on the bus; while the bus is away, the last one known to have been."""
        if not self._certain:
            with suppress(BusUnavailable):
                position = await self._ask_position()
                if not self._certain:  # still: `run` knows better by now otherwise
                    self._position = position
        return self._position

    async def purge(self) -> None:
        """A job: forgets entries that are published and old, and lets the bus forget what every group has had."""
        position = await self.published()
        while position and (await self._store.together(Forgetting(position, time.time() - KEPT_SECONDS)))[0]:
            pass
        with suppress(BusUnavailable):
            await self._bus.trim(self._source, KEPT_SECONDS)

    def _news(self) -> None:
        self._own_news = True
        self._something.set()

    async def _publish(self) -> bool:
        """What is there now, as much as goes into one round trip; whether there may be more."""
        if not self._certain or time.monotonic() >= self._ask_at:  # a bus that lost what it had shows no other sign while nothing happens
            self._position, self._certain = await self._ask_position(), True
            self._ask_at = time.monotonic() + self._pace.ask_position
        self._own_news = False
        self._something.clear()
        entries = await self._store.outbox(self._position, AT_ONCE)
        if entries:
            messages = [encode(entry, self._source) for entry in entries]
            await PUBLISH.taking(self._bus.publish(self._source, messages, entries[-1].seq))
            self._position = entries[-1].seq
            self._published.inc(len(entries))
        more = len(entries) == AT_ONCE
        self._waiting.set(time.time() - entries[-1].at.timestamp() if more else 0)
        return more

    async def _ask_position(self) -> int:
        """What the bus remembers is written with the messages themselves: it is right even when an answer was lost.

        A bus that is another one, or was put back to an older state, remembers less, and gets the rest again.
        """
        position = await self._bus.position(self._source)
        newest = await self._store.newest_event()
        if position > newest:
            if newest:
                log.warning("relay.position-beyond", position=position, newest=newest)
            return 0
        return position

    async def _until_news(self) -> None:
        """Until an event was saved here, or in another copy, for which one has to look."""
        shared = time.monotonic() < self._shared_until
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.look_when_shared if shared else self._pace.look):
                await self._something.wait()
        if self._something.is_set():
            await asyncio.sleep(self._pace.gather)
        elif await self._store.newest_event() > self._position and not self._own_news:
            self._shared_until = time.monotonic() + self._pace.shared_for

    async def _measure(self) -> None:
        with suppress(ShopError):
            oldest = await self._store.outbox(self._position, 1)
            self._waiting.set(max(0.0, time.time() - oldest[0].at.timestamp()) if oldest else 0)
