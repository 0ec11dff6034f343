"""Traces: ids that reach every log line and neighbour, and spans that a real collector receives over HTTP."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Exported
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from mallkit.tracing import client_span, configure, current_trace_id, current_traceparent, server_span, use_case_span

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{PARENT}-01"


class Collector:
    """An OTLP/HTTP collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """The handler of POST /v1/traces."""
        self.requests.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response(content_type="application/x-protobuf")

    def spans(self) -> dict[str, Exported]:
        """By name."""
        resources = [resource for request in self.requests for resource in request.resource_spans]
        return {span.name: span for resource in resources for scope in resource.scope_spans for span in scope.spans}

    def services(self) -> set[str]:
        """Whose spans they are."""
        resources = [resource.resource for request in self.requests for resource in request.resource_spans]
        return {fact.value.string_value for resource in resources for fact in resource.attributes if fact.key == "service.name"}


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    kept = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", kept.take)
    async with TestServer(app, host="127.0.0.1") as server:
        kept.url = str(server.make_url("/")).rstrip("/")
        yield kept


def facts(span: Exported) -> dict[str, object]:
    return {fact.key: getattr(fact.value, str(fact.value.WhichOneof("value"))) for fact in span.attributes}


def test_without_a_collector_every_request_has_a_trace_id() -> None:
    with server_span(None, "GET /x") as one:
        assert len(one.trace_id) == 32
        assert one.trace_id == current_trace_id()
        assert one.traceparent == current_traceparent()
        one.http_status(500)
    with server_span(None, "GET /x") as other:
        assert other.trace_id != one.trace_id


def test_a_valid_header_goes_on_as_a_new_span_of_the_same_trace() -> None:
    with server_span(HEADER, "GET /x") as span:
        assert span.trace_id == TRACE
        version, trace_id, span_id, flags = span.traceparent.split("-")
        assert (version, trace_id, flags) == ("00", TRACE, "01")
        assert span_id != PARENT


def test_the_callers_choice_not_to_be_sampled_is_handed_on() -> None:
    with server_span(f"00-{TRACE}-{PARENT}-00", "GET /x") as span:
        assert span.traceparent.endswith("-00")
        with client_span("GET", "order", "order") as call:
            assert call.traceparent.endswith("-00")


@pytest.mark.parametrize("header", [f"01-{TRACE}-{PARENT}-01", f"01-{TRACE}-{PARENT}-01-what-comes-later", f"00-{TRACE}-{PARENT}-ff"])
def test_later_versions_and_flags_are_understood(header: str) -> None:
    with server_span(header, "GET /x") as span:
        assert span.traceparent.startswith(f"00-{TRACE}-")
        assert span.traceparent.endswith("-01")


@pytest.mark.parametrize(
    "header",
    [
        "", "nonsense", f"ff-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01-more", f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE[:-1]}-{PARENT}-01", f"00-{TRACE}-{PARENT}", f" {HEADER}",
        f"{HEADER}\n", f"00-{TRACE}-{PARENT}-0g", f"01-{TRACE}-{PARENT}-01more", f"00_{TRACE}_{PARENT}_01",
        f"00-{chr(0x661) * 32}-{PARENT}-01",
    ],
)  # fmt: skip
def test_an_invalid_header_starts_a_new_trace(header: str) -> None:
    with server_span(header, "GET /x") as span:
        assert span.trace_id not in {TRACE, "0" * 32}


def test_nothing_is_current_before_between_and_after() -> None:
    assert (current_trace_id(), current_traceparent()) == ("", "")
    with server_span(None, "GET /x") as outer:
        with client_span("POST", "order", "place") as inner:
            assert inner.trace_id == outer.trace_id
            assert current_traceparent() == inner.traceparent != outer.traceparent
        assert current_traceparent() == outer.traceparent
        with pytest.raises(LookupError), use_case_span("x"):
            raise LookupError
        assert current_traceparent() == outer.traceparent
    assert (current_trace_id(), current_traceparent()) == ("", "")


def test_a_thousand_spans_leave_no_trace_in_the_context() -> None:
    with server_span(None, "GET /x"):
        pass
    before = dict(copy_context())
    for _ in range(1000):
        with server_span(HEADER, "GET /x"), client_span("GET", "order", "order"):
            pass
    assert dict(copy_context()) == before


async def test_requests_at_the_same_time_keep_their_own_trace() -> None:
    async def request(number: int) -> bool:
        with server_span(f"00-{number:032x}-{PARENT}-01", "GET /x"):
            for _ in range(5):
                await asyncio.sleep(0)
            return current_trace_id() == f"{number:032x}"

    assert all(await asyncio.gather(*(request(number) for number in range(1, 50))))


def test_a_server_span_inside_another_one_belongs_to_its_own_caller() -> None:
    with server_span(HEADER, "GET /x"), server_span(None, "GET /y") as other:
        assert other.trace_id != TRACE


async def test_a_collector_receives_one_trace_over_server_use_case_and_client(collector: Collector) -> None:
    async with configure("order", collector.url):
        with server_span(HEADER, "PUT /orders/{order_id}/cancel") as server:
            server.http_status(200)
            with use_case_span("order.cancel"), client_span("POST", "payment", "refund") as client:
                client.http_status(503)
                sent = client.traceparent
        with server_span(sent, "POST /refunds"):
            pass
    spans = collector.spans()
    assert collector.services() == {"order"}
    server_sent, use_case, call = spans["PUT /orders/{order_id}/cancel"], spans["order.cancel"], spans["POST payment.refund"]
    assert {span.trace_id.hex() for span in spans.values()} == {TRACE}
    assert server_sent.parent_span_id.hex() == PARENT
    assert use_case.parent_span_id == server_sent.span_id
    assert call.parent_span_id == use_case.span_id
    assert spans["POST /refunds"].parent_span_id == call.span_id
    assert (server_sent.kind, use_case.kind, call.kind) == (
        Exported.SPAN_KIND_SERVER,
        Exported.SPAN_KIND_INTERNAL,
        Exported.SPAN_KIND_CLIENT,
    )
    assert facts(server_sent) == {
        "http.request.method": "PUT", "http.route": "/orders/{order_id}/cancel", "url.scheme": "http", "http.response.status_code": 200,
    }  # fmt: skip
    assert facts(call) == {
        "http.request.method": "POST", "server.address": "payment", "url.scheme": "http", "http.response.status_code": 503,
        "error.type": "503",
    }  # fmt: skip
    assert call.status.code == Status.STATUS_CODE_ERROR
    assert server_sent.status.code == Status.STATUS_CODE_UNSET


async def test_an_exception_marks_its_span_by_its_type_alone(collector: Collector) -> None:
    async with configure("order", collector.url):
        with pytest.raises(LookupError), server_span(None, "GET /x"):
            raise LookupError("4242424242424242")
    [span] = collector.spans().values()
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert facts(span)["error.type"] == "LookupError"
    assert b"4242" not in span.SerializeToString()


async def test_what_the_caller_does_not_want_sampled_is_not_sent(collector: Collector) -> None:
    async with configure("order", collector.url):
        with server_span(f"00-{TRACE}-{PARENT}-00", "GET /quiet") as span:
            assert span.trace_id == current_trace_id() == TRACE
        with server_span(None, "GET /loud"):
            pass
    assert set(collector.spans()) == {"GET /loud"}


async def test_spans_arrive_while_the_service_runs(collector: Collector) -> None:
    async with configure("order", f"{collector.url}/v1/traces"):
        with server_span(None, "GET /x"):
            pass
        await until(lambda: "GET /x" in collector.spans())


async def test_a_collector_that_is_away_does_not_hold_up_the_stop(unused_tcp_port: int) -> None:
    async with asyncio.timeout(8), configure("order", f"http://127.0.0.1:{unused_tcp_port}"):
        with server_span(None, "GET /x"):
            pass
    with server_span(None, "GET /x") as span:
        assert span.trace_id


async def test_services_in_one_process_export_one_after_the_other(collector: Collector) -> None:
    async with configure("outer", collector.url):
        async with configure("inner", collector.url):
            pass
        with server_span(None, "GET /x"):
            pass
    assert collector.services() == {"outer"}


async def test_every_recorded_request_is_a_trace_of_its_own(collector: Collector) -> None:
    async with configure("order", collector.url):
        with server_span(f"00-{'0' * 32}-{PARENT}-01", "GET /x"), server_span(None, "GET /y"):
            pass
    spans = collector.spans()
    assert spans["GET /x"].trace_id != spans["GET /y"].trace_id
    assert {span.parent_span_id for span in spans.values()} == {b""}


async def test_after_the_context_nothing_is_recorded(collector: Collector) -> None:
    async with configure("order", collector.url):
        pass
    with server_span(None, "GET /x"):
        pass
    assert collector.spans() == {}


def test_without_an_endpoint_the_sdk_is_not_even_imported() -> None:
    program = (
        "import asyncio, sys\n"
        "from mallkit.tracing import configure, server_span\n"
        "async def main():\n"
        "    async with configure('order', ''):\n"
        "        with server_span(None, 'GET /x'): pass\n"
        "asyncio.run(main())\n"
        "print(sorted(m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'opentelemetry.exporter', 'requests'))))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # S603: the program is the text above.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
