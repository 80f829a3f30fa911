"""The families of all entries: what several show under one name is one family, and no series is there twice."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section

Has = Callable[[tuple[str, ...], Sample], bool]
"""Tells whether there is a series with the labels of a sample, whose names come first."""
Series = frozenset[tuple[str, str]]


class Shown(Struct, frozen=True):
    """A family as one entry has it, and what tells whether it has a series."""

    family: Family
    has: Has


class Assembly(Struct, frozen=True):
    """The families of all entries, and per entry the number of series that an earlier entry had already.

    `shortened` remembers the sections that duplicates were taken out of, by the identity of the whole one, so that the
    next assembly makes the same objects of the same samples.
    """

    families: tuple[Family, ...] = ()
    duplicates: tuple[int, ...] = ()
    shortened: Mapping[int, tuple[Section, Section]] = {}


def series(names: Sequence[str], sample: Sample) -> Series:
    """Return what a series is: its labels, of which an empty one is none (OM-10)."""
    return frozenset(pair for pair in zip(names, sample.labels, strict=True) if pair[1])


def shown(family: Family) -> Shown:
    """Show a family as it is. Its series are looked at when another entry has one of the same name."""

    @cache
    def known() -> frozenset[Series]:
        return frozenset(series(each.label_names, sample) for each in family.sections for sample in each.samples)

    return Shown(family, lambda names, sample: series(names, sample) in known())


def assemble(entries: Sequence[Sequence[Shown]], previous: Assembly) -> Assembly:
    """Put what has one name into one family, in the order of the entries.

    A series that two of them would make equal stays with the first (TX-04: name and label set are unique). The help is
    the first that says one, and so is the unit; families of several types are gauges, which all can be.
    """
    grouped: dict[str, list[tuple[int, Shown]]] = {}
    for index, entry in enumerate(entries):
        for each in entry:
            grouped.setdefault(each.family.name, []).append((index, each))
    duplicates = [0] * len(entries)
    shortened: dict[int, tuple[Section, Section]] = {}
    families = []
    for group in grouped.values():
        sections: list[Section] = []
        for position, (index, each) in enumerate(group):
            earlier = [other.has for _, other in group[:position]]
            if not earlier:
                sections.extend(each.family.sections)
                continue
            for section in each.family.sections:
                distinct = _distinct(section, earlier, previous.shortened)
                if distinct is not section:
                    shortened[id(section)] = (section, distinct)
                    duplicates[index] += len(section.samples) - len(distinct.samples)
                sections.append(distinct)
        families.append(_united([each.family for _, each in group], tuple(sections)))
    return Assembly(tuple(families), tuple(duplicates), shortened)


def _united(families: Sequence[Family], sections: tuple[Section, ...]) -> Family:
    first = families[0]
    if len(families) == 1:
        return first
    types = {family.type for family in families}
    return msgspec.structs.replace(
        first,
        type=first.type if len(types) == 1 else FamilyType.GAUGE,
        help=next((family.help for family in families if family.help), ""),
        unit=next((family.unit for family in families if family.unit), ""),
        sections=sections,
    )


def _distinct(section: Section, earlier: Sequence[Has], shortened: Mapping[int, tuple[Section, Section]]) -> Section:
    """Leave out the series that an earlier entry has."""
    names = section.label_names
    kept = tuple([each for each in section.samples if not any(has(names, each) for has in earlier)])
    if len(kept) == len(section.samples):
        return section
    whole, before = shortened.get(id(section), (None, section))
    return before if whole is section and before.samples == kept else Section(names, kept)
