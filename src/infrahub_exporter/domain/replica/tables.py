"""The rows of a kind, each held once for all who show it, and what of them is still to be asked for."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress, count, islice
from operator import ne
from typing import NamedTuple, cast

from infrahub_exporter.domain.asking.selection import Column, Selection
from infrahub_exporter.domain.model import MISSING, Row
from infrahub_exporter.domain.replica.reaches import Crossing, ids
from infrahub_exporter.domain.replica.unsettled import Unsettled
from infrahub_exporter.domain.replica.watching import Change

_FEW = 100
"""Of up to how many rows it is looked in which columns they differ: of more they may in all."""


class Turns:
    """What is to be read again in turn, chunk by chunk, as far as a share that is saved up allows."""

    def __init__(self) -> None:
        self.quota = 0.0
        self.chunks: list[Sequence[str]] | None = None


class Epoch:
    """The instant at which everything was begun to be read, None while changes are followed, and in which turn."""

    at: float | None = None
    number = 0


class Table:
    """The rows of a kind by id; its columns are all that anybody needs of it, and only ever become more.

    `asked` are nodes whose rows are to be read again, `came` rows of those that have been read already, `named` those
    that are wanted and not held, `narrow` the rows that were read before there were as many columns. `count` is how
    many nodes of the kind there were when that was told last; for a reading with filters that began at `counted_at`.
    """

    def __init__(self, name: str, kind: str, epoch: Epoch) -> None:
        self.name = name
        self.kind = kind
        self.epoch = epoch
        self.columns: dict[Column, int] = {}
        self.crossings: tuple[Crossing, ...] = ()
        self.is_crossed = False
        self.rows: dict[str, Row] = {}
        self.asked: set[str] = set()
        self.came: dict[str, Row] = {}
        self.named: set[str] = set()
        self.narrow: set[str] = set()
        self.count: int | None = None
        self.counted_at: float | None = None
        self.turns = Turns()
        self.unsettled = Unsettled()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_open(self) -> bool:
        """Tell whether there is anything to ask: for rows again, for new ones, or for new columns."""
        return bool(self.asked or self.named or self.narrow)

    @property
    def selection(self) -> Selection:
        """What is asked for: all columns, no filters."""
        return Selection(self.kind, tuple(self.columns))

    def place(self, columns: Iterable[Column]) -> tuple[int, ...]:
        """Have these columns, from now on; return the place of each in a row."""
        before = len(self.columns)
        places = tuple([self.columns.setdefault(column, len(self.columns)) for column in columns])
        if len(self.columns) > before:
            self.narrow.update(self.rows)
            self.unsettled.place(self.columns)
        return places

    def empty(self) -> None:
        """Hold nothing any more, and ask for nothing."""
        self.unsettled.drop(self.rows)
        self.rows.clear()
        self.asked, self.came, self.named, self.narrow = set(), {}, set(), set()
        self.turns = Turns()

    def learn(self, change: Change) -> "Moved":
        """Note which nodes have changed: a row that came before is not what it is now; tell how their number has."""
        before, self.count = self.count, change.count
        self.asked.update(change.ids)
        for each in change.ids.intersection(self.came):
            del self.came[each]
        self.came.update(change.rows)
        more = None if before is None else change.count - before - len(change.created)
        return Moved(may_have_left=more != 0, have_returned=more is not None and more > 0)

    def take_came(self) -> dict[str, Row]:
        """Return, once, the rows that came and have all columns of today."""
        came, self.came = self.came, {}
        width = len(self.columns)
        return {each: row for each, row in came.items() if each in self.asked and len(row.values) == width}

    def ask_again(self, at: float) -> None:
        """Have those rows read again of which something could not be had, as far as their time has come."""
        self.asked.update(self.unsettled.due(at))

    def put(self, found: Mapping[str, Row]) -> "Differing":
        """Hold rows; return those that are new or differ as far as they were known."""
        held = self.rows
        differs = _differs if self.narrow else ne
        came = list(found) if not held else [each for each, row in found.items() if differs(held.get(each), row)]
        differing = Differing(came, _places(held, found, came))
        if self.narrow:
            held.update(found)
            self.narrow.difference_update(found)
        elif len(came) == len(found):
            held.update(found)
        else:
            held.update((each, found[each]) for each in came)
        width = len(self.columns)
        self.narrow.update(each for each, row in found.items() if len(row.values) < width)
        if self.named:
            self.named.difference_update(found)
        self.unsettled.note(found)
        return differing

    def drop(self, gone: Iterable[str]) -> list[str]:
        """Hold rows no longer; return the ids of those that were held."""
        left = [each for each in gone if self.rows.pop(each, None) is not None]
        self.narrow.difference_update(left)
        self.unsettled.drop(left)
        return left

    def narrower(self, width: int, most: int) -> tuple[int, tuple[str, ...]] | None:
        """Return some rows that have fewer columns than these, and how many they have; None where there are none."""
        least = min((len(self.rows[each].values) for each in self.narrow), default=width)
        if least >= width:
            return None
        found = (each for each in self.narrow if len(self.rows[each].values) == least)
        return least, tuple(islice(found, most))

    def lacking(self, places: Sequence[int], most: int) -> tuple[str, ...]:
        """Return some rows that were read without the value at any of these places, though they are wide enough."""
        width = max(places) + 1
        wide_enough = ((each, row.values) for each, row in self.rows.items() if len(row.values) >= width)
        return tuple(
            islice((each for each, values in wide_enough if any(values[place] is MISSING for place in places)), most)
        )

    def naming(self, relation: str, wanted: Iterable[str]) -> set[str]:
        """Return those of some peers that a row names over a relation."""
        left = set(wanted)
        found: set[str] = set()
        for crossing in self.crossings:
            if crossing.relation == relation:
                for row in wide(self.rows.values(), crossing):
                    found.update(left.intersection(ids(row, crossing)))
        return found


class Moved(NamedTuple):
    """What the number of nodes says of those that nobody told of.

    Some may have left where there are fewer than there were and have been made, or nobody knows. Where there are more,
    Infrahub had lost some for a while.
    """

    may_have_left: bool = True
    have_returned: bool = False


class Differing(NamedTuple):
    """The ids of rows that differ, and the places of the columns in which any of them does; None for all."""

    ids: Collection[str]
    places: frozenset[int] | None = None


def wide(rows: Iterable[Row], crossing: Crossing) -> Iterator[Row]:
    """Leave out the rows that do not have a relation's column yet."""
    position = crossing.position
    return (row for row in rows if len(row.values) > position)


def peer_ids(rows: Iterable[Row], crossing: Crossing) -> set[str]:
    """Return the ids of all peers that rows have over a relation."""
    position = crossing.position
    found = {row.values[position] for row in wide(rows, crossing)}
    found -= {None, MISSING}
    peers = chain.from_iterable(cast("set[tuple[str, ...]]", found)) if crossing.many else found
    return set(cast("Iterable[str]", peers))


def _differs(before: Row | None, row: Row) -> bool:
    if before is None or len(before.values) == len(row.values):
        return before != row
    known = len(before.values)
    return (before.kind, before.hfid, before.values) != (row.kind, row.hfid, row.values[:known])


def _places(held: Mapping[str, Row], found: Mapping[str, Row], differing: Collection[str]) -> frozenset[int] | None:
    """Find the places in which some few rows differ from those that were held; None where it is all, or not looked."""
    if len(differing) > _FEW:
        return None
    places: set[int] = set()
    for each in differing:
        before, row = held.get(each), found[each]
        if before is None or (before.kind, before.hfid) != (row.kind, row.hfid):
            return None
        places.update(compress(count(), map(ne, before.values, row.values)))
    return frozenset(places)
