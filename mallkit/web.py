"""The edge of a service: reads a request into a wish, admits the caller, runs the handler, and answers, refusals included."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar

import structlog
from aiohttp import web

from mallkit import deadline, problem, tracing
from mallkit.endpoint import Accepted, Blob, Caller, Done, Endpoint, Keyed, Role, View, Wish
from mallkit.errors import Internal, Invalid, MethodNotAllowed, Missing, ShopError, StillRunning, TooLarge, Unavailable, UnsupportedMedia
from mallkit.idempotency import Idempotency, Reply, command_id, fingerprint, read_key
from mallkit.identity import Identity, with_command
from mallkit.metrics import ServerMetrics
from mallkit.raw import RawResponse
from mallkit.settings import Common
from mallkit.shape import WRITE, Shape, shape_of

log = structlog.get_logger()

W = TypeVar("W", bound=Wish)
G = TypeVar("G", bound=View)
JSON = "application/json"
MOST_SECONDS = 15.0
"""The longest that a request may take, whatever deadline its caller gives."""
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
    in_flight: int = 0

    def routes(self, served: Served[Wish, View]) -> list[web.RouteDef]:
        """The endpoint under all its paths."""
        handle = self._handle(served)
        paths = (served.endpoint.path, *served.endpoint.aliases)
        return [web.route(served.endpoint.method, path, handle) for path in paths]

    def _handle(self, served: Served[Wish, View]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        endpoint, shape = served.endpoint, shape_of(served.endpoint)
        method, path, name = endpoint.method.value, endpoint.path, f"{endpoint.method} {endpoint.path}"

        async def handle(request: web.Request) -> web.StreamResponse:
            started = time.perf_counter()
            deadline.start(request.headers.get(deadline.HEADER), MOST_SECONDS)
            self.in_flight += 1
            try:
                with tracing.server_span(request.headers.get("traceparent"), name) as span:
                    reply = await self._answer(served, shape, request)
                    span.http_status(reply.status)
            finally:
                self.in_flight -= 1
            self.metrics.observe(method, path, reply.status, time.perf_counter() - started, span.trace_id)
            return RawResponse(reply.status, "".join([f"{name}: {value}\r\n" for name, value in reply.headers.items()]), reply.body)

        return handle

    async def _answer(self, served: Served[Wish, View], shape: Shape, request: web.Request) -> Reply:
        try:
            if self.in_flight > self.settings.max_in_flight:
                message = "too many requests are being served at this moment"
                raise Unavailable(message)
            caller = Caller()
            if Role.ANYONE not in served.endpoint.may:
                caller = await self._identity().admit(served.endpoint, request.headers.get("Authorization"))
            wish = await _read(served.endpoint, shape, request)
            return await self._serve(served, wish, caller, request)
        except ShopError as error:
            return self.refuse(_in_words_of(served.endpoint, error))
        except web.HTTPError as error:
            return self.refuse(_known(error))
        except Exception as error:
            log.exception("request.failed", endpoint=served.endpoint.path, kind=type(error).__name__)
            fault = next((cls for cls in served.endpoint.refuses if issubclass(cls, Internal)), Internal)
            return self.refuse(fault())

    def _identity(self) -> Identity:
        if self.identity is None:
            message = "the service is starting"
            raise Unavailable(message)
        return self.identity

    async def _serve(self, served: Served[Wish, View], wish: Wish, caller: Caller, request: web.Request) -> Reply:
        endpoint = served.endpoint
        if endpoint.keyed is Keyed.NO:
            caller = with_command(caller, "", _address(request))
            return _reply(endpoint, await served.handler(wish, caller, self.ports))
        key = read_key(request.headers.get("Idempotency-Key"), required=endpoint.keyed is Keyed.REQUIRED)
        caller = with_command(caller, command_id(caller, endpoint, key), _address(request))

        async def work() -> Reply:
            try:
                return _reply(endpoint, await served.handler(wish, caller, self.ports))
            except ShopError as error:
                return self.refuse(_in_words_of(endpoint, error))

        if not key or caller.is_service or self.idempotency is None:
            # A service's key names an effect that the aggregate remembers; no record is owed for its answer.
            return await work()
        digest = fingerprint(endpoint, wish, self.settings.fingerprint_key)
        try:
            return await self.idempotency.once(caller.command, digest, work, MOST_SECONDS)
        except StillRunning:
            if served.pending is None:
                raise
            return _reply(endpoint, served.pending(caller))

    def refuse(self, error: ShopError) -> Reply:
        """The refusal as problem+json."""
        status, headers, body = problem.render(error, self.service, tracing.current_trace_id())
        return Reply(status, body, headers)

    @web.middleware
    async def strangers(self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        """Answers what has no route: the router's own 404 and 405 become problems too."""
        try:
            return await handler(request)
        except web.HTTPError as error:
            with tracing.server_span(request.headers.get("traceparent"), f"{request.method} *"):
                reply = self.refuse(_known(error))
            return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


def _in_words_of(endpoint: Endpoint[Wish, View], error: ShopError) -> ShopError:
    """A value that only a rule finds wrong is told like one that the reading found."""
    return endpoint.invalid(error.detail, **error.facts) if type(error) is Invalid else error


def _known(error: web.HTTPError) -> ShopError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(allow=", ".join(sorted(error.allowed_methods)))
    if isinstance(error, web.HTTPNotFound):
        return Missing("there is nothing at this path")
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge()
    return Invalid("the request could not be read") if error.status < web.HTTPInternalServerError.status_code else Internal()


async def _read(endpoint: Endpoint[Wish, View], shape: Shape, request: web.Request) -> Wish:
    if shape.in_body:
        body = await request.read() if request.can_read_body else b""
        if (body or shape.body_needed) and request.content_type != JSON:
            raise UnsupportedMedia
        rest = shape.read_body(body)
    else:
        rest = shape.read_query(list(request.query.items()) if request.query_string else [])
    try:
        path = shape.read_path(request.match_info) if shape.path else None
    except Invalid:
        if Missing in endpoint.refuses:  # an id that no id can be is simply not found
            raise Missing from None
        raise
    return shape.wish(rest, path, request.headers)


def _reply(endpoint: Endpoint[Wish, View], answer: View) -> Reply:
    if isinstance(answer, Done):
        return Reply(endpoint.status, b"", {})
    if isinstance(answer, Blob):
        return Reply(endpoint.status, answer.content, {"Content-Type": endpoint.media, **SAFE_BLOB})
    headers = {"Content-Type": JSON}
    if endpoint.etag:
        headers["ETag"] = f'"{getattr(answer, endpoint.etag)}"'
    status = web.HTTPAccepted.status_code if isinstance(answer, Accepted) else endpoint.status
    return Reply(status, WRITE.encode(answer), headers)


def _address(request: web.Request) -> str:
    """Where the request came from. The gateway writes X-Forwarded-For itself; services listen to nobody else's."""
    return request.headers.get("X-Forwarded-For") or request.remote or ""
