"""How an entry is read in pieces: its own nodes, and of each kind that its paths cross the peers, once each.

A row then holds peers' ids, and a peer is a row of its own: what a change costs follows from what changed, not from how
many rows name it.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, structs

from infrahub_exporter.domain.asking.columns import CONTENT, Meeting, OfKinds
from infrahub_exporter.domain.asking.paths import Other
from infrahub_exporter.domain.asking.selection import Column, Filter, Hop, Selection
from infrahub_exporter.domain.replica.reaches import (
    Crossing,
    Leap,
    Peers,
    Reach,
    Read,
    ReadColumn,
    Way,
    column,
    reader,
)


class Plan(Struct, frozen=True):
    """An entry in pieces: the selection of its own nodes, one per kind of peers, and where each column's value is."""

    root: Selection
    peers: Mapping[str, Selection]
    reaches: tuple[Reach, ...]
    """Empty where a root row's first values are the columns' values as they are."""
    crossings: Mapping[str, tuple[Crossing, ...]]
    """The relations of each table's rows; the root's under the empty name."""
    in_pieces: bool = True
    rows: Reach | None = None
    """Where the rows of a root row are; None where it is the one row itself."""

    def columns(self, peers: Peers) -> list[ReadColumn]:
        """Return what takes each column's values from rows, over the same tables of peers."""
        return [column(each, peers) for each in self._by_column]

    def readers(self, peers: Peers) -> list[Read]:
        """Return what takes the value of each column from a row."""
        return [reader(each, peers) for each in self._by_column]

    @property
    def _by_column(self) -> Sequence[Reach]:
        return self.reaches or _own(len(self.root.columns))

    @property
    def reads_files(self) -> bool:
        """Tell whether any value is the content of a file, or something in it."""
        selections = (self.root, *self.peers.values())
        return any(column.subfield == CONTENT for each in selections for column in each.columns)

    @property
    def everywhere(self) -> tuple[Reach, ...]:
        """List the reaches of the columns, and that of the rows."""
        return self.reaches if self.rows is None else (*self.reaches, self.rows)

    def named(self) -> Iterator[tuple[str, frozenset[str] | None]]:
        """Yield the tables of peers that are shown by name, each with the kinds of those peers where not of all."""
        for reach in self.everywhere:
            yield from self._named(reach, ROOT, None)

    def _named(
        self, reach: Reach, table: str, kinds: frozenset[str] | None
    ) -> Iterator[tuple[str, frozenset[str] | None]]:
        for way in reach.ways:
            end, kept = table, kinds
            for leap in way.leaps:
                end, kept = leap.crossing.peer, leap.kinds
                for condition, _ in leap.conditions:
                    yield from self._named(condition, end, kept)
            if end != ROOT and reach is not self.rows and self._is_name(end, way.leaf):
                yield end, kept

    def _is_name(self, table: str, leaf: int | str | None) -> bool:
        taken = self.peers[table].columns[leaf].attribute if isinstance(leaf, int) else leaf
        return taken in {None, "hfid", "display_label"}


ROOT = ""
"""The name of the root's table among the tables."""


class _Table:
    """A table while its columns are collected."""

    def __init__(self) -> None:
        self.columns: dict[Column, int] = {}
        self.crossings: dict[Hop, Crossing] = {}

    def position(self, column: Column) -> int:
        return self.columns.setdefault(column, len(self.columns))

    def crossing(self, hop: Hop) -> Crossing:
        """Return the crossing of a hop, whichever peers that keeps and however far it goes."""
        many = hop.name != "parent" if hop.closure else hop.many
        bare = Hop(hop.name, many, hop.peer, hop.on)
        if bare not in self.crossings:
            position = self.position(Column(hop.name, (bare,), "id"))
            self.crossings[bare] = Crossing(hop.name, position, many, hop.peer, hop.on)
        return self.crossings[bare]


class _Tables(dict[str, _Table]):
    """The tables of a plan by the kinds of peers, the root's among them."""

    def __missing__(self, kind: str) -> _Table:
        self[kind] = _Table()
        return self[kind]

    def reach(self, column: Column, start: str) -> Reach:
        """Find a place for what a column needs, from the rows of a table on."""
        return Reach(tuple(self._way(each, start) for each in column.ways), column.many)

    def _way(self, column: Column, start: str) -> Way:
        name, leaps = start, []
        for hop in column.hops:
            leaps.append(self._leap(hop, name))
            name = hop.peer
        table, json = self[name], column.start > len(column.hops)
        leaf = _leaf(structs.replace(column, inner=()) if json else column, table)
        return Way(tuple(leaps), leaf, column.start, column.inner if json else ())

    def rows(self, column: Column) -> Reach:
        """Find a place for what leads to the rows: nodes, or the elements of JSON."""
        return Reach(tuple(structs.replace(self._way(_whole(way), ROOT), inner=way.inner) for way in column.ways))

    def _leap(self, hop: Hop, table: str) -> Leap:
        crossing = self[table].crossing(hop)
        again = self[hop.peer].crossing(structs.replace(hop, on=())) if hop.closure else None
        keep = hop.keep
        conditions = keep.conditions if isinstance(keep, Meeting) else ()
        return Leap(
            crossing,
            again,
            frozenset(keep.kinds) if isinstance(keep, OfKinds) else None,
            isinstance(keep, Other),
            tuple((self.reach(each.column, hop.peer), each.predicate) for each in conditions),
        )


def plan(selection: Selection) -> Plan:
    """Take a selection apart."""
    tables = _Tables({ROOT: _Table()})
    reaches = [tables.reach(column, ROOT) for column in selection.columns]
    rows = None if selection.rows is None else tables.rows(selection.rows)
    peers = {name: Selection(name, tuple(table.columns)) for name, table in tables.items() if name != ROOT}
    as_they_are = [(Way((), position),) for position in range(len(tables[ROOT].columns))]
    return Plan(
        root=Selection(selection.kind, tuple(tables[ROOT].columns), selection.filters),
        peers=peers,
        reaches=() if rows is None and [each.ways for each in reaches] == as_they_are else tuple(reaches),
        crossings={name: tuple(table.crossings.values()) for name, table in tables.items()},
        rows=rows,
    )


def whole(selection: Selection) -> Plan:
    """Leave a selection in one piece, for a source that reads over relations itself and cannot tell what changed."""
    return Plan(root=selection, peers={}, reaches=(), crossings={ROOT: ()}, in_pieces=False)


def placed(planned: Plan, places: Mapping[str, Sequence[int]]) -> Plan:
    """Read a plan's columns at other places, where the tables' rows have more: per table the place of each column."""
    crossings = {
        table: tuple(crossing.placed(places[table]) for crossing in each) for table, each in planned.crossings.items()
    }
    own = range(len(planned.root.columns))
    if planned.rows is None and not planned.reaches and tuple(places[ROOT]) == tuple(own):
        return structs.replace(planned, crossings=crossings)
    if planned.rows is not None:
        reaches: Sequence[Reach] = planned.reaches
    else:
        reaches = planned.reaches or _own(len(own))
    moved = tuple(reach.placed(places, ROOT) for reach in reaches)
    rows = None if planned.rows is None else planned.rows.placed(places, ROOT)
    return structs.replace(planned, crossings=crossings, reaches=moved, rows=rows)


def _whole(column: Column) -> Column:
    """Take the whole value of a List or JSON."""
    return structs.replace(column, inner=(), also=())


def _leaf(column: Column, table: _Table) -> int | str | None:
    if column.attribute is None:
        return None
    if column.hops and column.attribute in _ROW_FIELDS:
        return column.attribute
    named = column.attribute if column.subfield is None else f"{column.attribute}.{column.subfield}"
    named += "".join(f".{step.name}[]" if step.many else f".{step.name}" for step in column.inner)
    own = Column(named, (), column.attribute, column.subfield, column.on, column.inner)
    return table.position(own)


_ROW_FIELDS = frozenset({"id", "hfid", "__typename"})


def _own(number: int) -> Sequence[Reach]:
    """Return where the values of a row's first columns are."""
    return [Reach((Way((), position),)) for position in range(number)]


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
    return structs.replace(selection, filters=(*kept, Filter(argument, "[ID]", asked)))
