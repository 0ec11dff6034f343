"""One question to all services at once, in the name of whoever asked the gateway, and their answers as one."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec
from aiohttp import hdrs, web
from msgspec import UNSET

from gateway.upstream import Upstream
from mallkit import deadline, tracing
from mallkit.endpoint import Endpoint, View, Wish
from mallkit.errors import BadGateway, Invalid, Unavailable
from mallkit.identity import Identity
from mallkit.raw import Reply
from mallkit.routes import Serve
from mallkit.shape import WRITE, shape_of
from mallkit.web import JSON, Edge, in_words_of

V = TypeVar("V", bound=View)
OK: Final = 200
ASK_SECONDS: Final = 5.0
"""How long a service may take to tell before it counts as away."""


class Gathering:
    """Asks the services with the caller's own token; each checks it again."""

    def __init__(self, upstreams: Mapping[str, Upstream], identity: Identity, edge: Edge) -> None:
        self.upstreams = upstreams
        self._identity = identity
        self._edge = edge

    def guarded(self, endpoint: Endpoint[Wish, View], serve: Serve) -> Serve:
        """For whom the endpoint is, and while there is room."""

        async def guarded(request: web.BaseRequest) -> web.StreamResponse:
            self._edge.in_flight += 1
            try:
                self._edge.check_room()
                await self._identity.admit(endpoint, request.headers.get(hdrs.AUTHORIZATION))
                return await serve(request)
            except Invalid as error:
                raise in_words_of(endpoint, error) from None
            finally:
                self._edge.in_flight -= 1

        return guarded

    def named(self, service: object) -> list[Upstream]:
        """All, or the one that was asked for. Raises Invalid for a service that there is none of."""
        if service is UNSET:
            return list(self.upstreams.values())
        if service not in self.upstreams:
            raise Invalid(f"service: use one of {', '.join(self.upstreams)}", field="service")
        return [self.upstreams[str(service)]]

    async def ask(self, asking: "Asking[V]", upstreams: list[Upstream]) -> tuple[list[V], list[str]]:
        """The answers, and the names of those that gave none. Raises Unavailable when nobody did."""
        asked = (asyncio.wait_for(asking.of(each), ASK_SECONDS) for each in upstreams)
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        answers: list[V] = []
        away = []
        for upstream, outcome in zip(upstreams, outcomes, strict=True):
            if isinstance(outcome, Unavailable | TimeoutError):
                away.append(upstream.service)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                answers.append(outcome)
        if not answers:
            raise Unavailable("no service could be asked", away=away)
        return answers, away


@dataclass(frozen=True)
class Asking(Generic[V]):
    """The question."""

    endpoint: Endpoint[Wish, View]
    gives: type[V]
    wish: Wish
    request: web.BaseRequest

    async def of(self, upstream: Upstream) -> V:
        """The service's answer. Raises Unavailable for any other than the one that is promised."""
        shape, method = shape_of(self.endpoint), self.endpoint.method
        body = shape.body(self.wish)
        lines = {
            hdrs.AUTHORIZATION: self.request.headers.get(hdrs.AUTHORIZATION, ""),
            hdrs.X_FORWARDED_FOR: self.request.remote or "",
            hdrs.CONTENT_LENGTH: str(len(body)),
            hdrs.CONTENT_TYPE: JSON,
            deadline.HEADER: str(int(ASK_SECONDS * 1000)),
        }
        with tracing.client_span(method, upstream.service, self.endpoint.path) as span:
            head = "".join(f"{name}: {value}\r\n" for name, value in {**lines, "traceparent": span.traceparent}.items())
            reply = await upstream.send(f"{method} {shape.target(self.wish)}", head, body, again=True)
            span.http_status(reply.status)
        if reply.status != OK:
            raise Unavailable(f"{upstream.service} answered {reply.status}")
        try:
            return msgspec.json.decode(reply.body, type=self.gives)
        except msgspec.DecodeError:
            raise BadGateway(f"{upstream.service} told in another way than it promised") from None


def answer(view: View) -> web.StreamResponse:
    """200 with the view."""
    return Reply(OK, WRITE.encode(view), {"Content-Type": JSON}).response()
