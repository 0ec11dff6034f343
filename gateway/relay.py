"""What the gateway does with a request for a service: checks token and role, reads the body, sends all on, and passes the answer back."""

import asyncio
from typing import Final
from urllib.parse import unquote

from aiohttp import hdrs, web

from gateway import headers
from gateway.routes import target_of
from gateway.settings import Settings
from gateway.upstream import Upstream
from mallkit import deadline, tracing
from mallkit.endpoint import ANYONE, Endpoint, Keyed, View, Wish
from mallkit.errors import Invalid, Missing, TooLarge, Unavailable, UnsupportedMedia
from mallkit.identity import Identity
from mallkit.shape import BODY_METHODS
from mallkit.web import Edge

KEY: Final = "Idempotency-Key"


class SlowBody(Invalid):
    """The body did not arrive in time."""

    slug = "request-timeout"
    title = "The request body did not arrive in time"
    status = 408
    remedy = "Send the request again over a better connection."


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
            if edge.in_flight > self._settings.max_in_flight:
                message = "too many requests are being served at this moment"
                raise Unavailable(message)
            return await self._relay(request)
        except Invalid as error:  # told in the endpoint's own words, as the service would
            raise (self._endpoint.invalid(error.detail) if type(error) is Invalid else error) from None
        finally:
            edge.in_flight -= 1

    async def _relay(self, request: web.BaseRequest) -> web.Response:
        asked, endpoint = request.headers, self._endpoint
        if not self._open:
            await self._identity.admit(endpoint, asked.get(hdrs.AUTHORIZATION))
        target = target_of(request)
        if "%" in target or "/." in target:
            self._check_path(target)
        body = await self._body(request) if request.body_exists else b""
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

    async def _body(self, request: web.BaseRequest) -> bytes:
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
            message = "compressed bodies are not taken"
            raise UnsupportedMedia(message)
        most = self._settings.max_body
        if (request.content_length or 0) > most:
            raise TooLarge
        if hdrs.EXPECT in request.headers:
            await _go_on(request)
        content = request.content
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while chunk := await content.readany():
                    body += chunk
                    if len(body) > most:
                        raise TooLarge
        except TimeoutError:
            raise SlowBody from None
        except (web.RequestPayloadError, ConnectionError):
            message = "the body could not be read"
            raise Invalid(message) from None
        return bytes(body)


async def _go_on(request: web.BaseRequest) -> None:
    """Answers `Expect`; what is expected of the answer itself is expected in vain."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        message = "nothing but 100-continue can be expected"
        raise Invalid(message)
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer itself has not begun
