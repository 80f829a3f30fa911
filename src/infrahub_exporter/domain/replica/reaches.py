"""Where the value of a column is found among the rows of tables, and what takes it from there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct, structs

from infrahub_exporter.domain.asking.paths import Predicate, Steps
from infrahub_exporter.domain.asking.selecting import fits
from infrahub_exporter.domain.model import MISSING, Peer, Row

Peers = Mapping[str, Mapping[str, Row]]
"""The peers that are held: by the kind that the relation names, then by id."""


class Crossing(Struct, frozen=True):
    """A relation in a row: the position of its peer's id, or of its peers' ids where it is `many`.

    `on` names the kinds that have the relation, where the table's own kind has it not.
    """

    relation: str
    position: int
    many: bool
    peer: str
    on: tuple[str, ...] = ()

    def placed(self, places: Sequence[int]) -> "Crossing":
        """Return this for rows whose columns stand elsewhere: at `places`, in their order."""
        return structs.replace(self, position=places[self.position])


class Leap(Struct, frozen=True):
    """A crossing on the way of a column, and which of the peers behind it are kept.

    With `again` it goes on over that crossing of the peers' own rows, to the end. An `other` leaves out the row
    that the way came from.
    """

    crossing: Crossing
    again: Crossing | None = None
    kinds: frozenset[str] | None = None
    other: bool = False
    conditions: tuple[tuple["Reach", Predicate], ...] = ()

    @property
    def is_plain(self) -> bool:
        """Tell whether it leads to one peer at most, which is kept in any case."""
        chooses = self.other or self.kinds is not None or bool(self.conditions)
        return not (self.crossing.many or self.again or chooses)


class Way(Struct, frozen=True):
    """One way to a column's value: over leaps, then at `leaf`: a position, a row's own field, or the peer.

    Where the elements of JSON are rows, `inner` leads on to what one has from the value at `leaf`. `start` says how
    many hops are those to the row, or to what stands before it.
    """

    leaps: tuple[Leap, ...]
    leaf: int | str | None
    start: int = 0
    inner: Steps = ()


class Reach(Struct, frozen=True):
    """Where a column's value is found, by any of the ways; a `many` is a tuple of what is found by all of them."""

    ways: tuple[Way, ...]
    many: bool = False

    def placed(self, places: Mapping[str, Sequence[int]], table: str) -> "Reach":
        """Return this for rows whose columns stand elsewhere: `places` has per table the place of each column."""
        return Reach(tuple(_placed(way, places, table) for way in self.ways), self.many)


def _placed(way: Way, places: Mapping[str, Sequence[int]], table: str) -> Way:
    leaps = []
    for leap in way.leaps:
        peer = leap.crossing.peer
        again = None if leap.again is None else leap.again.placed(places[peer])
        conditions = tuple((reach.placed(places, peer), predicate) for reach, predicate in leap.conditions)
        leaps.append(Leap(leap.crossing.placed(places[table]), again, leap.kinds, leap.other, conditions))
        table = peer
    leaf = places[table][way.leaf] if isinstance(way.leaf, int) else way.leaf
    return structs.replace(way, leaps=tuple(leaps), leaf=leaf)


Read = Callable[[Row], object]
ReadColumn = Callable[[Sequence[Row]], Sequence[object]]
Walk = Callable[[Row, Row], Iterator[object]]
"""What finds values from a row, and the row that the path came from."""
Kept = Callable[[Row, Row], bool]
"""Whether a peer is kept on the way that came from a row."""


def reader(reach: Reach, peers: Peers) -> Read:
    """Make what takes a column's value from a row."""
    if reach.many:
        walks = [walk(way.leaps, way.leaf, peers) for way in reach.ways]
        return lambda row: tuple(_flat(found for walk in walks for found in walk(row, row)))
    ways = [_over(way, peers) if _is_plain(way) else _first(walk(way.leaps, way.leaf, peers)) for way in reach.ways]
    if len(ways) == 1:
        return ways[0]
    return lambda row: next((found for way in ways if (found := way(row)) is not None), None)


def column(reach: Reach, peers: Peers) -> ReadColumn:
    """Make what takes a column's values from many rows: over relations to one at two thirds of what `reader` costs."""
    way = reach.ways[0]
    if reach.many or len(reach.ways) > 1 or not _is_plain(way):
        read = reader(reach, peers)
        return lambda rows: list(map(read, rows))
    leaps = [(leap.crossing.position, peers.get(leap.crossing.peer, {}).get) for leap in way.leaps]
    leaf = way.leaf

    def taken(rows: Sequence[Row]) -> list[object]:
        ends: Sequence[Row | None] = rows
        for position, get in leaps:
            ends = [None if row is None else get(cast("str", row.values[position])) for row in ends]
        if isinstance(leaf, int):
            return [None if row is None else row.values[leaf] for row in ends]
        return [None if row is None else _taken(row, leaf) for row in ends]

    return taken


def _is_plain(way: Way) -> bool:
    return all(leap.is_plain for leap in way.leaps)


def _over(way: Way, peers: Peers) -> Read:
    """Read over to-one relations: the cheaper kind."""
    read = _taker(way.leaf)
    for leap in reversed(way.leaps):
        read = _over_one(leap.crossing.position, peers.get(leap.crossing.peer, {}), read)
    return read


def _taker(leaf: int | str | None) -> Read:
    if isinstance(leaf, int):
        return lambda row: row.values[leaf]
    return lambda row: _taken(row, leaf)


def _over_one(position: int, held: Mapping[str, Row], read: Read) -> Read:
    def over(row: Row) -> object:
        identifier = row.values[position]
        peer = held.get(identifier) if isinstance(identifier, str) else None
        return None if peer is None else read(peer)

    return over


def _first(walk: Walk) -> Read:
    return lambda row: next(walk(row, row), None)


def _several(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _flat(found: Iterator[object]) -> Iterator[object]:
    for each in found:
        yield from _several(each)


def walk(leaps: Sequence[Leap], leaf: int | str | None, peers: Peers) -> Walk:
    """Make what follows leaps and takes what is at their end."""
    if not leaps:
        return lambda row, _: iter((_taken(row, leaf),))
    leap, go_on = leaps[0], walk(leaps[1:], leaf, peers)
    kept, held = keeper(leap, peers), peers.get(leap.crossing.peer, {})

    def over(row: Row, origin: Row) -> Iterator[object]:
        for peer in peers_over(row, leap, held):
            if kept is None or kept(peer, origin):
                yield from go_on(peer, row)

    return over


def keeper(leap: Leap, peers: Peers) -> Kept | None:
    """Make what tells which peers are kept; None where all are."""
    if leap.other:
        return lambda peer, origin: peer.id != origin.id
    kinds = leap.kinds
    if kinds is not None:
        return lambda peer, _: peer.kind in kinds
    if not leap.conditions:
        return None
    checks = [(reader(reach, peers), predicate) for reach, predicate in leap.conditions]
    return lambda peer, _: all(fits(predicate, _several(read(peer))) for read, predicate in checks)


def peers_over(row: Row, leap: Leap, held: Mapping[str, Row]) -> Iterator[Row]:
    """Yield the held peers, of a hierarchy the nearest first: each once, though rows of two instants form a ring."""
    waiting = [(row, leap.crossing)]
    seen: set[str] = set()
    for each, crossing in waiting:
        for identifier in ids(each, crossing):
            peer = held.get(identifier)
            if peer is None:
                continue
            if leap.again is not None:
                if identifier in seen:
                    continue
                seen.add(identifier)
                waiting.append((peer, leap.again))
            yield peer


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
    if value is None or value is MISSING:
        return ()
    return value if isinstance(value, tuple) else (str(value),)
