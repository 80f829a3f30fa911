"""From a selection to one constant GraphQL document, the types that decode its answer, and the rows in it."""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from infrahub_exporter.domain.asking.selection import Column, Hop, Selection
from infrahub_exporter.domain.model import Peer, Row

OPERATION = "infrahub_exporter"
"""The operation's name: it shows in Infrahub's own metrics."""

_IDENTITY = "id __typename hfid"


class Document:
    """What a selection sends and how its answer reads. The text depends on the selection alone, never on the values."""

    def __init__(self, selection: Selection) -> None:
        root = _Level(identity=True)
        self._readers = [root.add(column, column.hops) for column in selection.columns]
        declared = "".join(f", ${each.argument}: {each.type}" for each in selection.filters)
        arguments = "".join(f", {each.argument}: ${each.argument}" for each in selection.filters)
        self.text = (
            f"query {OPERATION}($limit: Int, $offset: Int{declared}) {{ "
            f"{selection.kind}(limit: $limit, offset: $offset, order: {{disable: true}}{arguments}) {{ "
            f"edges {{ node {{ {root.fields()} }} }} }} }}"
        )
        self._read = _values(self._readers)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_envelope(selection.kind, root.type()))

    def decode(self, body: bytes) -> tuple[list[Row], int]:
        """Read the rows of a page, and how many nodes it had. Raises msgspec.DecodeError where it does not fit."""
        edges = self._decoder.decode(body).data.root.edges
        nodes = [edge.node for edge in edges if edge.node is not None]
        try:
            read = self._read
            rows = [Row(node.id, node.kind, node.hfid, read(node)) for node in nodes]
        except AttributeError:  # an attribute is null as a whole
            read = _one_by_one(self._readers)
            rows = [Row(node.id, node.kind, node.hfid, read(node)) for node in nodes]
        return rows, len(edges)


def _envelope(kind: str, node: type) -> type:
    edge = msgspec.defstruct("Edge", [("node", node | None, None)], gc=False)
    connection = msgspec.defstruct("Connection", [("edges", list[edge])], gc=False)  # type: ignore[valid-type]
    data = msgspec.defstruct("Data", [("root", connection)], rename={"root": kind})
    return msgspec.defstruct("Envelope", [("data", data)])


Reader = Callable[[Any], object]
"""Take a column's value from a decoded node."""


class _Level:
    """The selection set of one node: its attributes, and a level of its own behind each relation."""

    def __init__(self, *, identity: bool) -> None:
        self._identity = identity
        self._display_label = False
        self._attributes: dict[str, dict[str, None]] = {}
        self._relations: dict[str, tuple[Hop, _Level]] = {}

    def add(self, column: Column, hops: Sequence[Hop]) -> Reader:
        """Select a column below this level and say how to read it."""
        if hops:
            first, *rest = hops
            _, level = self._relations.setdefault(first.name, (first, _Level(identity=False)))
            return _follow(first, level.add(column, rest))
        if column.attribute is None:
            self._identity = True
            return _peer
        if column.subfield is not None:
            self._attributes.setdefault(column.attribute, {})[column.subfield] = None
            return _Attribute(column.attribute, column.subfield)
        return self._own_field(column.attribute)

    def _own_field(self, name: str) -> Reader:
        if name == "display_label":
            self._display_label = True
            return attrgetter("display_label")
        self._identity = True
        if name == "hfid":
            return _hfid
        return attrgetter("id" if name == "id" else "kind")

    def fields(self) -> str:
        """Write the selection set."""
        parts = [_IDENTITY] if self._identity else []
        parts += ["display_label"] if self._display_label else []
        parts += [f"{name} {{ {' '.join(subfields)} }}" for name, subfields in self._attributes.items()]
        for name, (hop, level) in self._relations.items():
            inner = f"node {{ {level.fields()} }}"
            parts.append(f"{name} {{ edges {{ {inner} }} }}" if hop.many else f"{name} {{ {inner} }}")
        return " ".join(parts)

    def type(self) -> type:
        """Make the struct that decodes a node of this level."""
        fields: list[tuple[str, Any]] = []
        if self._identity:
            fields += [("id", str), ("kind", str), ("hfid", tuple[str, ...] | None)]
        if self._display_label:
            fields.append(("display_label", str | None))
        names = {"kind": "__typename"}
        for name, subfields in self._attributes.items():
            renamed = {_ATTRIBUTE + subfield: subfield for subfield in subfields}
            value = msgspec.defstruct("Attribute", [(each, Any) for each in renamed], rename=renamed, gc=False)
            fields.append((_ATTRIBUTE + name, value | None))
            names[_ATTRIBUTE + name] = name
        for name, (hop, level) in self._relations.items():
            peer = msgspec.defstruct("Peer", [("node", level.type() | None, None)], gc=False)
            many = msgspec.defstruct("Peers", [("edges", list[peer])], gc=False)  # type: ignore[valid-type]
            fields.append((_RELATION + name, many if hop.many else peer | None))
            names[_RELATION + name] = name
        return msgspec.defstruct("Node", fields, rename=names, gc=False)


_ATTRIBUTE, _RELATION = "attribute_", "relation_"


class _Attribute:
    """Read a subfield of an attribute; a path of attribute getters, so that many can be read in one call."""

    def __init__(self, attribute: str, subfield: str) -> None:
        self.dotted = f"{_ATTRIBUTE}{attribute}.{_ATTRIBUTE}{subfield}"
        self._get = attrgetter(self.dotted)

    def __call__(self, node: Any) -> object:
        try:
            return self._get(node)
        except AttributeError:  # it is null as a whole
            return None


def _values(readers: Sequence[Reader]) -> Callable[[Any], tuple[object, ...]]:
    """Read all columns of a node, those that are attributes in one call of an `attrgetter`."""
    dotted = [reader.dotted for reader in readers if isinstance(reader, _Attribute)]
    if len(dotted) <= 1:
        return _one_by_one(readers)
    attributes = attrgetter(*dotted)
    if len(dotted) == len(readers):
        return attributes
    read = _one_by_one([reader for reader in readers if not isinstance(reader, _Attribute)])
    places = sorted(range(len(readers)), key=lambda index: not isinstance(readers[index], _Attribute))
    arranged = itemgetter(*map(places.index, range(len(readers))))
    return lambda node: arranged((*attributes(node), *read(node)))


def _one_by_one(readers: Sequence[Reader]) -> Callable[[Any], tuple[object, ...]]:
    fixed = tuple(readers)
    return lambda node: tuple([read(node) for read in fixed])


def _peer(node: Any) -> Peer:
    return Peer(node.id, node.kind, node.hfid)


def _hfid(node: Any) -> str | None:
    return None if node.hfid is None else "__".join(node.hfid)


def _follow(hop: Hop, read: Reader) -> Reader:
    """Read over a relation: None for an empty to-one, a flat tuple for whatever is behind a to-many."""
    get = attrgetter(_RELATION + hop.name)

    def one(node: Any) -> object:
        peer = get(node)
        return None if peer is None or peer.node is None else read(peer.node)

    def many(node: Any) -> object:
        flat: list[object] = []
        for edge in get(node).edges:
            if edge.node is not None:
                value = read(edge.node)
                flat.extend(value) if isinstance(value, tuple) else flat.append(value)
        return tuple(flat)

    return many if hop.many else one
