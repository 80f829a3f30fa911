"""Rows that are read, followed and derived from: what a metric and a discovery by kind have in common."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar, cast

import anyio.to_thread
from msgspec import Struct

from infrahub_exporter.app.refreshing.pool import Limit, Turn
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import ExporterError, SourceUnavailableError, UnexpectedError, alone
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.views import Delta, View
from infrahub_exporter.domain.views.blocks import Blocks

Item = TypeVar("Item")

logger = logging.getLogger("infrahub_exporter")

_TOLD_NODES = 10_000
"""After how many nodes of a whole read the log tells how far it is."""
_FEW = 1000
"""How many rows are derived where they are; more go to a worker thread, so that the event loop stays free."""


class Refreshed(Struct, frozen=True):
    """What a good refresh did: the instant that it read at, whether it read everything, and anything that differs."""

    at: float
    whole: bool
    changed: bool


class Derivation(Generic[Item]):
    """An item per node of a kind, in blocks that stay the same objects as long as their items do.

    `derive` makes the items of the nodes that a delta has, by the node's id; those of which it makes none are
    `left_out`. With `rows` the paths are those of a row.
    """

    def __init__(
        self,
        kind: str,
        include: Iterable[str],
        filters: Filters,
        *,
        derive: Callable[[Delta], Mapping[str, Item]],
        rows: str | None = None,
    ) -> None:
        self.blocks: Blocks[Item] = Blocks()
        self.left_out: set[str] = set()
        self._kind = kind
        self._include = tuple(include)
        self._filters = filters
        self._rows = rows
        self._derive = derive
        self._following: Following | None = None
        self._view: View | None = None
        self._refused: ExporterError | None = None
        self._limit = Limit()
        self._told = 0

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.blocks)

    @property
    def reading(self) -> int | None:
        """How many nodes of everything have been read so far, None while nothing is being read whole."""
        return None if self._view is None else self._view.offset

    @property
    def is_followed(self) -> bool:
        """Tell whether everything has been read once."""
        return self._view is not None and self._view.is_whole

    def reads(self, kinds: frozenset[str]) -> bool:
        """Tell whether this depends on any of these kinds, or nobody knows on which it does."""
        return self._view is None or not kinds.isdisjoint(self._view.kinds)

    def lacks(self, turn: Turn) -> frozenset[str]:
        """Name the kinds of which the schema is to be asked for before this can be planned."""
        if self._view is not None and self._following is turn.following:
            return frozenset()
        return turn.kinds.lacking(self._kind, self._include, self._filters, self._rows)

    def followed(self, turn: Turn) -> View | None:
        """Return the view, where all of it is held and it is right but for what has changed."""
        is_whole = self._view is not None and self._following is turn.following and self._view.is_whole
        return self._view if turn.followed and is_whole else None

    async def begin(self, turn: Turn) -> None:
        """Read the nodes before the turn, where they have not been read; what fails is raised by `refresh`."""
        if self._view is not None and self._following is turn.following and self.followed(turn) is None:
            await turn.following.begin(self._view, at=turn.at, followed=turn.followed, progress=self._progress)

    async def prepare(self, turn: Turn) -> bool:
        """Plan, where that has not been done for this schema; tell whether it is known what is read, if anything.

        What is raised is raised by `refresh`.
        """
        if self._view is None or self._following is not turn.following:
            self._following, self._view, self._refused = turn.following, None, None
            try:
                selection = await turn.kinds.select(self._kind, self._include, self._filters, self._rows)
                planned, dependencies = await turn.kinds.plan(selection, in_pieces=turn.in_pieces)
                self._selected(selection, turn.kinds)
            except Exception as error:  # noqa: BLE001 - raised again by `refresh`
                self._refused = alone(UnexpectedError.of(error))
                if isinstance(error, SourceUnavailableError):
                    return False
                turn.kinds.doubt()
                return True
            self._view = turn.following.view(planned, dependencies)
        return True

    async def refresh(self, turn: Turn) -> Refreshed:
        """Read everything, or what changed. Raises SourceError; what was held stays, and no change is lost."""
        view = await self._planned(turn)
        if not turn.followed:
            delta, at = await turn.following.read(view, at=turn.at, progress=self._progress)
        elif view.is_whole and turn.following.lacks(view):
            with self._limit.on(turn.timeout_seconds):
                delta, at = await turn.following.follow(view, at=turn.at), turn.at
        else:
            delta, at = await turn.following.follow(view, at=turn.at, progress=self._progress), turn.at
        changed = await self._apply(view, delta)
        return Refreshed(at, whole=delta.whole, changed=changed)

    async def _planned(self, turn: Turn) -> View:
        if self._refused is None:
            await self.prepare(turn)
        refused, self._refused = self._refused, None
        if refused is not None:
            self._view = None
            raise refused
        return cast("View", self._view)

    async def agrees(self, *, at: float) -> bool:
        """Tell whether Infrahub counts as many nodes as are held. Raises SourceError."""
        if self._view is None or self._following is None:
            return False
        return await self._following.agrees(self._view, at=at)

    async def roll(self, *, at: float) -> bool:
        """Read again what is due of what is held; tell whether anything differs. Raises SourceError."""
        if self._view is None or self._following is None or not self._view.is_whole:
            return False
        delta = await self._following.roll(self._view, at=at)
        return await self._apply(self._view, delta)

    def release(self) -> None:
        """Show nothing any more: what this alone needed need not be held."""
        if self._view is not None and self._following is not None:
            self._following.release(self._view)
        self._view = self._following = None

    def _selected(self, selection: Selection, kinds: Kinds) -> None:
        """Learn what is read, at first and after each change of the schema: everything will be derived anew.

        Raises SourceRejectedError for what the schema does not fit.
        """

    def _progress(self, nodes: int) -> None:
        if nodes // _TOLD_NODES > self._told:
            self._told = nodes // _TOLD_NODES
            logger.info("%s: %d nodes read so far", self._kind, nodes)

    async def _apply(self, view: View, delta: Delta) -> bool:
        """Derive what differs, and tell whether anything of it does; without an end everything is derived again."""
        if not (delta.whole or delta.changed or delta.removed):
            return False
        try:
            if len(delta.changed) > _FEW:
                return await anyio.to_thread.run_sync(self._put, delta)
            return self._put(delta)
        except BaseException:
            view.again()
            raise

    def _put(self, delta: Delta) -> bool:
        """Take the items of a delta; tell whether any differs, as after a whole one, or whether others are left out."""
        items = self._derive(delta)
        left_out = {each for each in delta.changed if each not in items}
        if delta.whole:
            self.left_out = left_out
            self.blocks.replace(items)
            return True
        touched = delta.changed.keys() | delta.removed
        before = self.left_out & touched
        self.left_out.difference_update(touched)
        self.left_out.update(left_out)
        return self.blocks.update(items, delta.removed | left_out) or before != left_out
