"""The path language: `name`, `site.region.name`, `tags[].name`, `address.ip`.

::

    path = step *( "." step )
    step = name [ "[]" ]
    name = ( letter | "_" ) *( letter | digit | "_" )

`[]` crosses a to-many relation. GraphQL-shaped paths are the same paths: `node` and `edges` are skipped, unless they
are the whole path, and so is a `value` at the end of a path that has one of them (`site.node.name.value` is
`site.name`).
"""

import difflib
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from infrahub_exporter.domain.errors import ConfigError

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[\])?")
_WRAPPERS = frozenset({"node", "edges"})
_RESERVED = ("id", "hfid")


class Step(Struct, frozen=True):
    """One name of a path; `many` says that it ends in `[]`."""

    name: str
    many: bool = False


Path = tuple[Step, ...]


def parse(text: str) -> Path:
    """Parse a path. Raises ConfigError."""
    steps = []
    for part in text.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ConfigError(
                f"path {text!r}: expected names joined by dots, each perhaps followed by [], as in 'tags[].name'"
            )
        steps.append(Step(match[1], match[2] is not None))
    return _plain(steps)


def _plain(steps: Sequence[Step]) -> Path:
    """Drop what only GraphQL's shape needs; a `[]` on a wrapper belongs to the relation before it."""
    kept: list[Step] = []
    for step in steps:
        if step.name not in _WRAPPERS:
            kept.append(step)
        elif step.many and kept:
            kept[-1] = Step(kept[-1].name, many=True)
    if len(kept) == len(steps):
        return tuple(kept)
    if len(kept) > 1 and kept[-1] == Step("value") == steps[-1] and steps[-2].name not in _WRAPPERS:
        kept.pop()
    return tuple(kept) or (steps[-1],)


def label_name(path: Path) -> str:
    """Name the label of a path: its names joined by underscores."""
    return "_".join(step.name for step in path)


def label_names(include: Iterable[str]) -> tuple[str, ...]:
    """Name the labels of an info metric: `id`, `hfid`, then one per path.

    Raises ConfigError for a path that is none and for two that would share a label.
    """
    owners: dict[str, str] = dict.fromkeys(_RESERVED, "")
    for text in include:
        name = label_name(parse(text))
        if name in _RESERVED:
            raise ConfigError(f"{text!r} would be the label {name!r}, which every series has already")
        if name in owners:
            raise ConfigError(f"{owners[name]!r} and {text!r} would both be the label {name!r}")
        if name.startswith("__"):
            raise ConfigError(f"{text!r} would be the label {name!r}; names that begin with __ belong to Prometheus")
        owners[name] = text
    return tuple(owners)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean ...?` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, tuple(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""
