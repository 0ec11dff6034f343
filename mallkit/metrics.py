"""Metrics of one app in its own Prometheus registry: requests by route and status under OpenTelemetry's names, process, own counters."""

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.core import Exemplar, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds; the boundaries that OpenTelemetry's HTTP conventions advise."""
METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})

_EDGES = (*(str(bound) for bound in BOUNDS), "+Inf")
_LABELS = ("http_request_method", "http_route", "http_response_status_code")


class _Series:
    """The requests of one method, route and status."""

    __slots__ = ("counts", "exemplars", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_EDGES)
        self.total = 0.0
        self.exemplars: dict[int, tuple[str, float, float]] = {}
        """Bucket → trace id, seconds, when: the latest request of that bucket."""

    def buckets(self) -> Iterator[tuple[str, float] | tuple[str, float, Exemplar]]:
        """Cumulative, as Prometheus wants them."""
        seen = 0
        for index, edge in enumerate(_EDGES):
            seen += self.counts[index]
            example = self.exemplars.get(index)
            yield (edge, seen, Exemplar({"trace_id": example[0]}, *example[1:])) if example else (edge, seen)


class _Durations(Collector):
    """Counts into plain lists: a third of what the client library's locked histogram costs on every request."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, str, int], _Series] = {}

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily("http_server_request_duration_seconds", "Duration of HTTP server requests.", labels=_LABELS)
        for (method, route, status), series in self.series.items():
            family.add_metric((method, route, str(status)), list(series.buckets()), series.total)
        yield family


class ServerMetrics:
    """The numbers of one app. Not for use from several threads: everything happens on the app's loop."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._durations = _Durations()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self.registry.register(self._durations)
        ProcessCollector(registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float, trace_id: str = "") -> None:
        """One answered request; `route` is the template, never the path. With a trace id it becomes its bucket's exemplar."""
        key = (method if method in METHODS else "_OTHER", route, status)
        series = self._durations.series.get(key)
        if series is None:
            series = self._durations.series.setdefault(key, _Series())
        index = bisect_left(BOUNDS, seconds)
        series.counts[index] += 1
        series.total += seconds
        if trace_id:
            series.exemplars[index] = (trace_id, seconds, time.time())

    def counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        """The app's counter of that name, made on first use; `counter(...).labels(...).inc()`."""
        if name not in self._counters:
            self._counters[name] = Counter(name, meaning, labels, registry=self.registry)
        return self._counters[name]

    def gauge(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
        """The app's gauge of that name, made on first use."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, meaning, labels, registry=self.registry)
        return self._gauges[name]

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """What `/metrics` answers, and its content type; OpenMetrics with exemplars where the `Accept` header asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type
