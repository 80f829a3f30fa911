"""What a GraphQL answer contains at the end of a path.

A node has fields. Behind a field stands a relation (`{"node": ...}` or `{"edges": [{"node": ...}]}`), an attribute
(`{"value": ..., "ip": ...}`), or whatever else GraphQL gives. An attribute's value is plain JSON, in which `node`,
`edges` and `value` are names like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from msgspec import Struct, structs

from infrahub_exporter.domain.asking.columns import METADATA
from infrahub_exporter.domain.asking.paths import WRAPPERS, Fitting, OfKind, Selector, Step, Steps, wrapped
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


class Place(Struct, frozen=True):
    """Where a path has come to: a node, by its fields, or a piece of JSON. `before` is where its last hop began."""

    value: JSON
    node: _Node | None = None
    before: "Place | None" = None


class _Behind(Struct, frozen=True):
    """What stands behind a step's field, at a place, with the rest of the path."""

    field: JSON
    step: Step
    rest: Steps
    place: Place
    many: bool = False


class _Plain(Struct, frozen=True):
    """A piece of JSON with the rest of the path; `is_element` tells that a `[]` has led to it from the place."""

    value: JSON
    rest: Steps
    place: Place
    many: bool
    is_element: bool = False


_Pending = Place | Absent | _Behind | _Plain


def start(node: _Node, before: Place | None = None) -> Place:
    """Return the place of a node."""
    return Place(None, node, before)


def dig(node: _Node, path: Steps) -> tuple[JSON, ...] | Absent:
    """Follow a path from a node of an answer.

    Return what is there, nulls left out: one value, or several where a list of nodes or a `[]` is crossed, in the
    answer's order. A path that ends on a node finds its name. Absent stands for a path that the answer does not
    contain, also where it lacks what a selector asks about: `__typename` for a kind, `id` for `[other]`.
    """
    return read(start(node), path)


def read(place: Place, path: Steps) -> tuple[JSON, ...] | Absent:
    """Do the same from any place; of JSON that is no object `value` is itself."""
    found = tuple(walk(place, path))
    present = tuple(each for each in found if isinstance(each, Place))
    if found and not present:
        return Absent.KEY if Absent.KEY in found else Absent.FIELD
    values = [each.value if each.node is None else _name(each.node) for each in present]
    return tuple(value for value in values if value is not None)


def walk(place: Place, path: Steps) -> Iterator[Place | Absent]:
    """Yield the places at the end of a path, in the answer's order.

    However deep that is: what is still to be followed waits in a list, not on the stack.
    """
    waiting: list[_Pending] = [_begin(place, path)]
    while waiting:
        at = waiting.pop()
        if isinstance(at, Place | Absent):
            yield at
        else:
            waiting.extend(reversed(_follow(at) if isinstance(at, _Behind) else _follow_plain(at)))


def _begin(place: Place, path: Steps) -> _Pending:
    first, rest = path[0], path[1:]
    if place.node is None:
        if first.name == "value" and not isinstance(place.value, dict):
            return _Plain(place.value, rest, place, many=first.many)
        return _Plain(place.value, path, place, many=False)
    while rest and first.name in WRAPPERS and first.name not in place.node:
        first, rest = rest[0], rest[1:]
    if first.name not in place.node:
        return Absent.FIELD
    if first.name == "hfid":
        return Place(_joined(place.node["hfid"]), before=place)
    return _Behind(place.node[first.name], first, rest, place)


def _follow(at: _Behind) -> Sequence[_Pending]:
    field, step = at.field, at.step
    if not isinstance(field, dict):
        plain = _Plain(field, at.rest, at.place, many=at.many or step.many)
        return [plain if step.selector is None else Absent.FIELD]
    if isinstance(edges := field.get("edges"), list):
        peers = [_peer(edge) if isinstance(edge, dict) else None for edge in edges]
        unwrapped = _unwrap(_unwrap(at, "edges"), "node")
    elif "node" in field:
        peers, unwrapped = [field["node"]], _unwrap(at, "node")
    else:
        return [Absent.FIELD if step.selector is not None else _enter(field, at)]
    if step.selector is None and _is_beside(field, peers, at.rest):
        return [_enter(field, at)]
    return [reached for peer in peers for reached in _reach(peer, unwrapped)]


def _peer(edge: _Node) -> JSON:
    """Return the node of an edge, with the instants of it that Infrahub puts beside it."""
    node = edge.get("node")
    if METADATA not in edge or not isinstance(node, dict) or METADATA in node:
        return node
    return {**node, METADATA: edge[METADATA]}


def _unwrap(at: _Behind, wrapper: str) -> _Behind:
    """Leave out what a path says of GraphQL's shape; its brackets belong to the relation."""
    if not at.rest or at.rest[0].name != wrapper:
        return at
    return structs.replace(at, step=wrapped(at.step, at.rest[0]), rest=at.rest[1:])


def _is_beside(field: _Node, peers: Sequence[JSON], rest: Steps) -> bool:
    """Tell whether a path goes on to what stands beside the peers, such as their `count`, and no peer has that."""
    if not rest or rest[0].name in WRAPPERS or rest[0].name not in field:
        return False
    return not any(isinstance(peer, dict) and rest[0].name in peer for peer in peers)


def _enter(field: _Node, at: _Behind) -> _Pending:
    """Go on into an attribute, or whatever else has fields."""
    path, many = at.rest, at.many or at.step.many
    if path and path[0].name in field:
        inner = field[path[0].name]
        if path[0].name == "value":
            return _Plain(inner, path[1:], at.place, many=many or path[0].many)
        return _Behind(inner, path[0], path[1:], at.place, many)
    if "value" in field:
        return _Plain(field["value"], path, at.place, many=many)
    return Absent.FIELD if path else Place(at.field, before=at.place)


def _reach(peer: JSON, at: _Behind) -> Sequence[_Pending]:
    """Go on to a node at the other end of a relation, where the step's selector takes it."""
    if not isinstance(peer, dict):
        return [Place(None, before=at.place)]
    chosen = at.step.selector is None or _is_chosen(peer, at.step.selector, at.place.before)
    if isinstance(chosen, Absent):
        return [chosen]
    reached = start(peer, at.place)
    return [_begin(reached, at.rest) if at.rest else reached] if chosen else []


def _is_chosen(peer: _Node, selector: Selector, before: Place | None) -> bool | Absent:
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
    origin = None if before is None else before.node
    if "id" not in peer or origin is None or "id" not in origin:
        return Absent.FIELD
    return peer["id"] != origin["id"]


def _follow_plain(at: _Plain) -> Sequence[_Pending]:
    """Go on through plain JSON: into objects by name, into lists where the path goes on or says `[]`."""
    value, path = at.value, at.rest
    if isinstance(value, list) and (path or at.many):
        crossed = at.is_element or at.many
        return [_Plain(item, path, at.place, at.many, crossed) for item in value]
    if not path or value is None:
        return [Place(value, before=at.place)]
    if isinstance(value, dict) and path[0].selector is None and path[0].name in value:
        place = Place(value, before=at.place) if at.is_element else at.place
        return [_Plain(value[path[0].name], path[1:], place, path[0].many)]
    return [Absent.KEY if isinstance(value, dict) else Absent.FIELD]


def _name(node: _Node) -> str | None:
    """Name a node by its `name.value`, else its display label, its human-friendly id or its id, else not at all."""
    name = node.get("name")
    own = name.get("value") if isinstance(name, dict) else name
    names = (own, node.get("display_label"), _joined(node.get("hfid")), node.get("id"))
    return next((text(each) for each in names if each not in (None, "")), None)


def _joined(hfid: JSON) -> str | None:
    return "__".join(map(text, hfid)) if isinstance(hfid, list) and hfid else None
