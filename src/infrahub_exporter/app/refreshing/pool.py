"""What is known of one Infrahub: schema, changes and rows. It outlives configurations."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import anyio
from msgspec import Struct

from infrahub_exporter.app.refreshing.schema import SchemaHash
from infrahub_exporter.domain.errors import ExporterError, SourceUnavailableError
from infrahub_exporter.domain.ports import Arrived, ChangeProbe, Clock, NodeSource, QueryRunner, SchemaSource
from infrahub_exporter.domain.publishing.status import PoolStatus
from infrahub_exporter.domain.replica.concurrency import Together, Work, one_by_one
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.watching import RESOLUTION_SECONDS, Change, SetBackError, Watch

logger = logging.getLogger("infrahub_exporter")


_LATER_SECONDS = 0.1
"""How much later than was thought the newest instant has to be, as stamps of changes tell, for a second look.

It is earlier only where Infrahub's clock was set back: what was looked at lies in its future, where more will come.
"""


class Source(NodeSource, QueryRunner, SchemaSource, Protocol):
    """An Infrahub: rows, answers and schema."""

    async def close(self) -> None:
        """Let go of connections; it may be used again afterwards."""
        ...


async def answers(source: Source) -> bool:
    """Ask next to nothing, in the way that everything is asked; tell whether that goes well."""
    try:
        await (source.is_followable() if isinstance(source, ChangeProbe) else source.fingerprint())
    except Exception:  # noqa: BLE001 - that is the answer
        return False
    return True


def written(changes: Mapping[str, Change]) -> str:
    """Write which kinds have changed: how many nodes are looked at of how many."""
    return ", ".join(f"{len(each.ids)} of {each.count} {kind}" for kind, each in changes.items()) or "nothing"


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
    """What a round gives each entry: schema and rows, the instant to read at, and whether changes are followed.

    `at` is by Infrahub's clock, `wall` when that was by the exporter's own.
    `in_pieces` plans for following: not where it never works, but also where it does not for once. `timeout_seconds`
    bounds the following; reading everything is bounded by its progress, page by page. Another `following` than the last
    turn's has to be planned for afresh: the schema has changed. `fresh` are by kind the stamps of changes that are new.
    """

    kinds: Kinds
    following: Following
    at: float
    wall: float
    followed: bool
    in_pieces: bool
    timeout_seconds: float = math.inf
    fresh: Mapping[str, Sequence[float]] = {}

    def own_time(self, at: float) -> float:
        """Return when an instant by Infrahub's clock was by the exporter's own, both in unix seconds."""
        return self.wall + at - self.at


class Pool:
    """The rows of one Infrahub for all entries of all configurations that read it, one after the other.

    Two exporters never use it at a time. `together` asks at once what does not depend on each other, None one by one.
    """

    def __init__(
        self, source: Source, *, clock: Clock, overlap_seconds: float = 300.0, together: Together | None = None
    ) -> None:
        self.source = source
        self.together = together
        self.probe = source if isinstance(source, ChangeProbe) else None
        self.is_followable: bool | None = None
        self.rolled_at: float | None = None
        self._clock = clock
        self._watch = (
            None
            if self.probe is None
            else Watch(
                self.probe,
                overlap_seconds=overlap_seconds,
                together=together or one_by_one,
                read_changed=self._read_changed,
            )
        )
        self._kinds = Kinds(source)
        self._following = self._begun()
        self.schema = SchemaHash(source, clock)
        self._planned_for: str | None = None
        self._limit = Limit()
        self._is_blind = False
        self._untold: frozenset[str] = frozenset()

    @property
    def status(self) -> PoolStatus:
        """How much is held, and for how many."""
        return self._following.status

    async def turn(self, *, timeout_seconds: float) -> Turn:
        """Look at the schema and at what changed. Raises SourceUnavailableError where Infrahub does not answer."""
        self._following.begin_turn()
        self._kinds.begin_turn()
        watch = self._watch
        wall = self._clock.wall()
        if self.probe is None or watch is None:
            return Turn(Kinds(self.source), self._following, wall, wall, followed=False, in_pieces=False)
        if self.is_followable is None:
            await self._both(self.schema.check, self._learn_followable)
        watched = self._following.kinds if self.is_followable else frozenset()
        at, wall = await self.probe.instant(), self._clock.wall()
        told = at - self._clock.monotonic()
        changes: Mapping[str, Change] | None = {}

        async def look() -> None:
            nonlocal changes
            if watched and self.schema.known == self._planned_for:
                changes = await self._look(watch, watched, at=at, timeout_seconds=timeout_seconds)

        await self._both(self.schema.check, look)
        later = (now := await self.probe.instant()) - self._clock.monotonic() - told
        if later < -RESOLUTION_SECONDS or (changes and later > _LATER_SECONDS):
            at, wall = now, self._clock.wall()
            if changes is not None:
                await look()
        if self._plan_afresh() or not watched or changes is None:
            return Turn(self._kinds, self._following, at, wall, followed=False, in_pieces=bool(self.is_followable))
        if not changes:
            await self.schema.check_if_cheap()
            if self._plan_afresh():
                return Turn(self._kinds, self._following, at, wall, followed=False, in_pieces=True)
        self._following.ask_again(at)
        return Turn(
            self._kinds,
            self._following,
            at,
            wall,
            followed=True,
            in_pieces=True,
            timeout_seconds=timeout_seconds,
            fresh=watch.take_fresh(),
        )

    async def _read_changed(self, kind: str, since: float, at: float) -> Arrived | None:
        return await self._following.read_changed(kind, since, at)

    async def _both(self, *works: Work) -> None:
        await (self.together or one_by_one)(works)

    async def _learn_followable(self) -> None:
        self.is_followable = None if self.probe is None else await self.probe.is_followable()

    async def lineages(self, kinds: Iterable[str]) -> frozenset[str] | None:
        """Name kinds and the generics that they inherit from; None where that cannot be told, as of an unknown kind."""
        try:
            return await self._kinds.lineages(kinds)
        except Exception:  # noqa: BLE001 - the next read tells what it is
            return None

    async def _look(
        self, watch: Watch, watched: frozenset[str], *, at: float, timeout_seconds: float
    ) -> Mapping[str, Change] | None:
        """Have learnt what changed and return it, None where that cannot be told.

        It is learnt before anything else can fail or end: the next look tells it no more.
        """
        try:
            with self._limit.on(timeout_seconds):
                changes = await watch.look(watched, at=at)
        except SourceUnavailableError:
            raise
        except ExporterError as error:
            if not self._is_blind:
                logger.warning("what changed cannot be told, reading everything instead: %s", error)
            self._is_blind = True
            self.schema.doubt()
            if isinstance(error, SetBackError):
                self._following.doubt()
            return None
        self._following.learn(changes)
        if self._is_blind:
            self._is_blind = False
            logger.info("what changed can be told again")
        self._tell(changes)
        return changes

    def _tell(self, changes: Mapping[str, Change]) -> None:
        """Say once of which kinds it cannot be told what changed, and when it can be again; at debug what changed."""
        untold = {kind: change.untold for kind, change in changes.items() if change.untold}
        for kind in untold.keys() - self._untold:
            logger.warning(
                "what changed of %s cannot be told, reading what depends on it whole: %s", kind, untold[kind]
            )
        for kind in self._untold - untold.keys():
            logger.info("what changed of %s can be told again", kind)
        self._untold = frozenset(untold)
        logger.debug("changed: %s", written(changes))

    def _plan_afresh(self) -> bool:
        """Forget what was planned for another schema and what was read for it; tell whether there was any."""
        before, self._planned_for = self._planned_for, self.schema.known
        if before is None or before == self._planned_for:
            return False
        logger.info("the schema has changed, reading everything again")
        self._kinds, self._following = Kinds(self.source), self._begun()
        return True

    def _begun(self) -> Following:
        return Following(self.source, None if self._watch is None else self._watch.start)
