"""An HTTP/1.1 client for services that know each other: pooled connections, one request at a time on each, and nothing more.

Measured against aiohttp's ClientSession, which does much more, it takes a third of the CPU a call; httptools does the parsing.
A request is sent once: only the caller knows whether it may be sent again.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools

IDLE_SECONDS = 30.0
"""Shorter than the 75 s after which our services close: an idle connection is not found dead when it is needed."""
LARGEST_BODY = 64 * 2**20
OK = 200
Sink = Callable[[bytes], None]
CONNECT_SECONDS = 2.0


class NotSentError(Exception):
    """No connection could be made: nothing has happened there."""


class BrokenError(Exception):
    """The connection ended, or the deadline passed, before the whole answer: the request may have taken effect."""


class Address(NamedTuple):
    """Where a service listens."""

    host: str
    port: int
    tls: bool


@dataclass(slots=True)
class Reply:
    """An answer, read to its end; header names as they were sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@cache
def address_of(url: str) -> Address:
    """Of `http://host:port`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"{url!r} is no http URL"
        raise ValueError(message)
    tls = parts.scheme == "https"
    return Address(parts.hostname, parts.port or (443 if tls else 80), tls)


class Connection(asyncio.Protocol):
    """One connection. httptools calls the `on_` methods while it reads an answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._sink: Sink | None = None
        self.idle_since = 0.0
        self._parser = httptools.HttpResponseParser(self)

    @property
    def usable(self) -> bool:
        """Open, and no answer outstanding."""
        return self._transport is not None and not self._transport.is_closing() and self._waiter is None

    async def ask(self, request: bytes, seconds: float, sink: Sink | None = None) -> Reply:
        """Sends, and gives the whole answer; a `sink` is handed the body of a 200 as it comes. Raises BrokenError; it is then closed."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            raise BrokenError
        self._headers, self._parts, self._size, self._sink = [], [], 0, sink
        waiter: asyncio.Future[Reply] = loop.create_future()
        self._waiter = waiter
        timer = loop.call_later(seconds, self.close)
        try:
            self._transport.write(request)
            return await waiter
        except asyncio.CancelledError:
            self.close()  # an answer that nobody reads must not be taken for the next one's
            raise
        finally:
            timer.cancel()
            self._waiter = None

    def close(self) -> None:
        """Gives up whatever is outstanding."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """From asyncio."""
        self._transport = transport  # type: ignore[assignment]  # a TCP transport, as create_connection gives

    def connection_lost(self, _: Exception | None) -> None:
        """From asyncio."""
        self._transport = None
        self._fail()

    def data_received(self, data: bytes) -> None:
        """From asyncio. Bytes that belong to no request, or that are no HTTP, end the connection."""
        if self._waiter is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail()
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """From the parser."""
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """From the parser."""
        if self._sink is not None and self._parser.get_status_code() == OK:
            self._sink(body)
            return
        self._parts.append(body)
        self._size += len(body)
        if self._size > LARGEST_BODY:
            self._fail()
            self.close()

    def on_message_complete(self) -> None:
        """From the parser."""
        status = self._parser.get_status_code()
        if status < 200:  # noqa: PLR2004  # 1xx: the real answer follows
            self._headers = []
            return
        if self._waiter is not None and not self._waiter.done():
            parts = self._parts
            self._waiter.set_result(Reply(status, self._headers, parts[0] if len(parts) == 1 else b"".join(parts)))
        if not self._parser.should_keep_alive() and self._transport is not None:
            self._transport.close()

    def _fail(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(BrokenError())


class Client:
    """All connections of a process, kept by address."""

    def __init__(self) -> None:
        self._idle: dict[Address, deque[Connection]] = {}
        self._all: set[Connection] = set()
        self._tls: ssl.SSLContext | None = None

    async def request(self, address: Address, request: bytes, seconds: float, sink: Sink | None = None) -> Reply:
        """One request, head and body as bytes. Raises NotSentError or BrokenError.

        A `sink` is for a long answer: it is handed the body of a 200 piece by piece. Where it raises, the answer is broken.
        """
        connection = self._pick(address) or await self._connect(address, min(seconds, CONNECT_SECONDS))
        try:
            return await connection.ask(request, seconds, sink)
        finally:
            if connection.usable:
                connection.idle_since = time.monotonic()
                self._idle.setdefault(address, deque()).append(connection)
            else:
                self._all.discard(connection)

    def _pick(self, address: Address) -> Connection | None:
        """The one used last, so that what is not needed grows old; old ones are closed as they are met."""
        idle = self._idle.get(address)
        if not idle:
            return None
        oldest = time.monotonic() - IDLE_SECONDS
        while idle and idle[0].idle_since < oldest:
            self._drop(idle.popleft())
        while idle:
            connection = idle.pop()
            if connection.usable:
                return connection
            self._drop(connection)
        return None

    async def _connect(self, address: Address, seconds: float) -> Connection:
        loop = asyncio.get_running_loop()
        if address.tls and self._tls is None:
            self._tls = ssl.create_default_context()
        try:
            async with asyncio.timeout(seconds):
                _, connection = await loop.create_connection(Connection, address.host, address.port, ssl=self._tls if address.tls else None)
        except (OSError, TimeoutError) as error:
            raise NotSentError from error
        self._all.add(connection)
        return connection

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._all.discard(connection)

    def close(self) -> None:
        """Closes every connection; what is outstanding fails."""
        for connection in self._all:
            connection.close()
        self._idle.clear()
        self._all.clear()
