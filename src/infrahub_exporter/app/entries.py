"""The entries of the configuration at work: each holds what it read well last, and how it is doing."""

import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

import anyio
import msgspec

from infrahub_exporter.adapters import http_sd
from infrahub_exporter.app.held import Held, Refreshed, Source, Turn
from infrahub_exporter.app.watched import WatchedDocument
from infrahub_exporter.domain import discovery, metrics
from infrahub_exporter.domain.collection import discover
from infrahub_exporter.domain.discovery import SKIP_REASONS, Decision
from infrahub_exporter.domain.errors import ExporterError
from infrahub_exporter.domain.guard import GuardSpec
from infrahub_exporter.domain.limits import Limits
from infrahub_exporter.domain.model import Row, Sample, Section, TargetGroup
from infrahub_exporter.domain.paths import label_names
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publication import Publication
from infrahub_exporter.domain.saved import Saved, SavedKind, SavedList, fingerprint
from infrahub_exporter.domain.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.status import EntryStatus

logger = logging.getLogger("infrahub_exporter")
Item = TypeVar("Item")
Read = TypeVar("Read")
Counts = tuple[int, int, Mapping[str, int]]
"""Nodes, published series or groups, and skipped nodes by reason."""


class Attempts:
    """An entry's status, with one log line per change of state."""

    def __init__(self, status: EntryStatus, clock: Clock) -> None:
        self._clock = clock
        self.status = status

    async def attempt(self, read: Callable[[], Awaitable[Read]], counts: Callable[[], Counts]) -> Read | None:
        """Read and note how it went; None where it failed."""
        at, began = self._clock.wall(), self._clock.monotonic()
        try:
            found = await read()
        except ExporterError as error:
            self.failed(error, self._clock.monotonic() - began)
            return None
        seconds = self._clock.monotonic() - began
        nodes, published, skipped = counts()
        status = self.status.succeeded(
            at=at, duration_seconds=seconds, nodes=nodes, published=published, skipped=skipped
        )
        self._succeeded(status)
        return found

    def failed(self, error: ExporterError, seconds: float = 0.0) -> None:
        """Note a failure."""
        before, self.status = self.status, self.status.failed(error, duration_seconds=seconds)
        if str(before.error) != str(error):
            kept = "; its last good data stays" if before.succeeded_at is not None else ""
            logger.warning("%s %s cannot be read: %s%s", before.source, before.name, error, kept)

    def _succeeded(self, status: EntryStatus) -> None:
        before, self.status = self.status, status
        if before.error is not None:
            logger.info("%s %s is read well again: %d nodes", status.source, status.name, status.nodes)
        elif before.succeeded_at is None:
            logger.info(
                "%s %s is read: %d nodes in %.2f s", status.source, status.name, status.nodes, status.duration_seconds
            )


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
        self.status = msgspec.structs.replace(self.status, hold=guard.hold)
        return verdict.publishes


class MetricEntry(GuardedEntry[Sample]):
    """An entry of `metrics.kind`. `others` counts the series of the other entries, for the limit over all."""

    def __init__(
        self,
        name: str,
        spec: MetricSpec,
        *,
        source: Source,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
        others: Callable[["MetricEntry"], int],
    ) -> None:
        super().__init__(EntryStatus("kind", name), guard.overridden(spec.guard), limits, clock)
        self.spec = spec
        self.held: Held[Sample] = Held(spec.kind, spec.include, spec.filters, derive=metrics.sample, source=source)
        self._others = others
        self._label_names = label_names(spec.include)
        self._sections: tuple[Section, ...] = ()
        self._duplicates = 0

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return a section per published block; one whose samples are the same stays the same object."""
        before = {id(section.samples): section for section in self._sections}
        self._sections = tuple(
            before.get(id(block)) or Section(self._label_names, block) for block in self.publication.blocks if block
        )
        return self._sections

    def finder(self) -> Callable[[str], Sample | None]:
        """Return what finds a node's published sample by its id."""
        if not self.is_behind and self.status.success:
            return self.held.blocks.get
        return {each.id: each for block in self.publication.blocks for each in block}.get

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the last good samples."""
        return await self.attempt(lambda: self._refresh(turn), self._counts)

    async def roll(self, share: float, *, at: float) -> bool:
        """Read a share again; tell whether anything published differs. Raises SourceError, DerivationError."""
        return await self.held.roll(share, at=at) and self._offer_read(verified=False)

    def published(self, duplicates: int) -> None:
        """Learn how many of the series an earlier entry had already."""
        self._duplicates = duplicates
        _, published, skipped = self._counts()
        self.status = msgspec.structs.replace(self.status, published=published, skipped=skipped)

    def saved(self) -> SavedKind | None:
        """Return what is kept over a restart."""
        if self.status.succeeded_at is None:
            return None
        key = fingerprint(self.spec)
        return SavedKind(self.status.name, key, self.status.succeeded_at, self._label_names, self.publication.blocks)

    def restore(self, saved: Saved) -> bool:
        """Publish what was kept; tell whether there was anything."""
        kept = saved.find_kind(self.status.name, self.spec)
        if kept is None:
            return False
        count = sum(map(len, kept.blocks))
        self.publication.restore(kept.blocks, count)
        self._behind = True
        self.status = self.status.restored(read_at=kept.read_at, nodes=count, published=count)
        return True

    def _offer_again(self) -> None:
        self._offer_read(verified=False)

    async def _refresh(self, turn: Turn) -> Refreshed:
        refreshed = await self.held.refresh(turn)
        if not refreshed.changed and not self.is_behind:
            return refreshed
        hold = self.publication.guard.hold
        verified = refreshed.whole or (hold is not None and await self.held.agrees(at=turn.at))
        return msgspec.structs.replace(refreshed, changed=self._offer_read(verified=verified))

    def _offer_read(self, *, verified: bool) -> bool:
        count = len(self.held.blocks)
        self._limits.check_series(count, others=self._others(self))
        check = partial(self._limits.check_samples, self._label_names)
        return self._offer(self.held.blocks.blocks, count, verified=verified, check=check)

    def _counts(self) -> Counts:
        return len(self.held.blocks), self.publication.count - self._duplicates, {"duplicate": self._duplicates}


class DiscoveryEntry(GuardedEntry[Decision]):
    """A discovery: its last good list, as groups and as ready bytes. The first attempt can be waited for."""

    def __init__(self, spec: DiscoverySpec, clock: Clock, *, guard: GuardSpec, limits: Limits) -> None:
        super().__init__(EntryStatus("query", spec.name), guard.overridden(spec.guard), limits, clock)
        self.spec = spec
        self.chunks: Sequence[bytes] | None = None
        self.lock = anyio.Lock()
        self.attempted = anyio.Event()
        self._counted: Counts = (0, 0, {})

    @property
    def groups(self) -> tuple[TargetGroup, ...]:
        """Return the last good list; None of `chunks` tells that there is none yet."""
        return tuple(each.group for block in self.publication.blocks for each in block if each.group is not None)

    def failed(self, error: ExporterError, seconds: float = 0.0) -> None:
        """Note a failure, which ends the wait for the first attempt too."""
        super().failed(error, seconds)
        self.attempted.set()

    def counts(self) -> Counts:
        """Return what the list was made of."""
        return self._counted

    def saved(self) -> SavedList | None:
        """Return what is kept over a restart."""
        if self.status.succeeded_at is None:
            return None
        return SavedList(self.spec.name, fingerprint(self.spec), self.status.succeeded_at, self.publication.blocks)

    def restore(self, saved: Saved) -> bool:
        """Publish what was kept; tell whether there was anything."""
        kept = saved.find_list(self.spec)
        if kept is None:
            return False
        self.publication.restore(kept.blocks, sum(each.group is not None for block in kept.blocks for each in block))
        self._behind = True
        self._render()
        nodes, published, _ = self._counted
        self.status = self.status.restored(read_at=kept.read_at, nodes=nodes, published=published)
        return True

    def _offer_decisions(self, blocks: tuple[tuple[Decision, ...], ...], *, verified: bool) -> bool:
        count = sum(each.group is not None for block in blocks for each in block)
        published = self._offer(blocks, count, verified=verified, check=self._limits.check_decisions)
        if published:
            self._render()
        return published

    def _render(self) -> None:
        self.chunks = self._rendered()
        skipped = Counter(each.reason for block in self.publication.blocks for each in block if each.reason)
        nodes = sum(map(len, self.publication.blocks))
        self._counted = nodes, self.publication.count, {reason: skipped[reason] for reason in SKIP_REASONS}

    def _rendered(self) -> Sequence[bytes]:
        return (http_sd.render(self.groups),)


class QueryDiscovery(DiscoveryEntry):
    """A discovery by a GraphQL document, which is run when something that it reads has changed."""

    def __init__(
        self,
        spec: DiscoverySpec,
        document: WatchedDocument,
        *,
        source: Source,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
    ) -> None:
        super().__init__(spec, clock, guard=guard, limits=limits)
        self._document = document
        self._source = source
        self._found: tuple[tuple[Decision, ...], ...] = ()

    async def refresh(self) -> None:
        """Run the query where that is due. A failure keeps the last good list."""
        await self.attempt(self._refresh, self.counts)
        self.attempted.set()

    async def _refresh(self) -> bool:
        due = self.status.error is not None or self.is_behind or await self._document.is_due()
        if due:
            await self._document.began()
            found = await discover(self.spec, str(self.spec.document), queries=self._source)
            self._limits.check_nodes(len(found.decisions))
            self._found = (found.decisions,)
            self._offer_decisions(self._found, verified=True)
            self._document.ended_well()
        return due

    def _offer_again(self) -> None:
        self._offer_decisions(self._found, verified=False)


class KindDiscovery(DiscoveryEntry):
    """A discovery by kind: rows like a metric's."""

    def __init__(
        self, spec: DiscoverySpec, kind: str, *, source: Source, clock: Clock, guard: GuardSpec, limits: Limits
    ) -> None:
        super().__init__(spec, clock, guard=guard, limits=limits)
        self.held: Held[Decision] = Held(kind, discovery.paths(spec), spec.filters, derive=self._decide, source=source)
        self._list = http_sd.TargetList()

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the last good list."""
        refreshed = await self.attempt(lambda: self._refresh(turn), self.counts)
        self.attempted.set()
        return refreshed

    async def roll(self, share: float, *, at: float) -> bool:
        """Read a share again; tell whether anything published differs. Raises SourceError, DerivationError."""
        return await self.held.roll(share, at=at) and self._offer_decisions(self.held.blocks.blocks, verified=False)

    async def _refresh(self, turn: Turn) -> Refreshed:
        refreshed = await self.held.refresh(turn)
        if refreshed.changed or self.is_behind:
            hold = self.publication.guard.hold
            verified = refreshed.whole or (hold is not None and await self.held.agrees(at=turn.at))
            self._offer_decisions(self.held.blocks.blocks, verified=verified)
        return refreshed

    def _offer_again(self) -> None:
        self._offer_decisions(self.held.blocks.blocks, verified=False)

    def _rendered(self) -> Sequence[bytes]:
        return self._list.render(self.publication.blocks)

    def _decide(self, row: Row) -> Decision:
        return discovery.derive_rows(self.spec, (row,)).decisions[0]
