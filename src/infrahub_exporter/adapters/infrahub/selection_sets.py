"""The selection set of a node in a document, the type that decodes it, and what reads columns from that."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, structs

from infrahub_exporter.adapters.infrahub.reads import ATTRIBUTE, RELATION, Attribute, Over, Reader
from infrahub_exporter.domain.asking.columns import CLOSURES, CONTENT, METADATA, Column, Hop, Meeting, OfKinds
from infrahub_exporter.domain.asking.paths import Other, Steps
from infrahub_exporter.domain.asking.selecting import fits
from infrahub_exporter.domain.asking.values import inside
from infrahub_exporter.domain.model import Peer

_IDENTITY = {"id": ("id", str), "__typename": ("kind", str), "hfid": ("hfid", tuple[str, ...] | None)}
"""What a node says of itself: the name and the type that it is decoded to."""


class File(Struct, frozen=True):
    """Stands for what a path finds in the file of a node, until that has been fetched."""

    id: str
    checksum: str
    size: object
    steps: Steps


_Walk: TypeAlias = Callable[[Any, Any], Iterable[object]]
"""Find values from an edge on, and the edge that the way came from."""
_Key: TypeAlias = tuple[str, tuple[str, ...]]
"""A field and the kinds that have it, none where it is the level's own kind."""


class Level:
    """What is asked of one node: its attributes, and a level of its own behind each relation.

    A field that only some kinds have stands in a fragment for each of those, under another name: kinds may have it with
    other types. Of what a peer says of itself no more is asked than is used: but for id and kind it wants a permission.
    The kind goes with the id: of a hierarchy's parent Infrahub cannot answer for the id alone.
    """

    def __init__(self, *, identity: bool) -> None:
        self._identity: set[str] = set(_IDENTITY) if identity else set()
        self._display_label = False
        self._instants: dict[str, None] = {}
        self._attributes: dict[_Key, tuple[int, dict[str, None]]] = {}
        self._relations: dict[_Key, tuple[int, Hop, Level]] = {}

    def add(self, column: Column) -> Reader:
        """Select a column and say how to read it: what is found by any of its ways."""
        if column.many:
            walks = [self.walk(each, each.hops) for each in column.ways]
            return lambda edge: tuple(_flat(found for walk in walks for found in walk(edge, edge)))
        ways = [self._way(each) for each in column.ways]
        if len(ways) == 1:
            return ways[0]
        return lambda edge: next((found for way in ways if (found := way(edge)) is not None), None)

    def _way(self, column: Column) -> Reader:
        if not column.hops:
            return self.leaf(column)
        hop, *rest = column.hops
        if not (rest or hop.many or hop.keep):
            alias, below = self._behind(hop)
            return Over(alias, below.leaf(column))
        walk = self.walk(column, column.hops)
        return lambda edge: next(iter(walk(edge, edge)), None)

    def walk(self, column: Column, hops: Sequence[Hop]) -> _Walk:
        """Select what is below this level, and make what follows the hops and reads at their end."""
        if not hops:
            read_here = self.leaf(column)
            return lambda edge, _: (read_here(edge),)
        hop, *rest = hops
        if rest and isinstance(rest[0].keep, Other):
            self.ask("id")
        alias, below = self._behind(hop)
        find, kept = _finder(hop, alias), self._keeper(hop, below)
        if kept is None and not rest:
            read = below.leaf(column)
            return lambda edge, _: [read(peer) for peer in find(edge)]
        go_on = below.walk(column, rest)

        def over(edge: Any, origin: Any) -> Iterator[object]:
            for peer in find(edge):
                if kept is None or kept(peer, origin):
                    yield from go_on(peer, edge)

        return over

    def _behind(self, hop: Hop) -> tuple[str, "Level"]:
        """Select a relation; return its name in the answer and the level of its peers."""
        key = (hop.field, hop.on)
        if key not in self._relations:
            self._relations[key] = (len(self._relations), hop, Level(identity=False))
        number, _, below = self._relations[key]
        return _alias(*key, "TO", number), below

    def _keeper(self, hop: Hop, below: "Level") -> Callable[[Any, Any], bool] | None:
        """Make what tells whether a peer is kept, None for all; what it looks at has to be asked for."""
        keep = hop.keep
        if isinstance(keep, Meeting):
            checks = [(below.add(each.column), each.predicate) for each in keep.conditions]
            return lambda peer, _: all(fits(predicate, _several(read(peer))) for read, predicate in checks)
        if isinstance(keep, OfKinds):
            below.ask("__typename")
            kinds = frozenset(keep.kinds)
            return lambda peer, _: peer.node.kind in kinds
        if isinstance(keep, Other):
            below.ask("id")
            return lambda peer, origin: bool(peer.node.id != origin.node.id)
        return None

    def ask(self, *names: str) -> None:
        """Ask for something that the node says of itself, and for its kind."""
        self._identity.update(names, ("__typename",))

    def leaf(self, column: Column) -> Reader:
        """Select what a column takes at its end, and say how to read it."""
        if column.attribute is None:
            self.ask(*_IDENTITY)
            return _peer
        if column.attribute == METADATA:
            self._instants[str(column.subfield)] = None
            return Attribute(f"{METADATA}.{column.subfield}")
        if column.subfield == CONTENT:
            return self._file(column)
        if column.subfield is not None:
            key = (column.attribute, column.on)
            number, subfields = self._attributes.setdefault(key, (len(self._attributes), {}))
            subfields[column.subfield] = None
            alias = _alias(*key, "OF", number)
            read = Attribute(f"node.{ATTRIBUTE}{alias}.{ATTRIBUTE}{column.subfield}")
            steps = column.inner
            if not steps and not column.on:
                return read
            return lambda edge: inside(read(edge), steps) if steps else read(edge)
        return self._own_field(column.attribute)

    def _file(self, column: Column) -> Reader:
        """Select what tells which file it is; the file itself is fetched by that."""
        self.ask("id")
        kept = [
            structs.replace(column, attribute=name, subfield="value", inner=()) for name in ("checksum", "file_size")
        ]
        checksum, size = [self.leaf(each) for each in kept]
        steps = column.inner

        def read(edge: Any) -> File | None:
            told = checksum(edge)
            return None if told is None else File(edge.node.id, str(told), size(edge), steps)

        return read

    def _own_field(self, name: str) -> Reader:
        if name == "display_label":
            self._display_label = True
            return attrgetter("node.display_label")
        self.ask(name)
        if name == "hfid":
            return _hfid
        return attrgetter("node.id" if name == "id" else "node.kind")

    def compiled(self, within: str | None = None) -> tuple[str, type]:
        """Write the selection set of the edge that the node stands in, and make the struct that decodes it.

        The fields stand in a fragment `within` a kind, where the relation's type in GraphQL is a wider one.
        """
        identity = [name for name in _IDENTITY if name in self._identity]
        parts = [*identity]
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [_IDENTITY[name] for name in identity]
        if self._display_label:
            parts.append("display_label")
            fields.append(("display_label", str | None))
        names = {"kind": "__typename"}
        fragments: dict[str, list[str]] = {}
        for field in self._fields():
            names[field.attribute] = field.alias
            if not field.on:
                parts.append(f"{field.name} {field.selected}")
                fields.append((field.attribute, field.type))
                continue
            fields.append((field.attribute, field.type | None, None))
            for kind in field.on:
                fragments.setdefault(kind, []).append(f"{field.alias}: {field.name} {field.selected}")
        parts += [f"... on {kind} {{ {' '.join(inner)} }}" for kind, inner in fragments.items()]
        if within is not None and len(parts) > len(identity):
            parts = [*identity, f"... on {within} {{ {' '.join(parts[len(identity) :])} }}"]
        node = msgspec.defstruct("Node", fields, rename=names, kw_only=True, gc=False)
        edge: list[tuple[str, Any, Any]] = [("node", node | None, None)]
        instants = ""
        if self._instants:
            stamps = msgspec.defstruct("Instants", [(each, str | None) for each in self._instants], gc=False)
            edge.append((METADATA, stamps | None, None))
            instants = f" {METADATA} {{ {' '.join(self._instants)} }}"
        return f"node {{ {' '.join(parts) or 'id __typename'} }}{instants}", msgspec.defstruct("Edge", edge, gc=False)

    def _fields(self) -> Iterator["_Field"]:
        for (name, on), (number, subfields) in self._attributes.items():
            value = _attribute(tuple(subfields))
            alias = _alias(name, on, "OF", number)
            yield _Field(name, on, alias, ATTRIBUTE + alias, f"{{ {' '.join(subfields)} }}", value | None)
        for (name, on), (number, hop, below) in self._relations.items():
            selected, peer = below.compiled(hop.peer if hop.name in CLOSURES and not hop.closure else None)
            alias, type_ = _alias(name, on, "TO", number), peer | None
            if hop.many:
                type_ = msgspec.defstruct("Peers", [("edges", list[peer])], gc=False)  # type: ignore[valid-type]
                selected = f"edges {{ {selected} }}"
            yield _Field(name, on, alias, RELATION + alias, f"{{ {selected} }}", type_)


class _Field(Struct):
    """A field of a node in the document, and how the decoded node has it."""

    name: str
    on: tuple[str, ...]
    alias: str
    attribute: str
    selected: str
    type: Any


@cache
def _attribute(subfields: tuple[str, ...]) -> Any:
    """Make the struct that decodes an attribute with some properties, of which there are few sorts."""
    renamed = {ATTRIBUTE + subfield: subfield for subfield in subfields}
    return msgspec.defstruct("Attribute", [(each, Any) for each in renamed], rename=renamed, gc=False)


def _alias(name: str, on: tuple[str, ...], mark: str, number: int) -> str:
    """Name a field in the answer: one name may be an attribute of some kinds (OF) and a relation of others (TO).

    Infrahub's own names have no capitals.
    """
    return f"{name}_{mark}{number}" if on else name


def _finder(hop: Hop, alias: str) -> Callable[[Any], Iterable[Any]]:
    """Make what finds the edges with peers behind a relation."""
    get = attrgetter(f"node.{RELATION}{alias}")

    def one(edge: Any) -> Iterable[Any]:
        peer = get(edge)
        return () if peer is None or peer.node is None else (peer,)

    def many(edge: Any) -> Iterable[Any]:
        peers = get(edge)
        return () if peers is None else [peer for peer in peers.edges if peer.node is not None]

    return many if hop.many else one


def _flat(found: Iterable[object]) -> Iterator[object]:
    """Take apart what a List or JSON gave several of."""
    for each in found:
        yield from _several(each)


def _several(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _peer(edge: Any) -> Peer:
    node = edge.node
    return Peer(node.id, node.kind, node.hfid)


def _hfid(edge: Any) -> str | None:
    hfid = edge.node.hfid
    return None if hfid is None else "__".join(hfid)
