"""The rows of an entry of `metrics.series`, read and followed, and what they come to."""

from collections.abc import Collection, Mapping
from itertools import islice

from infrahub_exporter.app.refreshing.entries.derivation import Derivation
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.model import JSON, Sample, Section
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views import kept_series, left_out, outcomes
from infrahub_exporter.domain.views.measures import Attributes
from infrahub_exporter.domain.views.outcomes import Outcomes
from infrahub_exporter.domain.views.queried_series import rows_by_node
from infrahub_exporter.domain.views.rows import Places
from infrahub_exporter.domain.views.series import Outcome, deriver, label_names


class SeriesDerivation(Derivation[Outcome]):
    """The series of an entry, kept right as its nodes change; with another schema they are made anew."""

    def __init__(self, spec: SeriesSpec, most_rows: int) -> None:
        self._spec = spec
        self._places = Places(spec.paths())
        super().__init__(spec.kind or "", self._places.paths, spec.filters, derive=self._outcomes, rows=spec.rows)
        self.most_rows = most_rows
        self._made = self._coming = _Made(spec, self._places, {})

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._made.kept)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels of all series, by the schema as it is."""
        return self._made.label_names

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the series; a section stays the same object as long as its series do."""
        return self._made.series.sections

    @property
    def duplicates(self) -> int:
        """How many rows have no series because another one has it already; what `distinct` unites is none of them."""
        return self._made.series.duplicates

    @property
    def skipped(self) -> Mapping[str, int]:
        """Count the rows without a series, by reason."""
        return self._made.kept.skipped

    @property
    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """Name some nodes of each reason, those of repeated series with their labels."""
        repeated = islice(self._made.series.repeated, left_out.EXAMPLES)
        named = tuple(left_out.repeated(node, self.label_names, labels) for node, labels in repeated)
        return {**self._made.kept.examples, **({"duplicate": named} if named else {})}

    def has(self, names: tuple[str, ...], sample: Sample) -> bool:
        """Tell whether there is a series with the labels that a sample has under these names."""
        return self._made.has(names, sample)

    def take(self, answer: Mapping[str, JSON], *, optional: Collection[str] = ()) -> None:
        """Take the rows of a query's answer for all there were. Raises DerivationError for one that does not fit."""
        rows = rows_by_node(self._spec, answer, self._places.paths, optional=optional, most=self.most_rows)
        found = {node: self._made.derive(own) for node, own in rows.items()}
        names = {
            node: rows[node][0].name or f"{rows[node][0].kind} {node}".strip()
            for node, outcome in found.items()
            if outcome.skipped
        }
        self._made.kept.replace(found, names)

    def _selected(self, selection: Selection, kinds: Kinds) -> None:
        attributes = kinds.attributes(selection)
        outcomes.check_schema(self._spec, selection, attributes)
        self._coming = _Made(self._spec, self._places, attributes)

    def _outcomes(self, delta: Delta) -> Mapping[str, Outcome]:
        derive = self._coming.derive
        return {row.id: derive(rows) for row, rows in delta.found(most=self.most_rows)}

    def _put(self, delta: Delta) -> bool:
        found, made = self._outcomes(delta), self._coming
        names = {each: left_out.named(delta.changed[each]) for each, outcome in found.items() if outcome.skipped}
        if delta.whole:
            made.kept.replace(found, names)
        else:
            made.kept.update(found, names, delta.removed)
        self._made = made
        return True


class _Made:
    """What is made by what the schema says of attributes."""

    def __init__(self, spec: SeriesSpec, places: Places, attributes: Attributes) -> None:
        self.series = kept_series.kept(spec, attributes)
        self.label_names = label_names(spec, attributes)
        self.derive = deriver(spec, places, attributes)
        self.kept = Outcomes(self.series)
        self.has = outcomes.holder(self.series, self.label_names)
