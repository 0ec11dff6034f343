"""How an app listens: as aiohttp does, but what is no HTTP is refused as a problem too, and fills no log with tracebacks."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web

from mallkit import tracing
from mallkit.errors import Internal, Invalid, ShopError
from mallkit.idempotency import Reply

log = structlog.get_logger()
Refuse = Callable[[ShopError], Reply]
Options = Any
"""aiohttp's own keywords, handed on."""


class Runner(web.AppRunner):
    """Serves an app; `refuse` renders the refusals of what never reached it."""

    def __init__(self, app: web.Application, refuse: Refuse, **options: Options) -> None:
        super().__init__(app, **options)
        self._refuse = refuse

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        loop = asyncio.get_running_loop()
        return _Server(made.request_handler, request_factory=made.request_factory, loop=loop, refuse=self._refuse, **made._kwargs)  # noqa: SLF001  # the one way to aiohttp's own options


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
