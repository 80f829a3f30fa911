"""How an entry is read in pieces: its own nodes, and of each kind that its paths cross the peers, once each.

A row then holds peers' ids, and a peer is a row of its own: what a change costs follows from what changed, not from how
many rows name it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.asking.selection import Column, Filter, Hop, Selection
from infrahub_exporter.domain.model import Peer, Row

Peers = Mapping[str, Mapping[str, Row]]
"""The peers that are held: by the kind that the relation names, then by id."""


class Crossing(Struct, frozen=True):
    """A relation in a row: the position of its peer's id, or of its peers' ids where it is `many`."""

    relation: str
    position: int
    many: bool
    peer: str


class Reach(Struct, frozen=True):
    """Where a column's value is found: over `crossings`, then at `leaf`: a position, a row's own field, or the peer."""

    crossings: tuple[Crossing, ...]
    leaf: int | str | None


class Plan(Struct, frozen=True):
    """An entry in pieces: the selection of its own nodes, one per kind of peers, and where each column's value is."""

    root: Selection
    peers: Mapping[str, Selection]
    reaches: tuple[Reach, ...]
    """Empty where a root row's values are the columns' values as they are."""
    crossings: Mapping[str, tuple[Crossing, ...]]
    """The relations of each table's rows; the root's under the empty name."""

    def joined(self, row: Row, peers: Peers) -> Row:
        """Return a row with a value per column, as a read over the relations would have brought it."""
        return self.joiner(peers)(row)

    def joiner(self, peers: Peers) -> Callable[[Row], Row]:
        """Return what does that for any number of rows over the same tables of peers."""
        if not self.reaches:
            return _as_it_is
        own, places = len(self.root.columns), []
        readers: list[Callable[[Row], object]] = []
        for reach in self.reaches:
            if not reach.crossings and isinstance(reach.leaf, int):
                places.append(reach.leaf)
            else:
                places.append(own + len(readers))
                readers.append(_reader(reach, peers))
        arranged = itemgetter(*places, *places[:1])  # of one place alone it would return no tuple

        def join(row: Row) -> Row:
            found = arranged((*row.values, *[read(row) for read in readers]))
            return Row(row.id, row.kind, row.hfid, found[:-1])

        return join


ROOT = ""
"""The name of the root's table among the tables."""


class _Table:
    """A table while its columns are collected."""

    def __init__(self) -> None:
        self.columns: dict[Column, int] = {}
        self.crossings: dict[str, Crossing] = {}

    def position(self, column: Column) -> int:
        return self.columns.setdefault(column, len(self.columns))

    def crossing(self, hop: Hop) -> Crossing:
        if hop.name not in self.crossings:
            position = self.position(Column(hop.name, (hop,), "id"))
            self.crossings[hop.name] = Crossing(hop.name, position, hop.many, hop.peer)
        return self.crossings[hop.name]


def plan(selection: Selection) -> Plan:
    """Take a selection apart."""
    tables: dict[str, _Table] = {ROOT: _Table()}
    reaches = []
    for column in selection.columns:
        name, crossings = ROOT, []
        for hop in column.hops:
            crossings.append(tables[name].crossing(hop))
            name = hop.peer
            tables.setdefault(name, _Table())
        reaches.append(Reach(tuple(crossings), _leaf(column, tables[name])))
    peers = {name: Selection(name, tuple(table.columns)) for name, table in tables.items() if name != ROOT}
    as_they_are = [Reach((), position) for position in range(len(tables[ROOT].columns))]
    return Plan(
        root=Selection(selection.kind, tuple(tables[ROOT].columns), selection.filters),
        peers=peers,
        reaches=() if reaches == as_they_are else tuple(reaches),
        crossings={name: tuple(table.crossings.values()) for name, table in tables.items()},
    )


def whole(selection: Selection) -> Plan:
    """Leave a selection in one piece, for a source that reads over relations itself and cannot tell what changed."""
    return Plan(root=selection, peers={}, reaches=(), crossings={ROOT: ()})


def _leaf(column: Column, table: _Table) -> int | str | None:
    if column.attribute is None:
        return None
    if column.hops and column.attribute in _ROW_FIELDS:
        return column.attribute
    named = column.attribute if column.subfield is None else f"{column.attribute}.{column.subfield}"
    return table.position(Column(named, (), column.attribute, column.subfield))


_ROW_FIELDS = frozenset({"id", "hfid", "__typename"})


def _as_it_is(row: Row) -> Row:
    return row


def _reader(reach: Reach, peers: Peers) -> Callable[[Row], object]:
    """Make what takes a column's value from a row."""
    if any(crossing.many for crossing in reach.crossings):
        return lambda row: tuple(_follow(row, reach, peers, 0))
    read = _taker(reach.leaf)
    for crossing in reversed(reach.crossings):
        read = _over_one(crossing.position, peers.get(crossing.peer, {}), read)
    return read


def _taker(leaf: int | str | None) -> Callable[[Row], object]:
    if isinstance(leaf, int):
        return lambda row: row.values[leaf]
    return lambda row: _taken(row, leaf)


def _over_one(position: int, held: Mapping[str, Row], read: Callable[[Row], object]) -> Callable[[Row], object]:
    def over(row: Row) -> object:
        identifier = row.values[position]
        peer = None if identifier is None else held.get(str(identifier))
        return None if peer is None else read(peer)

    return over


def _follow(row: Row, reach: Reach, peers: Peers, depth: int) -> Iterator[object]:
    if depth == len(reach.crossings):
        yield _taken(row, reach.leaf)
        return
    crossing = reach.crossings[depth]
    held = peers.get(crossing.peer, {})
    for identifier in ids(row, crossing):
        peer = held.get(identifier)
        if peer is not None:
            yield from _follow(peer, reach, peers, depth + 1)


def _taken(row: Row, leaf: int | str | None) -> object:
    if isinstance(leaf, int):
        return row.values[leaf]
    if leaf is None:
        return Peer(row.id, row.kind, row.hfid)
    if leaf == "hfid":
        return "__".join(row.hfid) if row.hfid else None
    return row.id if leaf == "id" else row.kind


def ids(row: Row, crossing: Crossing) -> tuple[str, ...]:
    """Return the ids of a row's peers over a relation."""
    value = row.values[crossing.position]
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (str(value),)


def with_ids(selection: Selection, wanted: Sequence[str], *, relation: str | None = None) -> Selection:
    """Narrow a selection to some nodes, or to the peers of some over a relation; its own filters stay."""
    argument = "ids" if relation is None else f"{relation}__ids"
    asked = list(wanted)
    kept = []
    for each in selection.filters:
        if each.argument == argument:
            allowed = set(each.value) if isinstance(each.value, list) else set()
            asked = [identifier for identifier in asked if identifier in allowed]
        else:
            kept.append(each)
    return msgspec.structs.replace(selection, filters=(*kept, Filter(argument, "[ID]", asked)))
