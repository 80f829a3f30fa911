"""Metrics of entries: how they are read, and what is published of them."""

from collections.abc import Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from infrahub_exporter.adapters.telemetry.histograms import add_distribution
from infrahub_exporter.domain.publishing.status import EntryStatus

_ENTRY = ("source", "name")


def of_entries(entries: Sequence[EntryStatus], now: float) -> Iterator[Metric]:
    """Tell how each entry is doing at a wall clock (unix seconds)."""
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
        "infrahub_exporter_last_refresh_duration_seconds", "How long the last refresh took.", labels=_ENTRY
    )
    durations = HistogramMetricFamily(
        "infrahub_exporter_refresh_duration_seconds", "How long good refreshes took.", labels=_ENTRY
    )
    nodes = GaugeMetricFamily("infrahub_exporter_nodes", "Nodes in the last good refresh.", labels=_ENTRY)
    series = GaugeMetricFamily("infrahub_exporter_series", "Series published for an entry.", labels=("name",))
    limits = GaugeMetricFamily(
        "infrahub_exporter_series_limit_ratio",
        "How much of its max_series an entry has, published or not.",
        labels=("name",),
    )
    targets = GaugeMetricFamily("infrahub_exporter_targets", "Target groups published by a query.", labels=("name",))
    skipped = GaugeMetricFamily(
        "infrahub_exporter_skipped_nodes",
        "Nodes of the last good refresh that gave no series or target, by reason.",
        labels=(*_ENTRY, "reason"),
    )
    written = GaugeMetricFamily(
        "infrahub_exporter_file_written",
        "1 when the last list of a query is in its file, 0 when it could not be written.",
        labels=("name",),
    )
    errors = CounterMetricFamily(
        "infrahub_exporter_refresh_errors", "Failed refreshes, by class of error.", labels=(*_ENTRY, "class")
    )
    for entry in entries:
        names = (entry.source, entry.name)
        if entry.success is not None:
            success.add_metric(names, float(entry.success))
            duration.add_metric(names, entry.duration_seconds)
            add_distribution(durations, names, entry.durations)
        if entry.succeeded_at is not None:
            succeeded.add_metric(names, entry.succeeded_at)
            age.add_metric(names, max(0.0, now - entry.succeeded_at))
            nodes.add_metric(names, entry.nodes)
            if entry.source != "uncovered":
                (targets if entry.source == "query" else series).add_metric((entry.name,), entry.published)
        if entry.series_limit_ratio is not None:
            limits.add_metric((entry.name,), entry.series_limit_ratio)
        if entry.is_written is not None:
            written.add_metric((entry.name,), float(entry.is_written))
        for reason, count in entry.skipped.items():
            skipped.add_metric((*names, reason), count)
        for reason, count in entry.errors.items():
            errors.add_metric((*names, reason), count)
    yield from (success, succeeded, age, duration, durations, nodes, series, limits, targets, written, skipped, errors)


def of_guards(entries: Sequence[EntryStatus]) -> Iterator[Metric]:
    """Tell what the guard holds, what is from before a restart, and how far whole reads are."""
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
