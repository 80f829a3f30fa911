"""The entries at work, and what is published of them."""

from collections.abc import Sequence

from infrahub_exporter.app.refreshing import succession
from infrahub_exporter.app.refreshing.entries.discoveries import DiscoveryEntry, QueryDiscovery
from infrahub_exporter.app.refreshing.entries.handover import KeptEntries
from infrahub_exporter.app.refreshing.entries.measured import MeasuredEntry
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.publisher import Publisher
from infrahub_exporter.app.refreshing.roster import Apart, Roster
from infrahub_exporter.app.refreshing.rounds import Rounds
from infrahub_exporter.domain.access.webhooks import Touched
from infrahub_exporter.domain.errors import UnknownDiscoveryError
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.ports import Clock, SnapshotSink
from infrahub_exporter.domain.publishing.saved import Saved
from infrahub_exporter.domain.publishing.status import PoolStatus


class Inventory:
    """Entries at work: what is read as rows takes its turns in rounds, everything else each for itself."""

    def __init__(
        self,
        entries: Roster,
        *,
        pool: Pool,
        sinks: Sequence[SnapshotSink],
        clock: Clock,
        full_refresh_seconds: float,
        refresh_timeout_seconds: float,
        figures: Figures | None = None,
    ) -> None:
        self.entries = entries
        self._clock = clock
        self._figures = figures or Figures()
        self._pool = pool
        self._publisher = Publisher(sinks)
        self._rounds = Rounds(
            (*entries.by_kind, *entries.metrics, *entries.to_cover),
            pool=pool,
            clock=clock,
            full_refresh_seconds=full_refresh_seconds,
            refresh_timeout_seconds=refresh_timeout_seconds,
            outages=entries.outages,
        )
        self.round_seconds: float | None = None

    @property
    def snapshot(self) -> Snapshot:
        """What is published; empty before the first good read."""
        return self._publisher.snapshot

    @property
    def pool_status(self) -> PoolStatus:
        """How much of Infrahub is held, and for how many."""
        return self._pool.status

    async def round(self) -> None:
        """Give every entry that is read as rows its turn, and publish."""
        async with self.entries.turn:
            await self._round()

    async def run(self, entry: Apart) -> None:
        """Read what is read at a pace of its own, where that is due."""
        async with entry.lock:
            await self._ask(entry)

    async def attempt(self, entry: DiscoveryEntry) -> None:
        """Try a discovery that has not been tried yet; several at once are one attempt."""
        async with entry.lock:
            if entry.status.success is None:
                await (self._ask(entry) if isinstance(entry, QueryDiscovery) else self._round())

    async def depending(self, touched: Touched) -> tuple[bool, tuple[Apart, ...]]:
        """Tell whether anything that is read as rows, and what else, may depend on what events touched."""
        kinds = None if touched.everything else await self._pool.lineages(touched.kinds)
        if kinds is None:
            return True, self.entries.apart
        return self._rounds.read_any(kinds), tuple(entry for entry in self.entries.apart if entry.reads(kinds))

    def doubt_schema(self) -> None:
        """Have the next look ask whether the schema is another one."""
        self._pool.schema.doubt()

    def forgive(self) -> None:
        """Try everything again at its next turn, whatever was refused."""
        self.doubt_schema()
        self._rounds.forgive()
        for entry in self.entries.apart:
            entry.forgive()

    @property
    def is_available(self) -> bool:
        """Tell whether Infrahub could answer all that the last round asked for."""
        return self._rounds.is_available

    def kept(self) -> KeptEntries:
        """Return what an inventory over the same source can go on from, once nothing is read any more."""
        return succession.kept(self.entries, self._pool)

    async def go_on(self, kept: KeptEntries) -> None:
        """Publish and go on from what was held of the same kinds and queries; the rows are in the pool."""
        self._pool = kept.pool
        self._rounds.go_on(kept.pool)
        succession.go_on(self.entries, kept)
        await self._publish()

    async def restore(self, saved: Saved) -> int:
        """Publish what was kept over a restart, of entries that have nothing; tell for how many there was anything."""
        restored = succession.restore(self.entries, saved)
        await self._publish()
        return restored

    async def release(self, name: str) -> bool:
        """Publish what the guard holds of the entries of a name; tell whether it held anything.

        Raises UnknownDiscoveryError.
        """
        entries = self.entries
        guarded: tuple[MeasuredEntry | DiscoveryEntry, ...] = (*entries.metrics, *entries.queried, *entries.lists)
        named = [entry for entry in guarded if entry.status.name == name]
        if not named:
            raise UnknownDiscoveryError(f"no kind and no discovery {name!r} is configured")
        return any([await self._released(entry) for entry in named])

    async def _released(self, entry: MeasuredEntry | DiscoveryEntry) -> bool:
        """Release an entry as soon as it is not being read: a query waits for itself alone."""
        async with entry.lock:
            if not entry.release():
                return False
            await self._show(entry)
            return True

    def _read_at(self) -> float:
        """When the newest good read of rows that are metrics began, 0 before any."""
        return max((entry.status.succeeded_at or 0.0 for entry in self.entries.metrics), default=0.0)

    async def _round(self) -> None:
        began = self._clock.monotonic()
        changed = await self._rounds.run(self._publish)
        if changed or self._read_at() > self._publisher.rows_at:
            await self._publish()
        for entry in self.entries.by_kind:
            await entry.write()
        for seconds, changes in self._rounds.take_ages().items():
            self._figures.change_age = self._figures.change_age.observed(seconds, changes)
        self.round_seconds = self._clock.monotonic() - began

    async def _publish(self) -> None:
        await self._publisher.publish(self.entries.beside, self.entries.metrics)

    async def _ask(self, entry: Apart) -> None:
        await entry.ask()
        await self._show(entry)

    async def _show(self, entry: Apart | MeasuredEntry | DiscoveryEntry) -> None:
        """Publish an entry; what is read in rounds is looked at only in their turn."""
        if isinstance(entry, DiscoveryEntry):
            await entry.write()
        elif entry.lock is self.entries.turn:
            await self._publish()
        else:
            await self._publisher.publish(self.entries.beside)
