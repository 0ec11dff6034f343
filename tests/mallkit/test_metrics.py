"""What `/metrics` tells is read back by Prometheus' own parsers."""

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as classic
from prometheus_client.samples import Sample

from mallkit.metrics import BOUNDS, ServerMetrics

NAME = "http_server_request_duration_seconds"
OPEN = "application/openmetrics-text; version=1.0.0"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def families(metrics: ServerMetrics, accept: str = "") -> dict[str, Metric]:
    body, content_type = metrics.render(accept)
    parse = open_metrics if content_type.startswith("application/openmetrics-text") else classic
    return {family.name: family for family in parse(body.decode())}


def buckets(samples: list[Sample]) -> dict[str, float]:
    return {sample.labels["le"]: sample.value for sample in samples if sample.name == f"{NAME}_bucket"}


@pytest.mark.parametrize("accept", ["", OPEN])
def test_requests_are_counted_by_method_route_and_status(accept: str) -> None:
    metrics = ServerMetrics()
    for seconds in (0.001, 0.005, 0.006, 99.0):
        metrics.observe("GET", "/orders/{order_id}", 200, seconds)
    metrics.observe("GET", "/orders/{order_id}", 404, 0.2)
    family = families(metrics, accept)[NAME]
    labels = {"http_request_method": "GET", "http_route": "/orders/{order_id}", "http_response_status_code": "200"}
    found = [sample for sample in family.samples if labels.items() <= sample.labels.items()]
    counted = buckets(found)
    assert len(counted) == len(BOUNDS) + 1
    assert (counted["0.005"], counted["0.01"], counted["10.0"], counted["+Inf"]) == (2, 3, 3, 4)  # a bound belongs to its own bucket
    assert {sample.name: sample.value for sample in found if "le" not in sample.labels} == {f"{NAME}_count": 4, f"{NAME}_sum": 99.012}
    assert {sample.labels["http_response_status_code"] for sample in family.samples} == {"200", "404"}


def test_methods_that_nobody_knows_are_one_series() -> None:
    metrics = ServerMetrics()
    for number in range(100):
        metrics.observe(f"BREW{number}", "", 405, 0.001)
    [count] = [sample for sample in families(metrics)[NAME].samples if sample.name == f"{NAME}_count"]
    assert (count.labels["http_request_method"], count.value) == ("_OTHER", 100)


def test_exemplars_name_the_latest_trace_of_a_bucket_where_openmetrics_is_asked_for() -> None:
    metrics = ServerMetrics()
    metrics.observe("GET", "/x", 200, 0.3, "f" * 32)
    metrics.observe("GET", "/x", 200, 0.4, TRACE)
    metrics.observe("GET", "/x", 200, 0.001)
    shown = [sample for sample in families(metrics, OPEN)[NAME].samples if sample.exemplar]
    assert [sample.labels["le"] for sample in shown] == ["0.5"]
    exemplar = shown[0].exemplar
    assert exemplar is not None
    assert (exemplar.labels, exemplar.value) == ({"trace_id": TRACE}, 0.4)
    assert TRACE not in metrics.render("text/plain")[0].decode()


def test_the_process_tells_its_memory_and_cpu() -> None:
    found = families(ServerMetrics())
    assert found["process_resident_memory_bytes"].samples[0].value > 1e6
    assert "process_cpu_seconds" in found


def test_own_counters_and_gauges_are_made_once() -> None:
    metrics = ServerMetrics()
    for _ in range(3):
        metrics.counter("payments_refused", "Refused payments.", ("reason",)).labels("expired").inc()
    metrics.gauge("outbox_lag_seconds", "Age of the oldest unpublished event.").set(1.5)
    found = families(metrics)
    refused = [(sample.labels, sample.value) for sample in found["payments_refused"].samples if sample.name == "payments_refused_total"]
    assert refused == [({"reason": "expired"}, 3)]
    assert found["outbox_lag_seconds"].samples[0].value == 1.5


def test_two_apps_in_one_process_count_apart() -> None:
    one, other = ServerMetrics(), ServerMetrics()
    one.observe("GET", "/x", 200, 0.1)
    assert families(other)[NAME].samples == []
