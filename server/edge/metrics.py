"""``/metrics``: the work of this process in Prometheus' text format.

Numbers are read when they are asked for, from the counters that the rooms keep and
from a few callables; nothing is pushed, and no registry is shared between two
applications in one process. No label carries a user, a project or a path.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.room.rooms import Gauges
from server.room.statistics import BUCKETS, Statistics


@dataclass(frozen=True, slots=True, eq=False)  # a registry wants to hash it
class RoomCollector(Collector):
    """Turns counters and gauges into Prometheus' families."""

    statistics: Statistics
    gauges: Callable[[], Gauges]
    in_service: Callable[[], bool]

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        yield from self._gauges()
        yield from self._counters()
        yield self._commit_seconds()

    def _gauges(self) -> Iterator[Metric]:
        now = self.gauges()
        yield _gauge("rooms", "Documents in memory.", now.rooms)
        yield _gauge("connections", "Live websockets.", now.connections)
        yield _gauge(
            "oldest_uncommitted_edit_seconds",
            "Age of the edit that has waited longest for its commit.",
            now.oldest_uncommitted_seconds,
        )
        yield _gauge(
            "slowest_client_backlog_bytes",
            "Bytes that the slowest client has yet to take.",
            now.slowest_backlog_bytes,
        )
        yield _gauge(
            "oldest_unprojected_edit_seconds",
            "Age of the oldest edit that lists and searches do not show yet.",
            now.oldest_unprojected_seconds,
        )
        yield _gauge("store_in_service", "1 while the store works.", self.in_service())

    def _counters(self) -> Iterator[Metric]:
        counted = self.statistics
        yield _counter("edits", "Updates committed.", counted.edits)
        yield _counter("commit_failures", "Group commits that failed.", counted.commit_failures)
        yield _counter("refused_writes", "Writes refused to a peer.", counted.refused_writes)
        yield _counter("catch_ups", "Full queues turned into a catch-up.", counted.catch_ups)
        yield _counter("failed_rooms", "Rooms closed by a fault.", counted.failed_rooms)
        yield _counter("compactions", "Documents compacted.", counted.compactions)
        yield _counter("projections", "Projections brought up to date.", counted.projections)

    def _commit_seconds(self) -> Metric:
        counts = list(accumulate(self.statistics.commit_buckets))
        bounds = [str(bound) for bound in BUCKETS] + ["+Inf"]
        return HistogramMetricFamily(
            "agentc_commit_seconds",
            "Time that a group commit took.",
            buckets=list(zip(bounds, map(float, counts), strict=True)),
            sum_value=self.statistics.commit_seconds,
        )


def metrics_route(
    statistics: Statistics, gauges: Callable[[], Gauges], in_service: Callable[[], bool]
) -> Route:
    """``/metrics`` for one server."""
    registry = CollectorRegistry()
    registry.register(RoomCollector(statistics, gauges, in_service))
    ProcessCollector(registry=registry)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics)


def _gauge(name: str, means: str, value: float) -> Metric:
    return GaugeMetricFamily(f"agentc_{name}", means, value=value)


def _counter(name: str, means: str, value: float) -> Metric:
    return CounterMetricFamily(f"agentc_{name}", means, value=value)
