"""The one handler of a service or the gateway: finds the entry, opens the span, counts, and turns every refusal into problem+json."""

import time

import structlog
from aiohttp import web

from mallkit import tracing
from mallkit.errors import Internal, Invalid, ShopError
from mallkit.routes import Entry, Routes, target_of
from mallkit.web import Edge

log = structlog.get_logger()


class Front:
    """Serves every request. `routes` are filled before anything is served."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._observe = edge.metrics.observe
        self.routes = Routes()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Never raises for a request's fault or a service's."""
        started = time.perf_counter()
        entry = self.routes.find(request.method, target_of(request).partition("?")[0])
        with tracing.server_span(request.headers.get("traceparent"), entry.name) as span:
            response = await self._answer(entry, request)
            span.http_status(response.status)
        self._observe(request.method, entry.route, response.status, time.perf_counter() - started, span.trace_id)
        return response

    async def _answer(self, entry: Entry, request: web.BaseRequest) -> web.StreamResponse:
        try:
            if not request.raw_path.isascii() or "#" in request.raw_path:
                message = "the path holds characters that must be percent-encoded"
                raise Invalid(message)
            return await entry.serve(request)
        except ShopError as error:
            return self._edge.refuse(error).response()
        except Exception as error:
            log.exception("request.failed", route=entry.route, kind=type(error).__name__)
            return self._edge.refuse(Internal()).response()
