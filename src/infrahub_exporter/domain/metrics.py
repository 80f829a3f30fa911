"""From rows to metric families."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from infrahub_exporter.domain.model import Family, FamilyType, Row, Sample, Section
from infrahub_exporter.domain.paths import label_names
from infrahub_exporter.domain.specs import MetricSpec
from infrahub_exporter.domain.texts import label_form, text


class Entry(Struct, frozen=True):
    """An entry of `metrics.kind` with what was last read well for it."""

    spec: MetricSpec
    section: Section


class Assembly(Struct, frozen=True):
    """The families of all entries, and per entry the number of series that an earlier entry had already."""

    families: tuple[Family, ...]
    duplicates: tuple[int, ...]


def metric_name(kind: str) -> str:
    """Name the info metric of a kind."""
    return f"infrahub_{kind.lower()}_info"


def derive(spec: MetricSpec, rows: Iterable[Row]) -> Section:
    """Make one sample of each row."""
    return Section(label_names(spec.include), tuple(map(sample, rows)))


def sample(row: Row) -> Sample:
    """Make the info sample of a row: `id`, `hfid`, then its values."""
    return Sample(row.id, (row.id, label_form(row.kind, row.hfid, row.id), *map(text, row.values)))


def assemble(entries: Sequence[Entry]) -> Assembly:
    """Put the entries of one metric name into one family, in the order of the configuration.

    A series that two of them would make equal stays with the first (TX-04: name and label set are unique). An empty
    label value counts as none (OM-10). Only the node ids that an earlier entry has are compared.
    """
    grouped: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        grouped.setdefault(metric_name(entry.spec.kind), []).append(index)
    duplicates = [0] * len(entries)
    families = []
    for name, indices in grouped.items():
        sections = _distinct([entries[index].section for index in indices])
        for index, section in zip(indices, sections, strict=True):
            duplicates[index] = len(entries[index].section.samples) - len(section.samples)
        kinds = dict.fromkeys(entries[index].spec.kind for index in indices)
        families.append(
            Family(name, FamilyType.INFO, f"Nodes of kind {', '.join(kinds)} in Infrahub.", tuple(sections))
        )
    return Assembly(tuple(families), tuple(duplicates))


def _distinct(sections: Sequence[Section]) -> list[Section]:
    if len(sections) == 1:
        return list(sections)
    seen: dict[str, set[frozenset[tuple[str, str]]]] = {}
    return [_without_seen(section, seen) for section in sections]


def _without_seen(section: Section, seen: dict[str, set[frozenset[tuple[str, str]]]]) -> Section:
    kept = []
    for each in section.samples:
        series = frozenset(pair for pair in zip(section.label_names, each.labels, strict=True) if pair[1])
        known = seen.setdefault(each.id, set())
        if series not in known:
            known.add(series)
            kept.append(each)
    return section if len(kept) == len(section.samples) else Section(section.label_names, tuple(kept))
