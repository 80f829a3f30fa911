"""Each series once: what several entries would make equal in a family stays with the first.

What a change costs follows from what changed: only series of other samples than before are compared again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress, repeat, zip_longest
from operator import is_not

from msgspec import Struct

from infrahub_exporter.domain.model import Family, Sample, Section

Has = Callable[[tuple[str, ...], Sample], bool]
"""Tells whether there is a series with the labels of a sample, whose names come first."""
Series = frozenset[tuple[str, str]]


class Shown(Struct, frozen=True):
    """A family as one entry has it, and what tells whether it has a series."""

    family: Family
    has: Has


class Part(Struct, frozen=True):
    """What an entry brings into a family: its sections, and `distinct` ones, without the series of `doubled`.

    A section that loses nothing is the same object in both.
    """

    sections: tuple[Section, ...] = ()
    distinct: tuple[Section, ...] = ()
    doubled: frozenset[Series] = frozenset()

    @property
    def lost(self) -> int:
        """The number of series that are left out."""
        if not self.doubled:
            return 0
        return sum(len(section.samples) for section in self.sections) - sum(
            len(section.samples) for section in self.distinct
        )


Place = tuple[int, int]
"""Which entry shows a family, and how many of the same name it has shown before."""


def series(names: Sequence[str], sample: Sample) -> Series:
    """Return what a series is: its labels, of which an empty one is none (OM-10)."""
    return frozenset(pair for pair in zip(names, sample.labels, strict=True) if pair[1])


_Named = tuple[tuple[str, ...], Sample]
"""A sample with the names of its labels."""


def distinct(shown: Mapping[Place, Shown], before: Mapping[Place, Part]) -> dict[Place, Part]:
    """Leave out the series that an earlier entry has; what is the same as the last time stays the same object.

    A series may be another's from now on where one of them came or left, so that those alone are looked for.
    """
    if len(shown) == 1 and before.keys() <= shown.keys():
        return {place: _alone(each.family.sections) for place, each in shown.items()}
    parts: dict[Place, Part] = {}
    earlier: list[Has] = []
    touched: list[_Named] = []
    for place in sorted({*shown, *before}):
        part, each = before.get(place, Part()), shown.get(place)
        sections = each.family.sections if each is not None else ()
        came, left = _moved(part.sections, sections)
        if each is not None:
            doubled = set(part.doubled)
            if doubled:
                doubled.difference_update(series(*named) for named in left)
            known = [named for named in touched if each.has(*named)] if part.sections else []
            for named in [*known, *came]:
                if any(has(*named) for has in earlier):
                    doubled.add(series(*named))
                elif doubled:
                    doubled.discard(series(*named))
            parts[place] = _part(sections, part, frozenset(doubled))
            earlier.append(each.has)
        touched += came
        touched += left
    return parts


def _alone(sections: tuple[Section, ...]) -> Part:
    return Part(sections, sections)


def _moved(before: Sequence[Section], after: Sequence[Section]) -> tuple[list[_Named], list[_Named]]:
    """Find the samples that there were not before, and those that are there no longer."""
    came: list[_Named] = []
    left: list[_Named] = []
    for old, new in () if before is after else zip_longest(before, after):
        if old is not new:
            came.extend(_lacking(new, old))
            left.extend(_lacking(old, new))
    return came, left


def _lacking(section: Section | None, other: Section | None) -> Iterator[_Named]:
    """Yield the samples of a section that the other one has not, or not at the same place where both are as long."""
    if section is None:
        return
    names, samples = section.label_names, section.samples
    if other is None or other.label_names != names:
        yield from zip(repeat(names), samples)
    elif len(other.samples) == len(samples):
        yield from zip(repeat(names), compress(samples, map(is_not, samples, other.samples)))
    else:
        known = set(map(id, other.samples))
        yield from ((names, sample) for sample in samples if id(sample) not in known)


def _part(sections: tuple[Section, ...], before: Part, doubled: frozenset[Series]) -> Part:
    """Leave series out, by the section: only where others are left out does one that is the same need a look."""
    if not doubled:
        return _alone(sections)
    is_same = doubled == before.doubled
    shortened = tuple(
        known if whole is old and is_same else _shortened(whole, doubled, known)
        for whole, old, known in zip_longest(sections, before.sections, before.distinct)
        if whole is not None
    )
    return Part(sections, shortened, doubled)


def _shortened(whole: Section, doubled: frozenset[Series], before: Section | None) -> Section:
    names = whole.label_names
    kept = tuple([each for each in whole.samples if series(names, each) not in doubled])
    if len(kept) == len(whole.samples):
        return whole
    shortened = Section(names, kept)
    return before if before == shortened else shortened
