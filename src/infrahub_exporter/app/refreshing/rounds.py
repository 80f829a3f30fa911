"""A round: one look at what changed, then a turn for every entry that is read as rows."""

import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from infrahub_exporter.app.refreshing.entries.discoveries import KindDiscovery
from infrahub_exporter.app.refreshing.entries.measured import MeasuredEntry
from infrahub_exporter.app.refreshing.entries.uncovered import UncoveredEntry
from infrahub_exporter.app.refreshing.pool import Limit, Pool, Turn, answers
from infrahub_exporter.app.refreshing.visibility import Visibility
from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceUnavailableError, UnexpectedError
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.backoff import Outages
from infrahub_exporter.domain.replica.concurrency import Together

logger = logging.getLogger("infrahub_exporter")

RowEntry = MeasuredEntry | KindDiscovery | UncoveredEntry

_PAUSES = 9
"""How many times as long as publishing took none follows within a round: it costs as much as there are entries."""


class Rounds:
    """Read the entries round after round: everything at first, then what changed, where the source can tell."""

    def __init__(
        self,
        entries: Sequence[RowEntry],
        *,
        pool: Pool,
        clock: Clock,
        full_refresh_seconds: float,
        refresh_timeout_seconds: float = math.inf,
        outages: Outages | None = None,
    ) -> None:
        self._entries = tuple(entries)
        self._outages = outages or Outages()
        for entry in self._entries:
            entry.outages = self._outages
        self._pool = pool
        self._clock = clock
        self._full_refresh_seconds = full_refresh_seconds
        self._refresh_timeout_seconds = refresh_timeout_seconds
        self._turn: Turn | None = None
        self._first = 0
        self._visibility = Visibility(clock)
        self._ended = False
        self._limit = Limit()
        self._publish_after = -math.inf

    async def run(self, publish: Callable[[], Awaitable[None]]) -> bool:
        """Give every entry its turn; tell whether anything is new.

        An entry read whole is published at once, unless publishing has lately taken much of the time.
        """
        self._ended = False
        try:
            turn = await self._pool.turn(timeout_seconds=self._refresh_timeout_seconds)
        except Exception as error:  # noqa: BLE001 - whatever a read ends in, what reads goes on
            for entry in self._entries:
                entry.failed(UnexpectedError.of(error))
            self._pool.rolled_at = None
            return False
        if self._turn is not None and self._turn.following is not turn.following:
            self.forgive()
        self._turn = turn
        self._visibility.learn(turn.fresh, at=turn.at)
        order = [*self._entries[self._first :], *self._entries[: self._first]]
        self._first = 0
        if turn.followed or (any(map(_is_waiting, order)) and await answers(self._pool.source)):
            self._outages.went_well()
        await self._plan(order, turn)
        changed = await self._take_turns(order, turn, publish)
        if changed and self._is_rolling:
            await publish()  # what it shows does not wait for what may hang
            changed = False
        return changed | await self._roll(turn) if self._ended else changed

    async def _take_turns(self, order: Sequence[RowEntry], turn: Turn, publish: Callable[[], Awaitable[None]]) -> bool:
        """Refresh one after the other, to the end unless Infrahub sheds load; tell whether anything is new.

        Where several questions may be asked at once, what changed is read for all of them before, and the nodes of an
        entry that has not been read yet while the one before is read to its end.
        """
        changed = False
        taking = [entry for entry in order if not _is_put_off(entry)]
        together = self._pool.together
        if together is not None:
            await self._ahead(taking, turn, together)

        async def take(entry: RowEntry) -> None:
            nonlocal changed
            refreshed = await entry.refresh(turn)
            if refreshed is None:
                return
            if refreshed.whole or refreshed.changed:
                how = "whole" if refreshed.whole else "what changed"
                logger.debug("%s %s: read %s", entry.status.source, entry.status.name, how)
            changed |= refreshed.changed or refreshed.whole
            if refreshed.whole and self._clock.monotonic() >= self._publish_after:
                await self._publish(publish)
                changed = False

        for position, entry in enumerate(taking):
            upcoming = [each for each in taking[position + 1 : position + 2] if each.derived.followed(turn) is None]
            if together is None or not upcoming:
                await take(entry)
            else:
                await together([partial(take, entry), *(partial(each.derived.begin, turn) for each in upcoming)])
            if _is_shed(entry.status.error):
                self._end_early(entry.status.error, order[order.index(entry) + 1 :])
                return changed
        self._ended = True
        return changed

    async def _ahead(self, entries: Sequence[RowEntry], turn: Turn, together: Together) -> None:
        """Read at once what changed for all entries; what fails, or has no time, is left to their turns."""
        if views := [view for entry in entries if (view := entry.derived.followed(turn)) is not None]:
            try:
                with self._limit.on(turn.timeout_seconds):
                    await turn.following.ahead(views, at=turn.at, together=together)
            except SourceUnavailableError:
                return
        if entries:
            await entries[0].derived.begin(turn)

    async def _publish(self, publish: Callable[[], Awaitable[None]]) -> None:
        began = self._clock.monotonic()
        await publish()
        ended = self._clock.monotonic()
        self._publish_after = ended + (ended - began) * _PAUSES

    @property
    def is_available(self) -> bool:
        """Tell whether Infrahub could answer all that the last round asked for, be it with a refusal."""
        return not any(isinstance(entry.status.error, SourceUnavailableError) for entry in self._entries)

    def take_ages(self) -> Mapping[float, int]:
        """Return, once, how old the changes are that the last round made visible, to be asked when it is published.

        Those of a kind wait as long as an entry that reads it has not come so far, or is held.
        """
        return self._visibility.published(self._lags) if self._ended else {}

    def _lags(self, kind: str) -> bool:
        read = [each for each in self._entries if each.status.succeeded_at is not None]
        late = [each for each in read if not each.status.success or each.is_behind]
        return any(each.derived.reads(frozenset({kind})) for each in late)

    def go_on(self, pool: Pool) -> None:
        """Go on with the rows of a pool over the same source."""
        self._pool = pool

    def forgive(self) -> None:
        """Try everything again at the next round, whatever was refused."""
        for entry in self._entries:
            entry.forgive()

    def read_any(self, kinds: frozenset[str]) -> bool:
        """Tell whether an entry depends on any of these kinds, or may do so."""
        return any(entry.derived.reads(kinds) for entry in self._entries)

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

    @staticmethod
    async def _plan(entries: Iterable[RowEntry], turn: Turn) -> None:
        """Plan for all before anything is read, so that what several need is read once; let go of what none needs."""
        planned = [entry for entry in entries if not _is_put_off(entry)]
        with suppress(Exception):  # who plans hears of it
            while wanted := frozenset[str]().union(*(entry.derived.lacks(turn) for entry in planned)):
                await turn.kinds.learn(wanted)
        for entry in planned:
            if not await entry.derived.prepare(turn):
                return
        turn.following.tidy()

    @property
    def _is_rolling(self) -> bool:
        return self._pool.probe is not None and bool(self._pool.is_followable)

    async def _roll(self, turn: Turn) -> bool:
        """Read again what is due, for what no probe sees: everything in turn within `full_refresh_seconds`.

        It is read at the turn's own instant: rows of a later one beside peers of this one have never been true.
        """
        pool = self._pool
        if not self._is_rolling:
            return False
        now = self._clock.monotonic()
        share = 0.0 if pool.rolled_at is None else min(1.0, (now - pool.rolled_at) / self._full_refresh_seconds)
        pool.rolled_at = now
        turn.following.save_up(share)
        changed = False
        for entry in self._entries:
            if entry.status.success:
                try:
                    changed |= await entry.roll(at=turn.at)
                except Exception as error:  # noqa: BLE001 - as above
                    entry.failed(failure := UnexpectedError.of(error))
                    if _is_shed(failure):
                        break
        return changed


def _is_put_off(entry: RowEntry) -> bool:
    """Tell whether an entry waits until what was refused is tried again.

    One that was read, but does not fit, does not wait: following it is cheap.
    """
    is_cheap = isinstance(entry.status.error, DerivationError) and entry.derived.is_followed
    return entry.is_backing_off and not is_cheap


def _is_waiting(entry: RowEntry) -> bool:
    """Tell whether an entry waits for anything to go well."""
    return entry.is_in_doubt and entry.is_backing_off


def _is_shed(error: ExporterError | None) -> bool:
    return isinstance(error, SourceUnavailableError) and error.is_shed
