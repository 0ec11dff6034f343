"""How an app listens: as aiohttp does, but what is no HTTP is refused as a problem too, and fills no log with tracebacks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web

from mallkit import ops, tracing
from mallkit.errors import Internal, Invalid, ShopError
from mallkit.raw import Reply

log = structlog.get_logger()
Refuse = Callable[[ShopError], Reply]
Options = Any
"""aiohttp's own keywords, handed on."""
DIRECT: web.AppKey[Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = web.AppKey("DIRECT")
"""Of an app that answers every request itself: aiohttp's router, which reads paths decoded and costs 5 % of a gateway, is left out."""


class Runner(web.AppRunner):
    """Serves an app that has a LIFE."""

    def __init__(self, app: web.Application, **options: Options) -> None:
        super().__init__(app, **options)

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        handler, factory = made.request_handler, made.request_factory
        if DIRECT in self.app:
            handler, factory = self.app[DIRECT], None  # type: ignore[assignment]  # None is aiohttp's own plain request
        loop, refuse = asyncio.get_running_loop(), self.app[ops.LIFE].edge.refuse
        options = made._kwargs  # noqa: SLF001  # the one way to what AppRunner and the app have put together
        return _Server(handler, request_factory=factory, loop=loop, refuse=refuse, **options)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ("_refuse",)

    def __init__(self, manager: web.Server, *, refuse: Refuse, **options: Options) -> None:
        super().__init__(manager, **options)
        self._refuse = refuse

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answers what could not be read, and what a handler let through; the connection is closed after it."""
        if request.writer.output_size > 0:
            gone = "the answer has begun already"
            raise ConnectionError(gone)
        fault = status >= web.HTTPInternalServerError.status_code
        with tracing.server_span(None, "- *"):
            if fault:
                log.error("connection.failed", reason=message, exc_info=exc)
            reply = self._refuse(Internal() if fault else Invalid("the request is not valid HTTP"))
        response = web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        response.force_close()
        return response
