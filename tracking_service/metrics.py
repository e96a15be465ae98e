"""The counters for Prometheus, in its text format. Imported when they are first asked for: hits do not pay for it."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tracking_service.counters import Counters

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Counts(Collector):
    def __init__(self, counters: Counters, waiting: int, away: bool) -> None:
        self._counters, self._waiting, self._away = counters, waiting, away

    def collect(self) -> Iterator[Metric]:
        counts = CounterMetricFamily(
            "leadgen_hits", "Hits since this process started, by what became of them", labels=["outcome"]
        )
        for outcome, count in self._counters.as_dict().items():
            counts.add_metric([outcome], count)
        yield counts
        yield GaugeMetricFamily("leadgen_hits_waiting", "Hits that wait for the next commit", self._waiting)
        yield GaugeMetricFamily("leadgen_database_away", "1 while hits go to the spool", int(self._away))


def metrics_page(counters: Counters, waiting: int, *, away: bool) -> bytes:
    """The counters in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Counts(counters, waiting, away))
    return generate_latest(registry)
