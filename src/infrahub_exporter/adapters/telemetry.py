"""The exporter's own metrics, from a registry of its own."""

import platform
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, GCCollector, Metric, ProcessCollector
from prometheus_client import exposition as prometheus
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.publishing.status import ConfigStatus, EntryStatus, PushStatus, SourceStatus, Status

_ENTRY = ("source", "name")
_WRITERS: Mapping[Format, Callable[[CollectorRegistry], bytes]] = {
    Format.TEXT: prometheus.generate_latest,
    Format.OPENMETRICS: openmetrics.generate_latest,
}


class Telemetry:
    """Write the exporter's own metrics: made from its status at each scrape, so that no child outlives its entry."""

    def __init__(self, status: Callable[[], Status], *, clock: Clock, version: str) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_StatusCollector(status, clock, version))
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def text(self, format_: Format = Format.TEXT, names: Collection[str] | None = None) -> bytes:
        """Return the metrics, or those families of them that have one of these names, or samples that do."""
        registry = self._registry
        if names is not None:
            registry = CollectorRegistry(auto_describe=False)
            registry.register(_Named(self._registry, names))
        return _WRITERS[format_](registry)

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
        yield from _entries(status.entries, self._clock.wall())
        yield from _rounds(status)
        yield from _guards(status.entries)
        if status.config is not None:
            yield from _config(status.config)
        if status.store is not None:
            yield from _store(status.store)
        if status.source is not None:
            yield from _source(status.source)
        if status.pushes:
            yield from _pushes(status.pushes)


def _entries(entries: tuple[EntryStatus, ...], now: float) -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "infrahub_exporter_refresh_success", "1 when the last refresh went well, 0 when it failed.", labels=_ENTRY
    )
    succeeded = GaugeMetricFamily(
        "infrahub_exporter_last_success_timestamp_seconds", "When the last good refresh began.", labels=_ENTRY
    )
    age = GaugeMetricFamily(
        "infrahub_exporter_data_age_seconds", "How old the published data is: seconds since that.", labels=_ENTRY
    )
    duration = GaugeMetricFamily(
        "infrahub_exporter_refresh_duration_seconds", "How long the last refresh took.", labels=_ENTRY
    )
    nodes = GaugeMetricFamily("infrahub_exporter_nodes", "Nodes in the last good refresh.", labels=_ENTRY)
    series = GaugeMetricFamily("infrahub_exporter_series", "Series published for a kind.", labels=("name",))
    targets = GaugeMetricFamily("infrahub_exporter_targets", "Target groups published by a query.", labels=("name",))
    skipped = GaugeMetricFamily(
        "infrahub_exporter_skipped_nodes",
        "Nodes of the last good refresh that gave no series or target, by reason.",
        labels=(*_ENTRY, "reason"),
    )
    errors = CounterMetricFamily(
        "infrahub_exporter_refresh_errors", "Failed refreshes, by class of error.", labels=(*_ENTRY, "class")
    )
    for entry in entries:
        names = (entry.source, entry.name)
        if entry.success is not None:
            success.add_metric(names, float(entry.success))
            duration.add_metric(names, entry.duration_seconds)
        if entry.succeeded_at is not None:
            succeeded.add_metric(names, entry.succeeded_at)
            age.add_metric(names, max(0.0, now - entry.succeeded_at))
            nodes.add_metric(names, entry.nodes)
            (series if entry.source == "kind" else targets).add_metric((entry.name,), entry.published)
        for reason, count in entry.skipped.items():
            skipped.add_metric((*names, reason), count)
        for reason, count in entry.errors.items():
            errors.add_metric((*names, reason), count)
    yield from (success, succeeded, age, duration, nodes, series, targets, skipped, errors)


def _rounds(status: Status) -> Iterator[Metric]:
    if status.poll_interval_seconds is not None:
        yield GaugeMetricFamily(
            "infrahub_exporter_poll_interval_seconds",
            "The interval of rounds as it is just now: longer than configured while Infrahub sheds load.",
            status.poll_interval_seconds,
        )
    if status.round_seconds is not None:
        yield GaugeMetricFamily(
            "infrahub_exporter_round_duration_seconds",
            "How long the last round over all kinds took.",
            status.round_seconds,
        )


def _guards(entries: tuple[EntryStatus, ...]) -> Iterator[Metric]:
    held = GaugeMetricFamily(
        "infrahub_exporter_held", "1 while the shrink guard keeps the last good data in place.", labels=_ENTRY
    )
    offered = GaugeMetricFamily(
        "infrahub_exporter_held_items", "Series or targets that are read and held back.", labels=_ENTRY
    )
    reading = GaugeMetricFamily(
        "infrahub_exporter_reading_nodes", "Nodes of a whole read that have come so far.", labels=_ENTRY
    )
    confirmations = GaugeMetricFamily(
        "infrahub_exporter_held_confirmations", "How often the shrink has been confirmed.", labels=_ENTRY
    )
    restored = GaugeMetricFamily(
        "infrahub_exporter_restored", "1 while the published data is from before a restart.", labels=_ENTRY
    )
    for entry in entries:
        names = (entry.source, entry.name)
        held.add_metric(names, float(entry.hold is not None))
        restored.add_metric(names, float(entry.is_restored))
        if entry.reading is not None:
            reading.add_metric(names, entry.reading)
        if entry.hold is not None:
            offered.add_metric(names, entry.hold.offered)
            confirmations.add_metric(names, entry.hold.confirmations)
    yield from (held, offered, confirmations, restored, reading)


def _config(config: ConfigStatus) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "infrahub_exporter_config_last_reload_successful",
        "1 when the configuration was loaded at the last attempt, 0 when the one before stayed in use.",
        float(config.error is None),
    )
    yield GaugeMetricFamily(
        "infrahub_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration in use was loaded.",
        config.loaded_at,
    )


def _store(store: StoreStatus) -> Iterator[Metric]:
    yield CounterMetricFamily("infrahub_exporter_store_saves", "Good saves of the last good data.", store.saves)
    yield CounterMetricFamily("infrahub_exporter_store_failures", "Saves that failed.", store.failures)
    yield GaugeMetricFamily("infrahub_exporter_store_size_bytes", "Size of the last good save.", store.size_bytes)
    if store.saved_at is not None:
        yield GaugeMetricFamily(
            "infrahub_exporter_store_saved_timestamp_seconds", "When the last good save was.", store.saved_at
        )


def _source(source: SourceStatus) -> Iterator[Metric]:
    yield CounterMetricFamily("infrahub_exporter_requests", "Requests sent to Infrahub.", source.requests)
    yield CounterMetricFamily("infrahub_exporter_request_retries", "Requests that were tried again.", source.retries)
    if source.skew_seconds is not None:
        yield GaugeMetricFamily(
            "infrahub_exporter_clock_skew_seconds",
            "How far Infrahub's clock is ahead of this one.",
            source.skew_seconds,
        )


def _pushes(pushes: Sequence[PushStatus]) -> Iterator[Metric]:
    where = ("destination",)
    whole = CounterMetricFamily("infrahub_exporter_otlp_pushes", "Pushes that the collector took whole.", labels=where)
    points = CounterMetricFamily(
        "infrahub_exporter_otlp_points", "Pushed points, by what became of them.", labels=(*where, "outcome")
    )
    failures = CounterMetricFamily("infrahub_exporter_otlp_failures", "Failed push requests.", labels=(*where, "class"))
    succeeded = GaugeMetricFamily(
        "infrahub_exporter_otlp_last_success_timestamp_seconds",
        "When the collector last took a push whole.",
        labels=where,
    )
    for push in pushes:
        whole.add_metric((push.destination,), push.pushes)
        points.add_metric((push.destination, "delivered"), push.points_delivered)
        points.add_metric((push.destination, "rejected"), push.points_rejected)
        points.add_metric((push.destination, "dropped"), push.points_dropped)
        for reason, count in push.failures.items():
            failures.add_metric((push.destination, reason), count)
        if push.last_success_timestamp_seconds is not None:
            succeeded.add_metric((push.destination,), push.last_success_timestamp_seconds)
    yield from (whole, points, failures, succeeded)
