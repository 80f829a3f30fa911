"""What the nodes of an entry of `metrics.series` come to: its series, and the rows that have none."""

from collections.abc import Iterable, Mapping
from itertools import chain

from infrahub_exporter.domain.asking.forms import paths
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section
from infrahub_exporter.domain.views.distinct import Has
from infrahub_exporter.domain.views.kept_series import KeptSeries
from infrahub_exporter.domain.views.left_out import LeftOut
from infrahub_exporter.domain.views.measures import Attributes
from infrahub_exporter.domain.views.series import REASONS, Outcome, label_names, outcomes


class Outcomes:
    """The outcomes by the ids of their nodes, kept as series; nothing is made again but what a changed node touches."""

    def __init__(self, series: KeptSeries) -> None:
        self.series = series
        self._nodes: set[str] = set()
        self._left_out = LeftOut()

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._nodes)

    def replace(self, outcomes: Mapping[str, Outcome], names: Mapping[str, str]) -> None:
        """Take these for all there were; `names` has those of the nodes that are left out."""
        self.update(outcomes, names, self._nodes.difference(outcomes))

    def update(self, outcomes: Mapping[str, Outcome], names: Mapping[str, str], removed: Iterable[str] = ()) -> None:
        """Take what nodes come to now, and the nodes that are gone."""
        gone = tuple(removed)
        self.series.update(outcomes, gone)
        self._nodes.difference_update(gone)
        self._nodes.update(outcomes)
        for node in chain(gone, outcomes):
            self._left_out.take(node)
        for node, name in names.items():
            self._left_out.put(node, name, outcomes[node].skipped)

    @property
    def skipped(self) -> Mapping[str, int]:
        """Count the rows without a series, by reason."""
        return {**dict.fromkeys(REASONS, 0), **self._left_out.counts}

    @property
    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """Name some nodes of each reason."""
        return self._left_out.examples


def check_schema(spec: SeriesSpec, selection: Selection, attributes: Attributes) -> None:
    """Raise SourceRejectedError for a number that ends on a relation, zeros of what has no choices, a label twice."""
    ways = [(column.path, way) for column in selection.columns for way in column.ways]
    ends = {path: way.hops[-1].peer for path, way in ways if way.attribute is None}
    for place, written in spec.measured():
        for path in paths(written):
            if path in ends:
                raise SourceRejectedError(
                    f"{place} {path!r}: expected a path that ends on an attribute, "
                    f"got one that ends on the relation to {ends[path]}"
                )
    own = label_names(spec, attributes)
    if len(set(own)) < len(own):
        raise SourceRejectedError(
            f"labels: {own[-1]!r} is the label that tells the state of {spec.value!r}, state_label names it otherwise"
        )
    for name in () if spec.count is None else spec.count.zeros:
        if not outcomes(spec.by[name], attributes):
            raise SourceRejectedError(f"count.zeros {name!r}: expected choices in the schema, a Boolean, or a map")


def family(spec: SeriesSpec, label_names: tuple[str, ...], sections: tuple[Section, ...]) -> Family:
    """Make the family of an entry: a gauge, but for what OpenMetrics has a type of its own.

    `..._info` that is 1 in any case is an info metric (OM-03), and states in a label that is named like the family are
    a state set (OM-04).
    """
    said = spec.help or f"Read {'by a query' if spec.kind is None else f'from {spec.kind}'} in Infrahub."
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
