"""Metrics of what is around the entries: rounds, Infrahub, event loop, webhook, bodies, configuration, store, push."""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

from infrahub_exporter.adapters.telemetry.histograms import histogram
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.publishing.status import ConfigStatus, PoolStatus, PushStatus, SourceStatus, Status
from infrahub_exporter.domain.views.coverage import Uncovered


def of_surroundings(status: Status) -> Iterator[Metric]:
    """Tell of each of those that is there."""
    yield from _rounds(status)
    if status.pool is not None:
        yield from _pool(status.pool)
    if status.uncovered:
        yield _uncovered(status.uncovered)
    if status.change_age is not None:
        yield histogram(
            "infrahub_exporter_change_age_seconds",
            "How old changes were when they became visible: from Infrahub's stamp to the publication.",
            status.change_age,
        )
    if status.config is not None:
        yield from _config(status.config)
    if status.store is not None:
        yield from _store(status.store)
    if status.source is not None:
        yield from _source(status.source)
    if status.pushes:
        yield from _pushes(status.pushes)
    if status.loop_lag is not None:
        yield histogram(
            "infrahub_exporter_event_loop_lag_seconds", "How late the event loop was, once a second.", status.loop_lag
        )
    yield from _sizes(status.sizes)
    yield from _deliveries(status.deliveries)


def _pool(pool: PoolStatus) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "infrahub_exporter_readings", "Kinds with their filters that are read, each once for all.", pool.readings
    )
    yield GaugeMetricFamily(
        "infrahub_exporter_views",
        "Metrics and lists that show what is read; lists that are made alike are one.",
        pool.views,
    )
    rows = GaugeMetricFamily("infrahub_exporter_rows", "Nodes that are held of a kind.", labels=("kind",))
    for kind, count in sorted(pool.rows.items()):
        rows.add_metric((kind,), count)
    yield rows


def _sizes(sizes: Mapping[Format, tuple[int, int]]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "infrahub_exporter_exposition_bytes",
        "Bytes of the inventory's metrics, as they are sent.",
        labels=("format", "encoding"),
    )
    for format_, (plain, gzip) in sizes.items():
        family.add_metric((format_.name.lower(), "identity"), plain)
        family.add_metric((format_.name.lower(), "gzip"), gzip)
    yield family


def _deliveries(deliveries: Mapping[str, int]) -> Iterator[Metric]:
    family = CounterMetricFamily(
        "infrahub_exporter_webhook_deliveries", "Deliveries of webhooks, by what became of them.", labels=("outcome",)
    )
    for outcome, count in sorted(deliveries.items()):
        family.add_metric((outcome,), count)
    yield family


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
    yield GaugeMetricFamily(
        "infrahub_exporter_config_hash",
        "A number that is equal for equal configurations, secrets aside.",
        config.hash,
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
    requests = CounterMetricFamily(
        "infrahub_exporter_requests",
        "Requests sent to Infrahub, by what they ask and how they ended.",
        labels=("operation", "outcome"),
    )
    for names, count in sorted(source.requests.items()):
        requests.add_metric(names, count)
    yield requests
    yield CounterMetricFamily(
        "infrahub_exporter_response_bytes", "Bytes of Infrahub's answers, decompressed.", source.read_bytes
    )
    if source.version is not None:
        yield InfoMetricFamily("infrahub_exporter_infrahub", "The Infrahub that is read.", {"version": source.version})
    yield CounterMetricFamily("infrahub_exporter_request_retries", "Requests that were tried again.", source.retries)
    yield GaugeMetricFamily(
        "infrahub_exporter_retrying",
        "1 from the first try that failed in passing until one goes well.",
        source.retrying is not None,
    )
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


def _uncovered(kinds: Sequence[Uncovered]) -> Metric:
    nodes = GaugeMetricFamily(
        "infrahub_exporter_uncovered_nodes", "Nodes of a kind that are in no list of targets.", labels=("kind",)
    )
    for each in kinds:
        if each.nodes is not None:
            nodes.add_metric((each.kind,), len(each.nodes))
    return nodes
