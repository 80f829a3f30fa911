"""The rows of an entry of `metrics.series`, read and followed, and what they come to."""

from collections.abc import Mapping

from infrahub_exporter.app.refreshing.held import Held
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.model import Sample, Section
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views import kept_series, outcomes
from infrahub_exporter.domain.views.distinct import Has
from infrahub_exporter.domain.views.outcomes import Outcomes
from infrahub_exporter.domain.views.rows import Places
from infrahub_exporter.domain.views.series import Attributes, Outcome, deriver, label_names


class HeldSeries(Held[Outcome]):
    """The series of an entry, kept right as its nodes change; with another schema they are made anew."""

    def __init__(self, spec: SeriesSpec, most_rows: int) -> None:
        self._spec = spec
        self._places = Places(spec.paths())
        super().__init__(spec.kind, self._places.paths, spec.filters, derive=self._outcomes, rows=spec.rows)
        self.most_rows = most_rows
        self._next: Attributes | None = None
        self._begin({})

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._kept)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels of all series, by the schema as it is."""
        return self._label_names

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the series; a section stays the same object as long as its series do."""
        return self._kept.series.sections

    @property
    def duplicates(self) -> int:
        """How many rows have no series because another one has it already."""
        return self._kept.series.duplicates

    @property
    def skipped(self) -> Mapping[str, int]:
        """Count the rows without a series, by reason."""
        return self._kept.skipped

    @property
    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """Name some nodes of each reason."""
        return self._kept.examples

    def has(self, names: tuple[str, ...], sample: Sample) -> bool:
        """Tell whether there is a series with the labels that a sample has under these names."""
        return self._has(names, sample)

    def _selected(self, selection: Selection, kinds: Kinds) -> None:
        self._next = kinds.attributes(selection)

    def _put(self, delta: Delta) -> None:
        if self._next is not None:
            self._begin(self._next)
            self._next = None
        found = self._outcomes(delta)
        if delta.whole:
            self._kept.replace(found)
        else:
            self._kept.update(found, delta.removed)

    def _begin(self, attributes: Attributes) -> None:
        """Make everything anew, by what the schema says of attributes."""
        series = kept_series.kept(self._spec, attributes)
        self._label_names = label_names(self._spec, attributes)
        self._made = deriver(self._spec, self._places, attributes)
        self._kept = Outcomes(series)
        self._has: Has = outcomes.holder(series, self._label_names)

    def _outcomes(self, delta: Delta) -> Mapping[str, Outcome]:
        return {row.id: self._made(rows) for row, rows in delta.found(most=self.most_rows)}
