"""The typed client: calls a neighbour's endpoint, and raises the refusals that its contract declares."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import cycle
from typing import Protocol, TypeVar

import aiohttp
import msgspec

from mallkit import deadline, problem, tracing
from mallkit.endpoint import Done, Endpoint, View, Wish
from mallkit.errors import BadGateway, Forbidden, KeyReused, StillRunning, Timeout, TooManyRequests, Unauthenticated, Unavailable
from mallkit.shape import shape_of

W = TypeVar("W", bound=Wish)
G = TypeVar("G", bound=View)

OK = 200
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
EVERYWHERE = (Unauthenticated, Forbidden, KeyReused, StillRunning, TooManyRequests, Timeout, BadGateway, Unavailable)
"""Refusals that any endpoint may give, besides its own."""


class NeighbourAway(Unavailable):
    """No connection could be made: nothing has happened there."""

    slug = "unavailable"


class NoAnswer(Timeout):
    """The request was sent and no answer came: whether it took effect is not known."""

    slug = "timeout"


class Neighbour(Protocol):
    """One service, as its neighbours call it."""

    async def __call__(self, endpoint: Endpoint[W, G], wish: W, *, key: str = "", seconds: float = 5.0) -> G:
        """Calls `endpoint`. Raises its declared refusals, NeighbourAway, NoAnswer, or another Unavailable."""
        ...


class Calls:
    """The pool of connections of one process, and the neighbours that are reached over it."""

    def __init__(
        self, session: aiohttp.ClientSession, neighbours: Mapping[str, Sequence[str]], token: Callable[[], Awaitable[str]]
    ) -> None:
        self._session = session
        self._neighbours = neighbours
        self._token = token

    def to(self, service: str, *, anonymous: bool = False) -> Neighbour:
        """The client of `service`, whose URLs are taken in turn. `anonymous` sends no service token."""
        urls = self._neighbours.get(service)
        if not urls:
            message = f"no URL is set for {service}"
            raise LookupError(message)
        return _To(self._session, service, urls, None if anonymous else self._token)

    async def is_live(self, service: str, seconds: float) -> bool:
        """Whether one copy of `service` answers at all."""
        for url in self._neighbours.get(service, ()):
            try:
                async with asyncio.timeout(seconds), self._session.get(f"{url}/live") as response:
                    if response.status == OK:
                        return True
            except (TimeoutError, aiohttp.ClientError, ConnectionError):
                continue
        return False


class _To:
    def __init__(
        self, session: aiohttp.ClientSession, service: str, urls: Sequence[str], token: Callable[[], Awaitable[str]] | None
    ) -> None:
        self._session = session
        self._service = service
        self._urls = cycle(urls)
        self._token = token

    async def __call__(self, endpoint: Endpoint[W, G], wish: W, *, key: str = "", seconds: float = 5.0) -> G:
        ends = time.monotonic() + deadline.left(seconds)
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._once(endpoint, wish, key, ends)
            except Unavailable as error:
                again = endpoint.repeatable or isinstance(error, NeighbourAway)
                wait = pause * (0.5 + random.random() / 2)  # noqa: S311  # jitter, no secret
                if not again or time.monotonic() + wait >= ends:
                    raise
                await asyncio.sleep(wait)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _once(self, endpoint: Endpoint[W, G], wish: W, key: str, ends: float) -> G:
        shape = shape_of(endpoint)
        left = ends - time.monotonic()
        if left <= 0:
            raise NoAnswer
        with tracing.client_span(endpoint.method, self._service, endpoint.path) as span:
            headers = {"traceparent": span.traceparent, deadline.HEADER: str(int(left * 1000))}
            if self._token is not None:
                headers["Authorization"] = await self._token()
            if key:
                headers["Idempotency-Key"] = key
            for name, header in endpoint.headers.items():
                value = getattr(wish, name)
                if isinstance(value, str):
                    headers[header] = value
            body = shape.body(wish)
            if body:
                headers["Content-Type"] = "application/json"
            status, answer = await self._send(endpoint.method, shape.target(wish), headers, body, left)
            span.http_status(status)
        return _read(endpoint, status, answer)

    async def _send(self, method: str, target: str, headers: dict[str, str], body: bytes, left: float) -> tuple[int, bytes]:
        try:
            async with (
                asyncio.timeout(left),
                self._session.request(method, next(self._urls) + target, headers=headers, data=body) as response,
            ):
                return response.status, await response.read()
        except aiohttp.ClientConnectorError:
            raise NeighbourAway(f"{self._service} cannot be reached") from None
        except (TimeoutError, aiohttp.ClientError, ConnectionError):
            raise NoAnswer(f"{self._service} gave no answer") from None


def _read(endpoint: Endpoint[W, G], status: int, answer: bytes) -> G:
    if status == endpoint.status:
        if issubclass(endpoint.gives, Done):
            return endpoint.gives()
        try:
            return msgspec.json.decode(answer, type=endpoint.gives)
        except msgspec.DecodeError:
            raise BadGateway from None
    refusal = problem.read(answer, (*endpoint.refuses, endpoint.invalid, *EVERYWHERE))
    if refusal is not None:
        raise refusal
    raise BadGateway
