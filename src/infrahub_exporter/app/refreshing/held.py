"""Rows that are read, followed and derived from: what a metric and a discovery by kind have in common."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

import anyio
import anyio.to_thread
from msgspec import Struct

from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import NodeSource, QueryRunner, SchemaSource
from infrahub_exporter.domain.replica.following import Follower
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.tables import Delta
from infrahub_exporter.domain.replica.watching import Change
from infrahub_exporter.domain.views.blocks import Blocks

Item = TypeVar("Item")

logger = logging.getLogger("infrahub_exporter")

_TOLD_NODES = 10_000
"""After how many nodes of a whole read the log tells how far it is."""
_FEW = 1000
"""How many rows are derived where they are; more go to a worker thread, so that the event loop stays free."""


class Source(NodeSource, QueryRunner, SchemaSource, Protocol):
    """An Infrahub: rows, answers and schema."""

    async def close(self) -> None:
        """Let go of connections; it may be used again afterwards."""
        ...


class Limit:
    """A time that some reads have in all. Where it runs out it is doubled for the next ones, until they come through.

    So a change that is too large for it, of a few ten thousand nodes say, does not fail for ever.
    """

    def __init__(self) -> None:
        self._factor = 1.0

    @contextmanager
    def on(self, seconds: float) -> Iterator[None]:
        """Limit what is awaited below. Raises SourceUnavailableError where the time runs out."""
        allowed = seconds * self._factor
        try:
            with anyio.fail_after(allowed):
                yield
        except TimeoutError as error:
            self._factor *= 2
            raise SourceUnavailableError(f"reading what changed took more than {allowed:g} s") from error
        self._factor = 1.0


class Turn(Struct, frozen=True):
    """What a round gives each entry: the schema, the instant to read at, and whether changes are followed.

    `in_pieces` plans for following: not where it never works, but also where it does not for once. `timeout_seconds`
    bounds the following; reading everything is bounded by its progress, page by page.
    """

    kinds: Kinds
    at: float
    followed: bool
    in_pieces: bool
    timeout_seconds: float = math.inf


class Refreshed(Struct, frozen=True):
    """What a good refresh did: the instant that it read at, whether it read everything, and anything that differs."""

    at: float
    whole: bool
    changed: bool


class Held(Generic[Item]):
    """An item per node of a kind, in blocks that stay the same objects as long as their items do."""

    def __init__(
        self, kind: str, include: Iterable[str], filters: Filters, *, derive: Callable[[Row], Item], source: Source
    ) -> None:
        self.blocks: Blocks[Item] = Blocks()
        self._kind = kind
        self._include = tuple(include)
        self._filters = filters
        self._derive = derive
        self._source = source
        self._follower: Follower | None = None
        self._whole = False
        self._read_at: float | None = None
        self._limit = Limit()
        self._told = 0

    @property
    def reading(self) -> int | None:
        """How many nodes of everything have been read so far, None while nothing is being read whole."""
        return None if self._follower is None else self._follower.reading

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds to watch; none before everything has been read once."""
        return self._follower.kinds if self._follower is not None and self._whole else frozenset()

    def reads(self, kinds: frozenset[str]) -> bool:
        """Tell whether this depends on any of these kinds, or nobody knows on which it does."""
        read = self._follower.kinds if self._follower is not None else frozenset()
        return not read or not kinds.isdisjoint(read)

    def learn(self, changes: Mapping[str, Change]) -> None:
        """Note what changed, for the next refresh."""
        if self._follower is not None:
            self._follower.learn(changes)

    def take_read_at(self) -> float | None:
        """Return, once, when everything was read that has been read whole since the last time."""
        at, self._read_at = self._read_at, None
        return at

    def replan(self) -> None:
        """Read everything at the next turn, planned afresh: the schema has changed."""
        self._follower, self._whole = None, False

    async def refresh(self, turn: Turn) -> Refreshed:
        """Read everything, or what changed. Raises SourceError; what was held stays, and no change is lost."""
        if self._follower is None:
            self._follower = await self._planned(turn)
        follower = self._follower
        if turn.followed and self._whole:
            with self._limit.on(turn.timeout_seconds):
                delta, at = await follower.follow(at=turn.at), turn.at
        else:
            self._whole = False
            delta, at = await follower.read(at=turn.at, progress=self._progress)
        await self._apply(delta)
        if delta.whole:
            self._read_at = at
        return Refreshed(at, whole=delta.whole, changed=_differs(delta))

    async def _planned(self, turn: Turn) -> Follower:
        selection = await turn.kinds.select(self._kind, self._include, self._filters)
        planned, dependencies = await turn.kinds.plan(selection, in_pieces=turn.in_pieces)
        return Follower(planned, dependencies, self._source)

    async def agrees(self, *, at: float) -> bool:
        """Tell whether Infrahub counts as many nodes as are held. Raises SourceError."""
        return self._follower is not None and await self._follower.agrees(at=at)

    async def roll(self, share: float, *, at: float) -> bool:
        """Read a share of what is held again; tell whether anything differs. Raises SourceError."""
        if self._follower is None or not self._whole:
            return False
        delta = await self._follower.roll(share, at=at)
        await self._apply(delta)
        return _differs(delta)

    def _progress(self, nodes: int) -> None:
        if nodes // _TOLD_NODES > self._told:
            self._told = nodes // _TOLD_NODES
            logger.info("%s: %d nodes read so far", self._kind, nodes)

    async def _apply(self, delta: Delta) -> None:
        """Derive what differs; where that does not come to its end, everything is read again."""
        self._whole = False
        if len(delta.changed) > _FEW:
            await anyio.to_thread.run_sync(self._put, delta)
        else:
            self._put(delta)
        self._whole = True

    def _put(self, delta: Delta) -> None:
        items = {row.id: self._derive(row) for row in delta.rows()}
        if delta.whole:
            self.blocks.replace(items)
        else:
            self.blocks.update(items, delta.removed)


def _differs(delta: Delta) -> bool:
    return bool(delta.whole or delta.changed or delta.removed)
