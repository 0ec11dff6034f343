"""An OTLP/HTTP collector in a thread of its own: processes send their spans here while a test goes on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE = 15.0
"""Processes send once a second."""


@dataclass(frozen=True)
class Seen:
    """A span and whose it is."""

    service: str
    span: Span

    @property
    def id(self) -> str:
        """16 hex digits."""
        return self.span.span_id.hex()

    @property
    def parent(self) -> str:
        """Of the span that it belongs to."""
        return self.span.parent_span_id.hex()


@dataclass
class Collector:
    """Keeps what it is sent."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Seen]:
        """All so far."""
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = [fact.value.string_value for fact in resource.resource.attributes if fact.key == "service.name"]
                found += [Seen(names[0], span) for scope in resource.scope_spans for span in scope.spans]
        return found

    def trace(self, trace_id: str, services: set[str]) -> list[Seen]:
        """The spans of a trace, once each of the services has sent its part and every parent is there."""
        ends = time.monotonic() + PATIENCE
        while True:
            found = [seen for seen in self.spans() if seen.span.trace_id.hex() == trace_id]
            known = {seen.id for seen in found}
            orphans = [seen for seen in found if seen.parent not in known]
            if {seen.service for seen in found} >= services and len(orphans) == 1:
                return found
            if time.monotonic() > ends:
                message = f"of {services} came {sorted((seen.service, seen.span.name) for seen in found)}"
                raise TimeoutError(message)
            time.sleep(0.05)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listens on 127.0.0.1 while the context lasts."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
