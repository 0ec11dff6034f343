"""A service that hears of books: one consumer adds up, one keeps the newest, one is told to fail; for the tests of consumers and desk."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import msgspec

from mallkit.consumers import Inbox, Mode, consumers_in, consumes
from mallkit.desk import Desk
from mallkit.endpoint import Event
from mallkit.errors import Refused, Unavailable
from mallkit.eventing import KINDS
from mallkit.events import Envelope, encode
from mallkit.metrics import ServerMetrics
from mallkit.sqlite import open_store
from mallkit.store import Absent, Kind, OutboxEntry, Step, Store
from tests.mallkit.books import Sold

NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Line:
    """Of a book: how many were sold, how often that was told, what is left."""

    id: str
    sold: int = 0
    left: int = -1


LINES: Kind[Line] = Kind(name="lines", type=Line)


class Lent(Event, frozen=True):
    """Nobody takes this one."""

    type: ClassVar[str] = "book.lent"
    book_id: str


class Burnt(Event, frozen=True):
    """Of the second version."""

    type: ClassVar[str] = "book.burnt"
    version: ClassVar[int] = 2
    book_id: str
    pages: int = 0


@dataclass
class Clock:
    """Set by the test."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Ports:
    """Book → what its consumer raises, one after the other; and what it waits for, once, which it tells by `waiting`."""

    store: Store
    trouble: dict[str, list[Exception]] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)


class OutOfInk(Refused):
    """The line cannot be written."""

    slug = "ledger/out-of-ink"
    title = "There is no ink"


@consumes(Sold, Mode.EACH)
async def add_up(event: Sold, _: Envelope, ports: Ports) -> Sequence[Step]:
    """Counts every event once, if it is seen once."""
    if ports.trouble.get(event.book_id):
        raise ports.trouble[event.book_id].pop(0)
    if gate := ports.gates.pop(event.book_id, None):
        ports.waiting.set()
        await gate.wait()
    return [ports.store[LINES].changing(event.book_id, lambda line: replace(line, sold=line.sold + 1), absent=Line(event.book_id))]


@consumes(Sold, Mode.LATEST)
async def keep_newest(event: Sold, _: Envelope, ports: Ports) -> Sequence[Step]:
    """What is left, as the newest event tells."""
    return [
        ports.store[LINES].changing(event.book_id, lambda line: replace(line, left=event.left), absent=Line(event.book_id)),
    ]


@consumes(Burnt, Mode.EACH)
async def mourn(event: Burnt, _: Envelope, ports: Ports) -> Sequence[Step]:
    """Two steps, the second of which fails for a book that was never sold."""
    lines = ports.store[LINES]
    return [lines.adding(Line(f"ash-{event.book_id}", event.pages)), lines.changing(event.book_id, lambda line: replace(line, left=0))]


CONSUMERS = ModuleType("consumers")
vars(CONSUMERS).update(add_up=add_up, keep_newest=keep_newest, mourn=mourn)
CONTRACT = ModuleType("books")
vars(CONTRACT).update(Sold=Sold, Lent=Lent, Burnt=Burnt)


def message(event: Event, event_id: str = "e1", sequence: int = 1, **more: str) -> bytes:
    """As the relay would publish it."""
    entry = OutboxEntry(
        seq=1,
        id=event_id,
        type=more.get("type", event.type if event.version == 1 else f"{event.type}.v{event.version}"),
        subject=event.subject,
        sequence=sequence,
        data=msgspec.json.encode(event),
        traceparent=more.get("traceparent", ""),
        at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return encode(entry, "shop")


def sold(book: str = "b1", event_id: str = "e1", sequence: int = 1, left: int = 0, **more: str) -> bytes:
    """One copy of the book went."""
    return message(Sold(book_id=book, left=left), event_id, sequence, **more)


@dataclass
class Ledger:
    """The running service."""

    store: Store
    inbox: Inbox
    desk: Desk
    ports: Ports
    clock: Clock
    metrics: ServerMetrics

    async def take(self, body: bytes, *names: str) -> list[bool]:
        """By these consumers, or all: whether there was something to do."""
        envelope = self.inbox.read(body)
        consumers = [each for each in self.inbox.consumers_of(envelope) if not names or each.name in names]
        return [await self.inbox.take(envelope, each) for each in consumers]

    async def line(self, book: str = "b1") -> Line:
        """Of one book."""
        try:
            return await self.store[LINES].get(book)
        except Absent:
            return Line(book)

    async def file(self, body: bytes, consumer: str = "add_up", error: Exception | None = None) -> str:
        """The failure's id."""
        envelope = self.inbox.read(body)
        await self.desk.file(body, envelope, consumer, error or Unavailable("nobody there"))
        return next(each.id for each in (await self.desk.page(None, None, 200)).items if each.event_id == envelope.id)


@asynccontextmanager
async def ledger(folder: Path, clock: Clock | None = None) -> AsyncIterator[Ledger]:
    """Without jobs: a test says what happens."""
    clock = clock or Clock()
    async with open_store(folder / "ledger.db", (LINES, *KINDS)) as store:
        metrics = ServerMetrics()
        inbox = Inbox(store, {"shop": CONTRACT}, consumers_in((CONSUMERS,)), clock)
        inbox.ports = Ports(store)
        yield Ledger(store, inbox, Desk("ledger", store, inbox, metrics, clock), inbox.ports, clock, metrics)
