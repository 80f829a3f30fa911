"""The registry of the exporter's own metrics."""

import platform
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain

from prometheus_client import CollectorRegistry, GCCollector, Metric, ProcessCollector
from prometheus_client import exposition as prometheus
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from infrahub_exporter.adapters.telemetry.entries import of_entries, of_guards
from infrahub_exporter.adapters.telemetry.surroundings import of_surroundings
from infrahub_exporter.adapters.telemetry.values import values
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.own import OwnFamily
from infrahub_exporter.domain.publishing.status import Status

_WRITERS: Mapping[Format, Callable[[CollectorRegistry], bytes]] = {
    Format.TEXT: prometheus.generate_latest,
    Format.OPENMETRICS: openmetrics.generate_latest,
}


class Telemetry:
    """Write the exporter's own metrics: made from its status at each scrape, so that no child outlives its entry."""

    def __init__(self, status: Callable[[], Status], *, clock: Clock, version: str) -> None:
        self._status, self._clock, self._version = status, clock, version
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_StatusCollector(status, clock, version))
        self._process = (ProcessCollector(registry=self._registry), GCCollector(registry=self._registry))

    def text(self, format_: Format = Format.TEXT, names: Collection[str] | None = None) -> bytes:
        """Return the metrics, or those families of them that have one of these names, or samples that do."""
        registry = self._registry
        if names is not None:
            registry = CollectorRegistry(auto_describe=False)
            registry.register(_Named(self._registry, names))
        return _WRITERS[format_](registry)

    def families(self) -> Iterator[OwnFamily]:
        """Return the metrics of this moment as plain values, which are made as they are taken: in any thread."""
        status = self._status()
        entries = _StatusCollector(lambda: status, self._clock, self._version)
        return values(chain.from_iterable(each.collect() for each in (entries, *self._process)))

    def collectors(self) -> CollectorRegistry:
        """Return the registry itself, for a host that serves it."""
        return self._registry


class _Named(Collector):
    def __init__(self, registry: CollectorRegistry, names: Collection[str]) -> None:
        self._registry = registry
        self._names = names

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            if metric.name in self._names or any(sample.name in self._names for sample in metric.samples):
                yield metric


class _StatusCollector(Collector):
    def __init__(self, status: Callable[[], Status], clock: Clock, version: str) -> None:
        self._status = status
        self._clock = clock
        self._version = version

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        yield InfoMetricFamily(
            "infrahub_exporter_build",
            "The exporter and the Python that runs it.",
            {"version": self._version, "python": platform.python_version()},
        )
        yield GaugeMetricFamily("infrahub_exporter_ready", "1 when /-/ready answers 200.", value=float(status.ready))
        yield from of_entries(status.entries, self._clock.wall())
        yield from of_guards(status.entries)
        yield from of_surroundings(status)
