from infrahub_exporter.adapters.telemetry import Telemetry
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.status import EntryStatus, PushStatus, Status


class Noon:
    def wall(self) -> float:
        return 100.0

    def monotonic(self) -> float:
        return 0.0


def lines(status: Status) -> list[str]:
    text = Telemetry(lambda: status, clock=Noon(), version="1.2.3").text().decode()
    kept = [line for line in text.splitlines() if line.startswith("infrahub_exporter_")]
    return [line for line in kept if not line.startswith("infrahub_exporter_build_info")]


def test_an_entry_that_was_never_tried_has_no_series() -> None:
    assert lines(Status((EntryStatus("kind", "A"),))) == ["infrahub_exporter_ready 0.0"]


def test_a_good_entry_tells_its_age_its_nodes_and_what_it_publishes() -> None:
    kind = EntryStatus("kind", "A").succeeded(
        at=90.0, duration_seconds=0.5, nodes=3, published=2, skipped={"duplicate": 1}
    )

    assert lines(Status((kind,))) == [
        "infrahub_exporter_ready 1.0",
        'infrahub_exporter_refresh_success{name="A",source="kind"} 1.0',
        'infrahub_exporter_last_success_timestamp_seconds{name="A",source="kind"} 90.0',
        'infrahub_exporter_data_age_seconds{name="A",source="kind"} 10.0',
        'infrahub_exporter_refresh_duration_seconds{name="A",source="kind"} 0.5',
        'infrahub_exporter_nodes{name="A",source="kind"} 3.0',
        'infrahub_exporter_series{name="A"} 2.0',
        'infrahub_exporter_skipped_nodes{name="A",reason="duplicate",source="kind"} 1.0',
    ]


def test_a_failed_entry_keeps_what_it_had_and_counts_its_errors_by_class() -> None:
    query = EntryStatus("query", "q").succeeded(at=90.0, duration_seconds=0.5, nodes=3, published=3, skipped={})
    failed = query.failed(SourceUnavailableError("down"), duration_seconds=2.0)

    assert lines(Status((failed.failed(SourceUnavailableError("down"), duration_seconds=2.0),))) == [
        "infrahub_exporter_ready 1.0",
        'infrahub_exporter_refresh_success{name="q",source="query"} 0.0',
        'infrahub_exporter_last_success_timestamp_seconds{name="q",source="query"} 90.0',
        'infrahub_exporter_data_age_seconds{name="q",source="query"} 10.0',
        'infrahub_exporter_refresh_duration_seconds{name="q",source="query"} 2.0',
        'infrahub_exporter_nodes{name="q",source="query"} 3.0',
        'infrahub_exporter_targets{name="q"} 3.0',
        'infrahub_exporter_refresh_errors_total{class="unavailable",name="q",source="query"} 2.0',
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

    assert lines(Status((), push=push)) == [
        "infrahub_exporter_ready 1.0",
        "infrahub_exporter_otlp_pushes_total 4.0",
        'infrahub_exporter_otlp_points_total{outcome="delivered"} 10.0',
        'infrahub_exporter_otlp_points_total{outcome="rejected"} 2.0',
        'infrahub_exporter_otlp_points_total{outcome="dropped"} 1.0',
        'infrahub_exporter_otlp_failures_total{class="unavailable"} 3.0',
        "infrahub_exporter_otlp_last_success_timestamp_seconds 95.0",
    ]


def test_a_dead_loop_is_not_ready() -> None:
    assert lines(Status((), dead=("metrics",))) == ["infrahub_exporter_ready 0.0"]


def test_build_and_process_are_told() -> None:
    text = Telemetry(lambda: Status(()), clock=Noon(), version="1.2.3").text().decode()

    assert 'version="1.2.3"' in text
    assert "process_resident_memory_bytes" in text
