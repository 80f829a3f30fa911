"""The entries at work, and what is published of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import anyio
import msgspec

from infrahub_exporter.app.refreshing.collecting import CollectorEntry
from infrahub_exporter.app.refreshing.discoveries import DiscoveryEntry, KindDiscovery, QueryDiscovery
from infrahub_exporter.app.refreshing.entries import MetricEntry
from infrahub_exporter.app.refreshing.figures import Figures
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
from infrahub_exporter.app.refreshing.measured import MeasuredEntry
from infrahub_exporter.app.refreshing.parameters import ParameterSets
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.publisher import Publisher
from infrahub_exporter.app.refreshing.queried_series import QueriedSeries
from infrahub_exporter.app.refreshing.rounds import Rounds
from infrahub_exporter.app.refreshing.series import SeriesEntry
from infrahub_exporter.app.refreshing.uncovered import UncoveredEntry
from infrahub_exporter.app.refreshing.watched import Outline, WatchedDocument
from infrahub_exporter.domain.access.webhooks import Touched
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.formats import Asked, take_format
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec, UncoveredSpec, entry_names
from infrahub_exporter.domain.asking.variables import read_parameters
from infrahub_exporter.domain.errors import BadParameterError, UnknownDiscoveryError
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.ports import Clock, SnapshotSink
from infrahub_exporter.domain.publishing.backoff import Outages
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import Saved, fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus, PoolStatus
from infrahub_exporter.domain.views.coverage import Coverage, Uncovered

_Spec = MetricSpec | SeriesSpec | DiscoverySpec | UncoveredSpec | CollectorSpec
AnyKept = TypeVar("AnyKept", KeptMetric, KeptSeries, KeptByKind, KeptQuery, KeptUncovered, KeptCollector, KeptQueried)
Apart = QueryDiscovery | QueriedSeries | CollectorEntry


class Inventory:
    """All entries: kinds and discoveries by kind are read in rounds, discoveries by document each for itself."""

    def __init__(
        self,
        *,
        metrics: Sequence[MetricSpec],
        series: Sequence[SeriesSpec] = (),
        collectors: Sequence[CollectorSpec] = (),
        discoveries: Sequence[DiscoverySpec],
        pool: Pool,
        sinks: Sequence[SnapshotSink],
        clock: Clock,
        outline: Outline | None,
        overlap_seconds: float,
        full_refresh_seconds: float,
        refresh_timeout_seconds: float,
        guard: GuardSpec,
        limits: Limits,
        figures: Figures | None = None,
        prefix: str = "infrahub_",
        uncovered: Sequence[UncoveredSpec] = (),
    ) -> None:
        self._clock = clock
        self._figures = figures or Figures()
        self._outages = Outages()
        self._pool = pool
        self._publisher = Publisher(sinks)
        names = entry_names(spec.kind for spec in metrics)
        self._kinds = tuple(
            MetricEntry(name, spec, clock=clock, guard=guard, limits=limits, others=self._others)
            for name, spec in zip(names, metrics, strict=True)
        )
        named = [msgspec.structs.replace(spec, name=f"{prefix}{spec.name}") for spec in series]
        by_name = list(zip(entry_names(spec.name for spec in named), named, strict=True))
        self._series = tuple(
            SeriesEntry(name, spec, clock=clock, guard=guard, limits=limits, others=self._others)
            for name, spec in by_name
            if spec.query is None
        )
        self.metrics: tuple[MeasuredEntry, ...] = (*self._kinds, *self._series)
        self.collectors = tuple(
            CollectorEntry(spec, source=pool.source, clock=clock, limits=limits, others=self._others)
            for spec in collectors
        )
        self.by_kind: list[KindDiscovery] = []
        self._queries: list[QueryDiscovery] = []
        self._sets: dict[str, ParameterSets] = {}
        self._specs = {spec.name: spec for spec in discoveries}

        def watched(of: DiscoverySpec | QuerySource) -> WatchedDocument:
            return WatchedDocument(
                of.document,
                stored=of.stored,
                source=pool.source,
                clock=clock,
                outline=outline,
                overlap_seconds=overlap_seconds,
                full_refresh_seconds=full_refresh_seconds,
                schema=pool.schema,
                together=pool.together,
            )

        def query(spec: DiscoverySpec, *, on_demand: bool = True) -> QueryDiscovery:
            document = watched(spec)
            made = QueryDiscovery(
                spec, document, source=pool.source, clock=clock, guard=guard, limits=limits, on_demand=on_demand
            )
            made.outages = self._outages
            return made

        self._queried = tuple(
            QueriedSeries(
                name,
                measured,
                watched(measured.query),
                source=pool.source,
                clock=clock,
                guard=guard,
                limits=limits,
                others=self._others,
            )
            for name, measured in by_name
            if measured.query is not None
        )
        for each in (*self.collectors, *self._queried):
            each.outages = self._outages
        for spec in discoveries:
            if spec.kind is not None:
                entry = KindDiscovery(spec, clock=clock, guard=guard, limits=limits)
                self.by_kind.append(entry)
                continue
            if spec.parameters:
                self._sets[spec.name] = ParameterSets(spec, make=query, clock=clock, most=limits.max_parameter_sets)
            if not spec.required:
                self._queries.append(query(spec, on_demand=False))
        listed: dict[str, DiscoveryEntry] = {entry.spec.name: entry for entry in (*self.by_kind, *self._queries)}
        self.discoveries = {spec.name: listed[spec.name] for spec in discoveries if spec.name in listed}
        self._uncovered = tuple(
            UncoveredEntry(name, spec, clock=clock, limits=limits)
            for name, spec in zip(entry_names(spec.kind for spec in uncovered), uncovered, strict=True)
        )
        self._coverage = Coverage()
        self._rounds = Rounds(
            (*self.by_kind, *self.metrics, *self._uncovered),
            pool=pool,
            clock=clock,
            full_refresh_seconds=full_refresh_seconds,
            refresh_timeout_seconds=refresh_timeout_seconds,
            outages=self._outages,
        )
        self._turn = anyio.Lock()
        self.round_seconds: float | None = None

    @property
    def statuses(self) -> tuple[EntryStatus, ...]:
        """How every entry is doing."""
        rows = (msgspec.structs.replace(entry.status, reading=entry.held.reading) for entry in self.metrics)
        return (*rows, *(entry.status for entry in (*self._beside, *self._lists, *self._uncovered)))

    @property
    def uncovered(self) -> tuple[Uncovered, ...]:
        """The nodes that are in no list; unknown as long as a list, or the nodes, have never been read well."""
        if not self._uncovered:
            return ()
        if any(entry.chunks is None for entry in self.discoveries.values()):
            return tuple(Uncovered(entry.status.name) for entry in self._uncovered)
        lists = {entry.spec.name: entry.publication.blocks for entry in self._lists}
        self._coverage.update(lists, {entry.status.name: entry.blocks for entry in self._uncovered})
        return tuple(
            Uncovered(name, None if entry.status.succeeded_at is None else self._coverage.nodes(name))
            for entry in self._uncovered
            for name in (entry.status.name,)
        )

    @property
    def snapshot(self) -> Snapshot:
        """What is published; empty before the first good read."""
        return self._publisher.snapshot

    @property
    def measures(self) -> bool:
        """Tell whether there is anything to publish as metrics."""
        return bool(self.metrics or self._beside)

    @property
    def _beside(self) -> tuple[QueriedSeries | CollectorEntry, ...]:
        """What is published as metrics, and not read in rounds."""
        return (*self._queried, *self.collectors)

    @property
    def apart(self) -> tuple[Apart, ...]:
        """What is read at a pace of its own."""
        return (*self.queries, *self._beside)

    @property
    def queries(self) -> tuple[QueryDiscovery, ...]:
        """The discoveries by document, and one for each set of parameters that is asked for."""
        return (*self._queries, *(entry for sets in self._sets.values() for entry in sets.entries))

    @property
    def _lists(self) -> tuple[DiscoveryEntry, ...]:
        return (*self.discoveries.values(), *(entry for sets in self._sets.values() for entry in sets.entries))

    @property
    def _entries(self) -> tuple[MeasuredEntry | CollectorEntry | DiscoveryEntry, ...]:
        return (*self.metrics, *self._beside, *self._lists)

    @property
    def pool_status(self) -> PoolStatus:
        """How much of Infrahub is held, and for how many."""
        return self._pool.status

    def find(self, name: str, asked: Sequence[tuple[str, str]] = ()) -> DiscoveryEntry:
        """Return the list of a discovery, with parameters the one of these. Raises UnknownDiscoveryError.

        Raises BadParameterError for parameters that it does not take, SourceUnavailableError past a limit.
        """
        spec = self._spec(name)
        values = read_parameters(spec.parameters, spec.declared, asked)
        if missing := [each for each in spec.required if each not in values]:
            raise BadParameterError(f"expected the parameter {missing[0]!r}, as in /sd/{name}?{missing[0]}=...")
        return self._sets[name].find(values) if values else self.discoveries[name]

    def take_format(self, name: str, asked: Asked) -> tuple[str | None, Asked]:
        """Take the format that a list is asked for in out of parameters. Raises UnknownDiscoveryError.

        Raises BadParameterError for a format that the list is not offered in.
        """
        return take_format(asked, self._spec(name).formats)

    def _spec(self, name: str) -> DiscoverySpec:
        if name not in self._specs:
            raise UnknownDiscoveryError(f"no discovery {name!r} is configured")
        return self._specs[name]

    def forget(self, entry: DiscoveryEntry) -> None:
        """Let go of a list that was made for parameters which do not fit."""
        if isinstance(entry, QueryDiscovery):
            for sets in self._sets.values():
                sets.forget(entry)

    async def round(self) -> None:
        """Give every entry that is read as rows its turn, and publish."""
        async with self._turn:
            await self._round()

    async def run(self, entry: Apart) -> None:
        """Read what is read at a pace of its own, where that is due."""
        async with entry.lock:
            if isinstance(entry, QueryDiscovery):
                await entry.refresh()
                await entry.write()
                return
            await (entry.ask() if isinstance(entry, QueriedSeries) else entry.refresh())
            await self._publisher.publish(self._beside)

    async def attempt(self, entry: DiscoveryEntry) -> None:
        """Try a discovery that has not been tried yet; several at once are one attempt."""
        async with entry.lock if isinstance(entry, QueryDiscovery) else self._turn:
            if entry.status.success is not None:
                return
            if isinstance(entry, QueryDiscovery):
                await entry.refresh()
                await entry.write()
            else:
                await self._round()

    async def depending(self, touched: Touched) -> tuple[bool, tuple[Apart, ...]]:
        """Tell whether anything that is read as rows, and what else, may depend on what events touched."""
        kinds = None if touched.everything else await self._pool.lineages(touched.kinds)
        if kinds is None:
            return True, self.apart
        return self._rounds.read_any(kinds), tuple(entry for entry in self.apart if entry.reads(kinds))

    def doubt_schema(self) -> None:
        """Have the next look ask whether the schema is another one."""
        self._pool.schema.doubt()

    def forgive(self) -> None:
        """Try everything again at its next turn, whatever was refused."""
        self.doubt_schema()
        self._rounds.forgive()
        for entry in self.apart:
            entry.forgive()

    @property
    def is_available(self) -> bool:
        """Tell whether Infrahub could answer all that the last round asked for."""
        return self._rounds.is_available

    @property
    def lacks_data(self) -> bool:
        """Tell whether there is an entry that was never read well."""
        return any(entry.status.succeeded_at is None for entry in self._entries)

    def kept(self) -> KeptEntries:
        """Return what an inventory over the same source can go on from, once nothing is read any more."""
        return KeptEntries(
            self._pool,
            tuple(entry.kept() for entry in self._kinds),
            tuple(entry.kept() for entry in self._series),
            tuple(entry.kept() for entry in self.by_kind),
            tuple(entry.kept() for entry in self._queries),
            {name: sets.kept() for name, sets in self._sets.items()},
            tuple(entry.kept() for entry in self._uncovered),
            tuple(entry.kept() for entry in self.collectors),
            tuple(entry.kept_query() for entry in self._queried),
        )

    async def go_on(self, kept: KeptEntries) -> None:
        """Publish and go on from what was held of the same kinds and queries; the rows are in the pool."""
        self._pool = kept.pool
        self._rounds.go_on(kept.pool)
        left: list[KeptMetric | KeptSeries | KeptByKind | KeptUncovered] = [
            *_given(kept.metrics, [(each.spec, each.go_on) for each in self._kinds]),
            *_given(kept.series, [(each.spec, each.go_on) for each in self._series]),
            *_given(kept.by_kind, [(each.spec, each.go_on) for each in self.by_kind]),
            *_given(kept.uncovered, [(each.spec, each.go_on) for each in self._uncovered]),
        ]
        _given(kept.queries, [(each.spec, each.go_on) for each in self._queries])
        for name, sets in self._sets.items():
            sets.go_on(kept.sets.get(name, ()))
        _given(kept.queried, [(each.spec, each.go_on_query) for each in self._queried])
        _given(kept.collectors, [(each.spec, each.go_on) for each in self.collectors])
        for unwanted in left:
            unwanted.held.release()
        await self._publish()

    async def restore(self, saved: Saved) -> int:
        """Publish what was kept over a restart, of entries that have nothing; tell for how many there was anything."""
        restored = sum(entry.restore(saved) for entry in self._entries if entry.status.succeeded_at is None)
        await self._publish()
        return restored

    def saved(self, source: str) -> Saved:
        """Return what is to be kept over a restart, as it is published."""
        kinds = (entry.saved() for entry in (*self.metrics, *self._queried))
        lists = (entry.saved() for entry in self.discoveries.values())
        collectors = (entry.saved() for entry in self.collectors)
        return Saved(
            source,
            schema="",
            kinds=tuple(each for each in kinds if each is not None),
            lists=tuple(each for each in lists if each is not None),
            collectors=tuple(each for each in collectors if each is not None),
        )

    async def release(self, name: str) -> bool:
        """Publish what the guard holds of the entries of a name; tell whether it held anything.

        Raises UnknownDiscoveryError.
        """
        guarded: tuple[MeasuredEntry | DiscoveryEntry, ...] = (*self.metrics, *self._queried, *self._lists)
        named = [entry for entry in guarded if entry.status.name == name]
        if not named:
            raise UnknownDiscoveryError(f"no kind and no discovery {name!r} is configured")
        return any([await self._released(entry) for entry in named])

    async def _released(self, entry: MeasuredEntry | DiscoveryEntry) -> bool:
        """Release an entry as soon as it is not being read: a query waits for itself alone."""
        async with entry.lock if isinstance(entry, QueryDiscovery | QueriedSeries) else self._turn:
            if not entry.release():
                return False
            if isinstance(entry, QueriedSeries):
                await self._publisher.publish(self._beside)
            elif isinstance(entry, MeasuredEntry):
                await self._publish()
            else:
                await entry.write()
            return True

    def let_go(self) -> None:
        """Let go of all who wait for a first list."""
        for entry in self._lists:
            entry.attempted.set()

    def _read_at(self) -> float:
        """When the newest good read of rows that are metrics began, 0 before any."""
        return max((entry.status.succeeded_at or 0.0 for entry in self.metrics), default=0.0)

    def _others(self, entry: MeasuredEntry | CollectorEntry) -> int:
        measured: tuple[MeasuredEntry | CollectorEntry, ...] = (*self.metrics, *self._beside)
        return sum(other.series for other in measured if other is not entry)

    async def _round(self) -> None:
        began = self._clock.monotonic()
        changed = await self._rounds.run(self._publish)
        if changed or self._read_at() > self._publisher.rows_at:
            await self._publish()
        for entry in self.by_kind:
            await entry.write()
        for seconds, changes in self._rounds.take_ages().items():
            self._figures.change_age = self._figures.change_age.observed(seconds, changes)
        self.round_seconds = self._clock.monotonic() - began

    async def _publish(self) -> None:
        await self._publisher.publish(self._beside, self.metrics)


def _given(kept: Sequence[AnyKept], takers: Iterable[tuple[_Spec, Callable[[AnyKept], None]]]) -> list[AnyKept]:
    """Give each entry what one of the same spec has left, if there is any; return what nobody took."""
    alike: dict[str, list[AnyKept]] = {}
    for each in reversed(kept):
        alike.setdefault(each.fingerprint, []).append(each)
    for spec, take in takers:
        if same := alike.get(fingerprint(spec)):
            take(same.pop())
    return [each for same in alike.values() for each in same]
