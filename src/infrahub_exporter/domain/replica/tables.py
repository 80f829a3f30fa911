"""What a follower holds: the nodes of a selection and their peers, once each, and what of it is new to others."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct

from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.plan import ROOT, Plan
from infrahub_exporter.domain.replica.reaches import Crossing, Peers, ids


class Delta(Struct, frozen=True):
    """What a refresh changed: the rows that are new or differ, and the ids that left. A `whole` one replaces all.

    `rows` joins what is held at the time: call it before the next refresh, off the event loop where there are many.
    """

    plan: Plan
    peers: Peers
    changed: Mapping[str, Row]
    removed: frozenset[str] = frozenset()
    whole: bool = False

    def rows(self) -> Iterator[Row]:
        """Yield the changed rows with a value per column of the entry's selection."""
        return map(self.plan.joiner(self.peers), self.changed.values())


class Tables:
    """The rows of a plan's root and of its peers by id."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.rows: dict[str, Row] = {}
        self.peers: dict[str, dict[str, Row]] = {kind: {} for kind in plan.peers}
        self._named: dict[str, set[str]] = {}
        self._touched: set[str] = set()
        self._removed: set[str] = set()
        self._differing: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self.rows) + sum(map(len, self.peers.values()))

    def of(self, table: str) -> dict[str, Row]:
        """Return the rows of the root or of a kind of peers."""
        return self.rows if table == ROOT else self.peers[table]

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Hold rows that nothing is known of yet, and note the peers that they name."""
        held = list(rows)
        self.of(table).update((row.id, row) for row in held)
        self._note_named(table, held, self._named)

    def take(self, table: str, found: Mapping[str, Row], gone: Iterable[str] = ()) -> None:
        """Hold rows that were read again, and no longer those that are gone; note what differs and whom it names."""
        held = self.of(table)
        came = [identifier for identifier, row in found.items() if self._is_news(table, held.get(identifier), row)]
        held.update((identifier, found[identifier]) for identifier in came)
        left = [identifier for identifier in gone if held.pop(identifier, None) is not None]
        if table == ROOT:
            self._touched.update(came)
            self._touched.difference_update(left)
            self._removed.difference_update(came)
            self._removed.update(left)
        else:
            self._differing.setdefault(table, set()).update(came, left)

    def unread(self, most: int) -> tuple[str, tuple[str, ...]] | None:
        """Return a kind of peers with some that are named and not held; None where there are none.

        They stay until `settle` tells that they have been read.
        """
        for kind in list(self._named):
            waiting, held = self._named[kind], self.peers[kind]
            chunk = tuple(islice((each for each in waiting if each not in held), most))
            if chunk:
                return kind, chunk
            del self._named[kind]
        return None

    def settle(self, kind: str, asked: Iterable[str], found: Iterable[Row]) -> None:
        """Hold the peers that were found of those asked for; the others are not there."""
        self._named[kind].difference_update(asked)
        self.add(kind, found)

    def forget_unnamed(self) -> None:
        """Let go of the peers that no row names any more."""
        named: dict[str, set[str]] = {}
        for table in (ROOT, *self.peers):
            self._note_named(table, self.of(table).values(), named)
        for kind, held in self.peers.items():
            for identifier in held.keys() - named.get(kind, set()):
                del held[identifier]

    def whole(self) -> Delta:
        """Hand over everything."""
        self._touched, self._removed, self._differing = set(), set(), {}
        return Delta(self._plan, self.peers, self.rows, whole=True)

    def taken(self) -> Delta:
        """Hand over what differs, once."""
        touched, removed = self._touched | self._showing(self._differing), self._removed
        self._touched, self._removed, self._differing = set(), set(), {}
        held = {identifier: self.rows[identifier] for identifier in touched if identifier in self.rows}
        return Delta(self._plan, self.peers, held, frozenset(removed))

    def _is_news(self, table: str, before: Row | None, row: Row) -> bool:
        """Tell whether a row differs, or names a peer that is not held, and note such peers."""
        missing = False
        for crossing in self._plan.crossings[table]:
            unheld = [each for each in ids(row, crossing) if each not in self.peers[crossing.peer]]
            if unheld:
                self._named.setdefault(crossing.peer, set()).update(unheld)
                missing = True
        return missing or before != row

    def _note_named(self, table: str, rows: Iterable[Row], named: dict[str, set[str]]) -> None:
        """Note the peers that rows name."""
        for crossing in self._plan.crossings[table]:
            found = named.setdefault(crossing.peer, set())
            for row in rows:
                found.update(ids(row, crossing))

    def _showing(self, differing: Mapping[str, set[str]]) -> set[str]:
        """Find the root rows that show any of these peers, over any number of relations."""
        affected = {kind: set(peers) for kind, peers in differing.items() if peers}
        grown = bool(affected)
        while grown:
            grown = False
            for table, held in self.peers.items():
                named = _name_any(held.values(), self._plan.crossings[table], affected)
                named -= affected.get(table, set())
                if named:
                    affected.setdefault(table, set()).update(named)
                    grown = True
        return _name_any(self.rows.values(), self._plan.crossings[ROOT], affected) if affected else set()


def _name_any(rows: Iterable[Row], crossings: Iterable[Crossing], affected: Mapping[str, set[str]]) -> set[str]:
    """Find the rows that name any of these peers."""
    found: set[str] = set()
    for crossing in crossings:
        wanted, position = affected.get(crossing.peer), crossing.position
        if not wanted:
            continue
        if crossing.many:
            found.update(row.id for row in rows if not wanted.isdisjoint(ids(row, crossing)))
        else:
            found.update(row.id for row in rows if row.values[position] in wanted)
    return found
