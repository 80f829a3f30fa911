"""The entries at work, and what is published of them."""

from collections.abc import Sequence

import anyio

from infrahub_exporter.app.entries import DiscoveryEntry, KindDiscovery, MetricEntry, QueryDiscovery
from infrahub_exporter.app.held import Source
from infrahub_exporter.app.rounds import Rounds
from infrahub_exporter.app.watched import Outline, WatchedDocument
from infrahub_exporter.domain.collection import entry_names
from infrahub_exporter.domain.errors import SourceUnavailableError, UnknownDiscoveryError
from infrahub_exporter.domain.metrics import Assembly, Entry, assemble
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.ports import Clock, SnapshotSink
from infrahub_exporter.domain.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.status import EntryStatus


class Inventory:
    """All entries: kinds and discoveries by kind are read in rounds, discoveries by document each for itself."""

    def __init__(
        self,
        *,
        metrics: Sequence[MetricSpec],
        discoveries: Sequence[DiscoverySpec],
        source: Source,
        sinks: Sequence[SnapshotSink],
        clock: Clock,
        outline: Outline | None,
        overlap_seconds: float,
        full_refresh_seconds: float,
    ) -> None:
        self._clock = clock
        self._sinks = tuple(sinks)
        names = entry_names(spec.kind for spec in metrics)
        self.metrics = tuple(
            MetricEntry(name, spec, source=source, clock=clock) for name, spec in zip(names, metrics, strict=True)
        )
        self.by_kind: list[KindDiscovery] = []
        self.queries: list[QueryDiscovery] = []
        for spec in discoveries:
            if spec.document is None:
                self.by_kind.append(KindDiscovery(spec, str(spec.kind), source=source, clock=clock))
                continue
            document = WatchedDocument(
                spec.document,
                source=source,
                clock=clock,
                outline=outline,
                overlap_seconds=overlap_seconds,
                full_refresh_seconds=full_refresh_seconds,
            )
            self.queries.append(QueryDiscovery(spec, document, source=source, clock=clock))
        listed: dict[str, DiscoveryEntry] = {entry.spec.name: entry for entry in (*self.by_kind, *self.queries)}
        self.discoveries = {spec.name: listed[spec.name] for spec in discoveries}
        self._rounds = Rounds(
            (*self.by_kind, *self.metrics),
            source=source,
            clock=clock,
            overlap_seconds=overlap_seconds,
            full_refresh_seconds=full_refresh_seconds,
        )
        self._turn = anyio.Lock()
        self._assembly = Assembly()
        self.snapshot = Snapshot()
        self.round_seconds: float | None = None

    @property
    def statuses(self) -> tuple[EntryStatus, ...]:
        """How every entry is doing."""
        return tuple(entry.status for entry in (*self.metrics, *self.discoveries.values()))

    def find(self, name: str) -> DiscoveryEntry:
        """Return a discovery. Raises UnknownDiscoveryError."""
        try:
            return self.discoveries[name]
        except KeyError:
            raise UnknownDiscoveryError(f"no discovery {name!r} is configured") from None

    def last_list(self, name: str) -> DiscoveryEntry:
        """Return a discovery that has a list; raise the last attempt's error, or SourceUnavailableError, where not."""
        entry = self.find(name)
        if entry.chunks is None:
            raise entry.status.error or SourceUnavailableError(f"discovery {name!r} has not been read yet")
        return entry

    async def round(self) -> None:
        """Give every entry that is read as rows its turn, and publish."""
        async with self._turn:
            await self._round()

    async def run(self, entry: QueryDiscovery) -> None:
        """Run a discovery's document where it is due."""
        async with entry.lock:
            await entry.refresh()

    async def attempt(self, entry: DiscoveryEntry) -> None:
        """Try a discovery that has not been tried yet; several at once are one attempt."""
        async with entry.lock if isinstance(entry, QueryDiscovery) else self._turn:
            if entry.status.success is not None:
                return
            if isinstance(entry, QueryDiscovery):
                await entry.refresh()
            else:
                await self._round()

    def release(self) -> None:
        """Let go of all who wait for a first list."""
        for entry in self.discoveries.values():
            entry.attempted.set()

    async def _round(self) -> None:
        began = self._clock.monotonic()
        if await self._rounds.run(self._publish):
            await self._publish()
        self.round_seconds = self._clock.monotonic() - began

    async def _publish(self) -> None:
        read = [entry for entry in self.metrics if entry.status.succeeded_at is not None]
        if not read:
            return
        entries = [Entry(entry.spec, entry.sections, entry.held.blocks.get) for entry in read]
        self._assembly = assemble(entries, self._assembly)
        for entry, duplicates in zip(read, self._assembly.duplicates, strict=True):
            entry.published(duplicates)
        at = max(entry.status.succeeded_at or 0.0 for entry in read)
        self.snapshot = Snapshot(self._assembly.families, at)
        for sink in self._sinks:
            await sink.publish(self.snapshot)
