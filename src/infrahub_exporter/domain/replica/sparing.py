"""Ask for rows without the columns that Infrahub refuses, so that those who need none of them are spared."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable

from msgspec import structs

from infrahub_exporter.domain.asking.columns import Column
from infrahub_exporter.domain.asking.refused import RefusedColumnsError
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import MISSING, Row
from infrahub_exporter.domain.ports import Arrived, ChangedRows, NodeSource, Page


class Sparing:
    """A `NodeSource` that leaves out what Infrahub has refused of a kind: `MISSING` stands in its place.

    A column is `doubtful` from then on, as rows may lack it, and refused until it is `allowed`.
    """

    def __init__(self, nodes: NodeSource) -> None:
        self._nodes = nodes
        self._reasons: dict[str, dict[Column, str | None]] = {}
        self._fresh: dict[tuple[str, Column], str] = {}

    def begin_turn(self) -> None:
        """Begin another turn: what was refused at the last one may be asked for again."""
        self._fresh.clear()

    def doubtful(self, kind: str) -> Collection[Column]:
        """Return the columns of a kind that rows may lack."""
        return self._reasons.get(kind, {})

    def refuses(self, kind: str, columns: Iterable[Column]) -> bool:
        """Tell whether all of these columns are refused."""
        reasons = self._reasons.get(kind, {})
        return all(reasons.get(column) is not None for column in columns)

    def raise_fresh(self, kind: str, columns: Iterable[Column]) -> None:
        """Raise SourceRejectedError where one of these columns has been refused at this turn."""
        for column in columns:
            if (kind, column) in self._fresh:
                raise SourceRejectedError(self._fresh[kind, column])

    def allow(self, kind: str, columns: Iterable[Column]) -> None:
        """Ask for these columns again: Infrahub has answered with them."""
        self._reasons[kind].update(dict.fromkeys(columns))

    async def alone(self, selection: Selection, *, at: float) -> dict[str, Row]:
        """Read what is doubtful as it is. Raises RefusedColumnsError where it is refused still."""
        try:
            return {row.id: row async for page in self._nodes.pages(selection, at=at) for row in page.rows}
        except RefusedColumnsError as error:
            self._note(selection, error)
            raise

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        """Yield the rows of a selection (see `NodeSource`)."""
        goes_on = True
        while goes_on:
            goes_on, asked = False, self._spared(selection)
            pad = _padding(selection, asked)
            try:
                async for page in self._nodes.pages(asked, at=at, offset=offset):
                    offset = page.offset
                    yield page if asked is selection else Page([pad(row) for row in page.rows], offset)
            except RefusedColumnsError as error:
                self._note(asked, error)
                goes_on = True

    async def count(self, selection: Selection, *, at: float | None = None) -> int:
        """Count the nodes of a selection (see `NodeSource`)."""
        return await self._nodes.count(selection, at=at)

    async def changed(self, selection: Selection, *, since: float, at: float) -> Arrived | None:
        """Return what changed, with its stamps (see `ChangedRows`); None where that cannot be had in one answer."""
        if not isinstance(self._nodes, ChangedRows) or self._spared(selection) is not selection:
            return None
        try:
            return await self._nodes.changed(selection, since=since, at=at)
        except RefusedColumnsError as error:
            self._note(selection, error)
            return None

    def _spared(self, selection: Selection) -> Selection:
        """Leave out what is refused; the same object where nothing is."""
        reasons = self._reasons.get(selection.kind, {})
        kept = tuple(column for column in selection.columns if reasons.get(column) is None)
        return selection if len(kept) == len(selection.columns) else structs.replace(selection, columns=kept)

    def _note(self, asked: Selection, error: RefusedColumnsError) -> None:
        """Learn what is refused. Raises the error where it tells nothing new of what was asked for."""
        reasons = {column: error.reasons[column] for column in asked.columns if column in error.reasons}
        if not reasons:
            raise error
        self._reasons.setdefault(asked.kind, {}).update(reasons)
        self._fresh.update({(asked.kind, column): reason for column, reason in reasons.items()})


def _padding(selection: Selection, asked: Selection) -> Callable[[Row], Row]:
    """Return what gives a row of what was asked for a value per column of the selection."""
    places = {column: place for place, column in enumerate(asked.columns)}
    wanted = [places.get(column) for column in selection.columns]

    def pad(row: Row) -> Row:
        return structs.replace(row, values=tuple([MISSING if place is None else row.values[place] for place in wanted]))

    return pad
