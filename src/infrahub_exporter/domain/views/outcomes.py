"""What the nodes of an entry of `metrics.series` come to: its series, and the rows that have none."""

from collections import Counter
from collections.abc import Iterable, Mapping

from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section
from infrahub_exporter.domain.views.distinct import Has
from infrahub_exporter.domain.views.kept_series import KeptSeries
from infrahub_exporter.domain.views.series import Outcome

EXAMPLES = 3
"""How many nodes of each reason are named."""


class Outcomes:
    """The outcomes by the ids of their nodes, kept as series; nothing is made again but what a changed node touches."""

    def __init__(self, series: KeptSeries) -> None:
        self.series = series
        self._nodes: set[str] = set()
        self._skipped: dict[str, tuple[str, ...]] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._nodes)

    def replace(self, outcomes: Mapping[str, Outcome]) -> None:
        """Take these for all there were."""
        self.update(outcomes, self._nodes.difference(outcomes))

    def update(self, outcomes: Mapping[str, Outcome], removed: Iterable[str] = ()) -> None:
        """Take what nodes come to now, and the nodes that are gone."""
        gone = tuple(removed)
        self.series.update(outcomes, gone)
        self._nodes.difference_update(gone)
        self._nodes.update(outcomes)
        for node in gone:
            self._skip(node, ())
        for node, outcome in outcomes.items():
            self._skip(node, outcome.skipped)

    @property
    def skipped(self) -> Mapping[str, int]:
        """Count the rows without a series, by reason."""
        return {reason: count for reason, count in sorted(self._counts.items()) if count}

    @property
    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """Name some nodes of each reason."""
        found: dict[str, list[str]] = {}
        wanted = len(self.skipped)
        for node, reasons in self._skipped.items():
            for reason in dict.fromkeys(reasons):
                named = found.setdefault(reason, [])
                if len(named) < EXAMPLES:
                    named.append(node)
            if len(found) == wanted and all(len(named) == EXAMPLES for named in found.values()):
                break
        return {reason: tuple(found[reason]) for reason in sorted(found)}

    def _skip(self, node: str, reasons: tuple[str, ...]) -> None:
        before = self._skipped.pop(node, ())
        if reasons:
            self._skipped[node] = reasons
        if before != reasons:
            self._counts.subtract(before)
            self._counts.update(reasons)


def family(spec: SeriesSpec, label_names: tuple[str, ...], sections: tuple[Section, ...]) -> Family:
    """Make the family of an entry: a gauge, but for what OpenMetrics has a type of its own.

    `..._info` that is 1 in any case is an info metric (OM-03), and states in a label that is named like the family are
    a state set (OM-04).
    """
    said = spec.help or f"Read from {spec.kind} in Infrahub."
    if spec.name.endswith("_info") and isinstance(spec.value, int | float) and spec.value == 1:
        return Family(spec.name, FamilyType.INFO, said, sections)
    if spec.value is not None and spec.name in label_names and spec.name not in spec.by:
        return Family(spec.name, FamilyType.STATESET, said, sections)
    return Family(spec.name, FamilyType.GAUGE, said, sections, spec.unit or "")


def holder(series: KeptSeries, label_names: tuple[str, ...]) -> Has:
    """Return what tells whether series have the labels of a sample, under whichever names in whichever order."""

    def has(names: tuple[str, ...], sample: Sample) -> bool:
        if names == label_names:
            return series.has(sample.labels)
        said = {name: value for name, value in zip(names, sample.labels, strict=True) if value}
        own = tuple(said.pop(name, "") for name in label_names)
        return not said and series.has(own)

    return has
