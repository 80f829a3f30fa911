"""What a GraphQL answer contains at the end of a path.

A node has fields. Behind a field stands a relation (`{"node": ...}` or `{"edges": [{"node": ...}]}`), an attribute
(`{"value": ..., "ip": ...}`), or whatever else GraphQL gives. An attribute's value is plain JSON, in which `node`,
`edges` and `value` are names like any other.
"""

from collections.abc import Iterator, Mapping
from enum import Enum

from infrahub_exporter.domain.asking.paths import Steps
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.texts import text


class Absent(Enum):
    """What a dig answers where the answer does not contain the path at all (null is something else)."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
_Found = Iterator[JSON | Absent]


def dig(node: Mapping[str, JSON], path: Steps) -> tuple[JSON, ...] | Absent:
    """Follow a path from a node of an answer.

    Return what is there, nulls left out: one value, or several where a list of nodes or a `[]` is crossed, in the
    answer's order. A path that ends on a node finds its name. ABSENT stands for a path that the answer does not
    contain.
    """
    found = tuple(_enter(node, path))
    present = tuple(value for value in found if not isinstance(value, Absent))
    if found and not present:
        return ABSENT
    return tuple(value for value in present if value is not None)


def _enter(fields: Mapping[str, JSON], path: Steps) -> _Found:
    """Follow a path from the fields of a node."""
    first, rest = path[0], path[1:]
    if first.name not in fields:
        yield ABSENT
    elif first.name == "hfid":
        yield _joined(fields["hfid"])
    else:
        yield from _follow(fields[first.name], rest, many=first.many)


def _follow(field: JSON, path: Steps, *, many: bool) -> _Found:
    """Follow the rest of a path from what stands behind a field."""
    if not isinstance(field, dict):
        yield from _plain(field, path, many=many)
    elif isinstance(edges := field.get("edges"), list):
        for edge in edges:
            yield from _reach(edge.get("node") if isinstance(edge, dict) else None, path)
    elif "node" in field:
        yield from _reach(field["node"], path)
    elif path and path[0].name in field:
        follow = _plain if path[0].name == "value" else _follow
        yield from follow(field[path[0].name], path[1:], many=many or path[0].many)
    elif "value" in field:
        yield from _plain(field["value"], path, many=many)
    else:
        yield from _plain(field, path, many=many)


def _reach(node: JSON, path: Steps) -> _Found:
    """Follow the rest of a path from a node at the other end of a relation."""
    if not isinstance(node, dict):
        yield None
    elif path:
        yield from _enter(node, path)
    else:
        yield _name(node)


def _plain(value: JSON, path: Steps, *, many: bool) -> _Found:
    """Follow the rest of a path through plain JSON: into objects by name, into lists where it goes on or says `[]`."""
    if isinstance(value, list) and (path or many):
        for item in value:
            yield from _plain(item, path, many=many)
    elif not path or value is None:
        yield value
    elif isinstance(value, dict) and path[0].name in value:
        yield from _plain(value[path[0].name], path[1:], many=path[0].many)
    else:
        yield ABSENT


def _name(node: Mapping[str, JSON]) -> str | None:
    """Name a node by its `name.value`, else its display label, its human-friendly id or its id, else not at all."""
    name = node.get("name")
    own = name.get("value") if isinstance(name, dict) else name
    names = (own, node.get("display_label"), _joined(node.get("hfid")), node.get("id"))
    return next((text(each) for each in names if each not in (None, "")), None)


def _joined(hfid: JSON) -> str | None:
    return "__".join(map(text, hfid)) if isinstance(hfid, list) and hfid else None
