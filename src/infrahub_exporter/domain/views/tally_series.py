"""Counts and sums as series, kept right as nodes change."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from infrahub_exporter.domain.model import Sample
from infrahub_exporter.domain.views.counting import Part, Tally
from infrahub_exporter.domain.views.sections import Labels, SeriesByKey, written
from infrahub_exporter.domain.views.series import Outcome


class TallySeries(SeriesByKey):
    """Counts and sums, in blocks by key; all keys are looked at only where some are there whatever is counted."""

    def __init__(self, label_names: Labels, zeros: Sequence[Sequence[str] | None]) -> None:
        super().__init__(label_names)
        self._zeros = zeros
        self._always = not label_names or any(choices is not None for choices in zeros)
        self._tally = Tally()
        self._parts: dict[str, tuple[Part, ...]] = {}
        self._shown: dict[Labels, float] = {}
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
        samples = {written(key): Sample(written(key), key, number) for key, number in made.items()}
        self._blocks.update(samples, map(written, gone))

    def has(self, labels: Labels) -> bool:
        """Tell whether there is a series of these label values."""
        return labels in self._shown
