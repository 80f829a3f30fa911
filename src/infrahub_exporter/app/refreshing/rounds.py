"""A round: one look at what changed, then a turn for every entry that is read as rows."""

import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from infrahub_exporter.app.refreshing.discoveries import KindDiscovery
from infrahub_exporter.app.refreshing.entries import MetricEntry
from infrahub_exporter.app.refreshing.held import Limit, Source, Turn
from infrahub_exporter.app.refreshing.visibility import Visibility
from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceUnavailableError
from infrahub_exporter.domain.ports import ChangeProbe, Clock
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.watching import Change, Watch

logger = logging.getLogger("infrahub_exporter")

_SCHEMA_SECONDS = 60.0
"""How often the schema is asked for its hash, at most."""

RowEntry = MetricEntry | KindDiscovery


class Rounds:
    """Read the entries round after round: everything at first, then what changed, where the source can tell."""

    def __init__(
        self,
        entries: Sequence[RowEntry],
        *,
        source: Source,
        clock: Clock,
        overlap_seconds: float,
        full_refresh_seconds: float,
        refresh_timeout_seconds: float = math.inf,
    ) -> None:
        self._entries = tuple(entries)
        self._source = source
        self._clock = clock
        self._full_refresh_seconds = full_refresh_seconds
        self._refresh_timeout_seconds = refresh_timeout_seconds
        self._probe = source if isinstance(source, ChangeProbe) else None
        self._watch = None if self._probe is None else Watch(self._probe, overlap_seconds=overlap_seconds)
        self._kinds = Kinds(source)
        self._fingerprint: str | None = None
        self._schema_at: float | None = None
        self._rolled_at: float | None = None
        self._followable: bool | None = None
        self._limit = Limit()
        self._first = 0
        self._is_blind = False
        self._visibility = Visibility(clock)
        self._ended = False

    def inherit(self, former: "Rounds") -> None:
        """Go on from rounds over the same source: what they know of its schema and its changes stays known."""
        self._watch, self._kinds, self._limit = former._watch, former._kinds, former._limit  # noqa: SLF001 - of its own class
        self._fingerprint, self._schema_at = former._fingerprint, former._schema_at  # noqa: SLF001 - of its own class
        self._rolled_at, self._followable = former._rolled_at, former._followable  # noqa: SLF001 - of its own class
        self._is_blind = former._is_blind  # noqa: SLF001 - of its own class

    async def run(self, publish: Callable[[], Awaitable[None]]) -> bool:
        """Give every entry its turn; tell whether anything is new. An entry read whole is published at once."""
        self._ended = False
        try:
            turn, changes = await self._prepare()
        except ExporterError as error:
            for entry in self._entries:
                entry.failed(error)
            self._rolled_at = None
            return False
        for entry in self._entries:
            entry.held.learn(changes)
        changed = False
        order = (*self._entries[self._first :], *self._entries[: self._first])
        self._first = 0
        for position, entry in enumerate(order):
            if _is_put_off(entry):
                continue
            refreshed = await entry.refresh(turn)
            read_at = entry.held.take_read_at()  # also where what was read is not published
            if read_at is not None and self._watch is not None:
                self._watch.start(read_at)
            if refreshed is None:
                if _is_shed(entry.status.error):
                    self._end_early(entry.status.error, order[position + 1 :])
                    return changed
                continue
            if refreshed.whole:
                await publish()
            changed |= refreshed.changed and not refreshed.whole
        self._ended = True
        return changed | await self._roll()

    def take_ages(self) -> Mapping[float, int]:
        """Return, once, how old the changes are that the last round made visible: none while an entry lags behind.

        To be called when what it brought has been published.
        """
        is_visible = self._ended and all(each.status.success and not each.is_behind for each in self._entries)
        return self._visibility.published() if is_visible else {}

    def forgive(self) -> None:
        """Try everything again at the next round, whatever was refused."""
        for entry in self._entries:
            entry.forgive()

    async def lineages(self, kinds: Iterable[str]) -> frozenset[str] | None:
        """Name kinds and the generics that they inherit from; None where that cannot be told, as of an unknown kind."""
        try:
            return await self._kinds.lineages(kinds)
        except ExporterError:
            return None

    def read_any(self, kinds: frozenset[str]) -> bool:
        """Tell whether an entry depends on any of these kinds, or may do so."""
        return any(entry.held.reads(kinds) for entry in self._entries)

    def _end_early(self, error: ExporterError | None, left: Sequence[RowEntry]) -> None:
        """Leave an overloaded Infrahub alone: the entries that are left keep what they have, and begin the next round.

        Who waits for the first read of one hears of it.
        """
        if not left:
            return
        self._first = self._entries.index(left[0])
        for entry in left:
            if error is not None and entry.status.success is None:
                entry.failed(error)

    async def _prepare(self) -> tuple[Turn, Mapping[str, Change]]:
        """Look at the schema and at what changed. Raises SourceUnavailableError where Infrahub does not answer."""
        if self._probe is None or self._watch is None:
            return Turn(Kinds(self._source), self._clock.wall(), followed=False, in_pieces=False), {}
        await self._check_schema()
        if self._followable is None:
            self._followable = await self._probe.is_followable()
        at = await self._probe.instant()
        whole = Turn(self._kinds, at, followed=False, in_pieces=self._followable)
        watched = frozenset().union(*(entry.held.kinds for entry in self._entries))
        if not watched:
            return whole, {}
        try:
            with self._limit.on(self._refresh_timeout_seconds):
                changes = await self._watch.look(watched, at=at)
            self._visibility.learn(self._watch.take_fresh(), at=at)
        except SourceUnavailableError:
            raise
        except ExporterError as error:
            if not self._is_blind:
                logger.warning("what changed cannot be told, reading everything instead: %s", error)
            self._is_blind, self._schema_at = True, None
            return whole, {}
        if self._is_blind:
            self._is_blind = False
            logger.info("what changed can be told again")
        timeout_seconds = self._refresh_timeout_seconds
        return Turn(self._kinds, at, followed=True, in_pieces=True, timeout_seconds=timeout_seconds), changes

    async def _check_schema(self) -> None:
        """Plan afresh when the schema's hash differs, which is asked for once a minute."""
        now = self._clock.monotonic()
        if self._schema_at is not None and now - self._schema_at < _SCHEMA_SECONDS:
            return
        fingerprint = await self._source.fingerprint()
        self._schema_at = now
        if self._fingerprint is not None and fingerprint != self._fingerprint:
            logger.info("the schema has changed, reading everything again")
            self._kinds = Kinds(self._source)
            for entry in self._entries:
                entry.held.replan()
                entry.forgive()
        self._fingerprint = fingerprint

    async def _roll(self) -> bool:
        """Read again what is due, for what no probe sees: everything in turn within `full_refresh_seconds`."""
        if self._probe is None or not self._followable:
            return False
        now = self._clock.monotonic()
        share = 0.0 if self._rolled_at is None else min(1.0, (now - self._rolled_at) / self._full_refresh_seconds)
        self._rolled_at = now
        changed = False
        for entry in self._entries:
            if entry.status.success:
                try:
                    changed |= await entry.roll(share, at=await self._probe.instant())
                except ExporterError as error:
                    entry.failed(error)
                    if _is_shed(error):
                        break
        return changed


def _is_put_off(entry: RowEntry) -> bool:
    """Tell whether an entry waits until what was refused is tried again.

    One that was read, but does not fit, does not wait: following it is cheap.
    """
    is_cheap = isinstance(entry.status.error, DerivationError) and bool(entry.held.kinds)
    return entry.is_backing_off and not is_cheap


def _is_shed(error: ExporterError | None) -> bool:
    return isinstance(error, SourceUnavailableError) and error.is_shed
