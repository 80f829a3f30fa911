"""What of the tables one entry shows, and what of that is new to it."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from infrahub_exporter.domain.asking.columns import Column
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.dependencies import Dependencies
from infrahub_exporter.domain.replica.joining import Joining
from infrahub_exporter.domain.replica.plan import ROOT, Plan
from infrahub_exporter.domain.replica.reaches import Crossing, Reach, ids
from infrahub_exporter.domain.replica.readings import Reading
from infrahub_exporter.domain.replica.tables import Table, wide
from infrahub_exporter.domain.views.rows import Batch, Found


class Delta(Struct, frozen=True):
    """What a refresh changed: the rows that are new or differ, and the ids that left. A `whole` one replaces all.

    `batches` and `found` join what is held at the time: call them before the next refresh, off the event loop where
    there are many.
    """

    joining: Joining
    changed: Mapping[str, Row]
    removed: frozenset[str] = frozenset()
    whole: bool = False

    def batches(self) -> Iterator[Batch]:
        """Yield the changed nodes with a value per column of the entry's selection, but for those with bad content."""
        return self.joining.batches(self.changed.values())

    def found(self, *, most: int | None = None) -> Iterator[tuple[Row, tuple[Found, ...]]]:
        """Yield each changed node with its rows. Raises DerivationError where one has more than `most`."""
        return self.joining.found(self.changed.values(), most=most)


class View:
    """A reading's rows joined with their peers. Nothing of it is marked before it was handed over whole.

    `tables` are that of its own nodes and those that its paths cross, `epoch` and `turn` tell when it was brought last.
    """

    def __init__(self, plan: Plan, dependencies: Dependencies, reading: Reading, tables: Mapping[str, Table]) -> None:
        self.plan = plan
        self.links = dependencies.links
        self.kinds = dependencies.kinds
        self.reading = reading
        self.tables = tables
        self.epoch = -1
        self.turn = -1
        self.is_whole = False
        self._differing: dict[str, set[str]] = {}
        self._moved: set[str] = set()
        self._joining = Joining(plan, {name: table.rows for name, table in tables.items()})
        self._places = {name: frozenset(_places(plan, name, root=reading.table.name)) for name in tables}
        self._widths = {name: max(places, default=-1) + 1 for name, places in self._places.items()}

    def __len__(self) -> int:
        return len(self.reading)

    @property
    def holds(self) -> bool:
        """Tell whether anything that it shows is held, be it that others have read it."""
        return self.reading.is_begun or any(map(len, self.tables.values()))

    @property
    def offset(self) -> int | None:
        """How many nodes of everything have been read so far, None while nothing is being read whole."""
        return None if self.reading.partial is None else self.reading.partial.offset

    @property
    def is_lacking(self) -> bool:
        """Tell whether its nodes, or rows of its tables, are to be asked for or counted."""
        return self.reading.is_open or any(table.is_open for table in self.tables.values())

    def width(self, table: str) -> int:
        """How many columns of a table's rows are needed."""
        return self._widths[table]

    def needed(self, table: Table, columns: Iterable[Column]) -> tuple[Column, ...]:
        """Return those of some columns that are needed of a table's rows."""
        places = self._places[table.name]
        return tuple(column for column in columns if table.columns.get(column) in places)

    def again(self) -> None:
        """Hand everything over at the next time: what was handed over last did not arrive."""
        self.is_whole = False
        self._differing, self._moved = {}, set()

    def mark(self, table: str, differing: Iterable[str], places: frozenset[int] | None = None) -> None:
        """Note which rows of a table differ, where they do in any column that is needed: in those `places`, or all."""
        if not self.is_whole or table not in self.tables:
            return
        if places is None or not places.isdisjoint(self._places[table]):
            self._differing.setdefault(table, set()).update(differing)

    def move(self, moved: Iterable[str]) -> None:
        """Note which nodes have come to pass the filters, or to fail them."""
        if self.is_whole:
            self._moved.update(moved)

    def take(self) -> Delta:
        """Hand over what differs, once; everything where that has not been done yet."""
        if self.is_whole and not self._differing and not self._moved:
            return Delta(self._joining, {})
        rows, members = self.reading.table.rows, self.reading.members
        if not self.is_whole:
            self.again()
            self.is_whole = True
            own = rows if members is rows else {each: rows[each] for each in members if each in rows}
            return Delta(self._joining, own, whole=True)
        differing = {name: marked for name, marked in self._differing.items() if marked}
        own_marks = differing.get(self.reading.table.name, set())
        moved = self._moved if self.reading.filters else own_marks
        touched = own_marks.union(moved, self._showing(differing) if differing else ())
        removed = frozenset(moved).difference(members)
        self._differing, self._moved = {}, set()
        if members is rows and len(touched) >= len(rows) and touched.issuperset(rows):
            return Delta(self._joining, rows, removed)
        changed = {each: rows[each] for each in touched if each in members and each in rows}
        return Delta(self._joining, changed, removed)

    def _showing(self, differing: Mapping[str, set[str]]) -> set[str]:
        """Find the root rows that show any of these peers, over any number of relations."""
        affected = {kind: set(differing[kind]) for kind in self.plan.peers if kind in differing}
        grown = bool(affected)
        while grown:
            grown = False
            for kind in self.plan.peers:
                named = _name_any(self.tables[kind].rows, self.plan.crossings[kind], affected)
                named -= affected.get(kind, set())
                if named:
                    affected.setdefault(kind, set()).update(named)
                    grown = True
        return _name_any(self.reading.table.rows, self.plan.crossings[ROOT], affected) if affected else set()


def _places(plan: Plan, table: str, *, root: str) -> Iterator[int]:
    """Yield the places of the columns that a plan needs of a table's rows."""
    local = [ROOT] if table == root else []
    if table == root and not plan.everywhere:
        yield from range(len(plan.root.columns))
    for name in (table, *local):
        yield from (crossing.position for crossing in plan.crossings.get(name, ()))
    for reach in plan.everywhere:
        yield from (place for at, place in _leaves(reach, root) if at == table)


def _leaves(reach: Reach, table: str) -> Iterator[tuple[str, int]]:
    """Yield the tables and places of the values that a reach from a table's rows takes, and chooses by."""
    for way in reach.ways:
        at = table
        for leap in way.leaps:
            at = leap.crossing.peer
            for condition, _ in leap.conditions:
                yield from _leaves(condition, at)
        if isinstance(way.leaf, int):
            yield at, way.leaf


def _name_any(rows: Mapping[str, Row], crossings: Iterable[Crossing], affected: Mapping[str, set[str]]) -> set[str]:
    """Find the rows that name any of these peers."""
    found: set[str] = set()
    for crossing in crossings:
        wanted, position = affected.get(crossing.peer), crossing.position
        if not wanted:
            continue
        if crossing.many:
            each_row = wide(rows.values(), crossing)
            found.update(row.id for row in each_row if not wanted.isdisjoint(ids(row, crossing)))
        else:
            found.update(row.id for row in wide(rows.values(), crossing) if row.values[position] in wanted)
    return found
