"""Ask for what changed: rows by id, who passes the filters by now, and whom changed peers reach."""

from collections.abc import Collection, Sequence

import msgspec

from infrahub_exporter.domain.asking.columns import Column
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.model import MISSING, Row
from infrahub_exporter.domain.replica.chunks import chunks, drained, size
from infrahub_exporter.domain.replica.dependencies import Link
from infrahub_exporter.domain.replica.plan import with_ids
from infrahub_exporter.domain.replica.readings import Reading
from infrahub_exporter.domain.replica.replica import Replica
from infrahub_exporter.domain.replica.sparing import Sparing
from infrahub_exporter.domain.replica.tables import Table
from infrahub_exporter.domain.replica.views import View

_NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id that no node has: the request for it tells whether it would be answered."""


class Changed:
    """What is asked for of what is held, at an instant. An answer that does not come loses nothing."""

    def __init__(self, nodes: Sparing, replica: Replica) -> None:
        self._nodes = nodes
        self._replica = replica

    async def widen(self, table: Table, width: int, at: float) -> None:
        """Read the columns that rows lack, of which there have been fewer when they were read."""
        while (found := table.narrower(width, size())) is not None:
            known, chunk = found
            selection = Selection(table.kind, tuple(table.columns)[known:])
            if self._nodes.refuses(table.kind, selection.columns):
                lacking = (MISSING,) * len(selection.columns)
                read = {each: msgspec.structs.replace(table.rows[each], values=lacking) for each in chunk}
            else:
                read = await self._by_id(selection, chunk, at)
            wider = {each: _wider(table.rows[each], row) for each, row in read.items()}
            self._replica.put(table, wider, [each for each in chunk if each not in wider])

    def is_doubtful(self, view: View) -> bool:
        """Tell whether Infrahub has ever refused anything of what a view needs."""
        return any(view.needed(each, self._nodes.doubtful(each.kind)) for each in view.tables.values())

    async def complete(self, view: View, at: float) -> None:
        """Read what rows lack of what a view needs, since Infrahub refused it.

        Raises SourceRejectedError where it has done so at this turn, or does it again.
        """
        for table in view.tables.values():
            if columns := view.needed(table, self._nodes.doubtful(table.kind)):
                self._nodes.raise_fresh(table.kind, columns)
                await self._fill(table, columns, at)
        await self.read_named(view, at)

    async def _fill(self, table: Table, columns: Sequence[Column], at: float) -> None:
        """Read columns that were refused, of the rows that lack them; of any where none does."""
        places = [table.columns[column] for column in columns]
        selection = Selection(table.kind, tuple(columns))
        if not table.lacking(places, 1) and any(self._nodes.refuses(table.kind, [each]) for each in columns):
            await self._nodes.alone(with_ids(selection, [next(iter(table.rows), _NOBODY)]), at=at)
        while chunk := table.lacking(places, size()):
            read = await self._nodes.alone(with_ids(selection, chunk), at=at)
            filled = {each: _filled(table.rows[each], row, places) for each, row in read.items()}
            self._replica.put(table, filled, [each for each in chunk if each not in read])
        self._nodes.allow(table.kind, columns)

    async def read_changed(self, table: Table, at: float) -> None:
        """Read the changed rows of a table: those that are held, and all where all nodes are."""
        came = table.take_came()
        if self._replica.alone(table) is not None:
            return
        if self._replica.unfiltered(table) is None:
            table.asked.intersection_update(table.rows)
        elif came:
            self._replica.put(table, came)
            table.asked.difference_update(came)
        for chunk in drained(table.asked):
            await self.read_rows(table, chunk, at)

    async def read_rows(self, table: Table, chunk: Sequence[str], at: float) -> None:
        """Read some rows again; those that do not come are gone."""
        found = await self._by_id(table.selection, chunk, at)
        self._replica.put(table, found, [each for each in chunk if each not in found])

    async def read_passing(self, reading: Reading, at: float) -> None:
        """Find out which of the changed nodes pass the filters; with their rows where those come in no other way."""
        is_alone = self._replica.is_alone(reading)
        if is_alone:
            reading.asked |= reading.table.asked
        for chunk in drained(reading.asked):
            await self.check(reading, chunk, at)
            if is_alone:
                reading.table.asked.difference_update(chunk)

    async def check(self, reading: Reading, chunk: Sequence[str], at: float) -> None:
        """Find out which of some nodes pass the filters."""
        found = await self.passing(reading, chunk, at)
        self._replica.join(reading, found)
        self._replica.leave(reading, [each for each in chunk if each not in found])

    async def passing(
        self, reading: Reading, chunk: Sequence[str], at: float, *, link: Link | None = None
    ) -> dict[str, Row]:
        """Ask who passes the filters, with the rows where those come in no other way."""
        is_alone = self._replica.is_alone(reading)
        selection = reading.selection if is_alone else reading.bare
        if link is None:
            found = await self._by_id(selection, chunk, at)
        else:
            found = await self._reached(selection, link, chunk, at)
        if is_alone:
            self._replica.put(reading.table, found)
        return found

    async def read_linked(self, link: Link, at: float) -> None:
        """Read the rows that changed peers reach: those that are held, and all where all nodes are."""
        table, asked = self._replica.tables[link.table], self._replica.links[link]
        alone = self._replica.alone(table)
        if alone is not None:
            for chunk in drained(asked):
                self._replica.join(alone, await self.passing(alone, chunk, at, link=link))
                alone.links.get(link, set()).difference_update(chunk)
            return
        has_all = self._replica.unfiltered(table) is not None
        if not has_all and not table.rows:
            asked.clear()
        for chunk in drained(asked):
            held = None if has_all else table.rows
            self._replica.put(table, await self._reached(table.selection, link, chunk, at, held))

    async def read_passing_over(self, reading: Reading, link: Link, at: float) -> None:
        """Find out who passes the filters by now for what changed at the other end of a relation."""
        for chunk in drained(reading.links[link]):
            self._replica.join(reading, await self.passing(reading, chunk, at, link=link))

    async def look_at(self, reading: Reading, chunk: Sequence[str], at: float) -> None:
        """Find out which of some nodes are still there, or pass the filters."""
        await (self.check(reading, chunk, at) if reading.filters else self.read_rows(reading.table, chunk, at))

    async def read_named(self, view: View, at: float) -> None:
        """Read the rows that are named and not held, and what those name, until none is left.

        What an interruption leaves is right: the rows that have been read are held, the others are still named.
        """
        while waiting := [table for table in view.tables.values() if table.named]:
            for table in waiting:
                await self.read_named_of(table, at)

    async def read_named_of(self, table: Table, at: float) -> None:
        """Read the rows of a table that are named and not held."""
        for chunk in drained(table.named):
            self._replica.put(table, await self._by_id(table.selection, chunk, at))

    async def _reached(
        self,
        selection: Selection,
        link: Link,
        chunk: Sequence[str],
        at: float,
        held: Collection[str] | None = None,
    ) -> dict[str, Row]:
        """Read the nodes that changed peers reach, or those of them that are held.

        Over a relation that only some kinds of a generic have, their ids are asked for, then the rows.
        """
        if not link.under:
            found = await self._by_id(selection, chunk, at, relation=link.relation)
            return found if held is None else {each: found[each] for each in found if each in held}
        bare = Selection(selection.kind, (), selection.filters, under=link.under)
        reached = await self._by_id(bare, chunk, at, relation=link.relation)
        found = reached
        if selection.columns:
            wanted = [each for each in reached if held is None or each in held]
            found = {}
            for some in chunks(wanted):
                found |= await self._by_id(selection, some, at)
        return found

    async def _by_id(
        self, selection: Selection, chunk: Sequence[str], at: float, *, relation: str | None = None
    ) -> dict[str, Row]:
        """Read nodes by id, or those that name some over a relation. Nothing is asked where the filters leave none."""
        narrowed = with_ids(selection, chunk, relation=relation)
        if not narrowed.filters[-1].value:
            return {}
        return {row.id: row async for page in self._nodes.pages(narrowed, at=at) for row in page.rows}


def _filled(held: Row, found: Row, places: Sequence[int]) -> Row:
    values = list(held.values)
    for place, value in zip(places, found.values, strict=True):
        values[place] = value
    return msgspec.structs.replace(held, values=tuple(values))


def _wider(held: Row, found: Row) -> Row:
    return msgspec.structs.replace(found, values=(*held.values, *found.values))
