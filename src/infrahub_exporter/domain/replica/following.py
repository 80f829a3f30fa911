"""Keep what is held right by reading only what changed, each row once for all who show it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.errors import ExporterError, SourceUnavailableError
from infrahub_exporter.domain.ports import Arrived, NodeSource
from infrahub_exporter.domain.publishing.status import PoolStatus
from infrahub_exporter.domain.replica.changed import Changed
from infrahub_exporter.domain.replica.concurrency import Together, one_by_one
from infrahub_exporter.domain.replica.deletions import Deletions
from infrahub_exporter.domain.replica.dependencies import Dependencies
from infrahub_exporter.domain.replica.fetching import Fetching, Step
from infrahub_exporter.domain.replica.plan import Plan
from infrahub_exporter.domain.replica.readings import Partial, Reading
from infrahub_exporter.domain.replica.replica import Replica
from infrahub_exporter.domain.replica.rolling import Rolling
from infrahub_exporter.domain.replica.sparing import Sparing
from infrahub_exporter.domain.replica.views import Delta, View
from infrahub_exporter.domain.replica.watching import Change

Progress = Callable[[int], None]
"""Is told after each page how many nodes of everything have come."""


class Following:
    """The rows that views show, read and kept right.

    `read` reads everything, `learn` notes what changed, `follow` reads that, both for one view and what it shares with
    others. When one of them raises SourceError, what was read stays, and the next call goes on where this one ended.
    """

    def __init__(self, nodes: NodeSource, began: Callable[[float], None] | None = None) -> None:
        self._nodes = Sparing(nodes)
        self._replica = Replica(began)
        self._changed = Changed(self._nodes, self._replica)
        self._deletions = Deletions(self._nodes, self._replica, self._changed)
        self._fetching = Fetching(self._replica, self._changed, self._deletions)
        self._rolling = Rolling(self._replica, self._changed, self._deletions)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds whose changes matter."""
        return self._replica.kinds

    @property
    def status(self) -> PoolStatus:
        """How much is held, and for how many."""
        replica = self._replica
        rows: Counter[str] = Counter()
        for table in replica.tables.values():
            rows[table.kind] += len(table)
        return PoolStatus(len(replica.readings), len(replica.views), rows)

    def view(self, plan: Plan, dependencies: Dependencies) -> View:
        """Show what a plan describes from now on."""
        return self._replica.view(plan, dependencies)

    def release(self, view: View) -> None:
        """Show something no longer; what it alone needed is held until `tidy`."""
        self._replica.release(view)

    def tidy(self) -> None:
        """Let go of what no view needs."""
        self._replica.tidy()

    def begin_turn(self) -> None:
        """Begin another turn: what is read whole is read anew, once for all views."""
        self._replica.turn += 1
        self._nodes.begin_turn()
        self._fetching.begin_turn()

    def learn(self, changes: Mapping[str, Change]) -> None:
        """Note what changed; nothing is lost until it has been read."""
        self._replica.learn(changes)

    def ask_again(self, at: float) -> None:
        """Have what could not be had asked for again, as far as its time has come."""
        for table in self._replica.tables.values():
            table.ask_again(at)

    def doubt(self) -> None:
        """Have all that is held read again, at whatever turn that comes to pass: nobody can tell what has changed."""
        self._replica.doubt()

    async def read_changed(self, kind: str, since: float, at: float) -> Arrived | None:
        """Read the rows that changed with their stamps, where rows of all nodes of the kind are held; else None."""
        table = self._replica.tables.get(kind)
        reading = None if table is None else self._replica.unfiltered(table)
        if reading is None or not reading.is_read:
            return None
        return await self._nodes.changed(reading.selection, since=since, at=at)

    async def read(self, view: View, *, at: float, progress: Progress | None = None) -> tuple[Delta, float]:
        """Read everything as it was at an instant, and return that: an interrupted read goes on at its own.

        What has been read at the instant for another view is not read again.
        """
        at = self._replica.renew(view, at)
        await self._bring(view, at, progress)
        return view.take(), at

    async def follow(self, view: View, *, at: float, progress: Progress | None = None) -> Delta:
        """Read what changed, and what that brings, at an instant; of what has not been read yet, everything."""
        self._replica.follow()
        if self.lacks(view):
            await self._bring(view, at, progress)
        else:
            self._replica.brought(view)
        return view.take()

    def lacks(self, view: View) -> bool:
        """Tell whether anything is to be asked before a view can be handed what differs."""
        return (
            view.is_lacking or self._changed.is_doubtful(view) or any(self._replica.links[link] for link in view.links)
        )

    async def begin(self, view: View, *, at: float, followed: bool, progress: Progress | None = None) -> None:
        """Read the nodes of a view before its turn, where they have not been read; what fails is raised at its turn."""
        if view.reading.is_read and followed:
            return
        if followed:
            self._replica.follow()
        else:
            at = self._replica.renew(view, at)
        await self._fetching.do_all([self._whole(view, at, progress)], one_by_one)

    async def ahead(self, views: Iterable[View], *, at: float, together: Together) -> None:
        """Read what changed for many views at once, before their turns; what fails is raised at those."""
        self._replica.follow()
        await self._fetching.ahead(views, at, together)

    async def agrees(self, view: View, *, at: float) -> bool:
        """Tell whether Infrahub counts as many nodes as are held; where not, the next `follow` finds out which."""
        reading = view.reading
        reading.count = await self._nodes.count(reading.bare, at=at)
        agrees = reading.is_read and reading.count == len(reading)
        reading.recount |= not agrees
        return agrees

    def save_up(self, share: float) -> None:
        """Allow a share of all that is held to be read again."""
        self._rolling.save_up(share)

    async def roll(self, view: View, *, at: float) -> Delta:
        """Read again what a view shows, for what no probe sees, as far as has been saved up and a request is full.

        When all has had its turn, the number that there are is compared with the number held.
        """
        await self._rolling.roll(view, at)
        await self._changed.complete(view, at)
        return view.take()

    async def _bring(self, view: View, at: float, progress: Progress | None) -> None:
        """Read what a view lacks, and what of it has changed."""
        await self._fetching.do(self._whole(view, at, progress))
        await self._fetching.bring(view, at)
        await self._changed.complete(view, at)
        self._replica.brought(view)

    def _whole(self, view: View, at: float, progress: Progress | None) -> Step:
        return Step(("whole", id(view.reading)), lambda: self._complete(view.reading, at, progress))

    async def _complete(self, reading: Reading, at: float, progress: Progress | None) -> None:
        """Read the pages of a reading, where that has not been done: ids alone where the table has all rows."""
        if reading.is_read:
            return
        everything = self._replica.unfiltered(reading.table)
        if everything is not None and everything is not reading:
            try:
                await self._complete(everything, at, progress)
            except SourceUnavailableError:
                raise
            except ExporterError:
                pass  # those who show it say so
        partial = reading.partial
        if partial is None or not partial.goes_on(at):
            await self._count(reading, at)
            partial = reading.begin(
                at, is_bare=everything is not None and everything is not reading and everything.is_read
            )
            self._replica.began(at)
        selection = reading.bare if partial.is_bare else reading.selection
        try:
            async for page in self._nodes.pages(selection, at=partial.at, offset=partial.offset):
                partial.rows.update({row.id: row for row in page.rows})
                partial.offset = page.offset
                if progress is not None:
                    progress(partial.offset)
        except Exception:
            if not partial.offset:
                reading.partial = None
            raise
        self._take_in(reading, partial)

    async def _count(self, reading: Reading, at: float) -> None:
        """Learn for readings with filters how many nodes of the kind there are when they begin, once for several."""
        table = reading.table
        if not reading.filters or table.counted_at == at:
            return
        table.count = None
        if self._replica.are_several(table):
            table.count = await self._nodes.count(Selection(table.kind, ()), at=at)
        table.counted_at = at

    def _take_in(self, reading: Reading, partial: Partial) -> None:
        """Hold what has been read as of an instant, but for rows that are held: they may be newer."""
        table = reading.table
        reading.partial, reading.is_read = None, True
        if not partial.is_bare:
            rows = partial.rows
            self._replica.put(
                table, {each: rows[each] for each in rows if each not in table.rows} if table.rows else rows
            )
        if reading.filters:
            self._replica.join(reading, partial.rows)
            reading.asked |= partial.asked
        table.asked |= partial.asked
        for link, asked in partial.linked.items():
            self._replica.links.setdefault(link, set()).update(asked)
