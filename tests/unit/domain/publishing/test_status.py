"""The state of entries and of the whole exporter."""

import msgspec
import pytest

from infrahub_exporter.domain.errors import (
    DerivationError,
    ExporterError,
    SourceError,
    SourceRejectedError,
    SourceUnavailableError,
)
from infrahub_exporter.domain.publishing.status import EntryStatus, PushStatus, Status

FRESH = EntryStatus("kind", "InfraDevice")
GOOD = FRESH.succeeded(at=1000.0, duration_seconds=0.5, nodes=3, published=2, skipped={"duplicate": 1})
DOWN = SourceUnavailableError("connection refused")
UNKNOWN = SourceRejectedError("Infrahub has no kind 'InfraDevice'")


def test_an_entry_that_has_not_been_tried_knows_nothing() -> None:
    fresh = EntryStatus("kind", "InfraDevice")
    assert fresh == EntryStatus(
        source="kind",
        name="InfraDevice",
        success=None,
        succeeded_at=None,
        duration_seconds=0.0,
        nodes=0,
        published=0,
        skipped={},
        errors={},
        error=None,
    )
    assert not fresh.settled


def test_a_good_refresh_replaces_what_was_known() -> None:
    good = FRESH.succeeded(at=1000.0, duration_seconds=0.5, nodes=3, published=2, skipped={"duplicate": 1})
    assert good == EntryStatus(
        source="kind",
        name="InfraDevice",
        success=True,
        succeeded_at=1000.0,
        duration_seconds=0.5,
        nodes=3,
        published=2,
        skipped={"duplicate": 1},
        errors={},
        error=None,
        durations=FRESH.durations.observed(0.5),
    )
    assert FRESH.success is None


def test_a_failed_refresh_keeps_what_was_read_and_counts_its_class() -> None:
    failed = GOOD.failed(DOWN, duration_seconds=2.0).failed(UNKNOWN, duration_seconds=3.0)
    failed = failed.failed(DOWN, duration_seconds=4.0)
    assert failed == msgspec.structs.replace(
        GOOD, success=False, duration_seconds=4.0, errors={"unavailable": 2, "rejected": 1}, error=DOWN
    )
    assert GOOD.errors == {}


def test_a_good_refresh_clears_the_error_and_keeps_the_count() -> None:
    failed = FRESH.failed(DOWN, duration_seconds=2.0)
    good = failed.succeeded(at=5.0, duration_seconds=1.0, nodes=0, published=0, skipped={})
    assert (good.success, good.error, good.errors) == (True, None, {"unavailable": 1})


@pytest.mark.parametrize(
    ("error", "settled"),
    [
        (DOWN, False),
        (SourceError("something else"), False),
        (UNKNOWN, True),
        (DerivationError("the answer does not fit"), True),
    ],
)
def test_an_unknown_kind_or_a_rejected_query_settles_and_an_infrahub_that_is_down_does_not(
    error: ExporterError, *, settled: bool
) -> None:
    assert FRESH.failed(error, duration_seconds=1.0).settled is settled
    assert GOOD.failed(error, duration_seconds=1.0).settled


def test_what_has_settled_stays_so_while_infrahub_is_down() -> None:
    assert FRESH.failed(UNKNOWN, duration_seconds=1.0).failed(DOWN, duration_seconds=1.0).settled


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        (Status(()), True),
        (Status((GOOD,)), True),
        (Status((GOOD, FRESH)), False),
        (Status((GOOD, FRESH.failed(DOWN, duration_seconds=1.0))), False),
        (Status((GOOD, FRESH.failed(UNKNOWN, duration_seconds=1.0))), True),
        (Status((GOOD.failed(DOWN, duration_seconds=1.0),)), True),
        (Status((GOOD,), dead=("metrics",)), False),
        (Status((GOOD,), pushes=(PushStatus(failures={"unavailable": 3}, last_error="down"),)), True),
    ],
)
def test_the_exporter_is_ready_when_every_entry_has_settled_and_every_loop_lives(
    status: Status, *, ready: bool
) -> None:
    assert status.ready is ready


def test_a_push_that_never_was_counts_nothing() -> None:
    assert PushStatus() == PushStatus(0, 0, 0, 0, {}, None, None)
