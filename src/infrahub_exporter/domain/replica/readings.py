"""Which nodes of a kind pass some filters: found by what it reads, never by who asked."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from infrahub_exporter.domain.asking.selection import Filter, Selection
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.dependencies import Link
from infrahub_exporter.domain.replica.tables import Table, Turns
from infrahub_exporter.domain.replica.watching import RESOLUTION_SECONDS, Change

RESUMABLE_SECONDS = 600.0
"""How long an interrupted read may go on at its instant; past that it starts afresh."""

Asked = dict[Link, set[str]]
"""What is still to be asked for of links: which peers have changed."""


class Partial(Struct):
    """A read under way: its instant, what it has, where it goes on, and what has been learnt since it began.

    A `bare` one reads ids alone, since the rows come otherwise.
    """

    at: float
    is_bare: bool
    rows: dict[str, Row]
    offset: int
    asked: set[str]
    linked: Asked

    def goes_on(self, at: float) -> bool:
        """Tell whether it may go on at a later instant."""
        return is_recent(self.at, at)


class Reading:
    """The nodes of a table that pass filters, all of them where there are no filters.

    `links` hold the changed peers over which a node may have come to pass or fail. `changed` tells that nodes of the
    kind have changed, `recount` that their number has to be compared, `relist` that all have to be listed.
    """

    def __init__(
        self, table: Table, filters: tuple[Filter, ...], passing: Iterable[Link], relisted: frozenset[str]
    ) -> None:
        self.table = table
        self.filters = filters
        self._passing: set[str] = set()
        self.members: Collection[str] = self._passing if filters else table.rows
        self.asked: set[str] = set()
        self.links: Asked = {link: set() for link in passing}
        self.partial: Partial | None = None
        self.is_read = False
        self.count: int | None = None
        self.changed = False
        self.recount = False
        self.relist = False
        self.turns = Turns()
        self._relisted = relisted

    def __len__(self) -> int:
        return len(self.members)

    @property
    def is_begun(self) -> bool:
        """Tell whether the nodes have been read, at least in part."""
        return self.is_read or self.partial is not None

    @property
    def is_open(self) -> bool:
        """Tell whether there is anything to ask: for the nodes, who of them passes, or how many there are."""
        settled = self.is_read and not (self.asked or self.changed or self.recount or self.relist)
        return not settled or any(self.links.values())

    @property
    def bare(self) -> Selection:
        """What is asked for where ids alone matter."""
        return Selection(self.table.kind, (), self.filters)

    @property
    def selection(self) -> Selection:
        """What is asked for with the rows."""
        return Selection(self.table.kind, tuple(self.table.columns), self.filters)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds whose changes make anything uncertain."""
        return self._relisted.union((self.table.kind,), (link.peer for link in self.links))

    def empty(self) -> None:
        """Know of no nodes any more."""
        self._passing.clear()
        self._forget()
        self.partial, self.is_read, self.count, self.turns = None, False, None, Turns()

    def begin(self, at: float, *, is_bare: bool) -> Partial:
        """Begin to read everything."""
        self._forget()
        self.partial = Partial(at, is_bare, {}, 0, set(), {})
        return self.partial

    def learn(self, kind: str, change: Change, *, may_have_left: bool) -> None:
        """Note what a change of a kind makes uncertain: who has changed is asked for, who has left is only counted."""
        if kind == self.table.kind:
            self.changed |= may_have_left or not self.filters
            self.count = change.count
            if self.filters:
                self.asked.update(change.ids)
            if self.partial is not None:
                self.partial.asked.update(change.ids)
        for link, asked in self.links.items():
            if link.peer == kind:
                asked.update(change.ids)
        self.relist |= kind in self._relisted
        self.recount |= kind in self._relisted or any(link.peer == kind for link in self.links)

    def doubt(self) -> None:
        """Have the nodes listed again, and what has begun to be read begin anew."""
        self.partial, self.recount, self.relist = None, True, True

    def join(self, found: Iterable[str]) -> set[str]:
        """Take nodes in that pass; return those that are new."""
        came = set(found).difference(self._passing)
        self._passing |= came
        return came

    def leave(self, gone: Iterable[str]) -> set[str]:
        """Let go of nodes that pass no longer; return those that were in."""
        left = self._passing.intersection(gone)
        self._passing -= left
        return left

    def _forget(self) -> None:
        self.asked, self.changed, self.recount, self.relist = set(), False, False, False
        self.links = {link: set() for link in self.links}


def is_recent(began: float, at: float) -> bool:
    """Tell whether what began at an instant may go on at another: not for too long, and not before it began."""
    return -RESOLUTION_SECONDS <= at - began <= RESUMABLE_SECONDS


def key(kind: str, filters: Iterable[Filter]) -> str:
    """Return what is equal for equal readings."""
    said: Mapping[str, object] = {each.argument: (each.type, each.value) for each in filters}
    return f"{kind} {sorted(said.items(), key=lambda pair: pair[0])!r}"
