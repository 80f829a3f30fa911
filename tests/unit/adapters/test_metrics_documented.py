"""docs/metrics.md says of each own metric what it is, and of no other."""

import re
from pathlib import Path

import msgspec

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
from infrahub_exporter.domain.views.coverage import Uncovered

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| `(infrahub_exporter_\w+)` \| (\w+) \|([^|]*)\| [^|]+ \|$", re.MULTILINE)
WRITTEN = re.compile(r'"(infrahub_exporter_\w+[a-z])"')
SUFFIXES = {"counter": "_total", "info": "_info"}


class Noon:
    def wall(self) -> float:
        return 100.0

    def monotonic(self) -> float:
        return 0.0


def entry(source: str) -> EntryStatus:
    """Make an entry that tells all there is to tell of one."""
    good = EntryStatus(source, "A").succeeded(at=90.0, duration_seconds=1.0, nodes=2, published=2, skipped={"x": 1})
    bad = good.failed(SourceUnavailableError("down"), duration_seconds=1.0)
    hold = Hold(since=80.0, published=100, offered=3, floor=3, confirmations=2)
    return msgspec.structs.replace(bad, hold=hold, reading=1, series_limit_ratio=0.5, is_written=True)


EVERYTHING = Status(
    (entry("kind"), entry("query")),
    pushes=(PushStatus(failures={"unavailable": 1}, last_success_timestamp_seconds=90.0),),
    source=SourceStatus({("nodes", "ok"): 1}, skew_seconds=1.0, version="1.11.9"),
    store=StoreStatus(saves=1, saved_at=90.0, size_bytes=1),
    config=ConfigStatus(loaded_at=90.0),
    poll_interval_seconds=30.0,
    round_seconds=1.0,
    pool=PoolStatus(1, 1, {"A": 1}),
    loop_lag=Distribution((1.0,)).observed(0.5),
    change_age=Distribution((1.0,)).observed(0.5),
    deliveries={"accepted": 1},
    sizes={Format.TEXT: (2, 1)},
    uncovered=(Uncovered("A", ()),),
)


def told() -> dict[str, tuple[str, frozenset[str]]]:
    """Return the type and the labels of each metric by its name."""
    found = {}
    for metric in Telemetry(lambda: EVERYTHING, clock=Noon(), version="1").collectors().collect():
        labels = {name for sample in metric.samples for name in sample.labels} - {"le"}
        if metric.name.startswith("infrahub_exporter_"):
            assert metric.samples, f"{metric.name}: the status of this test says nothing of it"
            found[metric.name + SUFFIXES.get(metric.type, "")] = (metric.type, frozenset(labels))
    return found


def test_each_metric_is_documented_with_its_type_and_labels_and_no_other() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    documented = {name: (type_, frozenset(re.findall(r"`(\w+)`", labels))) for name, type_, labels in ROW.findall(text)}
    assert documented == told()


def test_the_status_of_this_test_has_all_that_there_is_to_tell() -> None:
    folder = ROOT / "src" / "infrahub_exporter" / "adapters" / "telemetry"
    written = {name for path in folder.glob("*.py") for name in WRITTEN.findall(path.read_text(encoding="utf-8"))}
    assert written == {re.sub("_(total|info)$", "", name) for name in told()}


def test_no_metric_begins_otherwise_or_has_a_label_that_scrapers_set() -> None:
    metrics = list(Telemetry(lambda: EVERYTHING, clock=Noon(), version="1").collectors().collect())
    beginnings = ("infrahub_exporter_", "process_", "python_gc_")
    assert [metric.name for metric in metrics if not metric.name.startswith(beginnings)] == []
    labels = {name for metric in metrics for sample in metric.samples for name in sample.labels}
    assert labels.isdisjoint({"job", "instance", "quantile"})


def test_each_metric_has_a_help_that_is_a_sentence() -> None:
    metrics = Telemetry(lambda: EVERYTHING, clock=Noon(), version="1").collectors().collect()
    own = {metric.name: metric.documentation for metric in metrics if metric.name.startswith("infrahub_exporter_")}
    assert [name for name, text in own.items() if not re.fullmatch(r"[A-Z0-9].+\.", text)] == []
