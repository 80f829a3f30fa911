"""What a path finds inside the value of a List or JSON."""

from collections.abc import Iterator

from infrahub_exporter.domain.asking.paths import Steps
from infrahub_exporter.domain.model import JSON


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
