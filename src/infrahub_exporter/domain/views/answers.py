"""What a GraphQL answer contains at the end of a path.

A node has fields. Behind a field stands a relation (`{"node": ...}` or `{"edges": [{"node": ...}]}`), an attribute
(`{"value": ..., "ip": ...}`), or whatever else GraphQL gives. An attribute's value is plain JSON, in which `node`,
`edges` and `value` are names like any other.
"""

from collections.abc import Iterator, Mapping
from enum import Enum

from infrahub_exporter.domain.asking.paths import Fitting, OfKind, Selector, Step, Steps
from infrahub_exporter.domain.asking.selecting import fits
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.texts import text


class Absent(Enum):
    """What a dig answers where the answer does not contain the path at all (null is something else).

    `FIELD` is one that the query did not ask for, `KEY` one that the JSON of an attribute lacks.
    """

    FIELD = "field"
    KEY = "key"


_Node = Mapping[str, JSON]
_Found = Iterator[JSON | Absent]


def dig(node: _Node, path: Steps) -> tuple[JSON, ...] | Absent:
    """Follow a path from a node of an answer.

    Return what is there, nulls left out: one value, or several where a list of nodes or a `[]` is crossed, in the
    answer's order. A path that ends on a node finds its name. Absent stands for a path that the answer does not
    contain, also where it lacks what a selector asks about: `__typename` for a kind, `id` for `[other]`.
    """
    found = tuple(_enter(node, path, None))
    present = tuple(value for value in found if not isinstance(value, Absent))
    if found and not present:
        return Absent.KEY if Absent.KEY in found else Absent.FIELD
    return tuple(value for value in present if value is not None)


def _enter(node: _Node, path: Steps, before: _Node | None) -> _Found:
    """Follow a path from the fields of a node; `before` is the one that the path came from."""
    first, rest = path[0], path[1:]
    if first.name not in node:
        yield Absent.FIELD
        return
    if first.name == "hfid":
        yield _joined(node["hfid"])
    else:
        yield from _follow(node[first.name], first, rest, (node, before))


def _follow(field: JSON, step: Step, path: Steps, at: tuple[_Node, _Node | None], *, many: bool = False) -> _Found:
    """Follow the rest of a path from what stands behind a step's field, of a node and the one before it."""
    if not isinstance(field, dict):
        yield from _plain(field, path, many=many or step.many) if step.selector is None else (Absent.FIELD,)
    elif isinstance(edges := field.get("edges"), list):
        for edge in edges:
            yield from _reach(edge.get("node") if isinstance(edge, dict) else None, step, path, at)
    elif "node" in field:
        yield from _reach(field["node"], step, path, at)
    elif step.selector is not None:
        yield Absent.FIELD
    elif path and path[0].name in field:
        inner, rest, many = field[path[0].name], path[1:], many or step.many or path[0].many
        if path[0].name == "value":
            yield from _plain(inner, rest, many=many)
        else:
            yield from _follow(inner, path[0], rest, at, many=many)
    elif "value" in field:
        yield from _plain(field["value"], path, many=many or step.many)
    else:
        yield Absent.FIELD if path else field


def _reach(peer: JSON, step: Step, path: Steps, at: tuple[_Node, _Node | None]) -> _Found:
    """Follow the rest of a path from a node at the other end of a relation, where the step's selector takes it."""
    if not isinstance(peer, dict):
        yield None
        return
    node, before = at
    chosen = step.selector is None or _is_chosen(peer, step.selector, before)
    if isinstance(chosen, Absent):
        yield chosen
    elif chosen and path:
        yield from _enter(peer, path, node)
    elif chosen:
        yield _name(peer)


def _is_chosen(peer: _Node, selector: Selector, before: _Node | None) -> bool | Absent:
    if isinstance(selector, OfKind):
        return peer["__typename"] == selector.kind if "__typename" in peer else Absent.FIELD
    if isinstance(selector, Fitting):
        for predicate in selector.predicates:
            values = dig(peer, predicate.path)
            if isinstance(values, Absent):
                return values
            if not fits(predicate, values):
                return False
        return True
    if "id" not in peer or before is None or "id" not in before:
        return Absent.FIELD
    return peer["id"] != before["id"]


def _plain(value: JSON, path: Steps, *, many: bool) -> _Found:
    """Follow the rest of a path through plain JSON: into objects by name, into lists where it goes on or says `[]`.

    However deep it is: what is still to be followed waits in a list, not on the stack.
    """
    waiting = [(value, path, many)]
    while waiting:
        value, path, many = waiting.pop()
        if isinstance(value, list) and (path or many):
            waiting.extend((item, path, many) for item in reversed(value))
        elif not path or value is None:
            yield value
        elif isinstance(value, dict) and path[0].selector is None and path[0].name in value:
            waiting.append((value[path[0].name], path[1:], path[0].many))
        else:
            yield Absent.KEY if isinstance(value, dict) else Absent.FIELD


def _name(node: _Node) -> str | None:
    """Name a node by its `name.value`, else its display label, its human-friendly id or its id, else not at all."""
    name = node.get("name")
    own = name.get("value") if isinstance(name, dict) else name
    names = (own, node.get("display_label"), _joined(node.get("hfid")), node.get("id"))
    return next((text(each) for each in names if each not in (None, "")), None)


def _joined(hfid: JSON) -> str | None:
    return "__".join(map(text, hfid)) if isinstance(hfid, list) and hfid else None
