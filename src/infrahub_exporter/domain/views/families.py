"""The families of all entries: what several show under one name is one family, and no series is there twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.model import Family, FamilyType, Section
from infrahub_exporter.domain.views.distinct import Part, Place, Series, Shown, distinct, series


class Assembly(Struct, frozen=True):
    """The families of all entries, and per entry the number of series that an earlier entry had already.

    `parts` remember by name and place what was brought, so that the next assembly compares only what is new, and makes
    the same objects of the same samples.
    """

    families: tuple[Family, ...] = ()
    duplicates: tuple[int, ...] = ()
    parts: Mapping[str, Mapping[Place, Part]] = {}


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
    grouped: dict[str, dict[Place, Shown]] = {}
    for index, entry in enumerate(entries):
        again: Counter[str] = Counter()
        for each in entry:
            name = each.family.name
            grouped.setdefault(name, {})[index, again[name]] = each
            again[name] += 1
    duplicates = [0] * len(entries)
    parts: dict[str, Mapping[Place, Part]] = {}
    families = []
    for name, group in grouped.items():
        parts[name] = distinct(group, previous.parts.get(name, {}))
        for (index, _), part in parts[name].items():
            duplicates[index] += part.lost
        sections = tuple(chain.from_iterable(part.distinct for part in parts[name].values()))
        families.append(_united([each.family for each in group.values()], sections))
    return Assembly(tuple(families), tuple(duplicates), parts)


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
