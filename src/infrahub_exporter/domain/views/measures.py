"""What number an attribute's value is: by the attribute's kind in the schema."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from infrahub_exporter.domain.asking.forms import Form, Written, apply, number, paths
from infrahub_exporter.domain.model import AttributeSchema
from infrahub_exporter.domain.texts import text
from infrahub_exporter.domain.views.instants import seconds
from infrahub_exporter.domain.views.rows import Found, Places

Attributes = Mapping[str, AttributeSchema]
"""The attribute at the end of a path, as far as the schema tells: none for what a query answers."""


def measure(kind: str | None, value: object) -> float | None:
    """Read a value as a number: a DateTime is unix seconds, a Boolean 0 or 1, a text that says a number is that.

    Of a kind that nobody knows (None) a text that says an instant is that, too. None for what is no number, as null,
    and for what is too large to be one.
    """
    read = seconds(value) if kind == "DateTime" else number(value)
    if read is None and kind is None:
        read = seconds(value)
    return None if read is None or not math.isfinite(read) else float(read)


class Numbers:
    """The numbers that a value is at a row, each by the kind of attribute that its own path ends on."""

    def __init__(self, written: Written, places: Places, attributes: Attributes) -> None:
        self._written = written
        mapped = isinstance(written, Form) and written.map is not None
        kinds = ["Text" if mapped else _kind(attributes.get(path)) for path in paths(written)]
        self._places = list(zip(places.of(written), kinds, strict=True))

    def read(self, row: Found) -> list[float]:
        """Return what is a number of what is found at a row."""
        found = [
            tuple([_instant(kind, each) for each in row.values[place]])
            if kind is None or kind == "DateTime"
            else row.values[place]
            for place, kind in self._places
        ]
        read = [measure("Number", each) for each in apply(self._written, found)]
        return [each for each in read if each is not None]


def _kind(attribute: AttributeSchema | None) -> str | None:
    return None if attribute is None else attribute.kind


def _instant(kind: str | None, value: object) -> object:
    """Return the number of a value that may be an instant; one that is none stays, since it is there."""
    return value if value == "" else measure(kind, value)


def states(value: object, choices: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield each choice of the schema, with 1 for the one that the value is; one that the schema lacks comes last."""
    now = text(value)
    for choice in choices if now in choices else (*choices, now):
        yield choice, 1.0 if choice == now else 0.0


def combinations(
    present: Sequence[tuple[str, ...]], zeros: Sequence[Sequence[str] | None]
) -> Iterator[tuple[str, ...]]:
    """Yield the label values that a count has to show: those that are there, each with every choice of a zero label.

    `zeros` has the choices of each label that is to be there with all of them, None for the others.
    """
    kept = [index for index, choices in enumerate(zeros) if choices is None]
    for others in dict.fromkeys(tuple(key[index] for index in kept) for key in present) or ([()] if not kept else []):
        ways = iter(others)
        yield from product(*((next(ways),) if choices is None else choices for choices in zeros))
