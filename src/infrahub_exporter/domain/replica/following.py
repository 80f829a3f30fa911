"""Hold what an entry's selection describes, and keep it right by reading only what changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import NodeSource
from infrahub_exporter.domain.replica.dependencies import Dependencies, Link
from infrahub_exporter.domain.replica.plan import ROOT, Plan, with_ids
from infrahub_exporter.domain.replica.tables import Delta, Tables
from infrahub_exporter.domain.replica.watching import RESOLUTION_SECONDS, Change

CHUNK = 500
"""How many nodes are asked for by id in one request."""

_COUNTED = 10_000
"""How many ids are sent to be counted in one request, at most."""
_WORTH_COUNTING = 7_000
"""Of how many nodes one has to have left so that a dozen counts are cheaper than the ids of all."""
_RESUMABLE_SECONDS = 600.0
"""How long an interrupted read may go on at its instant; past that it starts afresh."""

Asked = dict[str | Link, set[str]]
"""What is still to be read: of a table the rows with these ids, of a link what its peers with these ids reach."""


class _Partial(Struct):
    """A read under way: its instant, what it has, where it goes on, and what has been learnt since it began."""

    at: float
    tables: Tables
    offset: int
    asked: Asked


class Follower:
    """The nodes of a selection with their peers, each held once.

    `read` reads everything, `learn` notes what changed, `follow` reads that. When one of them raises SourceError, what
    was held stays, and the next call goes on where this one ended. A `read` that has begun has to end well before the
    next `follow`.
    """

    def __init__(self, plan: Plan, dependencies: Dependencies, nodes: NodeSource) -> None:
        self._plan = plan
        self._dependencies = dependencies
        self._nodes = nodes
        self._tables = Tables(plan)
        self._asked: Asked = {}
        self._recount = False
        self._relist = False
        self._count: int | None = None
        self._partial: _Partial | None = None
        self._turns: list[tuple[str, Sequence[str]]] | None = None
        self._quota = 0.0

    def __len__(self) -> int:
        return len(self._tables.rows)

    @property
    def reading(self) -> int | None:
        """How many nodes of everything have been read so far, None while nothing is being read whole."""
        return None if self._partial is None else self._partial.offset

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds whose changes matter."""
        return self._dependencies.kinds

    async def read(self, *, at: float, progress: Callable[[int], None] | None = None) -> tuple[Delta, float]:
        """Read everything as it was at an instant, and return that: an interrupted read goes on at its own.

        `progress` is told after each page how many nodes have come.
        """
        partial = self._partial
        if partial is None or not -RESOLUTION_SECONDS <= at - partial.at <= _RESUMABLE_SECONDS:
            partial = self._partial = _Partial(at, Tables(self._plan), 0, {})
        async for page in self._nodes.pages(self._plan.root, at=partial.at, offset=partial.offset):
            partial.tables.add(ROOT, page.rows)
            partial.offset = page.offset
            if progress is not None:
                progress(partial.offset)
        await self._read_named(partial.tables, at=partial.at)
        self._tables, self._asked, self._partial = partial.tables, partial.asked, None
        self._recount, self._relist = bool(self._asked), self._relist and bool(self._asked)
        self._turns = None
        return self._tables.whole(), partial.at

    def learn(self, changes: Mapping[str, Change]) -> None:
        """Note what changed; nothing is lost until a `follow`, or a `read` that began later, has gone well."""
        for kind, change in changes.items():
            if kind not in self.kinds:
                continue
            self._note_change(kind, change, self._asked)
            if self._partial is not None:
                self._note_change(kind, change, self._partial.asked)
            self._recount = True
            self._relist |= kind in self._dependencies.relisted
            if kind == self._plan.root.kind:
                self._count = change.count

    def _note_change(self, kind: str, change: Change, asked: Asked) -> None:
        """Note what to ask for. Of a link only its new peers, where it knows the old ones: not held, or just made."""
        if kind == self._plan.root.kind:
            asked.setdefault(ROOT, set()).update(change.ids)
        if kind in self._plan.peers:
            asked.setdefault(kind, set()).update(change.ids)
        for link in self._dependencies.links:
            if link.peer == kind:
                held = self._tables.peers[kind] if link.only_new else {}
                asked.setdefault(link, set()).update(
                    each for each in change.ids if each not in held or each in change.created
                )

    async def follow(self, *, at: float) -> Delta:
        """Read what changed, and what that brings, at an instant. What has been read is not read again on failure."""
        if self._recount:
            for table in (*self._plan.peers, ROOT):
                await self._read_changed(table, at)
            for link in self._dependencies.links:
                await self._read_linked(link, at)
            await self._settle_count(at)
            self._recount = self._relist = False
        await self._read_named(self._tables, at=at)
        return self._tables.taken()

    async def agrees(self, *, at: float) -> bool:
        """Tell whether Infrahub counts as many nodes as are held; where not, the next `follow` finds out which."""
        self._count = await self._nodes.count(self._plan.root, at=at)
        agrees = self._count == len(self)
        self._recount |= not agrees
        return agrees

    async def roll(self, share: float, *, at: float) -> Delta:
        """Read again some of what is held, for what no probe sees: `share` of it, saved up until a request is full.

        When all has had its turn, the number that there are is compared with the number held.
        """
        held = len(self._tables)
        self._quota += share * held
        while held and self._quota >= min(CHUNK, held):
            if self._turns is None:
                self._turns = self._all_turns()
            if self._turns:
                table, chunk = self._turns[-1]
                rows = self._tables.of(table)
                await self._read_again(table, [each for each in chunk if each in rows], at)
                self._turns.pop()
                self._quota -= len(chunk)
            else:
                self._quota = 0.0
                self._count = await self._nodes.count(self._plan.root, at=at)
                await self._settle(self._count, at)
                self._tables.forget_unnamed()
                self._turns = None
        await self._read_named(self._tables, at=at)
        return self._tables.taken()

    def _all_turns(self) -> list[tuple[str, Sequence[str]]]:
        tables = (*self._plan.peers, ROOT)
        return [(table, chunk) for table in tables for chunk in _chunks(tuple(self._tables.of(table)))]

    async def _read_changed(self, table: str, at: float) -> None:
        """Read the changed rows of a table: of peers those that are held, of the root all that pass the filters."""
        asked = self._asked.get(table, set())
        if table != ROOT:
            asked.intersection_update(self._tables.of(table))
        for chunk in _drained(asked):
            await self._read_again(table, chunk, at)

    async def _read_again(self, table: str, chunk: Sequence[str], at: float) -> None:
        found = await self._by_id(self._selection(table), chunk, at)
        self._tables.take(table, found, [identifier for identifier in chunk if identifier not in found])

    async def _read_linked(self, link: Link, at: float) -> None:
        """Read the rows that changed peers reach: of peers those that are held, of the root all that pass."""
        asked = self._asked.get(link, set())
        held = self._tables.of(link.table)
        if link.table != ROOT and not held:
            asked.clear()
        for chunk in _drained(asked):
            if link.under:
                await self._read_under(link, chunk, at)
                continue
            found = await self._by_id(self._selection(link.table), chunk, at, relation=link.relation)
            if link.table != ROOT:
                found = {key: found[key] for key in found.keys() & held.keys()}
            self._tables.take(link.table, found)

    async def _read_under(self, link: Link, chunk: Sequence[str], at: float) -> None:
        """Read what is reached over a relation that only some kinds of a generic have: their ids, then the rows."""
        whole = self._selection(link.table)
        bare = Selection(whole.kind, (), whole.filters, under=link.under)
        reached = await self._by_id(bare, chunk, at, relation=link.relation)
        wanted = [each for each in reached if link.table == ROOT or each in self._tables.of(link.table)]
        for ids in _chunks(wanted):
            self._tables.take(link.table, await self._by_id(whole, ids, at))

    def _selection(self, table: str) -> Selection:
        return self._plan.root if table == ROOT else self._plan.peers[table]

    async def _settle_count(self, at: float) -> None:
        """Compare the number that there are with the number held: what has left was not reported.

        All that came is held by now, so that equal numbers are the same nodes.
        """
        if self._relist:
            await self._compare_ids(at)
            return
        root = self._plan.root
        count = await self._nodes.count(root, at=at) if root.filters else self._count
        if count is not None:
            await self._settle(count, at)

    async def _settle(self, count: int, at: float) -> None:
        """Find who has left: a few among many by counting, else by the ids of all that there are."""
        left = len(self) - count
        if 0 < left * _WORTH_COUNTING < len(self):
            for chunk in _chunks(tuple(self._tables.rows), _COUNTED):
                await self._drop_left(chunk, count, at)
        if len(self) != count:
            await self._compare_ids(at)

    async def _drop_left(self, among: Sequence[str], count: int, at: float) -> None:
        """Drop who has left, half by half, until as many are held as there are: a count is cheaper than the ids."""
        if len(self) == count:
            return
        if len(among) <= CHUNK:
            await self._read_again(ROOT, among, at)
        elif await self._nodes.count(with_ids(self._plan.root, among), at=at) != len(among):
            half = len(among) // 2
            await self._drop_left(among[:half], count, at)
            await self._drop_left(among[half:], count, at)

    async def _compare_ids(self, at: float) -> None:
        bare = Selection(self._plan.root.kind, (), self._plan.root.filters)
        present = {row.id async for page in self._nodes.pages(bare, at=at) for row in page.rows}
        self._tables.take(ROOT, {}, gone=self._tables.rows.keys() - present)
        for chunk in _chunks(tuple(present - self._tables.rows.keys())):
            await self._read_again(ROOT, chunk, at)

    async def _read_named(self, tables: Tables, *, at: float) -> None:
        """Read the peers that are named and not held, and what those name, until none is left.

        What an interruption leaves is right: the peers that have been read are held, the others are still named.
        """
        while (unread := tables.unread(CHUNK)) is not None:
            kind, chunk = unread
            found = await self._by_id(self._plan.peers[kind], chunk, at)
            tables.settle(kind, chunk, found.values())

    async def _by_id(
        self, selection: Selection, chunk: Sequence[str], at: float, *, relation: str | None = None
    ) -> dict[str, Row]:
        """Read nodes by id, or those that name some over a relation. Nothing is asked where the filters leave none."""
        narrowed = with_ids(selection, chunk, relation=relation)
        if not narrowed.filters[-1].value:
            return {}
        return {row.id: row async for page in self._nodes.pages(narrowed, at=at) for row in page.rows}


def _chunks(wanted: Sequence[str], size: int | None = None) -> Iterator[Sequence[str]]:
    size = size or CHUNK
    return (wanted[start : start + size] for start in range(0, len(wanted), size))


def _drained(waiting: set[str]) -> Iterator[Sequence[str]]:
    """Yield what waits in chunks; a chunk waits no longer once the next one is asked for."""
    while waiting:
        chunk = tuple(islice(waiting, CHUNK))
        yield chunk
        waiting.difference_update(chunk)
