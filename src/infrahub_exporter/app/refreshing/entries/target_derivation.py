"""The decisions of a discovery by kind, kept right as its nodes change."""

from collections.abc import Mapping

from infrahub_exporter.app.refreshing.entries.derivation import Derivation
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views.discovery import Decision, deriver, paths
from infrahub_exporter.domain.views.uniting import listing

Decisions = tuple[Decision, ...]


class TargetDerivation(Derivation[Decisions]):
    """The decisions on each node's rows, of which there may be so many."""

    def __init__(self, spec: DiscoverySpec, most_rows: int) -> None:
        super().__init__(str(spec.kind), paths(spec), spec.filters, derive=self._decided, rows=spec.rows)
        self.most_rows = most_rows
        self._decide = deriver(spec)
        self._listing = listing(spec)

    @property
    def listed(self) -> tuple[Decisions, ...]:
        """Return the list in blocks, which stay the same objects as long as what they are made of does."""
        return self._listing.of(self.blocks.blocks)

    def _decided(self, delta: Delta) -> Mapping[str, Decisions]:
        return {row.id: self._decide(row.id, found) for row, found in delta.found(most=self.most_rows)}
