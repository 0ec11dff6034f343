"""The failure desks of all services as one: listed together, newest first, and tried again at the service that each belongs to."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec
from aiohttp import hdrs, web
from msgspec import UNSET

from gateway.relay import Relay
from gateway.settings import Settings
from gateway.upstream import Upstream
from mallkit import deadline, tracing
from mallkit import desk_endpoints as contract
from mallkit.body import read_body
from mallkit.desk_endpoints import FailurePage, FailuresOf, FailureUnknown, FailureView, Retried, RetryAll
from mallkit.endpoint import Endpoint, View, Wish
from mallkit.errors import BadGateway, Invalid, Unavailable, UnsupportedMedia
from mallkit.identity import Identity
from mallkit.raw import Reply
from mallkit.routes import Routes, Serve, target_of
from mallkit.shape import WRITE, shape_of
from mallkit.web import JSON, Edge, in_words_of

V = TypeVar("V", bound=View)
OK: Final = 200
ASK_SECONDS: Final = 5.0
"""How long a service may take to tell of its desk before it counts as away."""
OWNER: Final = re.compile(r"/([a-z_]+)\.[^/]*/retry$")
"""The service in `/api/v1/failures/order.0123/retry`."""


class Desks:
    """Asks the services with the operator's own token; each checks it again."""

    def __init__(self, upstreams: Mapping[str, Upstream], identity: Identity, edge: Edge, settings: Settings) -> None:
        self._upstreams = upstreams
        self._identity = identity
        self._edge = edge
        self._settings = settings
        self._retries = {name: Relay(contract.retry_failure, upstream, identity, edge, settings) for name, upstream in upstreams.items()}

    def add(self, routes: Routes) -> None:
        """Puts the three endpoints among the routes."""
        for endpoint, serve in (
            (contract.failures, self._list),
            (contract.retry_failures, self._retry_all),
            (contract.retry_failure, self._retry),
        ):
            routes.add(endpoint.method, endpoint.path, self._guarded(endpoint, serve))

    def _guarded(self, endpoint: Endpoint[Wish, View], serve: Serve) -> Serve:
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

    async def _list(self, request: web.BaseRequest) -> web.StreamResponse:
        wish = shape_of(contract.failures).read_query(list(request.query.items()))
        wanted = msgspec.convert(wish, FailuresOf, from_attributes=True)
        pages, away = await self._ask_all(Asking(contract.failures, FailurePage, wanted, request), self._named(wanted.service))
        found = sorted((view for page in pages for view in page.items), key=_place, reverse=True)
        more = len(found) > wanted.limit or any(page.next for page in pages)
        shown = found[: wanted.limit]
        return _answer(FailurePage(items=shown, next=_place(shown[-1]) if more and shown else None, away=away))

    async def _retry_all(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await read_body(request, self._settings.max_body, self._settings.body_seconds) if request.body_exists else b""
        if body and request.content_type != JSON:
            raise UnsupportedMedia
        wish = msgspec.convert(shape_of(contract.retry_failures).read_body(body), RetryAll, from_attributes=True)
        counts, away = await self._ask_all(Asking(contract.retry_failures, Retried, wish, request), self._named(wish.service))
        return _answer(Retried(failures=sum(each.failures for each in counts), away=away))

    async def _retry(self, request: web.BaseRequest) -> web.StreamResponse:
        owner = OWNER.search(target_of(request).partition("?")[0])
        relay = self._retries.get(owner[1]) if owner else None
        if relay is None:
            raise FailureUnknown
        return await relay(request)

    def _named(self, service: object) -> list[Upstream]:
        """All, or the one that was asked for. Raises Invalid for a service that there is none of."""
        if service is UNSET:
            return list(self._upstreams.values())
        if service not in self._upstreams:
            raise Invalid(f"service: use one of {', '.join(self._upstreams)}", field="service")
        return [self._upstreams[str(service)]]

    async def _ask_all(self, asking: "Asking[V]", upstreams: list[Upstream]) -> tuple[list[V], list[str]]:
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
    """One question to several services, in the name of whoever asked the gateway."""

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
            raise BadGateway(f"{upstream.service} told of its desk in another way") from None


def _place(view: FailureView) -> str:
    """Where it stands in the list of all: by time, then by id."""
    return view.place


def _answer(view: View) -> web.StreamResponse:
    return Reply(OK, WRITE.encode(view), {"Content-Type": JSON}).response()
