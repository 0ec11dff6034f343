"""What the gateway does with a request for a service: checks token and role, reads the body, sends all on, and passes the answer back."""

from typing import Final
from urllib.parse import unquote

from aiohttp import hdrs, web

from gateway import headers
from gateway.settings import Settings
from gateway.upstream import Upstream
from mallkit import deadline, tracing
from mallkit.body import read_body
from mallkit.endpoint import ANYONE, Endpoint, Keyed, View, Wish
from mallkit.errors import Invalid, Missing
from mallkit.identity import Identity
from mallkit.routes import target_of
from mallkit.shape import BODY_METHODS
from mallkit.web import Edge, in_words_of

KEY: Final = "Idempotency-Key"


class Relay:
    """Serves one endpoint."""

    def __init__(self, endpoint: Endpoint[Wish, View], upstream: Upstream, identity: Identity, edge: Edge, settings: Settings) -> None:
        self._endpoint = endpoint
        self._upstream = upstream
        self._identity = identity
        self._edge = edge
        self._settings = settings
        self._open = ANYONE in endpoint.may
        self._repeatable = endpoint.repeatable
        self._keyed = endpoint.keyed is not Keyed.NO
        self._says = f"{deadline.HEADER}: {int(settings.answer_seconds * 1000)}\r\n"

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        """Raises the refusals of tokens, bodies and services that are away; the services' own pass as they are."""
        edge = self._edge
        edge.in_flight += 1
        try:
            edge.check_room()
            return await self._relay(request)
        except Invalid as error:  # told in the endpoint's own words, as the service would
            raise in_words_of(self._endpoint, error) from None
        finally:
            edge.in_flight -= 1

    async def _relay(self, request: web.BaseRequest) -> web.Response:
        asked, endpoint = request.headers, self._endpoint
        if not self._open:
            await self._identity.admit(endpoint, asked.get(hdrs.AUTHORIZATION))
        target = target_of(request)
        if "%" in target or "/." in target:
            self._check_path(target)
        body = await read_body(request, self._settings.max_body, self._settings.body_seconds) if request.body_exists else b""
        head = headers.onward(asked) + f"X-Forwarded-For: {request.remote or ''}\r\n{self._says}"
        if body or endpoint.method in BODY_METHODS:
            head += f"Content-Length: {len(body)}\r\n"
        again = self._repeatable or (self._keyed and KEY in asked)
        with tracing.client_span(endpoint.method, self._upstream.service, endpoint.path) as span:
            start = f"{endpoint.method} {target}"
            reply = await self._upstream.send(start, f"{head}traceparent: {span.traceparent}\r\n", body, again=again)
            span.http_status(reply.status)
        return web.Response(status=reply.status, body=reply.body or None, headers=headers.back(reply.headers))

    def _check_path(self, target: str) -> None:
        """A segment that something further in could take for several, or for none, is an id that no id can be."""
        for segment in target.partition("?")[0].split("/"):
            plain = unquote(segment, errors="surrogateescape")
            if plain in {".", ".."} or "/" in plain or "\\" in plain or not plain.isprintable():
                if Missing in self._endpoint.refuses:
                    raise Missing
                message = "the path holds a value that cannot be"
                raise self._endpoint.invalid(message)
