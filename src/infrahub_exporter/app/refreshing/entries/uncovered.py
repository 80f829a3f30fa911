"""The kinds whose nodes should all be in some list of targets, at work: which nodes there are."""

import msgspec

from infrahub_exporter.app.refreshing.entries.attempts import Attempts, Counts
from infrahub_exporter.app.refreshing.entries.derivation import Derivation, Refreshed
from infrahub_exporter.app.refreshing.entries.handover import KeptUncovered
from infrahub_exporter.app.refreshing.pool import Turn
from infrahub_exporter.domain.asking.specs import UncoveredSpec
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views.coverage import Named
from infrahub_exporter.domain.views.rows import Places, Sieve


class UncoveredEntry(Attempts):
    """An entry of `service_discovery.uncovered`. Nothing is published of it: what is in no list is asked for."""

    is_behind = False

    def __init__(self, name: str, spec: UncoveredSpec, *, clock: Clock, limits: Limits) -> None:
        super().__init__(EntryStatus("uncovered", name), clock)
        self.spec = spec
        self.blocks: tuple[tuple[Named, ...], ...] = ()
        self._limits = limits
        places = Places(spec.paths)
        sieve = Sieve(spec.where, spec.exclude, spec.match, places)

        def derive(delta: Delta) -> dict[str, Named]:
            return {
                row.id: Named(row.id, "__".join(row.hfid or (row.id,)) if all(map(sieve.passes, found)) else None)
                for row, found in delta.found()
            }

        self.derived: Derivation[Named] = Derivation(spec.kind, places.paths, spec.filters, derive=derive)

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the nodes that were there last."""
        return await self.attempt(lambda: self._refresh(turn), self._counts, lambda done: turn.own_time(done.at))

    async def roll(self, *, at: float) -> bool:
        """Read again what is due; nothing that is published differs. Raises SourceError, DerivationError."""
        if await self.derived.roll(at=at):
            self._take()
        return False

    def kept(self) -> KeptUncovered:
        """Return what an entry that reads the same, from the same source, can go on from."""
        return KeptUncovered(fingerprint(self.spec), self.derived, self.blocks, self.status)

    def go_on(self, kept: KeptUncovered) -> None:
        """Go on from that."""
        self.derived, self.blocks = kept.derived, kept.blocks
        self.status = msgspec.structs.replace(kept.status, name=self.status.name)

    async def _refresh(self, turn: Turn) -> Refreshed:
        refreshed = await self.derived.refresh(turn)
        self._take()
        return msgspec.structs.replace(refreshed, whole=False, changed=False)

    def _take(self) -> None:
        self._limits.check_nodes(len(self.derived.blocks))
        self.blocks = self.derived.blocks.blocks

    def _counts(self) -> Counts:
        return len(self.derived.blocks), 0, {}
