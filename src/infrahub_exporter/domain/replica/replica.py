"""What is held of an Infrahub: tables, readings of them, and the views that show them."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.dependencies import Dependencies, Link
from infrahub_exporter.domain.replica.plan import ROOT, Plan, placed
from infrahub_exporter.domain.replica.reaches import Crossing
from infrahub_exporter.domain.replica.readings import Asked, Reading, is_recent, key
from infrahub_exporter.domain.replica.tables import Differing, Epoch, Moved, Table, peer_ids
from infrahub_exporter.domain.replica.views import View
from infrahub_exporter.domain.replica.watching import Change

Each = TypeVar("Each")


class Replica:
    """Rows of each kind once, for all views; what differs is marked for each view that shows it.

    `began` is called with the instant of each read of everything before it begins: what changes from then on has to be
    learnt.
    """

    def __init__(self, began: Callable[[float], None] | None = None) -> None:
        self.tables: dict[str, Table] = {}
        self.readings: dict[str, Reading] = {}
        self._by_table: dict[str, list[Reading]] = {}
        self.links: Asked = {}
        self.views: list[View] = []
        self.began = began or _nobody
        self.turn = 0
        self._is_untidy = False
        self._left: frozenset[str] = frozenset()
        self._epoch = Epoch()

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds whose changes matter to what is held.

        What nobody shows any more is held until `tidy`, and may be shown again in that very turn.
        """
        return self._left.union(*(view.kinds for view in self.views if view.holds))

    def view(self, plan: Plan, dependencies: Dependencies) -> View:
        """Show what a plan describes from now on; what it needs beyond what is held is read at its next turn."""
        name = plan.root.kind if plan.in_pieces else key(plan.root.kind, plan.root.filters)
        root = self._table(name, plan.root.kind, self._epoch if plan.in_pieces else Epoch())
        tables = {root.name: root, **{kind: self._table(kind, kind, self._epoch) for kind in plan.peers}}
        places = {kind: tables[kind].place(selection.columns) for kind, selection in plan.peers.items()}
        places[ROOT] = root.place(plan.root.columns)
        read = f"{root.name} of {key(plan.root.kind, plan.root.filters)}"
        reading = self.readings.get(read)
        if reading is None:
            reading = Reading(root, plan.root.filters, dependencies.passing, dependencies.relisted)
            self.readings[read] = reading
            self._by_table.setdefault(root.name, []).append(reading)
        view = View(placed(plan, places), dependencies, reading, tables)
        self.views.append(view)
        for link in dependencies.links:
            self.links.setdefault(link, set())
        for local, found in view.plan.crossings.items():
            self._cross(tables[local] if local else root, found)
        for kind in view.plan.peers:
            tables[kind].is_crossed = True
        return view

    def release(self, view: View) -> None:
        """Show something no longer; what it alone needed is held until `tidy`."""
        self.views.remove(view)
        self._is_untidy = True
        if view.holds:
            self._left |= view.kinds

    def tidy(self) -> None:
        """Let go of what no view needs, where one has been released."""
        if not self._is_untidy:
            return
        self._is_untidy = False
        self._left = frozenset()
        needed = {id(view.reading) for view in self.views}
        self.readings = {name: each for name, each in self.readings.items() if id(each) in needed}
        self._by_table = _by((each.table.name, each) for each in self.readings.values())
        shown = {name for view in self.views for name in view.tables}
        self.tables = {name: table for name, table in self.tables.items() if name in shown}
        linked = {link for view in self.views for link in view.links}
        self.links = {link: asked for link, asked in self.links.items() if link in linked}
        self._survey()

    def learn(self, changes: Mapping[str, Change]) -> None:
        """Note what changed; nothing is lost until it has been read."""
        readings = self.readings.values()
        concerned = _by((kind, reading) for reading in readings for kind in reading.kinds)
        partial = _by((each.table.name, each.partial) for each in readings if each.partial is not None)
        links = _by((link.peer, link) for link in self.links)
        for kind, change in changes.items():
            table = self.tables.get(kind)
            moved = Moved() if table is None else table.learn(change)
            for reading in concerned.get(kind, ()):
                reading.learn(kind, change, may_have_left=moved.may_have_left)
                if moved.have_returned and reading.table is table:
                    reading.doubt()
            for link in links.get(kind, ()):
                reached = self._reaching(link, change)
                self.links[link].update(reached)
                for each in partial.get(link.table, ()):
                    each.linked.setdefault(link, set()).update(reached)

        untold = {kind for kind, change in changes.items() if change.untold}
        for view in self.views:
            if not untold.isdisjoint(view.kinds):
                self._doubt(view)

    def doubt(self) -> None:
        """Have all that any view shows read again."""
        for view in self.views:
            self._doubt(view)

    def renew(self, view: View, at: float) -> float:
        """Have everything read anew for a view that has been read already; return the instant to read at.

        What was begun a little earlier goes on at its own instant.
        """
        epoch = view.reading.table.epoch
        is_done = view.epoch == epoch.number and (view.turn != self.turn or at != epoch.at)
        is_idle = not any(each.is_begun for each in self.readings.values() if each.table.epoch is epoch)
        if epoch.at is None or is_done or is_idle or not is_recent(epoch.at, at):
            epoch.at, epoch.number = at, epoch.number + 1
            for table in self.tables.values():
                if table.epoch is epoch:
                    self._empty(table)
        return epoch.at

    def brought(self, view: View) -> None:
        """Learn that everything that a view shows is held."""
        view.epoch, view.turn = view.reading.table.epoch.number, self.turn

    def follow(self) -> None:
        """Learn that changes are followed: what is read from now on is of later instants than what has begun."""
        self._epoch.at = None

    def unfiltered(self, table: Table) -> Reading | None:
        """Return the reading of all nodes of a table, if there is one."""
        return next((each for each in self._listing(table) if not each.filters), None)

    def are_several(self, table: Table) -> bool:
        """Tell whether several readings with filters list a table's nodes, and none lists all of them."""
        return len(self._listing(table)) > 1 and self.unfiltered(table) is None

    def alone(self, table: Table) -> Reading | None:
        """Return the reading through whose filters a table's rows are read, if there is one."""
        listing = self._listing(table)
        return listing[0] if len(listing) == 1 and self.is_alone(listing[0]) else None

    def is_alone(self, reading: Reading) -> bool:
        """Tell whether a table's rows are those of one reading with filters, so that they are read through these."""
        return bool(reading.filters) and not reading.table.is_crossed and self._listing(reading.table) == [reading]

    def put(self, table: Table, found: Mapping[str, Row], gone: Iterable[str] = ()) -> None:
        """Hold rows that were read, and no longer those that are gone; mark what differs, note whom they name."""
        came = table.put(found)
        left = table.drop(gone)
        self.note_named(table, found.values())
        self._mark(table, came)
        if left:
            self._mark(table, Differing(left))
            for reading in self.readings.values():
                if reading.table is table and reading.filters:
                    self._move(reading, reading.leave(left))

    def join(self, reading: Reading, found: Iterable[str]) -> None:
        """Take nodes in that pass a reading's filters, and ask for the rows that are not held."""
        came = reading.join(found)
        reading.table.named.update(each for each in came if each not in reading.table.rows)
        self._move(reading, came)

    def leave(self, reading: Reading, gone: Iterable[str]) -> None:
        """Let go of nodes that pass a reading's filters no longer, and of rows that nobody else shows."""
        left = reading.leave(gone)
        self._move(reading, left)
        if self.is_alone(reading):
            reading.table.drop(left)

    def note_named(self, table: Table, rows: Iterable[Row], crossings: Iterable[Crossing] | None = None) -> None:
        """Note the peers that rows name and that are not held."""
        for crossing in table.crossings if crossings is None else crossings:
            peers = self.tables[crossing.peer]
            peers.named.update(peer_ids(rows, crossing).difference(peers.rows))

    def forget(self, table: Table) -> None:
        """Let go of the rows that no reading lists and no other row names."""
        if self.unfiltered(table) is not None:
            return
        kept = {each for reading in self.readings.values() if reading.table is table for each in reading.members}
        for other in self.tables.values():
            for crossing in other.crossings:
                if crossing.peer == table.name:
                    kept |= peer_ids(other.rows.values(), crossing)
        table.drop(table.rows.keys() - kept)

    def _listing(self, table: Table) -> list[Reading]:
        """Return the readings that list a table's nodes."""
        return self._by_table.get(table.name, [])

    def _table(self, name: str, kind: str, epoch: Epoch) -> Table:
        return self.tables.setdefault(name, Table(name, kind, epoch))

    def _survey(self) -> None:
        """Find out again over which relations rows name others, once some views are gone."""
        crossings: dict[str, dict[Crossing, None]] = {name: {} for name in self.tables}
        crossed: set[str] = set()
        for view in self.views:
            for local, found in view.plan.crossings.items():
                crossings[local or view.reading.table.name].update(dict.fromkeys(found))
            crossed.update(view.plan.peers)
        for name, table in self.tables.items():
            table.crossings, table.is_crossed = tuple(crossings[name]), name in crossed

    def _cross(self, table: Table, found: Iterable[Crossing]) -> None:
        """Learn over which relations a table's rows name others, too."""
        new = tuple(each for each in found if each not in table.crossings)
        table.crossings += new
        self.note_named(table, table.rows.values(), new)

    @staticmethod
    def _doubt(view: View) -> None:
        """Have all that a view shows read again: nobody can tell what of it has changed."""
        for table in view.tables.values():
            table.asked.update(table.rows)
            table.came.clear()
        view.reading.doubt()

    def _empty(self, table: Table) -> None:
        table.empty()
        for reading in self.readings.values():
            if reading.table is table:
                reading.empty()
        for link, asked in self.links.items():
            if link.table == table.name:
                asked.clear()
        for view in self.views:
            if table.name in view.tables:
                view.again()

    def _reaching(self, link: Link, change: Change) -> set[str]:
        """Choose the changed peers to ask for: of a link that knows the old ones only those not named, or just made."""
        if not link.only_new:
            return set(change.ids)
        peers = self.tables[link.peer]
        named: Iterable[str] = peers.rows
        if any(reading.table is peers for reading in self.readings.values()):
            named = self.tables[link.table].naming(link.relation, change.ids)
        return {each for each in change.ids if each in change.created or each not in named}

    def _mark(self, table: Table, differing: Differing) -> None:
        if differing.ids:
            for view in self.views:
                view.mark(table.name, *differing)

    def _move(self, reading: Reading, moved: Iterable[str]) -> None:
        if moved:
            for view in self.views:
                if view.reading is reading:
                    view.move(moved)


def _by(named: Iterable[tuple[str, Each]]) -> dict[str, list[Each]]:
    """Put what has a name together by that."""
    found: dict[str, list[Each]] = {}
    for name, each in named:
        found.setdefault(name, []).append(each)
    return found


def _nobody(_at: float) -> None:
    """Tell nobody."""
