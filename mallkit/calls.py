"""The typed client: calls a neighbour's endpoint, and raises the refusals that its contract declares."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from mallkit import deadline, problem, tracing
from mallkit.copies import Copies
from mallkit.endpoint import Accepted, Done, Endpoint, View, Wish
from mallkit.errors import BadGateway, Forbidden, KeyReused, StillRunning, Timeout, TooManyRequests, Unauthenticated, Unavailable
from mallkit.http1 import BrokenError, Client, NotSentError, Reply
from mallkit.shape import Shape, shape_of
from mallkit.sources import SettingsError

W = TypeVar("W", bound=Wish)
G = TypeVar("G", bound=View)

OK, ACCEPTED = 200, 202
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
EVERYWHERE = (Unauthenticated, Forbidden, KeyReused, StillRunning, TooManyRequests, Timeout, BadGateway, Unavailable)
"""Refusals that any endpoint may give, besides its own."""


class NeighbourAway(Unavailable):
    """No connection could be made: nothing has happened there."""

    slug = "unavailable"


class TurnedAway(NeighbourAway):
    """The neighbour does not let this service in (its keys or its clock are wrong, or ours): nothing has happened there, and it passes."""

    slug = "unavailable"


class NoAnswer(Timeout):
    """The request was sent and no answer came: whether it took effect is not known."""

    slug = "timeout"


class NotYet(Exception):
    """The neighbour answered 202: `accepted` tells how it stands."""

    def __init__(self, accepted: Accepted) -> None:
        super().__init__(type(accepted).__name__)
        self.accepted = accepted


class Neighbour(Protocol):
    """One service, as its neighbours call it."""

    async def __call__(self, endpoint: Endpoint[W, G], wish: W, *, key: str = "", seconds: float = 5.0) -> G:
        """Calls `endpoint`. Raises its declared refusals, NeighbourAway, NoAnswer, or another Unavailable; NotYet for a 202."""
        ...


class Calls:
    """The pool of connections of one process, and the neighbours that are reached over it."""

    def __init__(
        self,
        client: Client,
        neighbours: Mapping[str, Sequence[str]],
        token: Callable[[], Awaitable[str]],
        turned_away: Callable[[str], None] | None = None,
    ) -> None:
        """`turned_away` hears of a token that a neighbour has not let in: the next one should be another."""
        self._client = client
        self._neighbours = {name: Copies(urls) for name, urls in neighbours.items()}
        self._token = token
        self._turned_away = turned_away

    def to(self, service: str, *, anonymous: bool = False) -> Neighbour:
        """The client of `service`, of whichever of its copies is well. `anonymous` sends no service token.

        Raises SettingsError without a URL.
        """
        copies = self._neighbours.get(service)
        if not copies:
            raise SettingsError([f"no URL is set for {service}: set MALL_{service.upper()}_URL"])
        return _To(self._client, service, copies, *((None, None) if anonymous else (self._token, self._turned_away)))

    async def is_live(self, service: str, seconds: float) -> bool:
        """Whether one copy of `service` answers at all."""
        for address in self._neighbours.get(service, ()):
            try:
                reply = await self._client.request(address, f"GET /live HTTP/1.1\r\nHost: {address.host}\r\n\r\n".encode(), seconds)
            except (NotSentError, BrokenError):
                continue
            if reply.status == OK:
                return True
        return False


class _To:
    def __init__(
        self,
        client: Client,
        service: str,
        copies: Copies,
        token: Callable[[], Awaitable[str]] | None,
        turned_away: Callable[[str], None] | None,
    ) -> None:
        self._client = client
        self._service = service
        self._copies = copies
        self._token = token
        self._turned_away = turned_away

    async def __call__(self, endpoint: Endpoint[W, G], wish: W, *, key: str = "", seconds: float = 5.0) -> G:
        ends = time.monotonic() + deadline.left(seconds)
        pause, tries = FIRST_PAUSE, 0
        doubt: Unavailable | None = None
        while True:
            try:
                return await self._once(endpoint, wish, key, ends)
            except Unavailable as error:
                if not isinstance(error, NeighbourAway):
                    doubt = error  # a later try that could not be sent does not tell what became of this one
                again = endpoint.repeatable or isinstance(error, NeighbourAway)
                tries += 1
                if again and tries < len(self._copies) and time.monotonic() < ends:  # another copy may be well
                    continue
                wait = pause * (0.5 + random.random() / 2)  # noqa: S311  # jitter, no secret
                if not again or time.monotonic() + wait >= ends:
                    raise doubt or error from None
            await asyncio.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _once(self, endpoint: Endpoint[W, G], wish: W, key: str, ends: float) -> G:
        shape = shape_of(endpoint)
        left = ends - time.monotonic()
        if left <= 0:
            raise NeighbourAway(f"there was no time left to ask {self._service}")
        token = "" if self._token is None else await self._token()
        bearer = f"Authorization: {token}\r\n" if token else ""
        with tracing.client_span(endpoint.method, self._service, endpoint.path) as span:
            head = f"traceparent: {span.traceparent}\r\n{deadline.HEADER}: {int(left * 1000)}\r\n{bearer}{_headers(shape, wish, key)}"
            reply = await self._send(shape, wish, head, left)
            span.http_status(reply.status)
        try:
            return _read(endpoint, reply.status, reply.body)
        except TurnedAway:
            if self._turned_away is not None:
                self._turned_away(token)
            raise

    async def _send(self, shape: Shape, wish: Wish, head: str, left: float) -> Reply:
        copy = self._copies.take()
        address, body = copy.address, shape.body(wish)
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else "Content-Length: 0\r\n"
        line = f"{shape.endpoint.method} {shape.target(wish)} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n"
        try:
            reply = await self._client.request(address, f"{line}{head}{kind}\r\n".encode("latin-1") + body, left)
        except NotSentError:
            copy.failed()
            raise NeighbourAway(f"{self._service} cannot be reached") from None
        except BrokenError:
            copy.failed()
            raise NoAnswer(f"{self._service} gave no answer") from None
        else:
            copy.answered()
            return reply
        finally:
            copy.under_way -= 1


def _headers(shape: Shape, wish: Wish, key: str) -> str:
    sent = f"Idempotency-Key: {key}\r\n" if key else ""
    for name, header in shape.headers.items():
        value = getattr(wish, name)
        if isinstance(value, str):
            if not value.isprintable():
                message = f"{name} cannot be sent in a header"
                raise ValueError(message)
            sent += f"{header}: {value}\r\n"
    return sent


def _read(endpoint: Endpoint[W, G], status: int, answer: bytes) -> G:
    if status == endpoint.status:
        if issubclass(endpoint.gives, Done):
            return endpoint.gives()
        try:
            return msgspec.json.decode(answer, type=endpoint.gives)
        except msgspec.DecodeError:
            raise BadGateway from None
    if status == ACCEPTED and endpoint.accepted is not None:
        raise _not_yet(answer, endpoint.accepted)
    refusal = problem.read(answer, (*endpoint.refuses, endpoint.invalid, *EVERYWHERE))
    if isinstance(refusal, Unauthenticated | Forbidden) and type(refusal) not in endpoint.refuses:
        raise TurnedAway("a part of the mall does not let another one in") from None
    if refusal is not None:
        raise refusal
    raise BadGateway


def _not_yet(answer: bytes, kind: type[Accepted]) -> NotYet:
    try:
        return NotYet(msgspec.json.decode(answer, type=kind))
    except msgspec.DecodeError:
        raise BadGateway from None
