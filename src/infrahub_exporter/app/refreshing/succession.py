"""What entries leave to those that come after them: to the next configuration's, and over a restart."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from infrahub_exporter.app.refreshing.entries.handover import (
    KeptByKind,
    KeptEntries,
    KeptMetric,
    KeptSeries,
    KeptUncovered,
    Left,
)
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec, UncoveredSpec
from infrahub_exporter.domain.publishing.saved import Saved, fingerprint

AnyLeft = TypeVar("AnyLeft", bound=Left)
Taken_contra = TypeVar("Taken_contra", bound=Left, contravariant=True)


class Heir(Protocol[Taken_contra]):
    """An entry that can go on from what one of the same spec has left."""

    @property
    def spec(self) -> MetricSpec | SeriesSpec | DiscoverySpec | UncoveredSpec | CollectorSpec:
        """Say what is read and derived."""
        ...

    def go_on(self, kept: Taken_contra) -> None:
        """Go on from what was left."""
        ...


def kept(roster: Roster, pool: Pool) -> KeptEntries:
    """Return what entries over the same source can go on from, once nothing is read any more."""
    return KeptEntries(
        pool,
        tuple(entry.kept() for entry in roster.kinds),
        tuple(entry.kept() for entry in (*roster.series, *roster.queried)),
        tuple(entry.kept() for entry in roster.by_kind),
        tuple(entry.kept() for entry in roster.own_queries),
        {name: sets.kept() for name, sets in roster.sets.items()},
        tuple(entry.kept() for entry in roster.to_cover),
        tuple(entry.kept() for entry in roster.collectors),
    )


def go_on(roster: Roster, kept: KeptEntries) -> None:
    """Go on from what was held of the same kinds and queries; the rows are in the pool."""
    left: list[KeptMetric | KeptSeries | KeptByKind | KeptUncovered] = [
        *_given(kept.metrics, roster.kinds),
        *_given(kept.series, (*roster.series, *roster.queried)),
        *_given(kept.by_kind, roster.by_kind, shared=True),
        *_given(kept.uncovered, roster.to_cover),
    ]
    _given(kept.queries, roster.own_queries)
    for name, sets in roster.sets.items():
        sets.go_on(kept.sets.get(name, ()))
    _given(kept.collectors, roster.collectors)
    shared = {id(listed.derived) for listed in roster.by_kind}
    for unwanted in left:
        if id(unwanted.derived) not in shared:
            unwanted.derived.release()


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
        kinds=tuple(filter(None, kinds)),
        lists=tuple(filter(None, lists)),
        collectors=tuple(filter(None, collectors)),
    )


def _given(kept: Sequence[AnyLeft], heirs: Sequence[Heir[AnyLeft]], *, shared: bool = False) -> list[AnyLeft]:
    """Give each entry what one of the same spec has left, if there is any; return what is left over.

    What can be `shared` all of the same spec go on from, those too that are new.
    """
    alike: dict[str, list[AnyLeft]] = {}
    for each in reversed(kept):
        alike.setdefault(each.fingerprint, []).append(each)
    for heir in heirs:
        if same := alike.get(fingerprint(heir.spec)):
            heir.go_on(same[-1] if shared and len(same) == 1 else same.pop())
    return [each for same in alike.values() for each in same]
