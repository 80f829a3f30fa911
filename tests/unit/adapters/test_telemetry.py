import msgspec
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from infrahub_exporter.adapters.telemetry import Telemetry
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.publishing.distribution import Distribution
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.guard import Hold
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.publishing.status import (
    ConfigStatus,
    EntryStatus,
    PoolStatus,
    PushStatus,
    SourceStatus,
    Status,
)


class Noon:
    def wall(self) -> float:
        return 100.0

    def monotonic(self) -> float:
        return 0.0


def lines(status: Status) -> list[str]:
    text = Telemetry(lambda: status, clock=Noon(), version="1.2.3").text().decode()
    kept = [line for line in text.splitlines() if line.startswith("infrahub_exporter_")]
    others = ("infrahub_exporter_build_info", "infrahub_exporter_refresh_duration_seconds")
    return [line for line in kept if not line.startswith(others)]


def test_an_entry_that_was_never_tried_has_no_series() -> None:
    assert lines(Status((EntryStatus("kind", "A"),))) == [
        "infrahub_exporter_ready 0.0",
        'infrahub_exporter_held{name="A",source="kind"} 0.0',
        'infrahub_exporter_restored{name="A",source="kind"} 0.0',
    ]


def test_of_an_entry_that_has_left_nothing_stays() -> None:
    entries = [EntryStatus("kind", "A"), EntryStatus("kind", "B")]
    telemetry = Telemetry(lambda: Status(tuple(entries)), clock=Noon(), version="1.2.3")
    assert b'name="A"' in telemetry.text()
    del entries[0]
    assert b'name="A"' not in telemetry.text()
    assert b'name="B"' in telemetry.text()


def test_a_good_entry_tells_its_age_its_nodes_and_what_it_publishes() -> None:
    kind = EntryStatus("kind", "A").succeeded(
        at=90.0, duration_seconds=0.5, nodes=3, published=2, skipped={"duplicate": 1}
    )

    assert lines(Status((kind,))) == [
        "infrahub_exporter_ready 1.0",
        'infrahub_exporter_refresh_success{name="A",source="kind"} 1.0',
        'infrahub_exporter_last_success_timestamp_seconds{name="A",source="kind"} 90.0',
        'infrahub_exporter_data_age_seconds{name="A",source="kind"} 10.0',
        'infrahub_exporter_last_refresh_duration_seconds{name="A",source="kind"} 0.5',
        'infrahub_exporter_nodes{name="A",source="kind"} 3.0',
        'infrahub_exporter_series{name="A"} 2.0',
        'infrahub_exporter_skipped_nodes{name="A",reason="duplicate",source="kind"} 1.0',
        'infrahub_exporter_held{name="A",source="kind"} 0.0',
        'infrahub_exporter_restored{name="A",source="kind"} 0.0',
    ]


def test_a_failed_entry_keeps_what_it_had_and_counts_its_errors_by_class() -> None:
    query = EntryStatus("query", "q").succeeded(at=90.0, duration_seconds=0.5, nodes=3, published=3, skipped={})
    failed = query.failed(SourceUnavailableError("down"), duration_seconds=2.0)

    assert lines(Status((failed.failed(SourceUnavailableError("down"), duration_seconds=2.0),))) == [
        "infrahub_exporter_ready 1.0",
        'infrahub_exporter_refresh_success{name="q",source="query"} 0.0',
        'infrahub_exporter_last_success_timestamp_seconds{name="q",source="query"} 90.0',
        'infrahub_exporter_data_age_seconds{name="q",source="query"} 10.0',
        'infrahub_exporter_last_refresh_duration_seconds{name="q",source="query"} 2.0',
        'infrahub_exporter_nodes{name="q",source="query"} 3.0',
        'infrahub_exporter_targets{name="q"} 3.0',
        'infrahub_exporter_refresh_errors_total{class="unavailable",name="q",source="query"} 2.0',
        'infrahub_exporter_held{name="q",source="query"} 0.0',
        'infrahub_exporter_restored{name="q",source="query"} 0.0',
    ]


def test_pushes_are_told_where_there_are_any() -> None:
    push = PushStatus(
        pushes=4,
        points_delivered=10,
        points_rejected=2,
        points_dropped=1,
        failures={"unavailable": 3},
        last_success_timestamp_seconds=95.0,
    )

    assert lines(Status((), pushes=(push,))) == [
        "infrahub_exporter_ready 1.0",
        'infrahub_exporter_otlp_pushes_total{destination="default"} 4.0',
        'infrahub_exporter_otlp_points_total{destination="default",outcome="delivered"} 10.0',
        'infrahub_exporter_otlp_points_total{destination="default",outcome="rejected"} 2.0',
        'infrahub_exporter_otlp_points_total{destination="default",outcome="dropped"} 1.0',
        'infrahub_exporter_otlp_failures_total{class="unavailable",destination="default"} 3.0',
        'infrahub_exporter_otlp_last_success_timestamp_seconds{destination="default"} 95.0',
    ]


def test_a_dead_loop_is_not_ready() -> None:
    assert lines(Status((), dead=("metrics",))) == ["infrahub_exporter_ready 0.0"]


def test_build_and_process_are_told() -> None:
    text = Telemetry(lambda: Status(()), clock=Noon(), version="1.2.3").text().decode()

    assert 'version="1.2.3"' in text
    assert "process_resident_memory_bytes" in text
    assert 'python_gc_collections_total{generation="0"}' in text


def test_what_the_guard_holds_the_store_and_infrahub_are_told() -> None:
    held = msgspec.structs.replace(
        EntryStatus("kind", "A"), hold=Hold(since=80.0, published=100, offered=3, floor=3, confirmations=2)
    ).restored(read_at=80.0, nodes=100, published=100)
    status = Status(
        (held,),
        source=SourceStatus(
            {("nodes", "ok"): 4, ("count", "rejected"): 1},
            retries=1,
            skew_seconds=2.5,
            read_bytes=900,
            version="1.11.9",
        ),
        store=StoreStatus(saves=2, failures=1, saved_at=90.0, size_bytes=1000),
        poll_interval_seconds=30.0,
        round_seconds=0.25,
    )

    assert [line for line in lines(status) if "data_age" not in line and "last_success" not in line] == [
        "infrahub_exporter_ready 1.0",
        'infrahub_exporter_nodes{name="A",source="kind"} 100.0',
        'infrahub_exporter_series{name="A"} 100.0',
        'infrahub_exporter_held{name="A",source="kind"} 1.0',
        'infrahub_exporter_held_items{name="A",source="kind"} 3.0',
        'infrahub_exporter_held_confirmations{name="A",source="kind"} 2.0',
        'infrahub_exporter_restored{name="A",source="kind"} 1.0',
        "infrahub_exporter_poll_interval_seconds 30.0",
        "infrahub_exporter_round_duration_seconds 0.25",
        "infrahub_exporter_store_saves_total 2.0",
        "infrahub_exporter_store_failures_total 1.0",
        "infrahub_exporter_store_size_bytes 1000.0",
        "infrahub_exporter_store_saved_timestamp_seconds 90.0",
        'infrahub_exporter_requests_total{operation="count",outcome="rejected"} 1.0',
        'infrahub_exporter_requests_total{operation="nodes",outcome="ok"} 4.0',
        "infrahub_exporter_response_bytes_total 900.0",
        'infrahub_exporter_infrahub_info{version="1.11.9"} 1.0',
        "infrahub_exporter_request_retries_total 1.0",
        "infrahub_exporter_retrying 0.0",
        "infrahub_exporter_clock_skew_seconds 2.5",
    ]


def test_the_same_is_told_in_openmetrics_with_one_end() -> None:
    telemetry = Telemetry(lambda: Status((), pushes=(PushStatus(pushes=4),)), clock=Noon(), version="1.2.3")
    body = telemetry.text(Format.OPENMETRICS).decode()
    types = {family.name: family.type for family in text_string_to_metric_families(body)}

    assert (body.count("# EOF"), body[-6:]) == (1, "# EOF\n")
    assert types["infrahub_exporter_build"] == "info"
    assert types["infrahub_exporter_otlp_pushes"] == "counter"


def test_families_are_found_by_their_names_and_by_those_of_their_samples() -> None:
    telemetry = Telemetry(lambda: Status((), pushes=(PushStatus(pushes=4),)), clock=Noon(), version="1.2.3")
    names = {"infrahub_exporter_ready", "infrahub_exporter_otlp_pushes_total", "infrahub_dcimdevice_info"}

    assert telemetry.text(names=names).decode() == (
        "# HELP infrahub_exporter_ready 1 when /-/ready answers 200.\n"
        "# TYPE infrahub_exporter_ready gauge\n"
        "infrahub_exporter_ready 1.0\n"
        "# HELP infrahub_exporter_otlp_pushes_total Pushes that the collector took whole.\n"
        "# TYPE infrahub_exporter_otlp_pushes_total counter\n"
        'infrahub_exporter_otlp_pushes_total{destination="default"} 4.0\n'
    )
    assert telemetry.text(Format.OPENMETRICS, {"infrahub_dcimdevice_info"}) == b"# EOF\n"


def test_good_refreshes_are_a_histogram_of_their_durations() -> None:
    entry = EntryStatus("kind", "A")
    for seconds in (0.25, 0.01, 700.0):
        entry = entry.succeeded(at=90.0, duration_seconds=seconds, nodes=1, published=1, skipped={})
    telemetry = Telemetry(lambda: Status((entry,)), clock=Noon(), version="1")

    assert telemetry.text(names={"infrahub_exporter_refresh_duration_seconds"}).decode() == (
        "# HELP infrahub_exporter_refresh_duration_seconds How long good refreshes took.\n"
        "# TYPE infrahub_exporter_refresh_duration_seconds histogram\n"
        'infrahub_exporter_refresh_duration_seconds_bucket{le="0.01",name="A",source="kind"} 1.0\n'
        'infrahub_exporter_refresh_duration_seconds_bucket{le="0.1",name="A",source="kind"} 1.0\n'
        'infrahub_exporter_refresh_duration_seconds_bucket{le="1.0",name="A",source="kind"} 2.0\n'
        'infrahub_exporter_refresh_duration_seconds_bucket{le="10.0",name="A",source="kind"} 2.0\n'
        'infrahub_exporter_refresh_duration_seconds_bucket{le="60.0",name="A",source="kind"} 2.0\n'
        'infrahub_exporter_refresh_duration_seconds_bucket{le="600.0",name="A",source="kind"} 2.0\n'
        'infrahub_exporter_refresh_duration_seconds_bucket{le="+Inf",name="A",source="kind"} 3.0\n'
        'infrahub_exporter_refresh_duration_seconds_count{name="A",source="kind"} 3.0\n'
        'infrahub_exporter_refresh_duration_seconds_sum{name="A",source="kind"} 700.26\n'
    )


def test_what_is_around_the_entries_is_told() -> None:
    status = Status(
        (),
        config=ConfigStatus(loaded_at=90.0, hash=12345),
        pool=PoolStatus(2, 3, {"B": 5, "A": 10}),
        loop_lag=Distribution((0.1,)).observed(0.05).observed(0.5),
        change_age=Distribution((5.0,)).observed(3.0, 4),
        deliveries={"forged": 1, "accepted": 3},
        sizes={Format.TEXT: (1000, 100), Format.OPENMETRICS: (1010, 110)},
    )

    assert lines(status) == [
        "infrahub_exporter_ready 1.0",
        "infrahub_exporter_readings 2.0",
        "infrahub_exporter_views 3.0",
        'infrahub_exporter_rows{kind="A"} 10.0',
        'infrahub_exporter_rows{kind="B"} 5.0',
        'infrahub_exporter_change_age_seconds_bucket{le="5.0"} 4.0',
        'infrahub_exporter_change_age_seconds_bucket{le="+Inf"} 4.0',
        "infrahub_exporter_change_age_seconds_count 4.0",
        "infrahub_exporter_change_age_seconds_sum 12.0",
        "infrahub_exporter_config_last_reload_successful 1.0",
        "infrahub_exporter_config_last_reload_success_timestamp_seconds 90.0",
        "infrahub_exporter_config_hash 12345.0",
        'infrahub_exporter_event_loop_lag_seconds_bucket{le="0.1"} 1.0',
        'infrahub_exporter_event_loop_lag_seconds_bucket{le="+Inf"} 2.0',
        "infrahub_exporter_event_loop_lag_seconds_count 2.0",
        "infrahub_exporter_event_loop_lag_seconds_sum 0.55",
        'infrahub_exporter_exposition_bytes{encoding="identity",format="text"} 1000.0',
        'infrahub_exporter_exposition_bytes{encoding="gzip",format="text"} 100.0',
        'infrahub_exporter_exposition_bytes{encoding="identity",format="openmetrics"} 1010.0',
        'infrahub_exporter_exposition_bytes{encoding="gzip",format="openmetrics"} 110.0',
        'infrahub_exporter_webhook_deliveries_total{outcome="accepted"} 3.0',
        'infrahub_exporter_webhook_deliveries_total{outcome="forged"} 1.0',
    ]
