"""What every service has for events: leases, inbox and failure desk, and with a bus the relay and the intake."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from mallkit.background import Job, every
from mallkit.bus import Bus
from mallkit.consumers import INBOX, Inbox, consumers_in
from mallkit.desk import FAILURES, Desk
from mallkit.events import events_of
from mallkit.intake import GATHER, Intake
from mallkit.leases import LEASES, Leases, owner_named
from mallkit.metrics import ServerMetrics
from mallkit.relay import Relay
from mallkit.settings import Common, SettingsError
from mallkit.store import Kind, Store

KINDS: Sequence[Kind[Any]] = (LEASES, INBOX, FAILURES)
DESK_SECONDS, MEASURE_SECONDS = 1.0, 5.0
PURGE_SECONDS = 600.0
AGAIN_SECONDS = 1.0
"""Relay and intake run for ever; after an error that nobody foresaw they begin again: what waits for them must not wait for people."""
SEEN_KEPT = 10 * 24 * 3600.0
"""Notes of single events are kept longer than any bus, or desk, could bring one again."""


@dataclass(frozen=True, kw_only=True)
class Eventing:
    """The parts of one service; `relay` and `bus` are None without a bus, or where nothing is published."""

    leases: Leases
    inbox: Inbox
    desk: Desk
    bus: Bus | None = None
    relay: Relay | None = None
    jobs: Sequence[Job] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class Listening:
    """What a service publishes and hears: its own contract, and by source the contracts of others with the consumers of their events."""

    service: str
    contract: ModuleType
    sources: Mapping[str, ModuleType]
    consumers: Sequence[ModuleType]
    on_bus: bool = True
    gather: float = GATHER
    """Seconds after a delivery before the next one is asked for: more is cheaper, and later."""


@asynccontextmanager
async def eventing(listening: Listening, settings: Common, store: Store, metrics: ServerMetrics) -> AsyncIterator[Eventing]:
    """Raises SettingsError online without a bus (events would wait for ever), and for an address that is none."""
    async with AsyncExitStack() as stack:
        leases = Leases(store[LEASES], owner_named(settings.copy))
        stack.push_async_callback(leases.give_up)
        inbox = Inbox(store, listening.sources, consumers_in(listening.consumers))
        desk = Desk(listening.service, store, inbox, metrics)
        jobs = [
            every(MEASURE_SECONDS, desk.measure, "failures.measure"),
            leases.job(DESK_SECONDS, desk.work, "failures.retry"),
            leases.job(PURGE_SECONDS, desk.purge, "failures.purge"),
            leases.job(PURGE_SECONDS, _purge_of(inbox), "inbox.purge"),
        ]
        needed = listening.on_bus and (bool(events_of(listening.contract)) or bool(listening.sources))
        if not (needed and settings.redis_url):
            if needed and settings.env == "online":
                raise SettingsError(["MALL_REDIS_URL is missing: events go nowhere without it"])
            yield Eventing(leases=leases, inbox=inbox, desk=desk, jobs=jobs)
            return
        # Imported here: the client costs 10 MiB, and another bus would have another one.
        from mallkit.redis_bus import open_bus  # noqa: PLC0415 (see above)

        try:
            bus = await stack.enter_async_context(open_bus(settings.redis_url, settings.redis_password))
        except ValueError as failure:
            raise SettingsError([f"MALL_REDIS_URL: {failure}"]) from failure
        relay = Relay(listening.service, store, bus, leases, metrics) if events_of(listening.contract) else None
        if relay is not None:
            jobs += [every(AGAIN_SECONDS, relay.run, "relay.run"), leases.job(PURGE_SECONDS, relay.purge, "relay.purge")]
        if listening.sources:
            subscription = bus.subscribe(list(listening.sources), listening.service, leases.owner)
            jobs.append(every(AGAIN_SECONDS, Intake(subscription, inbox, desk, metrics, listening.gather).run, "intake.run"))
        yield Eventing(leases=leases, inbox=inbox, desk=desk, bus=bus, relay=relay, jobs=jobs)


def _purge_of(inbox: Inbox) -> Job:
    async def purge() -> None:
        await inbox.purge(time.time() - SEEN_KEPT)

    return purge
