"""The series of an entry, kept right as nodes change: what a node adds is taken out and put in, nothing is made again.

A series is there once (TX-04): of rows with equal labels the first stays, by the ids of their nodes, and the others are
counted. Or rows that are alike in some labels are united to one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.model import Sample, Section
from infrahub_exporter.domain.views.blocks import Blocks
from infrahub_exporter.domain.views.measures import Attributes
from infrahub_exporter.domain.views.owners import Owners
from infrahub_exporter.domain.views.sections import Labels, Sections
from infrahub_exporter.domain.views.series import Outcome, Point, joined, label_names, zeros
from infrahub_exporter.domain.views.tally_series import TallySeries
from infrahub_exporter.domain.views.united_series import UnitedSeries


class KeptSeries(Protocol):
    """What an entry has to publish."""

    def update(self, changed: Mapping[str, Outcome], removed: Iterable[str] = ()) -> None:
        """Take what nodes come to now, and the nodes that are gone."""
        ...

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the series; a section stays the same object as long as its series do."""
        ...

    @property
    def duplicates(self) -> int:
        """Return how many rows have no series because another one has it already."""
        ...

    @property
    def repeated(self) -> Iterator[tuple[str, Labels]]:
        """Yield nodes of such rows, each with labels that another row has already."""
        ...

    def has(self, labels: Labels) -> bool:
        """Tell whether there is a series of these label values."""
        ...


class PointSeries:
    """A series per point, in blocks by node."""

    def __init__(self, label_names: Labels) -> None:
        self._label_names = label_names
        self._blocks: Blocks[tuple[Sample, ...]] = Blocks()
        self._points: dict[str, tuple[Sample, ...]] = {}
        self._owners: Owners[Labels] = Owners()
        self._repeated: dict[str, tuple[Labels, ...]] = {}
        self._sections = Sections(self._section)

    def update(self, changed: Mapping[str, Outcome], removed: Iterable[str] = ()) -> None:
        """Take what nodes come to now, and the nodes that are gone."""
        touched = set(changed)
        gone = [node for node in removed if node in self._points]
        for node in gone:
            touched.update(self._put(node, ()))
        for node, outcome in changed.items():
            touched.update(self._put(node, outcome.points))
        touched.difference_update(gone)
        shown = {node: self._shown(node) for node in touched}
        self._blocks.update(
            {node: samples for node, samples in shown.items() if samples},
            (*gone, *(node for node, samples in shown.items() if not samples)),
        )

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return a section per block; one of the same block stays the same object."""
        return self._sections.of(self._blocks.blocks)

    @property
    def duplicates(self) -> int:
        """Return how many points are not shown, because another one has their labels."""
        return self._owners.surplus + sum(map(len, self._repeated.values()))

    @property
    def repeated(self) -> Iterator[tuple[str, Labels]]:
        """Yield nodes of such points, each with labels that another point has already."""
        yield from ((node, labels[0]) for node, labels in self._repeated.items())
        yield from ((node, labels) for labels, node in self._owners.shared)

    def has(self, labels: Labels) -> bool:
        """Tell whether there is a series of these label values."""
        return labels in self._owners

    def _section(self, block: tuple[tuple[Sample, ...], ...]) -> Section:
        return Section(self._label_names, tuple(each for samples in block for each in samples))

    def _put(self, node: str, points: Sequence[Point]) -> Iterator[str]:
        """Exchange a node's points; yield the other nodes whose series come or go with that."""
        before = self._points.pop(node, ())
        samples: dict[Labels, Sample] = {}
        repeated: list[Labels] = []
        for point in points:
            labels = tuple(map(joined, point.labels))
            if labels in samples:
                repeated.append(labels)
            else:
                samples[labels] = Sample(node, labels, point.value)
        if samples:
            self._points[node] = tuple(samples.values())
        self._repeated.pop(node, None)
        if repeated:
            self._repeated[node] = tuple(repeated)
        held = {sample.labels for sample in before}
        for labels in held - samples.keys():
            owner = self._owners.remove(labels, node)
            if owner is not None:
                yield owner
        for labels in samples:
            if labels not in held:
                owner = self._owners.add(labels, node)
                if owner is not None:
                    yield owner

    def _shown(self, node: str) -> tuple[Sample, ...]:
        samples = self._points.get(node, ())
        return tuple(sample for sample in samples if self._owners.first(sample.labels) == node)


def kept(spec: SeriesSpec, attributes: Attributes) -> KeptSeries:
    """Make what keeps the series of a spec."""
    names = label_names(spec, attributes)
    if spec.value is None:
        return TallySeries(names, zeros(spec, attributes))
    if not spec.distinct:
        return PointSeries(names)
    return UnitedSeries(names, (*spec.distinct, *names[len(spec.by) :]))  # each state of a state set stays by itself
