"""What a path finds inside a value, and whether a value is one that a predicate wants."""

import re
from collections.abc import Callable, Iterator

from infrahub_exporter.domain.asking.paths import Predicate, Steps
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.texts import text


def inside(value: JSON, steps: Steps) -> object:
    """Follow steps into JSON: into mappings by name, into lists where a step says `[]` or goes on.

    A first step without a name stands for the value itself. One value, or a tuple where a list is crossed; what is not
    there is null.
    """
    found = tuple(_follow(value, steps, crosses=False))
    if any(step.many for step in steps) or len(found) > 1:
        return found
    return found[0] if found else None


def _follow(value: JSON, steps: Steps, *, crosses: bool) -> Iterator[JSON]:
    if isinstance(value, list) and (crosses or steps):
        for item in value:
            yield from _follow(item, steps, crosses=False)
    elif not steps:
        yield value
    elif not steps[0].name:
        yield from _follow(value, steps[1:], crosses=steps[0].many)
    elif isinstance(value, dict) and steps[0].name in value:
        yield from _follow(value[steps[0].name], steps[1:], crosses=steps[0].many)


def judge(predicate: Predicate) -> Callable[[object], bool]:
    """Return what tells whether a value is one that a predicate wants: null is unequal to everything."""
    if predicate.pattern:
        fits: Callable[[str], object] = re.compile(predicate.values[0]).fullmatch
    else:
        fits = frozenset(predicate.values).__contains__
    negated = predicate.negated

    def holds(value: object) -> bool:
        return (value is not None and bool(fits(text(value)))) != negated

    return holds
