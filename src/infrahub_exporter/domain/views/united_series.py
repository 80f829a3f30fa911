"""Series that each stand for all rows that are alike in some labels, kept right as nodes change."""

from collections import Counter
from collections.abc import Iterable, Mapping

from infrahub_exporter.domain.model import Sample
from infrahub_exporter.domain.views.owners import Owners
from infrahub_exporter.domain.views.sections import Labels, SeriesByKey, written
from infrahub_exporter.domain.views.series import Outcome, Point, joined


class UnitedSeries(SeriesByKey):
    """A series for all points that are alike in some labels; the values of their other labels are united.

    Its number is the one of the first node.
    """

    def __init__(self, label_names: Labels, distinct: Iterable[str]) -> None:
        super().__init__(label_names)
        self._label_names = label_names
        self._alike = tuple(label_names.index(name) for name in distinct)
        self._others = tuple(index for index in range(len(label_names)) if index not in self._alike)
        self._points: dict[str, tuple[Point, ...]] = {}
        self._values: dict[Labels, tuple[Counter[str], ...]] = {}
        self._groups: Owners[Labels] = Owners()

    def update(self, changed: Mapping[str, Outcome], removed: Iterable[str] = ()) -> None:
        """Take what nodes come to now, and the nodes that are gone."""
        touched: set[Labels] = set()
        for node in removed:
            touched.update(self._put(node, ()))
        for node, outcome in changed.items():
            touched.update(self._put(node, outcome.points))
        gone = {written(key) for key in touched if key not in self._groups}
        made = {written(key): self._united(key) for key in touched if key in self._groups}
        self._blocks.update(made, gone)

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
