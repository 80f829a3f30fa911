"""The path language: `name`, `site.region.name`, `tags[].name`, `address.ip`.

::

    path = step *( "." step )
    step = name [ "[]" ]
    name = ( letter | "_" ) *( letter | digit | "_" )

`[]` crosses a to-many relation. GraphQL-shaped paths are the same paths: after the first step `node` and `edges` are
skipped, and so is a `value` that ends a path with one of them (`site.node.name.value` is `site.name`).
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum

from msgspec import Struct

from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.model import JSON

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[\])?")
_WRAPPERS = frozenset({"node", "edges"})
_RESERVED = ("id", "hfid")


class Absent(Enum):
    """What a dig answers where the answer does not contain the path at all (null is something else)."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


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
    kept = [steps[0]]
    for step in steps[1:]:
        if step.name not in _WRAPPERS:
            kept.append(step)
        elif step.many:
            kept[-1] = Step(kept[-1].name, many=True)
    wrapped = any(step.name in _WRAPPERS for step in steps[1:])
    if wrapped and len(kept) > 1 and kept[-1] == Step("value"):
        kept.pop()
    return tuple(kept)


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


def dig(node: JSON, path: Path) -> tuple[JSON, ...] | Absent:
    """Follow a path through a GraphQL answer, over `node`, `edges`, lists and attribute objects alike.

    Return what is there, nulls left out: one value, or several where a list is crossed, in the answer's order. ABSENT
    stands for a name that the answer does not contain. A node at the end stays a mapping: see `node_text`.
    """
    found = tuple(_walk(node, path))
    present = tuple(value for value in found if not isinstance(value, Absent))
    if found and not present:
        return ABSENT
    return tuple(value for value in present if value is not None)


def _walk(node: JSON, path: Path) -> Iterator[JSON | Absent]:
    current = _unwrap(node)
    if isinstance(current, list):
        for item in current:
            yield from _walk(item, path)
    elif current is None:
        yield None
    elif not path:
        yield current["value"] if isinstance(current, dict) and "value" in current else current
    else:
        entered = _enter(current, path[0].name)
        if isinstance(entered, Absent):
            yield ABSENT
        else:
            yield from _walk(entered, path[1:])


def _enter(value: JSON, name: str) -> JSON | Absent:
    return value[name] if isinstance(value, dict) and name in value else ABSENT


def _unwrap(value: JSON) -> JSON:
    """Take off `{"node": ...}` and `{"edges": [...]}`, and the object around a list attribute's value."""
    while isinstance(value, dict):
        wrapper = next((key for key in ("node", "edges") if key in value), None)
        if wrapper is None:
            return value["value"] if isinstance(value.get("value"), list) else value
        value = value[wrapper]
    return value


def node_text(node: Mapping[str, JSON]) -> str | None:
    """Name a node of a GraphQL answer by its `name.value`, else its display label, hfid or id, else not at all."""
    name = node.get("name")
    if isinstance(name, dict) and isinstance(name.get("value"), str):
        return str(name["value"])
    label, hfid, identifier = node.get("display_label"), node.get("hfid"), node.get("id")
    if isinstance(label, str):
        return label
    if isinstance(hfid, list) and hfid:
        return "__".join(str(part) for part in hfid)
    return identifier if isinstance(identifier, str) else None
