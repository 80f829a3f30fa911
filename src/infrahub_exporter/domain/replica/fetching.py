"""What is asked for of views at a turn, step by step; and at once where several do not depend on each other."""

from collections.abc import Hashable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from infrahub_exporter.domain.errors import SourceUnavailableError, alone
from infrahub_exporter.domain.replica.changed import Changed
from infrahub_exporter.domain.replica.concurrency import Together, Work
from infrahub_exporter.domain.replica.deletions import Deletions
from infrahub_exporter.domain.replica.dependencies import Link
from infrahub_exporter.domain.replica.readings import Reading
from infrahub_exporter.domain.replica.replica import Replica
from infrahub_exporter.domain.replica.tables import Table
from infrahub_exporter.domain.replica.views import View


class Step(NamedTuple):
    """Something to ask for: the same key, the same thing."""

    key: Hashable
    work: Work


class Fetching:
    """Bring views up to date. What `ahead` has asked for in vain is not asked for again at that turn: it is raised."""

    def __init__(self, replica: Replica, changed: Changed, deletions: Deletions) -> None:
        self._replica = replica
        self._changed = changed
        self._deletions = deletions
        self._failed: dict[Hashable, Exception] = {}

    def begin_turn(self) -> None:
        """Ask again for what could not be had at the last turn."""
        self._failed.clear()

    async def bring(self, view: View, at: float) -> None:
        """Read what has changed of what a view shows, and what that brings."""
        own = view.reading.table
        for table in (*(each for each in view.tables.values() if each is not own), own):
            await self.do(self._table(table, view.width(table.name), at))
        if view.reading.filters:
            await self.do(self._passing(view.reading, at))
        for link in view.links:
            await self.do(self._link(link, at))
        for link in view.reading.links:
            await self.do(self._over(view.reading, link, at))
        await self.do(self._count(view.reading, at))
        for table in view.tables.values():
            self._raise_failure(_key("named", table.name))
        await self._changed.read_named(view, at)

    async def ahead(self, views: Iterable[View], at: float, together: Together) -> None:
        """Do the same for many at once: rows and who passes, then counts and whom rows name."""
        views = list(views)
        await self.do_all(self._first(views, at), together)
        if self._failed:
            return
        readings = {id(view.reading): view.reading for view in views if not any(view.reading.links.values())}
        counts = [self._count(each, at) for each in readings.values() if each.recount]
        tables = {name: table for view in views for name, table in view.tables.items()}
        while steps := [*counts, *(self._named(each, at) for each in tables.values() if each.named)]:
            await self.do_all(steps, together)
            if self._failed:
                return
            counts = []

    async def do(self, step: Step) -> None:
        """Do a step, or raise how it has ended at this turn already."""
        self._raise_failure(step.key)
        await step.work()

    async def do_all(self, steps: Iterable[Step], together: Together) -> None:
        """Do steps at once, and remember how they fail; none is begun any more once Infrahub sheds load."""

        async def attempt(step: Step) -> None:
            if any(isinstance(each, SourceUnavailableError) and each.is_shed for each in self._failed.values()):
                return
            try:
                await step.work()
            except Exception as error:  # noqa: BLE001 - raised at the turn of those who need it
                self._failed[step.key] = alone(error)

        if works := [partial(attempt, step) for step in steps]:
            await together(works)

    def _raise_failure(self, key: Hashable) -> None:
        if key in self._failed:
            raise self._failed[key]

    def _first(self, views: Iterable[View], at: float) -> Iterator[Step]:
        """Yield the steps that wait for no other, where there is anything to do."""
        widths: dict[str, int] = {}
        tables: dict[str, Table] = {}
        readings: dict[int, Reading] = {}
        links: dict[Link, None] = {}
        for view in views:
            for name, table in view.tables.items():
                tables[name], widths[name] = table, max(widths.get(name, 0), view.width(name))
            readings[id(view.reading)] = view.reading
            links.update(dict.fromkeys(view.links))
        yield from (self._table(each, widths[name], at) for name, each in tables.items() if each.asked or each.narrow)
        yield from (self._link(each, at) for each in links if self._replica.links[each])
        for reading in readings.values():
            is_alone = self._replica.is_alone(reading)
            if reading.filters and (reading.asked or (is_alone and reading.table.asked)):
                yield self._passing(reading, at)
            if not is_alone:  # else the link brings them
                yield from (self._over(reading, link, at) for link, asked in reading.links.items() if asked)

    def _table(self, table: Table, width: int, at: float) -> Step:
        async def work() -> None:
            await self._changed.widen(table, width, at)
            await self._changed.read_changed(table, at)

        return Step(_key("rows", table.name), work)

    def _passing(self, reading: Reading, at: float) -> Step:
        return Step(_key("passing", id(reading)), lambda: self._changed.read_passing(reading, at))

    def _link(self, link: Link, at: float) -> Step:
        return Step(_key("link", link), lambda: self._changed.read_linked(link, at))

    def _over(self, reading: Reading, link: Link, at: float) -> Step:
        return Step(_key("over", (id(reading), link)), lambda: self._changed.read_passing_over(reading, link, at))

    def _count(self, reading: Reading, at: float) -> Step:
        return Step(_key("count", id(reading)), lambda: self._deletions.settle(reading, at))

    def _named(self, table: Table, at: float) -> Step:
        return Step(_key("named", table.name), lambda: self._changed.read_named_of(table, at))


def _key(what: str, which: Hashable) -> Hashable:
    return what, which
