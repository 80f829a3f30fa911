"""From nodes to info metrics."""

from collections.abc import Callable, Iterable

from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section
from infrahub_exporter.domain.texts import capitalised, label_forms, text
from infrahub_exporter.domain.views.distinct import Shown
from infrahub_exporter.domain.views.rows import Batch

Find = Callable[[str], Sample | None]
"""Finds a node's sample by its id."""


def metric_name(kind: str) -> str:
    """Name the info metric of a kind."""
    return f"infrahub_{kind.lower()}_info"


class Sampler:
    """Make the info sample of each node: `id`, `hfid`, then its values.

    `longest` is the length of the longest label of all that have been made, which costs least to find while they are.
    """

    def __init__(self, spec: MetricSpec) -> None:
        self.longest = 0
        self._write = _compatible if spec.booleans == "True" else text

    def __call__(self, batches: Iterable[Batch]) -> dict[str, Sample]:
        """Return the sample of each node by its id."""
        write = self._write
        samples: dict[str, Sample] = {}
        for batch in batches:
            ids = [node.id for node in batch.nodes]
            values = [
                [each if type(each) is str else write(each) for each in column]  # most are: half the cost of calls
                for column in batch.columns
            ]
            columns = (ids, label_forms(batch.nodes), *values)
            self.longest = max(self.longest, *[max(map(len, column)) for column in columns])
            samples.update(zip(ids, map(Sample, ids, zip(*columns, strict=True)), strict=True))
        return samples


def _compatible(value: object) -> str:
    return text(capitalised(value))


def info(kind: str, own: tuple[str, ...], sections: tuple[Section, ...], find: Find) -> Shown:
    """Show the info family of a kind, with its own labels' names.

    A series of it names its node, so only that one's is compared, up to the first label that differs.
    """
    places: dict[str, int] = {}

    def has(names: tuple[str, ...], each: Sample) -> bool:
        other = find(each.id)
        if other is None:
            return False
        if not places:
            places.update((name, place) for place, name in enumerate(own))
        for name, value in zip(names, each.labels, strict=True):
            if value and (name not in places or other.labels[places[name]] != value):
                return False
        return _size(each) == _size(other)

    help_text = f"Nodes of kind {kind} in Infrahub."
    return Shown(Family(metric_name(kind), FamilyType.INFO, help_text, sections), has)


def _size(each: Sample) -> int:
    return len(each.labels) - each.labels.count("")
