"""What entries leave to those that come after them: to the next configuration's, and over a restart."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from infrahub_exporter.app.refreshing.handover import (
    KeptByKind,
    KeptCollector,
    KeptEntries,
    KeptMetric,
    KeptQueried,
    KeptQuery,
    KeptSeries,
    KeptUncovered,
)
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec, UncoveredSpec
from infrahub_exporter.domain.publishing.saved import Saved, fingerprint

_Spec = MetricSpec | SeriesSpec | DiscoverySpec | UncoveredSpec | CollectorSpec
AnyKept = TypeVar("AnyKept", KeptMetric, KeptSeries, KeptByKind, KeptQuery, KeptUncovered, KeptCollector, KeptQueried)


def kept(roster: Roster, pool: Pool) -> KeptEntries:
    """Return what entries over the same source can go on from, once nothing is read any more."""
    return KeptEntries(
        pool,
        tuple(entry.kept() for entry in roster.kinds),
        tuple(entry.kept() for entry in roster.series),
        tuple(entry.kept() for entry in roster.by_kind),
        tuple(entry.kept() for entry in roster.own_queries),
        {name: sets.kept() for name, sets in roster.sets.items()},
        tuple(entry.kept() for entry in roster.to_cover),
        tuple(entry.kept() for entry in roster.collectors),
        tuple(entry.kept_query() for entry in roster.queried),
    )


def go_on(roster: Roster, kept: KeptEntries) -> None:
    """Go on from what was held of the same kinds and queries; the rows are in the pool."""
    left: list[KeptMetric | KeptSeries | KeptByKind | KeptUncovered] = [
        *_given(kept.metrics, [(each.spec, each.go_on) for each in roster.kinds]),
        *_given(kept.series, [(each.spec, each.go_on) for each in roster.series]),
        *_given(kept.by_kind, [(each.spec, each.go_on) for each in roster.by_kind]),
        *_given(kept.uncovered, [(each.spec, each.go_on) for each in roster.to_cover]),
    ]
    _given(kept.queries, [(each.spec, each.go_on) for each in roster.own_queries])
    for name, sets in roster.sets.items():
        sets.go_on(kept.sets.get(name, ()))
    _given(kept.queried, [(each.spec, each.go_on_query) for each in roster.queried])
    _given(kept.collectors, [(each.spec, each.go_on) for each in roster.collectors])
    for unwanted in left:
        unwanted.held.release()


def restore(roster: Roster, saved: Saved) -> int:
    """Show what was kept over a restart, of entries that have nothing; tell for how many there was anything."""
    return sum(entry.restore(saved) for entry in roster.all if entry.status.succeeded_at is None)


def saved(roster: Roster, source: str) -> Saved:
    """Return what is to be kept over a restart, as it is published."""
    kinds = (entry.saved() for entry in (*roster.metrics, *roster.queried))
    lists = (entry.saved() for entry in roster.discoveries.values())
    collectors = (entry.saved() for entry in roster.collectors)
    return Saved(
        source,
        schema="",
        kinds=tuple(each for each in kinds if each is not None),
        lists=tuple(each for each in lists if each is not None),
        collectors=tuple(each for each in collectors if each is not None),
    )


def _given(kept: Sequence[AnyKept], takers: Iterable[tuple[_Spec, Callable[[AnyKept], None]]]) -> list[AnyKept]:
    """Give each entry what one of the same spec has left, if there is any; return what nobody took."""
    alike: dict[str, list[AnyKept]] = {}
    for each in reversed(kept):
        alike.setdefault(each.fingerprint, []).append(each)
    for spec, take in takers:
        if same := alike.get(fingerprint(spec)):
            take(same.pop())
    return [each for same in alike.values() for each in same]
