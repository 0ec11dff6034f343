"""Consumers: what a service does with events of others, once in effect however often they arrive.

A consumer returns the steps that are its effect; they are written together with the note that the event was seen. Calls to
neighbours that it makes before are keyed by the event's id. What fails goes to the failure desk and is acknowledged.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, Generic, TypeVar

import msgspec

from mallkit.endpoint import Event
from mallkit.errors import Invalid, Refused
from mallkit.events import Envelope, decode, events_of
from mallkit.store import Collection, Kind, Range, Step, Store
from mallkit.times import NEVER

E = TypeVar("E", bound=Event)
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
SECONDS = 10.0
"""The longest that a consumer may take with one event."""


class Mode(StrEnum):
    """EACH: every event once, in any order. LATEST: the newest of a subject; older ones that come late are dropped."""

    EACH = "each"
    LATEST = "latest"


Take = Callable[[E, Envelope, Any], Awaitable[Sequence[Step] | None]]
"""From the event, what stands around it, and the service's ports, to the effect. None: it is no business of this service, and nothing is
written, not even that it was seen."""


@dataclass(frozen=True, eq=False)
class Consumer(Generic[E]):
    """A coroutine bound to an event."""

    event: type[E]
    mode: Mode
    take: Take[E]

    @property
    def name(self) -> str:
        """Of the coroutine: changing it makes another consumer, which takes events that are still on the bus again."""
        return self.take.__name__


def consumes(event: type[E], mode: Mode) -> Callable[[Take[E]], Consumer[E]]:
    """Binds a consumer."""

    def bind(take: Take[E]) -> Consumer[E]:
        return Consumer(event, mode, take)

    return bind


def consumers_in(modules: Iterable[ModuleType]) -> list[Consumer[Event]]:
    """All bound consumers of some modules."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Consumer)]


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that had its effect (`id` is consumer and event), or the newest of a subject (consumer, source and subject)."""

    id: str
    at: float
    sequence: int = 0


INBOX: Kind[Seen] = Kind(name="inbox", type=Seen, fields={"at": float})


class Unreadable(Invalid):
    """Trying again changes nothing until another release runs here."""

    slug = "event/unreadable"


class Undecodable(Unreadable):
    """The message is no event of ours."""

    slug = "event/undecodable"
    title = "The message cannot be read"


class UnknownEvent(Unreadable):
    """Nobody promised such an event."""

    slug = "event/unknown"
    title = "No service has declared this event"


class FutureEvent(Unreadable):
    """The event is of a version that this release does not know."""

    slug = "event/future-version"
    title = "The event is of a newer version than this release knows"


class NoConsumer(Unreadable):
    """The one that failed is called otherwise by now, or is no more: only people know which."""

    slug = "event/no-consumer"
    title = "No consumer of this name takes the event"


class Abandoned(Refused):
    """Whoever takes it may die of it: the desk, which counts, tries it from now on."""

    slug = "event/abandoned"
    title = "The event was given out again and again, and nobody came to an end with it"


class _SeenBefore(Refused):
    """Nothing is to be done."""

    slug = "event/seen"


class Inbox:
    """Takes messages in for one service."""

    def __init__(
        self, store: Store, sources: Mapping[str, ModuleType], consumers: Sequence[Consumer[Any]], clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._seen: Collection[Seen] = store[INBOX]
        self._clock = clock
        self._known = {name: event for contract in sources.values() for name, event in events_of(contract).items()}
        self._consumers: dict[str, list[Consumer[Any]]] = {name: [] for name in self._known}
        for consumer in consumers:
            self._consumers[consumer.event.type].append(consumer)
        if len({consumer.name for consumer in consumers}) < len(consumers):
            message = f"two consumers have one name: {sorted(consumer.name for consumer in consumers)}"
            raise ValueError(message)
        self.ports: Any = None

    def read(self, body: bytes) -> Envelope:
        """Raises Undecodable."""
        try:
            return decode(body)
        except UNDECODABLE as error:
            raise Undecodable(str(error)) from error

    def consumers_of(self, envelope: Envelope) -> list[Consumer[Any]]:
        """Who takes this event, nobody perhaps. Raises UnknownEvent, FutureEvent."""
        known = self._known.get(envelope.name)
        if known is None:
            raise UnknownEvent(f"{envelope.type} of {envelope.source} is not declared")
        if envelope.version > known.version:
            raise FutureEvent(f"{envelope.type}: version {known.version} is the newest known")
        return self._consumers[envelope.name]

    async def take(self, envelope: Envelope, consumer: Consumer[Any], *also: Step) -> bool:
        """The consumer's effect, with the note and the steps `also` in one write; False when there was nothing to do any more.

        Raises what the consumer raises, Undecodable, TimeoutError.
        """
        note, looking = self._note(envelope, consumer)
        try:
            event = msgspec.json.decode(envelope.data, type=consumer.event)
        except UNDECODABLE as error:
            raise Undecodable(str(error)) from error
        effect = await consumer.take(event, envelope, self.ports)
        if effect is None:
            return await self._nothing(also)
        try:
            await self._store.together(looking, *effect, note, *also)
        except _SeenBefore:
            return await self._nothing(also)
        return True

    async def _nothing(self, also: Sequence[Step]) -> bool:
        """There was nothing to do but the steps beside the effect."""
        if also:
            await self._store.together(*also)
        return False

    async def purge(self, before: float) -> None:
        """Forgets notes about single events that are older than the bus keeps anything. A job."""
        while old := (await self._seen.find({"at": Range(le=before)}, order="at", limit=200)).items:
            await self._store.together(*(self._seen.removing(seen.id) for seen in old))

    def _note(self, envelope: Envelope, consumer: Consumer[Any]) -> tuple[Step, Step]:
        """The step that notes the event, and the one that looks, before the effect, whether it was noted."""
        if consumer.mode is Mode.EACH:
            key = f"{consumer.name}/{envelope.id}"
            return self._seen.adding(Seen(key, self._clock())), self._seen.checking(key, _refuse_any)
        key = f"{consumer.name}/{envelope.source}/{envelope.subject}"
        # Never purged: `at` in the far future. One note for a subject.
        latest = Seen(key, NEVER, envelope.sequence)

        def refuse_newer(found: Seen | None) -> None:
            if found is not None and found.sequence >= envelope.sequence:
                raise _SeenBefore

        return self._seen.changing(key, lambda _: latest, absent=latest), self._seen.checking(key, refuse_newer)


def _refuse_any(found: Seen | None) -> None:
    if found is not None:
        raise _SeenBefore
