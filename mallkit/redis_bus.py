"""The bus on Redis Streams: one stream a source, one consumer group a service; needs Redis 6.2 or Valkey, with its append-only file on."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from redis.exceptions import ResponseError

from mallkit.bus import Delivery
from mallkit.redis_line import Command, Line, connections
from mallkit.redis_scripts import PUBLISH, TRIM

FIELD = b"e"
PROBED = "mall:ping"
"""Never exists: to set it only if it exists is a write that changes nothing, and costs no write to the disk."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds. A Redis that hangs is noticed after `answer`, by a waiting consumer after `block` and `answer`."""

    answer: float = 3.0
    block: float = 5.0
    reclaim: float = 15.0
    """After this, what a consumer got and did not acknowledge is given to another one, or to itself again."""
    gone: float = 3600.0
    """A consumer that has not asked for so long and holds nothing is forgotten."""
    at_once: int = 64
    """Messages of one source that a consumer gets together."""


@asynccontextmanager
async def open_bus(url: str, password: str, tempo: Tempo = Tempo()) -> AsyncIterator["RedisBus"]:
    """The bus at this URL, which has no password in it. Connects on first use. Raises ValueError for a URL that is none of Redis."""
    bus = RedisBus(url, password, tempo)
    try:
        yield bus
    finally:
        await bus.close()


def stream_of(source: str) -> str:
    """The key of a source's stream."""
    return f"mall:events:{source}"


def position_of(source: str) -> str:
    """The key of the number that a source has published up to."""
    return f"mall:position:{source}"


class RedisBus:
    """A `mallkit.bus.Bus`. Questions share one connection; each subscription waits on one of its own."""

    def __init__(self, url: str, password: str, tempo: Tempo) -> None:
        self._connect = connections(url, password, tempo.answer)
        self._secret = password
        self._tempo = tempo
        self._line = self._new_line()
        self._waiting: list[Line] = []
        self._known: dict[str, int] = {}
        """The last position that Redis told or took, by source: it may not fall behind that unnoticed."""

    async def publish(self, source: str, messages: Sequence[bytes], position: int) -> None:
        """Messages and position in one step. Raises BusUnavailable, also when Redis has lost a position that it had told before."""
        expected = self._known.pop(source, "")
        await self._ask("EVAL", PUBLISH, 2, stream_of(source), position_of(source), expected, position, *messages)
        self._known[source] = position

    async def position(self, source: str) -> int:
        """As `mallkit.bus.Bus`; never None."""
        position = int(await self._ask("GET", position_of(source)) or 0)
        self._known[source] = position
        return position

    def subscribe(self, sources: Sequence[str], group: str, consumer: str) -> "RedisSubscription":
        """A consumer that comes back under its old name gets at once what it had not acknowledged."""
        self._waiting.append(self._new_line())
        reader = Reader(self._waiting[-1], tuple(map(stream_of, sources)), group, consumer)
        return RedisSubscription(reader, self._line, self._tempo)

    async def trim(self, source: str, keep_seconds: float) -> int:
        """As `mallkit.bus.Bus`; a stream without groups loses what is old. Consumers that are long gone are forgotten too."""
        kept, gone = (int(seconds * 1000) for seconds in (keep_seconds, self._tempo.gone))
        return int(await self._ask("EVAL", TRIM, 1, stream_of(source), kept, gone))

    async def ping(self) -> None:
        """A read-only, full or stopped Redis does not pass."""
        await self._ask("SET", PROBED, "", "XX")

    async def close(self) -> None:
        """Ends all connections; whoever waits for a message gets BusUnavailable."""
        for line in (self._line, *self._waiting):
            await line.close()

    async def _ask(self, *command: str | bytes | int) -> Any:  # noqa: ANN401 - whatever Redis answers
        return await self._line.one(self._tempo.answer, *command)

    def _new_line(self) -> Line:
        return Line(self._connect, self._secret)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, for which streams, on which connection."""

    line: Line
    streams: tuple[str, ...]
    group: str
    consumer: str

    async def ask(self, seconds: float, *commands: Command) -> list[Any]:
        """The answers, none of them an error. Groups that Redis does not know, or knows no more, are made. Raises BusUnavailable."""
        answers = await self.line.ask(seconds, *commands)
        if any(isinstance(answer, ResponseError) and str(answer).startswith("NOGROUP") for answer in answers):
            made = await self.line.ask(seconds, *(("XGROUP", "CREATE", stream, self.group, "0", "MKSTREAM") for stream in self.streams))
            self.line.good([answer for answer in made if not str(answer).startswith("BUSYGROUP")])
            answers = await self.line.ask(seconds, *commands)
        return self.line.good(answers)

    def reads(self, streams: dict[str, str], count: int, *block: str | int) -> Command:
        """The command for entries beyond these ids."""
        return ("XREADGROUP", "GROUP", self.group, self.consumer, "COUNT", count, *block, "STREAMS", *streams, *streams.values())


class RedisSubscription:
    """A `mallkit.bus.Subscription`."""

    def __init__(self, reader: Reader, acknowledging: Line, tempo: Tempo) -> None:
        self._reader = reader
        self._acknowledging = acknowledging
        self._tempo = tempo
        self._own: dict[str, str] = {}
        self._cursors: dict[str, str] = {}
        self._look_at = 0.0
        self._begin_again()

    async def next(self) -> Sequence[Delivery]:
        """As `mallkit.bus.Subscription`."""
        found: list[Delivery] = []
        try:
            while not found:
                found = await self._counted(await self._unfinished() or await self._left_behind()) or await self._fresh()
        except BaseException:  # an answer may have been lost, and with it messages that are counted as ours
            self._begin_again()
            raise
        return found

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """As `mallkit.bus.Subscription`, in one round trip."""
        by_stream: dict[str, list[str]] = {}
        for delivery in deliveries:
            stream, entry = delivery.receipt
            by_stream.setdefault(stream, []).append(entry)
        if by_stream:
            commands = [("XACK", stream, self._reader.group, *entries) for stream, entries in by_stream.items()]
            try:
                self._acknowledging.good(await self._acknowledging.ask(self._tempo.answer, *commands))
            except BaseException:  # they are ours still: asked for again, not only when they are reclaimed
                self._begin_again()
                raise

    def _begin_again(self) -> None:
        self._own = dict.fromkeys(self._reader.streams, "0")
        self._cursors = dict.fromkeys(self._reader.streams, "0-0")
        self._look_at = 0.0

    async def _unfinished(self) -> list[Delivery]:
        """What this consumer, perhaps in an earlier life, was given and did not acknowledge."""
        while self._own:
            (answer,) = await self._reader.ask(self._tempo.answer, self._reader.reads(self._own, self._tempo.at_once))
            read = {stream.decode(): entries for stream, entries in answer}
            self._own = {stream: entries[-1][0].decode() for stream, entries in read.items() if entries}
            if found := await self._delivered(read):
                return found
        return []

    async def _left_behind(self) -> list[Delivery]:
        """What others were given long ago and did not acknowledge."""
        if time.monotonic() < self._look_at:
            return []
        idle = int(self._tempo.reclaim * 1000)
        reader, count = self._reader, self._tempo.at_once
        commands = [("XAUTOCLAIM", stream, reader.group, reader.consumer, idle, at, "COUNT", count) for stream, at in self._cursors.items()]
        answers = dict(zip(self._cursors, await reader.ask(self._tempo.answer, *commands), strict=True))
        self._cursors = {stream: answer[0].decode() for stream, answer in answers.items()}
        if all(cursor == "0-0" for cursor in self._cursors.values()):
            self._look_at = time.monotonic() + self._tempo.reclaim / 3
        # Redis 6.2 hands over deleted entries as nothing, without an id; they are ours now, and told with it among our own.
        self._own |= {stream: "0" for stream, answer in answers.items() if None in answer[1]}
        return await self._delivered({stream: [entry for entry in answer[1] if entry] for stream, answer in answers.items()})

    async def _counted(self, again: list[Delivery]) -> list[Delivery]:
        """What comes again, with how often it has come."""
        commands = [("XPENDING", stream, self._reader.group, entry, entry, 1) for stream, entry in (each.receipt for each in again)]
        counts = await self._reader.ask(self._tempo.answer, *commands) if commands else []
        return [replace(each, times=rows[0][3] if rows else 1) for each, rows in zip(again, counts, strict=True)]

    async def _fresh(self) -> list[Delivery]:
        """What nobody of the group was given yet; nothing when none came for some time."""
        block = min(self._tempo.block, max(self._look_at - time.monotonic(), 0.01))
        read = self._reader.reads(dict.fromkeys(self._reader.streams, ">"), self._tempo.at_once, "BLOCK", int(block * 1000))
        (answer,) = await self._reader.ask(block + self._tempo.answer, read)
        return await self._delivered({stream.decode(): entries for stream, entries in answer or ()})

    async def _delivered(self, read: dict[str, list[Any]]) -> list[Delivery]:
        """Entries that were deleted while they waited are acknowledged: there is nothing to be done with them."""
        found: list[Delivery] = []
        deleted: list[Delivery] = []
        for stream, entries in read.items():
            for entry, fields in entries:
                receipt = (stream, entry.decode())
                (deleted if fields is None else found).append(Delivery(receipt, body(fields)))
        await self.acknowledge(deleted)
        return found


def body(fields: list[bytes] | None) -> bytes:
    """The message of an entry. One that somebody else wrote gives bytes that are no JSON: a consumer lays it on its desk."""
    fields = fields or []
    return fields[fields.index(FIELD) + 1] if FIELD in fields[::2] else b"no field e: " + repr(fields).encode()
