"""The edge of a service: reads a request into a wish, admits the caller, runs the handler, and answers, refusals included."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from types import ModuleType
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

import structlog
from aiohttp import web

from mallkit import deadline, problem, tracing
from mallkit.actions import ActionLog
from mallkit.body import read_body
from mallkit.endpoint import Accepted, Blob, Caller, Done, Endpoint, Keyed, Role, View, Wish
from mallkit.errors import Internal, Invalid, Missing, ShopError, StillRunning, Unavailable, UnsupportedMedia
from mallkit.idempotency import Asked, Idempotency, command_id, fingerprint, read_key
from mallkit.identity import Identity, with_command
from mallkit.metrics import ServerMetrics
from mallkit.raw import Reply
from mallkit.routes import Serve, target_of
from mallkit.settings import Common
from mallkit.shape import WRITE, Shape, shape_of

log = structlog.get_logger()

W = TypeVar("W", bound=Wish)
G = TypeVar("G", bound=View)
JSON = "application/json"
MOST_SECONDS = 15.0
"""The longest that a request may take, whatever deadline its caller gives."""
KEPT_WITHOUT_BODY = {"ETag", "Cache-Control"}
SAFE_BLOB = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "X-Content-Type-Options": "nosniff"}

AnyPorts = Any
"""Each service's own `Ports`; the edge only hands them on."""
Handler = Callable[[W, Caller, AnyPorts], Awaitable[G | Accepted]]
Pending = Callable[[Caller], Accepted]


@dataclass(frozen=True, eq=False)
class Served(Generic[W, G]):
    """A handler bound to its endpoint."""

    endpoint: Endpoint[W, G]
    handler: Handler[W, G]
    pending: Pending | None = None

    @cached_property
    def noted(self) -> bool:
        """As the endpoint's; reckoned once."""
        return self.endpoint.noted


def serves(endpoint: Endpoint[W, G], pending: Pending | None = None) -> Callable[[Handler[W, G]], Served[W, G]]:
    """Binds a handler. `pending` makes the 202 for a repeated request whose first one is still running."""

    def bind(handler: Handler[W, G]) -> Served[W, G]:
        return Served(endpoint, handler, pending)

    return bind


def served_in(modules: Iterable[ModuleType]) -> list[Served[Wish, View]]:
    """All bound handlers of some modules."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Served)]


@dataclass(eq=False)
class Edge:
    """What every request of one service passes. `ports` and `idempotency` are there once the service has started."""

    service: str
    settings: Common
    metrics: ServerMetrics
    identity: Identity | None = None
    ports: AnyPorts = None
    idempotency: Idempotency | None = None
    actions: ActionLog | None = None
    in_flight: int = 0

    def serve(self, served: Served[Wish, View], template: str) -> Serve:
        """What answers requests for the endpoint under one of its paths."""
        shape = shape_of(served.endpoint)
        places = {segment[1:-1]: at for at, segment in enumerate(template.split("/")) if segment.startswith("{")}

        async def serve(request: web.BaseRequest) -> web.StreamResponse:
            deadline.start(request.headers.get(deadline.HEADER), MOST_SECONDS)
            self.in_flight += 1
            try:
                return (await self._answer(served, shape, request, places)).response()
            finally:
                self.in_flight -= 1

        return serve

    async def _answer(self, served: Served[Wish, View], shape: Shape, request: web.BaseRequest, places: Mapping[str, int]) -> Reply:
        endpoint = served.endpoint
        try:
            self.check_room()
            caller = Caller()
            if Role.ANYONE not in endpoint.may:
                caller = await self._identity().admit(endpoint, request.headers.get("Authorization"))
            wish = await self._read(endpoint, shape, request, places)
            if served.noted and caller.is_operator:
                return await self._act(served, wish, caller, request)
            return await self._serve(served, wish, caller, request)
        except ShopError as error:
            return self.refuse(in_words_of(endpoint, error))
        except Exception as error:
            log.exception("request.failed", endpoint=endpoint.path, kind=type(error).__name__)
            fault = next((cls for cls in endpoint.refuses if issubclass(cls, Internal)), Internal)
            return self.refuse(fault())

    async def _act(self, served: Served[Wish, View], wish: Wish, caller: Caller, request: web.BaseRequest) -> Reply:
        """An operator's action: no entry in the log, no effect. How it ended is an entry of its own."""
        if self.actions is None:
            message = "the service is starting"
            raise Unavailable(message)
        action_id = await self.actions.note(served.endpoint, caller, wish)
        try:
            reply = await self._serve(served, wish, caller, request)
        except Exception as error:
            told = in_words_of(served.endpoint, error) if isinstance(error, ShopError) else Internal()
            await self.actions.ended(action_id, problem.status_of(type(told)))
            raise
        await self.actions.ended(action_id, reply.status)
        return reply

    async def _read(self, endpoint: Endpoint[Wish, View], shape: Shape, request: web.BaseRequest, places: Mapping[str, int]) -> Wish:
        body = b""
        if shape.in_body:
            body = await read_body(request, self.settings.max_body) if request.body_exists else b""
            if (body or shape.body_needed) and request.content_type != JSON:
                raise UnsupportedMedia
            rest = shape.read_body(body)
        else:
            rest = shape.read_query(list(request.query.items()) if request.query_string else [])
        if not places:
            return shape.wish(rest, None, request.headers, body)
        segments = target_of(request).partition("?")[0].split("/")
        try:
            path = shape.read_path({name: unquote(segments[at], errors="strict") for name, at in places.items()})
        except (Invalid, UnicodeDecodeError):
            if Missing in endpoint.refuses:  # an id that no id can be is simply not found
                raise Missing from None
            raise endpoint.invalid("the path holds a value that cannot be") from None
        return shape.wish(rest, path, request.headers, body)

    def check_room(self) -> None:
        """Raises Unavailable when more requests are being served than may be."""
        if self.in_flight > self.settings.max_in_flight:
            message = "too many requests are being served at this moment"
            raise Unavailable(message)

    def _identity(self) -> Identity:
        if self.identity is None:
            message = "the service is starting"
            raise Unavailable(message)
        return self.identity

    async def _serve(self, served: Served[Wish, View], wish: Wish, caller: Caller, request: web.BaseRequest) -> Reply:
        endpoint = served.endpoint
        if endpoint.keyed is Keyed.NO:
            caller = with_command(caller, "", _address(request))
            if endpoint.forgets and self.idempotency is not None:
                await self.idempotency.forget(getattr(wish, endpoint.forgets))
            reply = _reply(endpoint, await served.handler(wish, caller, self.ports))
            return _unless_known(reply, request.headers.get("If-None-Match")) if endpoint.cache else reply
        key = read_key(request.headers.get("Idempotency-Key"), required=endpoint.keyed is Keyed.REQUIRED)
        holder = getattr(wish, endpoint.whose) if endpoint.whose else ""
        caller = with_command(caller, command_id(caller, endpoint, key, holder), _address(request))

        async def work() -> Reply:
            try:
                return _reply(endpoint, await served.handler(wish, caller, self.ports))
            except ShopError as error:
                return self.refuse(in_words_of(endpoint, error))

        if not key or caller.is_service or self.idempotency is None:
            # A service's key names an effect that the aggregate remembers; no record is owed for its answer.
            return await work()
        digest = fingerprint(endpoint, wish, self.settings.fingerprint_key)
        try:
            return await self.idempotency.once(Asked(caller.command, digest, caller.subject, endpoint.retold), work, MOST_SECONDS)
        except StillRunning:
            if served.pending is None:
                raise
            return _reply(endpoint, served.pending(caller))

    def refuse(self, error: ShopError) -> Reply:
        """The refusal as problem+json."""
        status, headers, body = problem.render(error, self.service, tracing.current_trace_id())
        return Reply(status, body, headers)


def in_words_of(endpoint: Endpoint[Wish, View], error: ShopError) -> ShopError:
    """A value that only a rule finds wrong is told like one that the reading found."""
    return endpoint.invalid(error.detail, **error.facts) if type(error) is Invalid else error


def _reply(endpoint: Endpoint[Wish, View], answer: View) -> Reply:
    if isinstance(answer, Done):
        return Reply(endpoint.status, b"", {})
    caching = {"Cache-Control": endpoint.cache} if endpoint.cache else {}
    if isinstance(answer, Blob):
        tag = {"ETag": f'"{answer.tag}"'} if answer.tag else {}
        return Reply(endpoint.status, answer.content, {"Content-Type": answer.media or endpoint.media, **SAFE_BLOB, **tag, **caching})
    headers = {"Content-Type": JSON, **caching}
    if endpoint.etag:
        headers["ETag"] = f'"{getattr(answer, endpoint.etag)}"'
    status = web.HTTPAccepted.status_code if isinstance(answer, Accepted) else endpoint.status
    return Reply(status, WRITE.encode(answer), headers)


def _unless_known(reply: Reply, if_none_match: str | None) -> Reply:
    """304 for a client that has the answer already; ETags are compared weakly, as RFC 9110 wants it here."""
    tag = reply.headers.get("ETag")
    if if_none_match is None or tag is None:
        return reply
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    if tag not in known and "*" not in known:
        return reply
    return Reply(HTTPStatus.NOT_MODIFIED, b"", {name: value for name, value in reply.headers.items() if name in KEPT_WITHOUT_BODY})


def _address(request: web.BaseRequest) -> str:
    """Where the request came from. The gateway writes X-Forwarded-For itself; services listen to nobody else's."""
    return request.headers.get("X-Forwarded-For") or request.remote or ""
