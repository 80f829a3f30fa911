"""The series of an entry, kept right as nodes change: what a node adds is taken out and put in, nothing is made again.

A series is there once (TX-04): of rows with equal labels the first stays, by the ids of their nodes, and the others are
counted. Or rows that are alike in some labels are united to one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Generic, Protocol, TypeVar

from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.model import Sample, Section
from infrahub_exporter.domain.views.blocks import Blocks
from infrahub_exporter.domain.views.counting import Part, Tally
from infrahub_exporter.domain.views.measures import Attributes
from infrahub_exporter.domain.views.owners import Owners
from infrahub_exporter.domain.views.series import Outcome, Point, joined, label_names, zeros

Item = TypeVar("Item")
Labels = tuple[str, ...]


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


class _Sections(Generic[Item]):
    """A section per block that is not empty; one of the same block stays the same object."""

    def __init__(self, make: Callable[[tuple[Item, ...]], Section]) -> None:
        self._make = make
        self._kept: dict[int, tuple[tuple[Item, ...], Section]] = {}

    def of(self, blocks: Iterable[tuple[Item, ...]]) -> tuple[Section, ...]:
        made = {}
        for block in filter(None, blocks):
            kept = self._kept.get(id(block))
            made[id(block)] = kept if kept is not None and kept[0] is block else (block, self._make(block))
        self._kept = made
        return tuple(section for _, section in made.values())


class PointSeries:
    """A series per point, in blocks by node."""

    def __init__(self, label_names: Labels) -> None:
        self._label_names = label_names
        self._blocks: Blocks[tuple[Sample, ...]] = Blocks()
        self._points: dict[str, tuple[Sample, ...]] = {}
        self._owners: Owners[Labels] = Owners()
        self._repeated: dict[str, tuple[Labels, ...]] = {}
        self._sections = _Sections(self._section)

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


class UnitedSeries:
    """A series for all points that are alike in some labels; the values of their other labels are united.

    Its number is the one of the first node.
    """

    def __init__(self, label_names: Labels, distinct: Iterable[str]) -> None:
        self._label_names = label_names
        self._alike = tuple(label_names.index(name) for name in distinct)
        self._others = tuple(index for index in range(len(label_names)) if index not in self._alike)
        self._points: dict[str, tuple[Point, ...]] = {}
        self._values: dict[Labels, tuple[Counter[str], ...]] = {}
        self._groups: Owners[Labels] = Owners()
        self._blocks: Blocks[Sample] = Blocks()
        self._sections: _Sections[Sample] = _Sections(lambda block: Section(label_names, block))

    def update(self, changed: Mapping[str, Outcome], removed: Iterable[str] = ()) -> None:
        """Take what nodes come to now, and the nodes that are gone."""
        touched: set[Labels] = set()
        for node in removed:
            touched.update(self._put(node, ()))
        for node, outcome in changed.items():
            touched.update(self._put(node, outcome.points))
        gone = {_written(key) for key in touched if key not in self._groups}
        made = {_written(key): self._united(key) for key in touched if key in self._groups}
        self._blocks.update(made, gone)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return a section per block; one of the same block stays the same object."""
        return self._sections.of(self._blocks.blocks)

    @property
    def duplicates(self) -> int:
        """Return none: equal rows are what is united."""
        return 0

    @property
    def repeated(self) -> Iterator[tuple[str, Labels]]:
        """Yield nothing."""
        yield from ()

    def has(self, labels: Labels) -> bool:
        """Tell whether there is a series of these label values."""
        key = tuple(labels[index] for index in self._alike)
        return key in self._groups and self._united(key).labels == labels

    def _put(self, node: str, points: tuple[Point, ...]) -> set[Labels]:
        """Exchange a node's points; return the groups that this touches."""
        before = self._points.pop(node, ())
        if points:
            self._points[node] = points
        left = {self._count(point, -1) for point in before}
        came = {self._count(point, 1) for point in points}
        for key in left - came:
            self._groups.remove(key, node)
            if key not in self._groups:
                del self._values[key]
        for key in came - left:
            self._groups.add(key, node)
        return left | came

    def _count(self, point: Point, step: int) -> Labels:
        """Count a point's other values in its group, or no longer; return the group."""
        key = self._key(point)
        if key not in self._values:
            self._values[key] = tuple(Counter() for _ in self._others)
        for counts, index in zip(self._values[key], self._others, strict=True):
            for value in point.labels[index]:
                counts[value] += step
                if not counts[value]:
                    del counts[value]
        return key

    def _key(self, point: Point) -> Labels:
        return tuple(joined(point.labels[index]) for index in self._alike)

    def _united(self, key: Labels) -> Sample:
        values = [""] * len(self._label_names)
        for index, value in zip(self._alike, key, strict=True):
            values[index] = value
        for index, counts in zip(self._others, self._values[key], strict=True):
            values[index] = joined(tuple(counts))
        node = str(self._groups.first(key))
        number = next(point.value for point in self._points[node] if self._key(point) == key)
        return Sample(node, tuple(values), number)


class TallySeries:
    """Counts and sums, in blocks by key; all keys are looked at only where some are there whatever is counted."""

    def __init__(self, label_names: Labels, zeros: Sequence[Sequence[str] | None]) -> None:
        self._zeros = zeros
        self._always = not label_names or any(choices is not None for choices in zeros)
        self._tally = Tally()
        self._parts: dict[str, tuple[Part, ...]] = {}
        self._shown: dict[Labels, float] = {}
        self._blocks: Blocks[Sample] = Blocks()
        self._sections: _Sections[Sample] = _Sections(lambda block: Section(label_names, block))
        self._show(self._tally.numbers(zeros))

    def update(self, changed: Mapping[str, Outcome], removed: Iterable[str] = ()) -> None:
        """Take what nodes come to now, and the nodes that are gone."""
        touched: set[Labels] = set()
        for node in removed:
            self._exchange(node, (), touched)
        for node, outcome in changed.items():
            self._exchange(node, outcome.parts, touched)
        if touched:
            self._show(self._tally.numbers(self._zeros) if self._always else self._tally.of(touched))

    def _exchange(self, node: str, parts: tuple[Part, ...], touched: set[Labels]) -> None:
        before = self._parts.pop(node, ())
        if parts:
            self._parts[node] = parts
        if before != parts:
            self._tally.put(parts)
            self._tally.take(before)
            touched.update(part.key for part in chain(before, parts))

    def _show(self, numbers: Mapping[Labels, float | None]) -> None:
        """Show what keys come to now; with `zeros` those that are not among them are gone."""
        gone = [key for key, number in numbers.items() if number is None]
        if self._always:
            gone += [key for key in self._shown if key not in numbers]
        made = {key: number for key, number in numbers.items() if number is not None and self._shown.get(key) != number}
        for key in gone:
            self._shown.pop(key, None)
        self._shown.update(made)
        samples = {_written(key): Sample(_written(key), key, number) for key, number in made.items()}
        self._blocks.update(samples, map(_written, gone))

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return a section per block; one stays the same object as long as none of its numbers differs."""
        return self._sections.of(self._blocks.blocks)

    @property
    def duplicates(self) -> int:
        """Return none: equal rows are what is counted."""
        return 0

    @property
    def repeated(self) -> Iterator[tuple[str, Labels]]:
        """Yield nothing."""
        yield from ()

    def has(self, labels: Labels) -> bool:
        """Tell whether there is a series of these label values."""
        return labels in self._shown


def kept(spec: SeriesSpec, attributes: Attributes) -> KeptSeries:
    """Make what keeps the series of a spec."""
    names = label_names(spec, attributes)
    if spec.value is None:
        return TallySeries(names, zeros(spec, attributes))
    if not spec.distinct:
        return PointSeries(names)
    return UnitedSeries(names, (*spec.distinct, *names[len(spec.by) :]))  # each state of a state set stays by itself


def _written(key: Labels) -> str:
    """Write a key as a text by which series are put in order and into blocks."""
    return "\x00".join(key)
