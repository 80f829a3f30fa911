"""An entry of `metrics.kind` at work: it holds what it read well last, and how it is doing."""

import heapq
from collections.abc import Callable, Mapping, Sequence

import msgspec

from infrahub_exporter.app.refreshing.entries.attempts import Counts
from infrahub_exporter.app.refreshing.entries.handover import KeptMetric
from infrahub_exporter.app.refreshing.entries.info_derivation import InfoDerivation
from infrahub_exporter.app.refreshing.entries.measured import Blocks, MeasuredEntry
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import BAD_CONTENT, Sample
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views import metrics
from infrahub_exporter.domain.views.distinct import Shown

_EXAMPLES = 3
"""How many of the nodes that are left out are named."""


class MetricEntry(MeasuredEntry):
    """An entry of `metrics.kind`."""

    derived: InfoDerivation

    def __init__(
        self,
        name: str,
        spec: MetricSpec,
        *,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
        others: Callable[[MeasuredEntry], int],
    ) -> None:
        super().__init__(EntryStatus("kind", name), spec, clock=clock, guard=guard, limits=limits, others=others)
        self.spec = spec
        self.derived = InfoDerivation(spec)
        self._own_names = self._label_names = spec.label_names

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Return the info family with what is published."""
        return (metrics.info(self.spec.kind, self._own_names, self.sections, self.finder()),)

    def finder(self) -> Callable[[str], Sample | None]:
        """Return what finds a node's published sample by its id."""
        if not self.is_behind and self.status.success:
            return self.derived.blocks.get
        return {each.id: each for block in self.publication.blocks for each in block}.get

    def kept(self) -> KeptMetric:
        """Return what an entry that reads and derives the same, from the same source, can go on from."""
        return KeptMetric(fingerprint(self.spec), self._kept_sections(), self.derived)

    def go_on(self, kept: KeptMetric) -> None:
        """Go on from that."""
        self._go_on_from(kept.shown)
        self.derived = kept.derived

    def _read(self) -> tuple[tuple[str, ...], Blocks]:
        named = tuple(f"{self.spec.kind} {each}" for each in heapq.nsmallest(_EXAMPLES, self.derived.left_out))
        self.status = msgspec.structs.replace(self.status, examples={BAD_CONTENT: named} if named else {})
        return self._own_names, self.derived.blocks.blocks

    def _check(self, label_names: Sequence[str], samples: Sequence[Sample]) -> None:
        if self.derived.longest > self._limits.max_label_length:  # else there is no need to look at each
            super()._check(label_names, samples)

    def _counts(self) -> Counts:
        return len(self.derived.blocks), self.series - self._duplicates, self._skipped()

    def _skipped(self) -> Mapping[str, int]:
        """Count what is not published, by its reason; content only where there is a file that cannot be read."""
        left_out = len(self.derived.left_out)
        return {"duplicate": self._duplicates, **({BAD_CONTENT: left_out} if left_out else {})}
