"""From rows to metric families."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import Family, FamilyType, Row, Sample, Section
from infrahub_exporter.domain.texts import capitalised, label_form, text


class Entry(Struct, frozen=True):
    """An entry of `metrics.kind` with what was last read well for it: sections, and a node's sample by its id."""

    spec: MetricSpec
    sections: tuple[Section, ...]
    find: Callable[[str], Sample | None]


class Assembly(Struct, frozen=True):
    """The families of all entries, and per entry the number of series that an earlier entry had already.

    `shortened` remembers the sections that duplicates were taken out of, by the identity of the whole one, so that the
    next assembly makes the same objects of the same samples.
    """

    families: tuple[Family, ...] = ()
    duplicates: tuple[int, ...] = ()
    shortened: Mapping[int, tuple[Section, Section]] = {}


def metric_name(kind: str) -> str:
    """Name the info metric of a kind."""
    return f"infrahub_{kind.lower()}_info"


def sampler(spec: MetricSpec) -> Callable[[Row], Sample]:
    """Return what makes the info sample of a row of an entry."""
    if spec.booleans != "True":
        return sample
    return lambda row: sample(msgspec.structs.replace(row, values=capitalised(row.values)))


def sample(row: Row) -> Sample:
    """Make the info sample of a row: `id`, `hfid`, then its values."""
    values = [each if type(each) is str else text(each) for each in row.values]  # most are: half the cost of calls
    return Sample(row.id, (row.id, label_form(row.kind, row.hfid, row.id), *values))


def assemble(entries: Sequence[Entry], previous: Assembly) -> Assembly:
    """Put the entries of one metric name into one family, in the order of the configuration.

    A series that two of them would make equal stays with the first (TX-04: name and label set are unique). An empty
    label value counts as none (OM-10).
    """
    grouped: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        grouped.setdefault(metric_name(entry.spec.kind), []).append(index)
    duplicates = [0] * len(entries)
    shortened: dict[int, tuple[Section, Section]] = {}
    families = []
    for name, indices in grouped.items():
        sections: list[Section] = []
        for position, index in enumerate(indices):
            earlier = [entries[each] for each in indices[:position]]
            if not earlier:
                sections.extend(entries[index].sections)
                continue
            for section in entries[index].sections:
                distinct = _distinct(section, earlier, previous.shortened)
                if distinct is not section:
                    shortened[id(section)] = (section, distinct)
                    duplicates[index] += len(section.samples) - len(distinct.samples)
                sections.append(distinct)
        kinds = dict.fromkeys(entries[index].spec.kind for index in indices)
        families.append(
            Family(name, FamilyType.INFO, f"Nodes of kind {', '.join(kinds)} in Infrahub.", tuple(sections))
        )
    return Assembly(tuple(families), tuple(duplicates), shortened)


def _distinct(section: Section, earlier: Sequence[Entry], shortened: Mapping[int, tuple[Section, Section]]) -> Section:
    """Leave out the series that an earlier entry has; a series names its node, so only those of one node compare."""
    names = section.label_names
    kept = tuple([each for each in section.samples if not any(_has(entry, names, each) for entry in earlier)])
    if len(kept) == len(section.samples):
        return section
    whole, before = shortened.get(id(section), (None, section))
    return before if whole is section and before.samples == kept else Section(names, kept)


def _has(entry: Entry, names: tuple[str, ...], each: Sample) -> bool:
    """Tell whether an entry has this series; most differ in the number of labels, which is cheap to tell."""
    other = entry.find(each.id)
    if other is None or _size(each) != _size(other):
        return False
    return _series(names, each) == _series(entry.spec.label_names, other)


def _size(each: Sample) -> int:
    return len(each.labels) - each.labels.count("")


def _series(names: tuple[str, ...], each: Sample) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in zip(names, each.labels, strict=True) if pair[1])
