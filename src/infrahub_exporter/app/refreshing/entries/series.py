"""An entry of `metrics.series` at work: what it reads becomes series, counts or sums that follow what changes."""

from collections.abc import Callable

import msgspec

from infrahub_exporter.app.refreshing.entries.attempts import Counts
from infrahub_exporter.app.refreshing.entries.handover import KeptSeries
from infrahub_exporter.app.refreshing.entries.measured import Blocks, MeasuredEntry
from infrahub_exporter.app.refreshing.entries.series_derivation import SeriesDerivation
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views import outcomes
from infrahub_exporter.domain.views.distinct import Shown
from infrahub_exporter.domain.views.families import shown


class SeriesEntry(MeasuredEntry):
    """An entry of `metrics.series`. Its labels may be others with another schema."""

    def __init__(
        self,
        name: str,
        spec: SeriesSpec,
        *,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
        others: Callable[[MeasuredEntry], int],
    ) -> None:
        super().__init__(EntryStatus("series", name), spec, clock=clock, guard=guard, limits=limits, others=others)
        self.spec = spec
        self.derived: SeriesDerivation = SeriesDerivation(spec, limits.max_rows_per_node)

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Return the family with what is published."""
        family = outcomes.family(self.spec, self._label_names, self.sections)
        if self.is_behind or not self.status.success:
            return (shown(family),)
        return (Shown(family, self.derived.has),)

    def kept(self) -> KeptSeries:
        """Return what an entry that reads and derives the same, from the same source, can go on from."""
        return KeptSeries(fingerprint(self.spec), self._kept_sections(), self.derived)

    def go_on(self, kept: KeptSeries) -> None:
        """Go on from that."""
        self._go_on_from(kept.shown)
        self.derived = kept.derived
        self.derived.most_rows = self._limits.max_rows_per_node

    def _read(self) -> tuple[tuple[str, ...], Blocks]:
        self.status = msgspec.structs.replace(self.status, examples=self.derived.examples)
        return self.derived.label_names, tuple(section.samples for section in self.derived.sections)

    def _counts(self) -> Counts:
        duplicates = self._duplicates + self.derived.duplicates
        return len(self.derived), self.series - self._duplicates, {**self.derived.skipped, "duplicate": duplicates}
