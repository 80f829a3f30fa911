"""What all entries have in common: how their reads go, and the guard before what they publish."""

import logging
import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

import msgspec

from infrahub_exporter.adapters.infrahub.request_names import ENTRY
from infrahub_exporter.app.refreshing.entries.handover import Kept
from infrahub_exporter.domain.counts import counted
from infrahub_exporter.domain.errors import ExporterError, SourceUnavailableError, UnexpectedError
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.backoff import Backoff, Outages
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.publication import Publication
from infrahub_exporter.domain.publishing.status import EntryStatus

logger = logging.getLogger("infrahub_exporter")
Item = TypeVar("Item")
Read = TypeVar("Read")
_NUMBER = re.compile(r"\d+")
_MESSAGES = 5
"""How many different messages of one outage are logged: it may fail in several ways by turns."""
Counts = tuple[int, int, Mapping[str, int]]
"""Nodes, published series or groups, and skipped nodes by reason."""


class Attempts:
    """An entry's status, with one log line per change of state. All entries of an Infrahub share their `outages`."""

    def __init__(self, status: EntryStatus, clock: Clock) -> None:
        self._clock = clock
        self._said: set[str] = set()
        self._backoff = Backoff()
        self._failed_at_well: int | None = None
        self.outages = Outages()
        self.status = status

    @property
    def is_backing_off(self) -> bool:
        """Tell whether this was refused, or did not fit, and is not to be tried again yet."""
        return not self._backoff.is_over(self._clock.monotonic(), well=self.outages.well)

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether this was refused, and perhaps nothing is wrong with it: an outage may refuse everything."""
        return bool(self._backoff.refusals) and self._backoff.in_doubt

    @property
    def is_forgiven(self) -> bool:
        """Tell whether this is in doubt, and something has gone well since: an outage may be over."""
        return self.is_in_doubt and self.outages.well > self._backoff.well

    def forgive(self) -> None:
        """Try again at the next turn, whatever was refused."""
        self._backoff = Backoff()

    async def attempt(
        self,
        read: Callable[[], Awaitable[Read]],
        counts: Callable[[], Counts],
        read_at: Callable[[Read], float] | None = None,
    ) -> Read | None:
        """Read and note how it went; None where it failed.

        `read_at` tells of what instant the data is, in unix seconds by the own clock; else it is that of the beginning.
        """
        at, began = self._clock.wall(), self._clock.monotonic()
        entry = ENTRY.set(f"{self.status.source} {self.status.name}")
        try:
            found = await read()
        except Exception as error:  # noqa: BLE001 - whatever a read ends in, what reads goes on
            now = self._clock.monotonic()
            if not isinstance(error, SourceUnavailableError):
                self._refused(error, now)
            self.failed(UnexpectedError.of(error), now - began)
            return None
        finally:
            ENTRY.reset(entry)
        seconds = self._clock.monotonic() - began
        nodes, published, skipped = counts()
        status = self.status.succeeded(
            at=at if read_at is None else read_at(found),
            duration_seconds=seconds,
            nodes=nodes,
            published=published,
            skipped=skipped,
        )
        self._succeeded(status)
        return found

    def failed(self, error: ExporterError, seconds: float = 0.0) -> None:
        """Note a failure; one that nobody foresaw is logged with its traceback.

        The error is kept without its traceback, whose frames would hold on to the answer that it came of.
        """
        before, self.status = self.status, self.status.failed(error, duration_seconds=seconds)
        self._failed_at_well = self.outages.well
        if self._is_news(str(error)):
            kept = "; its last good data stays" if before.succeeded_at is not None else ""
            cause = error.__cause__ if isinstance(error, UnexpectedError) else None
            logger.warning("%s %s cannot be read: %s%s", before.source, before.name, error, kept, exc_info=cause)
        error.__traceback__ = error.__cause__ = error.__context__ = None

    def _refused(self, error: Exception, now: float) -> None:
        """Wait longer each time, but begin anew where it is refused for another reason: someone is mending it."""
        well = self.outages.well
        went_well = self._failed_at_well is None and self.status.succeeded_at is not None
        in_doubt = went_well or well == (self._failed_at_well or 0)
        before = Backoff() if self._is_unheard_of(str(error)) else self._backoff
        self._backoff = before.refused(now, in_doubt=in_doubt, well=well)

    def _is_news(self, message: str) -> bool:
        """Tell whether a message has not been logged since all was well, and remember it."""
        is_news = self._is_unheard_of(message)
        self._said.update([_NUMBER.sub("", message)] if is_news else [])
        return is_news

    def _is_unheard_of(self, message: str) -> bool:
        """Tell whether a message is a new one; numbers in it do not make it that, and there are not many."""
        return _NUMBER.sub("", message) not in self._said and len(self._said) < _MESSAGES

    def _succeeded(self, status: EntryStatus) -> None:
        self._said.clear()
        self._backoff = Backoff()
        self._failed_at_well = None
        self.outages.went_well()
        before, self.status = self.status, status
        nodes = counted(status.nodes, "node")
        if before.error is not None:
            logger.info("%s %s is read well again: %s", status.source, status.name, nodes)
        elif before.succeeded_at is None:
            logger.info("%s %s is read: %s in %.2f s", status.source, status.name, nodes, status.duration_seconds)


class GuardedEntry(Attempts, Generic[Item]):
    """An entry with the guard between what it has read and what it publishes."""

    def __init__(self, status: EntryStatus, guard: GuardSpec, limits: Limits, clock: Clock) -> None:
        super().__init__(status, clock)
        self.publication: Publication[Item] = Publication(guard)
        self._limits = limits
        self._behind = False

    @property
    def is_behind(self) -> bool:
        """Tell whether what is published is not what was read: the guard holds it, or a limit forbids it."""
        return self._behind

    def release(self) -> bool:
        """Publish what the guard holds; tell whether it held anything."""
        if not self.publication.release():
            return False
        self._offer_again()
        return True

    def _kept(self) -> Kept[Item]:
        """Return what is published, for an entry that reads and derives the same."""
        shown = self.publication
        return Kept(shown.blocks, shown.count, shown.guard, self._limits, self._behind, self.status)

    def _go_on(self, kept: Kept[Item]) -> None:
        """Go on from what was published by an entry that reads and derives the same.

        Own guard and limits judge what comes.
        """
        same = self.publication.guard.spec == kept.guard.spec and self._limits == kept.limits
        self.publication.go_on(kept.blocks, kept.count, kept.guard)
        self._behind = kept.is_behind or not same
        self.status = msgspec.structs.replace(kept.status, name=self.status.name)

    @abstractmethod
    def _offer_again(self) -> None:
        """Offer what was read last once more."""

    def _offer(
        self,
        blocks: tuple[tuple[Item, ...], ...],
        count: int,
        *,
        verified: bool,
        check: Callable[[tuple[Item, ...]], None],
    ) -> bool:
        """Publish what was read unless the guard holds it. Raises DerivationError past a limit."""
        before, self._behind = self.publication.guard, True
        verdict = self.publication.offer(blocks, count, at=self._clock.wall(), verified=verified, check=check)
        self._behind = not verdict.publishes
        guard = self.publication.guard
        if before.hold is None and guard.hold is not None:
            logger.warning("%s %s is held: %s", self.status.source, self.status.name, guard.reason)
        elif before.hold is not None and guard.hold is None:
            logger.info("%s %s is no longer held: %s", self.status.source, self.status.name, verdict.value)
        if self.status.hold is not guard.hold:
            self.status = msgspec.structs.replace(self.status, hold=guard.hold)
        return verdict.publishes
