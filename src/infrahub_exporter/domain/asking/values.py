"""What a path finds inside the value of a List or JSON."""

from collections.abc import Iterator

from infrahub_exporter.domain.asking.paths import Steps
from infrahub_exporter.domain.model import JSON


def inside(value: JSON, steps: Steps) -> object:
    """Follow steps into JSON: into mappings by name, into lists where a step says `[]` or goes on.

    A first step without a name stands for the value itself. One value, or a tuple where a list is crossed; what is not
    there is null.
    """
    found = tuple(follow(value, steps))
    if any(step.many for step in steps) or len(found) > 1:
        return found
    return found[0] if found else None


def follow(value: JSON, steps: Steps) -> Iterator[JSON]:
    """Yield what `inside` finds, one by one, however deep it is: what is still to be followed waits in a list."""
    waiting = [(value, steps, False)]
    while waiting:
        value, steps, crosses = waiting.pop()
        if isinstance(value, list) and (crosses or steps):
            waiting.extend((item, steps, False) for item in reversed(value))
        elif not steps:
            yield value
        elif not steps[0].name:
            waiting.append((value, steps[1:], steps[0].many))
        elif isinstance(value, dict) and steps[0].name in value:
            waiting.append((value[steps[0].name], steps[1:], steps[0].many))
