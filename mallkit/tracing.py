"""Traces: thin spans on the OpenTelemetry API, so that every request has a trace id; exported by OTLP only when an endpoint is set.

Spans carry names, methods, routes and statuses; never a query string, a body, a header or the text of an exception.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Token
from types import TracebackType
from typing import Final, Self

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, Tracer

EXPORT_SECONDS = 3
"""How long one export may take; also bounds how long a stop waits for a collector that is away."""
FIRST_SERVER_ERROR = 500

_TRACEPARENT = re.compile(r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?")
_NOTHING: Final = Context()
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
"""Of traces that begin here, exported or not: a neighbour that exports then keeps its part."""


class _Export:
    """Where finished spans go: a process is one service, so there is one tracer, or none."""

    tracer: Tracer | None = None


@asynccontextmanager
async def configure(service: str, endpoint: str) -> AsyncIterator[None]:
    """Exports spans of `service` to the OTLP/HTTP collector at `endpoint` (`http://host:4318`); empty: nothing is exported.

    Leaving sends what is still queued; a collector that is away delays that by `EXPORT_SECONDS` at most.
    """
    if not endpoint:
        yield
        return
    # Imported here: the SDK and its exporter cost 8 MiB in every process that does not export.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (see above)
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 (see above)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 (see above)
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 (see above)

    url = endpoint.rstrip("/")
    exporter = OTLPSpanExporter(url if url.endswith("/v1/traces") else f"{url}/v1/traces", timeout=EXPORT_SECONDS)
    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=8192, schedule_delay_millis=1000))
    before, _Export.tracer = _Export.tracer, provider.get_tracer("mallkit")
    try:
        yield
    finally:
        _Export.tracer = before
        await asyncio.to_thread(provider.shutdown)


class Span:
    """A span that is current inside its `with`. An exception that leaves it marks it as failed, by the exception's type only."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def __enter__(self) -> Self:
        self._token: Token[Context] = otel_context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        otel_context.detach(self._token)
        span = self._span
        if span.is_recording():
            if kind is not None:
                span.set_attribute("error.type", kind.__qualname__)
                span.set_status(Status(StatusCode.ERROR))
            span.end()

    @property
    def trace_id(self) -> str:
        """32 hex digits."""
        return trace.format_trace_id(self._span.get_span_context().trace_id)

    @property
    def traceparent(self) -> str:
        """The header that makes a neighbour's span a child of this one."""
        return _traceparent(self._span.get_span_context())

    def http_status(self, status: int) -> None:
        """Tells how the request was answered; 5xx marks the span as failed."""
        span = self._span
        if span.is_recording():
            span.set_attribute("http.response.status_code", status)
            if status >= FIRST_SERVER_ERROR:
                span.set_attribute("error.type", str(status))
                span.set_status(Status(StatusCode.ERROR))


def server_span(traceparent: str | None, name: str) -> Span:
    """For one request; `name` is its method and route (`GET /api/v1/orders/{order_id}`). A header that is not valid starts a new trace."""
    caller = _parse(traceparent) if traceparent else None
    tracer = _Export.tracer
    if tracer is None:
        return _unrecorded(caller)
    parent = _NOTHING if caller is None else trace.set_span_in_context(NonRecordingSpan(caller), _NOTHING)
    method, _, route = name.partition(" ")
    attributes = {"http.request.method": method, "http.route": route, "url.scheme": "http"}
    return Span(tracer.start_span(name, context=parent, kind=SpanKind.SERVER, attributes=attributes))


def client_span(method: str, service: str, endpoint: str) -> Span:
    """For one call to a neighbour's endpoint (its name in the contract); send the span's `traceparent` with it."""
    tracer = _Export.tracer
    if tracer is None:
        return _unrecorded(trace.get_current_span().get_span_context())
    attributes = {"http.request.method": method, "server.address": service, "url.scheme": "http"}
    return Span(tracer.start_span(f"{method} {service}.{endpoint}", kind=SpanKind.CLIENT, attributes=attributes))


def use_case_span(name: str) -> Span:
    """For a step inside the process that somebody will ask about."""
    tracer = _Export.tracer
    if tracer is None:
        return _unrecorded(trace.get_current_span().get_span_context())
    return Span(tracer.start_span(name))


def current_trace_id() -> str:
    """32 hex digits; empty outside every span."""
    here = trace.get_current_span().get_span_context()
    return trace.format_trace_id(here.trace_id) if here.is_valid else ""


def current_traceparent() -> str:
    """The W3C header of the current span, for events and calls that have no span of their own; empty outside every span."""
    here = trace.get_current_span().get_span_context()
    return _traceparent(here) if here.is_valid else ""


def trace_id_of(traceparent: str) -> str:
    """32 hex digits; empty for what is no valid traceparent."""
    found = _parse(traceparent)
    return trace.format_trace_id(found.trace_id) if found is not None and found.is_valid else ""


def _unrecorded(parent: SpanContext | None) -> Span:
    """A span that is only its ids."""
    number = random.getrandbits(64) or 1
    if parent is not None and parent.is_valid:
        here = SpanContext(parent.trace_id, number, is_remote=False, trace_flags=parent.trace_flags)
    else:
        trace_id = random.getrandbits(128) or 1
        here = SpanContext(trace_id, number, is_remote=False, trace_flags=_SAMPLED)
    return Span(NonRecordingSpan(here))


def _traceparent(here: SpanContext) -> str:
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags & TraceFlags.SAMPLED:02x}"


def _parse(header: str) -> SpanContext | None:
    """By W3C Trace Context level 1: version 00 ends after the flags, later versions may go on, ff is not valid.

    Ids of zeros give a context that is not valid, which starts a new trace as none does.
    """
    found = _TRACEPARENT.fullmatch(header)
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"] is not None):
        return None
    flags = TraceFlags(int(found["flags"], 16) & TraceFlags.SAMPLED)
    return SpanContext(int(found["trace"], 16), int(found["span"], 16), is_remote=True, trace_flags=flags)
