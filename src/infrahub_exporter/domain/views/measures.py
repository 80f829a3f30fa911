"""What number an attribute's value is: by the attribute's kind in the schema."""

import math
from collections.abc import Iterator, Sequence
from itertools import product

from infrahub_exporter.domain.asking.forms import number
from infrahub_exporter.domain.texts import text
from infrahub_exporter.domain.views.instants import seconds


def measure(kind: str, value: object) -> float | None:
    """Read a value as a number: a DateTime is unix seconds, a Boolean 0 or 1, a text that says a number is that.

    None for what is none, as null, and for what is too large to be one.
    """
    read = seconds(value) if kind == "DateTime" else number(value)
    return None if read is None or not math.isfinite(read) else float(read)


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
