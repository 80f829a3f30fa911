"""Hold what an entry's selection describes, and keep it right by reading only what changed."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.dependencies import Dependencies, Link
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.plan import ROOT, Crossing, Peers, Plan, ids, with_ids
from infrahub_exporter.domain.ports import NodeSource
from infrahub_exporter.domain.selection import Selection
from infrahub_exporter.domain.watching import Change

CHUNK = 500
"""How many nodes are asked for by id in one request."""

_RESUMABLE_SECONDS = 600.0
"""How long an interrupted read may go on at its instant; past that it starts afresh."""


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
        return (self.plan.joined(row, self.peers) for row in self.changed.values())


class _Partial(Struct):
    """A read that was interrupted: its instant, what it had, and where it goes on."""

    at: float
    rows: dict[str, Row]
    peers: dict[str, dict[str, Row]]
    offset: int
    named: dict[str, set[str]]


class Follower:
    """The nodes of a selection with their peers, each held once.

    `read` reads everything, `learn` notes what changed, `follow` reads that. When one of them raises SourceError, what
    was held stays, and the next call makes good for what this one missed.
    """

    def __init__(self, plan: Plan, dependencies: Dependencies, nodes: NodeSource) -> None:
        self._plan = plan
        self._dependencies = dependencies
        self._nodes = nodes
        self._rows: dict[str, Row] = {}
        self._peers = self._no_peers()
        self._pending: dict[str, set[str]] = {}
        self._count: int | None = None
        self._recount = False
        self._touched: set[str] = set()
        self._removed: set[str] = set()
        self._named: dict[str, set[str]] = {}
        self._partial: _Partial | None = None
        self._rolling: Iterator[tuple[str, Sequence[str]]] | None = None
        self._quota = 0.0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def reading(self) -> int | None:
        """How many nodes of everything have been read so far, None while nothing is being read whole."""
        return None if self._partial is None else self._partial.offset

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds whose changes matter."""
        return self._dependencies.kinds

    def _no_peers(self) -> dict[str, dict[str, Row]]:
        return {kind: {} for kind in self._plan.peers}

    async def read(self, *, at: float, progress: Callable[[int], None] | None = None) -> tuple[Delta, float]:
        """Read everything as it was at an instant, and return that: an interrupted read goes on at its own.

        `progress` is told after each page how many nodes have come.
        """
        partial = self._partial
        if partial is None or at - partial.at > _RESUMABLE_SECONDS:
            partial = self._partial = _Partial(at, {}, self._no_peers(), 0, {})
        async for page in self._nodes.pages(self._plan.root, at=partial.at, offset=partial.offset):
            partial.rows.update((row.id, row) for row in page.rows)
            partial.offset = page.offset
            self._note_named(ROOT, page.rows, partial.named)
            if progress is not None:
                progress(partial.offset)
        await self._read_named(partial.named, partial.peers, at=partial.at)
        self._rows, self._peers, self._partial = partial.rows, partial.peers, None
        self._pending, self._count, self._recount = {}, None, False
        self._touched, self._removed, self._named = set(), set(), {}
        return Delta(self._plan, self._peers, self._rows, whole=True), partial.at

    def learn(self, changes: Mapping[str, Change]) -> None:
        """Note what changed; nothing is lost until a `follow` or a `read` has gone well."""
        for kind, change in changes.items():
            if kind in self.kinds:
                self._pending.setdefault(kind, set()).update(change.ids)
                self._recount = True
                if kind == self._plan.root.kind:
                    self._count = change.count

    async def follow(self, *, at: float) -> Delta:
        """Read what changed, and what that brings, at an instant."""
        if self._recount:
            await self._follow_peers(at)
            await self._follow_root(at)
            await self._settle_count(at)
            await self._read_named(self._named, self._peers, at=at)
            self._pending, self._count, self._recount = {}, None, False
        return self._taken()

    async def agrees(self, *, at: float) -> bool:
        """Tell whether Infrahub counts as many nodes as are held; where not, the next `follow` finds out which."""
        agrees = await self._nodes.count(self._plan.root, at=at) == len(self._rows)
        self._recount |= not agrees
        return agrees

    async def roll(self, share: float, *, at: float) -> Delta:
        """Read again some of what is held, for what no probe sees: `share` of it, saved up until a request is full.

        When all has had its turn, the ids that there are now are compared with those that are held.
        """
        held = len(self._rows) + sum(map(len, self._peers.values()))
        self._quota += share * held
        while held and self._quota >= min(CHUNK, held):
            if self._rolling is None:
                self._rolling = self._turns()
            table, chunk = next(self._rolling, (ROOT, ()))
            if chunk:
                self._quota -= len(chunk)
                await self._read_again(table, chunk, at)
            else:
                self._quota = 0.0
                await self._compare_ids(at)
                self._forget_unnamed_peers()
                self._rolling = None
        await self._read_named(self._named, self._peers, at=at)
        return self._taken()

    def _turns(self) -> Iterator[tuple[str, Sequence[str]]]:
        tables = {ROOT: tuple(self._rows), **{kind: tuple(held) for kind, held in self._peers.items()}}
        return ((table, chunk) for table, held in tables.items() for chunk in _chunks(held))

    async def _read_again(self, table: str, chunk: Sequence[str], at: float) -> None:
        if table != ROOT:
            await self._reread_peers(table, chunk, at)
            return
        held = [identifier for identifier in chunk if identifier in self._rows]
        found = await self._by_id(self._plan.root, held, at)
        self._take(found, gone=set(held).difference(found))

    async def _follow_peers(self, at: float) -> None:
        for kind, held in self._peers.items():
            await self._reread_peers(kind, self._pending.get(kind, set()).intersection(held), at)
        for link in self._dependencies.links:
            if link.table != ROOT:
                held = self._peers[link.table]
                async for row in self._over(self._plan.peers[link.table], link, at):
                    if row.id in held:
                        self._take_peers(link.table, {row.id: row})

    async def _reread_peers(self, kind: str, wanted: Iterable[str], at: float) -> None:
        asked = list(wanted)
        found = await self._by_id(self._plan.peers[kind], asked, at)
        self._take_peers(kind, found, gone=set(asked).difference(found))

    def _take_peers(self, kind: str, found: Mapping[str, Row], gone: Iterable[str] = ()) -> None:
        held = self._peers[kind]
        differing = {identifier for identifier, row in found.items() if held.get(identifier) != row}
        self._note_named(kind, [found[identifier] for identifier in differing], self._named)
        held.update(found)
        for identifier in gone:
            if held.pop(identifier, None) is not None:
                differing.add(identifier)
        self._touched.update(self._naming({kind: differing}))

    def _naming(self, peers: Mapping[str, set[str]]) -> set[str]:
        """Find the root rows that show any of these peers, over any number of relations."""
        affected = {kind: set(changed) for kind, changed in peers.items() if changed}
        grown = bool(affected)
        while grown:
            grown = False
            for table, held in self._peers.items():
                named = _name_any(held.values(), self._plan.crossings[table], affected)
                named -= affected.get(table, set())
                if named:
                    affected.setdefault(table, set()).update(named)
                    grown = True
        return _name_any(self._rows.values(), self._plan.crossings[ROOT], affected) if affected else set()

    async def _follow_root(self, at: float) -> None:
        root = self._plan.root
        asked = self._pending.get(root.kind, set())
        found = await self._by_id(root, asked, at)
        gone = asked.difference(found)
        for link in self._dependencies.links:
            if link.table == ROOT:
                found.update([(row.id, row) async for row in self._over(root, link, at)])
        self._take(found, gone)

    def _take(self, found: Mapping[str, Row], gone: Iterable[str]) -> None:
        for identifier, row in found.items():
            if self._rows.get(identifier) != row:
                self._rows[identifier] = row
                self._note_named(ROOT, (row,), self._named)
                self._touched.add(identifier)
                self._removed.discard(identifier)
        for identifier in gone:
            if self._rows.pop(identifier, None) is not None:
                self._removed.add(identifier)
                self._touched.discard(identifier)

    async def _settle_count(self, at: float) -> None:
        """Compare the number that there are with the number held: what has left was not reported."""
        root = self._plan.root
        count = await self._nodes.count(root, at=at) if root.filters else self._count
        if count is not None and count != len(self._rows):
            await self._compare_ids(at)

    async def _compare_ids(self, at: float) -> None:
        bare = Selection(self._plan.root.kind, (), self._plan.root.filters)
        present = [row.id async for page in self._nodes.pages(bare, at=at) for row in page.rows]
        unknown = [identifier for identifier in present if identifier not in self._rows]
        found = await self._by_id(self._plan.root, unknown, at)
        self._take(found, gone=self._rows.keys() - set(present))

    async def _read_named(self, named: dict[str, set[str]], peers: dict[str, dict[str, Row]], *, at: float) -> None:
        """Read the peers that are named and not held, and what those name, until none is left.

        What an interruption leaves is right: the peers that have been read are held, the others are still named.
        """
        while named:
            kind = next(iter(named))
            for chunk in _chunks(sorted(named[kind] - peers[kind].keys())):
                found = await self._by_id(self._plan.peers[kind], chunk, at)
                peers[kind].update(found)
                named[kind].difference_update(chunk)
                self._note_named(kind, found.values(), named)
            named[kind] -= peers[kind].keys()
            if not named[kind]:
                del named[kind]

    def _note_named(self, table: str, rows: Iterable[Row], named: dict[str, set[str]]) -> None:
        """Note the peers that rows name."""
        for crossing in self._plan.crossings[table]:
            found = named.setdefault(crossing.peer, set())
            for row in rows:
                found.update(ids(row, crossing))

    def _forget_unnamed_peers(self) -> None:
        named: dict[str, set[str]] = {}
        self._note_named(ROOT, self._rows.values(), named)
        for kind, held in self._peers.items():
            self._note_named(kind, held.values(), named)
        for kind, held in self._peers.items():
            for identifier in held.keys() - named.get(kind, set()):
                del held[identifier]

    async def _by_id(self, selection: Selection, wanted: Iterable[str], at: float) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for chunk in _chunks(list(wanted)):
            async for page in self._nodes.pages(with_ids(selection, chunk), at=at):
                found.update((row.id, row) for row in page.rows)
        return found

    async def _over(self, selection: Selection, link: Link, at: float) -> AsyncIterator[Row]:
        """Yield the nodes that a link's changed peers reach."""
        wanted = self._pending.get(link.peer, set())
        if link.only_new:
            wanted = wanted.difference(self._peers[link.peer])
        for chunk in _chunks(list(wanted)):
            async for page in self._nodes.pages(with_ids(selection, chunk, relation=link.relation), at=at):
                for row in page.rows:
                    yield row

    def _taken(self) -> Delta:
        touched, removed = self._touched, self._removed
        self._touched, self._removed = set(), set()
        held = {identifier: self._rows[identifier] for identifier in touched if identifier in self._rows}
        return Delta(self._plan, self._peers, held, frozenset(removed))


def _chunks(wanted: Sequence[str]) -> Iterator[Sequence[str]]:
    return (wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK))


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
