"""GET /internal/audit/rows: a service's documents as raw rows, one JSON line each, as of one moment. Whoever audits does the reckoning.

A service names the kinds that it tells and how each becomes a row; the rows of the kit stand around them: `began` first, every event
that is not published, `ended` last. Lines without the last one are not the whole.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from mallkit.action_rules import Entry, Head
from mallkit.actions import ACTIONS, HEADS
from mallkit.desk import FAILURES
from mallkit.desk_rules import Failure
from mallkit.endpoint import ADMIN, GET, OPERATOR, SERVICE, Done, Endpoint, Nothing
from mallkit.errors import Forbidden, TooManyRequests, Unavailable
from mallkit.identity import Identity
from mallkit.ops import Life
from mallkit.routes import Serve
from mallkit.store import Kind, OutboxEntry, Store

log = structlog.get_logger()

ROWS: Final = Endpoint(
    method=GET, path="/internal/audit/rows", takes=Nothing, gives=Done, may=(SERVICE, OPERATOR, ADMIN), internal=True, fresh=True
)  # fmt: skip
AUDITOR: Final = "audit"
"""The one service that may ask."""
MEDIA: Final = "application/x-ndjson"
LONGEST_SECONDS: Final = 1800.0
STALLED_SECONDS: Final = 30.0
"""A reader that is slower, or takes nothing for so long, is cut off: as long as it reads, the store cannot tidy up behind it."""
PAUSE_SECONDS: Final = 0.002
"""Between two batches, so that requests are served in between."""
MOST_EVENTS: Final = 1000
"""Unpublished events that are told, oldest first; while the bus is away there may be any number."""

RowOf = Callable[[Any, int], msgspec.Struct]
"""From a stored document and its revision to its row: ids, sums and states, nothing about persons."""
RowsOf = Mapping[Kind[Any], RowOf]


class KitRow(msgspec.Struct, frozen=True, kw_only=True, tag_field="row", tag=str.lower):
    """A row that every service tells in the same way."""


class Began(KitRow, frozen=True):
    """`at`: when the rows were read, by this service's clock, in seconds since 1970."""

    service: str
    at: float


class Unpublished(KitRow, frozen=True):
    """An event that is saved and not known to be on the bus."""

    id: str
    type: str
    subject: str
    at: float


class Failed(KitRow, frozen=True):
    """An event at the failure desk; `status` is the desk's."""

    id: str
    type: str
    status: str


class Acted(KitRow, frozen=True):
    """An entry of the log of actions, as it is stored: ids only."""

    entry: Entry


class ActedUpTo(KitRow, frozen=True):
    """The head of that log's chain."""

    head: Head


class Ended(KitRow, frozen=True):
    """`rows`: how many lines came between the first and this one. `on_bus`: whether this service's events are published."""

    rows: int
    on_bus: bool


def page(life: Life, rows_of: RowsOf) -> Serve:
    """The page; one reader at a time in each process."""
    told: RowsOf = {**rows_of, FAILURES: _failed, ACTIONS: _acted, HEADS: _acted_up_to}
    reading = False

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal reading
        await _admit(life.edge.identity, request)
        if life.store is None or life.draining:
            raise Unavailable
        if reading:
            raise TooManyRequests("somebody reads the rows already")
        reading = True
        try:
            return await _send(request, _lines(life, life.store, told))
        finally:
            reading = False

    return serve


async def _admit(identity: Identity | None, request: web.BaseRequest) -> None:
    """Raises Unauthenticated, Forbidden, Unavailable."""
    if identity is None:
        raise Unavailable
    caller = await identity.admit(ROWS, request.headers.get("Authorization"))
    if caller.is_service and caller.subject != AUDITOR:
        raise Forbidden


async def _send(request: web.BaseRequest, lines: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": MEDIA})
    response.enable_chunked_encoding()
    try:
        async with asyncio.timeout(LONGEST_SECONDS), aclosing(lines):
            await response.prepare(request)
            async for some in lines:
                async with asyncio.timeout(STALLED_SECONDS):
                    await response.write(some)
            await response.write_eof()
    except ConnectionError:
        raise
    except Exception as error:
        # The answer has begun: all that can still be told is that it is not whole.
        log.exception("audit.rows-failed", kind=type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
    return response


async def _lines(life: Life, store: Store, rows_of: RowsOf) -> AsyncGenerator[bytes, None]:
    encode, told = msgspec.json.Encoder().encode_lines, 0
    yield encode([Began(service=life.name, at=time.time())])
    async with aclosing(store.rows(list(rows_of))) as batches:
        async for batch in batches:
            told += len(batch)
            yield encode([rows_of[kind](doc, revision) for kind, revision, doc in batch])
            await asyncio.sleep(PAUSE_SECONDS)
    # Without a bus events wait for one, as they should.
    position = await life.published()
    waiting = [] if position is None else await store.outbox(position, MOST_EVENTS)
    yield encode([_unpublished(entry) for entry in waiting])
    yield encode([Ended(rows=told + len(waiting), on_bus=position is not None)])


def _failed(failure: Failure, _: int) -> Failed:
    return Failed(id=failure.id, type=failure.event_type, status=failure.status)


def _acted(entry: Entry, _: int) -> Acted:
    return Acted(entry=entry)


def _acted_up_to(head: Head, _: int) -> ActedUpTo:
    return ActedUpTo(head=head)


def _unpublished(entry: OutboxEntry) -> Unpublished:
    return Unpublished(id=entry.id, type=entry.type, subject=entry.subject, at=entry.at.timestamp())
