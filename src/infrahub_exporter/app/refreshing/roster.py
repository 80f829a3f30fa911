"""Which entries there are, built of a configuration, and the list that is asked for among them."""

from collections.abc import Sequence

import anyio
import msgspec

from infrahub_exporter.app.refreshing.entries.collectors import CollectorEntry
from infrahub_exporter.app.refreshing.entries.discoveries import DiscoveryEntry, KindDiscovery, QueryDiscovery
from infrahub_exporter.app.refreshing.entries.measured import MeasuredEntry
from infrahub_exporter.app.refreshing.entries.metrics import MetricEntry
from infrahub_exporter.app.refreshing.entries.parameters import ParameterSets
from infrahub_exporter.app.refreshing.entries.queried_series import QueriedSeries
from infrahub_exporter.app.refreshing.entries.series import SeriesEntry
from infrahub_exporter.app.refreshing.entries.target_derivation import TargetDerivation
from infrahub_exporter.app.refreshing.entries.uncovered import UncoveredEntry
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.watched_document import Outline, WatchedDocument
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.formats import Asked, take_format
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec, UncoveredSpec, entry_names
from infrahub_exporter.domain.asking.variables import read_parameters
from infrahub_exporter.domain.errors import BadParameterError, UnknownDiscoveryError
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.backoff import Outages
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views.coverage import Coverage, Uncovered

Apart = QueryDiscovery | QueriedSeries | CollectorEntry


class Roster:
    """All entries by sort: those made of rows are read in rounds, those by document and collectors each for itself."""

    def __init__(
        self,
        *,
        metrics: Sequence[MetricSpec],
        series: Sequence[SeriesSpec] = (),
        collectors: Sequence[CollectorSpec] = (),
        discoveries: Sequence[DiscoverySpec],
        pool: Pool,
        clock: Clock,
        outline: Outline | None,
        overlap_seconds: float,
        full_refresh_seconds: float,
        guard: GuardSpec,
        limits: Limits,
        prefix: str = "infrahub_",
        uncovered: Sequence[UncoveredSpec] = (),
    ) -> None:
        self.outages = Outages()
        names = entry_names(spec.kind for spec in metrics)
        self.kinds = tuple(
            MetricEntry(name, spec, clock=clock, guard=guard, limits=limits, others=self._others)
            for name, spec in zip(names, metrics, strict=True)
        )
        named = [msgspec.structs.replace(spec, name=f"{prefix}{spec.name}") for spec in series]
        by_name = list(zip(entry_names(spec.name for spec in named), named, strict=True))
        self.series = tuple(
            SeriesEntry(name, spec, clock=clock, guard=guard, limits=limits, others=self._others)
            for name, spec in by_name
            if spec.query is None
        )
        self.metrics: tuple[MeasuredEntry, ...] = (*self.kinds, *self.series)
        self.collectors = tuple(
            CollectorEntry(spec, source=pool.source, clock=clock, limits=limits, others=self._others)
            for spec in collectors
        )
        self.by_kind: list[KindDiscovery] = []
        self.own_queries: list[QueryDiscovery] = []
        self.sets: dict[str, ParameterSets] = {}
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
            made.outages = self.outages
            return made

        self.queried = tuple(
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
        for each in (*self.collectors, *self.queried):
            each.outages = self.outages
        derived: dict[str, TargetDerivation] = {}
        for spec in discoveries:
            if spec.kind is not None:
                alike = derived.setdefault(fingerprint(spec), TargetDerivation(spec, limits.max_rows_per_node))
                self.by_kind.append(KindDiscovery(spec, alike, clock=clock, guard=guard, limits=limits))
                continue
            if spec.parameters:
                self.sets[spec.name] = ParameterSets(spec, make=query, clock=clock, most=limits.max_parameter_sets)
            if not spec.required:
                self.own_queries.append(query(spec, on_demand=False))
        listed: dict[str, DiscoveryEntry] = {entry.spec.name: entry for entry in (*self.by_kind, *self.own_queries)}
        self.discoveries = {spec.name: listed[spec.name] for spec in discoveries if spec.name in listed}
        self.to_cover = tuple(
            UncoveredEntry(name, spec, clock=clock, limits=limits)
            for name, spec in zip(entry_names(spec.kind for spec in uncovered), uncovered, strict=True)
        )
        self._coverage = Coverage()
        self.turn = anyio.Lock()
        """What all that is read in rounds waits for; everything else waits for itself alone."""
        of_rows: tuple[MeasuredEntry | KindDiscovery, ...] = (*self.metrics, *self.by_kind)
        for taking_turns in of_rows:
            taking_turns.lock = self.turn

    @property
    def statuses(self) -> tuple[EntryStatus, ...]:
        """How every entry is doing."""
        rows = (msgspec.structs.replace(entry.status, reading=entry.derived.reading) for entry in self.metrics)
        return (*rows, *(entry.status for entry in (*self.beside, *self.lists, *self.to_cover)))

    @property
    def uncovered(self) -> tuple[Uncovered, ...]:
        """The nodes that are in no list; unknown as long as a list, or the nodes, have never been read well."""
        if not self.to_cover:
            return ()
        if any(entry.chunks is None for entry in self.discoveries.values()):
            return tuple(Uncovered(entry.status.name) for entry in self.to_cover)
        lists = {entry.spec.name: entry.publication.blocks for entry in self.lists}
        self._coverage.update(lists, {entry.status.name: entry.blocks for entry in self.to_cover})
        return tuple(
            Uncovered(name, None if entry.status.succeeded_at is None else self._coverage.nodes(name))
            for entry in self.to_cover
            for name in (entry.status.name,)
        )

    @property
    def measures(self) -> bool:
        """Tell whether there is anything to publish as metrics."""
        return bool(self.metrics or self.beside)

    @property
    def beside(self) -> tuple[QueriedSeries | CollectorEntry, ...]:
        """What is published as metrics, and not read in rounds."""
        return (*self.queried, *self.collectors)

    @property
    def apart(self) -> tuple[Apart, ...]:
        """What is read at a pace of its own."""
        return (*self.queries, *self.beside)

    @property
    def queries(self) -> tuple[QueryDiscovery, ...]:
        """The discoveries by document, and one for each set of parameters that is asked for."""
        return (*self.own_queries, *(entry for sets in self.sets.values() for entry in sets.entries))

    @property
    def lists(self) -> tuple[DiscoveryEntry, ...]:
        """The discoveries that have a list, and those of each set of parameters."""
        return (*self.discoveries.values(), *(entry for sets in self.sets.values() for entry in sets.entries))

    @property
    def all(self) -> tuple[MeasuredEntry | CollectorEntry | DiscoveryEntry, ...]:
        """All that publishes something."""
        return (*self.metrics, *self.beside, *self.lists)

    @property
    def lacks_data(self) -> bool:
        """Tell whether there is an entry that was never read well."""
        return any(entry.status.succeeded_at is None for entry in self.all)

    def find(self, name: str, asked: Sequence[tuple[str, str]] = ()) -> DiscoveryEntry:
        """Return the list of a discovery, with parameters the one of these. Raises UnknownDiscoveryError.

        Raises BadParameterError for parameters that it does not take, SourceUnavailableError past a limit.
        """
        spec = self._spec(name)
        values = read_parameters(spec.parameters, spec.declared, asked)
        if missing := [each for each in spec.required if each not in values]:
            raise BadParameterError(f"expected the parameter {missing[0]!r}, as in /sd/{name}?{missing[0]}=...")
        return self.sets[name].find(values) if values else self.discoveries[name]

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
        for sets in self.sets.values():
            sets.forget(entry)

    def let_go(self) -> None:
        """Let go of all who wait for a first list."""
        for entry in self.lists:
            entry.attempted.set()

    def _others(self, entry: MeasuredEntry | CollectorEntry) -> int:
        measured: tuple[MeasuredEntry | CollectorEntry, ...] = (*self.metrics, *self.beside)
        return sum(other.series for other in measured if other is not entry)
