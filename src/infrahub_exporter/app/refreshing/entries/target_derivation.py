"""The decisions of discoveries by kind, kept right as their nodes change: once for all lists that are made alike."""

from collections.abc import Mapping
from typing import Any

from infrahub_exporter.adapters.http_sd import TargetList
from infrahub_exporter.app.refreshing.entries.derivation import Derivation, Refreshed
from infrahub_exporter.app.refreshing.pool import Turn
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views.discovery import Decision, deriver, paths
from infrahub_exporter.domain.views.skipped import Tally
from infrahub_exporter.domain.views.uniting import listing

Decisions = tuple[Decision, ...]


class TargetDerivation(Derivation[Any]):
    """The decisions on each node's rows, of which there may be so many; the text and the tally of their blocks.

    Lists that differ only in what they are called, how they are served and what guards them share one. Each remembers
    by its `edition` what of it is new to it.
    """

    def __init__(self, spec: DiscoverySpec, most_rows: int) -> None:
        super().__init__(str(spec.kind), paths(spec), spec.filters, derive=self._decided, rows=spec.rows)
        self.most_rows = most_rows
        self.text = TargetList()
        self.tally = Tally()
        self.edition = 0
        """Counts how often anything has come out differently."""
        self._whole_edition = 0
        self._taken: tuple[Turn, float] | None = None
        self._decide = deriver(spec)
        self._listing = listing(spec)

    def __len__(self) -> int:
        """Return the number of nodes, those among them that no condition wants."""
        return len(self.blocks) + len(self.left_out)

    @property
    def listed(self) -> tuple[Decisions, ...]:
        """Return the list in blocks, which stay the same objects as long as what they are made of does."""
        return self._listing.of(self.blocks.blocks)

    async def take(self, turn: Turn, edition: int) -> Refreshed:
        """Refresh this, once in a turn, and tell what is new to who knows an edition. Raises as `refresh` does."""
        if self._taken is None or self._taken[0] is not turn:
            refreshed = await self.refresh(turn)
            self._taken = turn, refreshed.at
        return Refreshed(self._taken[1], whole=self._whole_edition > edition, changed=self.edition != edition)

    def _put(self, delta: Delta) -> bool:
        differs = super()._put(delta)
        self.edition += differs
        if delta.whole:
            self._whole_edition = self.edition
        return differs

    def _decided(self, delta: Delta) -> Mapping[str, Any]:
        hold, decide = self._listing.held, self._decide
        found = ((row.id, hold(decide(row.id, rows))) for row, rows in delta.found(most=self.most_rows))
        return {identifier: held for identifier, held in found if held is not None}
