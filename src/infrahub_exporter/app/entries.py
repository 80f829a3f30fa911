"""The entries of the configuration at work: each holds what it read well last, and how it is doing."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import anyio
import msgspec

from infrahub_exporter.adapters import http_sd
from infrahub_exporter.app.held import Held, Refreshed, Source, Turn
from infrahub_exporter.app.watched import WatchedDocument
from infrahub_exporter.domain import discovery, metrics
from infrahub_exporter.domain.blocks import Blocks
from infrahub_exporter.domain.collection import discover
from infrahub_exporter.domain.discovery import SKIP_REASONS, Decision
from infrahub_exporter.domain.errors import ExporterError
from infrahub_exporter.domain.model import Row, Sample, Section, TargetGroup
from infrahub_exporter.domain.paths import label_names
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.status import EntryStatus

logger = logging.getLogger("infrahub_exporter")
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


class MetricEntry(Attempts):
    """An entry of `metrics.kind`."""

    def __init__(self, name: str, spec: MetricSpec, *, source: Source, clock: Clock) -> None:
        super().__init__(EntryStatus("kind", name), clock)
        self.spec = spec
        self.held: Held[Sample] = Held(spec.kind, spec.include, spec.filters, derive=metrics.sample, source=source)
        self._label_names = label_names(spec.include)
        self._sections: tuple[Section, ...] = ()
        self._duplicates = 0

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return a section per block; one whose samples are the same stays the same object."""
        before = {id(section.samples): section for section in self._sections}
        self._sections = tuple(
            before.get(id(block)) or Section(self._label_names, block) for block in self.held.blocks.blocks if block
        )
        return self._sections

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the last good samples."""
        return await self.attempt(lambda: self.held.refresh(turn), self._counts)

    async def roll(self, share: float, *, at: float) -> bool:
        """Read a share again; tell whether anything differs. Raises SourceError."""
        return await self.held.roll(share, at=at)

    def published(self, duplicates: int) -> None:
        """Learn how many of the series an earlier entry had already."""
        self._duplicates = duplicates
        _, published, skipped = self._counts()
        self.status = msgspec.structs.replace(self.status, published=published, skipped=skipped)

    def _counts(self) -> Counts:
        nodes = len(self.held.blocks)
        return nodes, nodes - self._duplicates, {"duplicate": self._duplicates}


class DiscoveryEntry(Attempts):
    """A discovery: its last good list, as groups and as ready bytes. The first attempt can be waited for."""

    def __init__(self, spec: DiscoverySpec, clock: Clock) -> None:
        super().__init__(EntryStatus("query", spec.name), clock)
        self.spec = spec
        self.chunks: Sequence[bytes] | None = None
        self.lock = anyio.Lock()
        self.attempted = anyio.Event()
        self._decisions: Sequence[Decision] | Blocks[Decision] = ()
        self._counted: Counts = (0, 0, {})

    @property
    def groups(self) -> tuple[TargetGroup, ...]:
        """Return the last good list; None of `chunks` tells that there is none yet."""
        return tuple(decision.group for decision in self._decisions if decision.group is not None)

    def failed(self, error: ExporterError, seconds: float = 0.0) -> None:
        """Note a failure, which ends the wait for the first attempt too."""
        super().failed(error, seconds)
        self.attempted.set()

    def counts(self) -> Counts:
        """Return what the list was made of."""
        return self._counted

    def _count(self) -> None:
        skipped = Counter(decision.reason for decision in self._decisions if decision.reason is not None)
        published = len(self._decisions) - sum(skipped.values())
        self._counted = len(self._decisions), published, {reason: skipped[reason] for reason in SKIP_REASONS}


class QueryDiscovery(DiscoveryEntry):
    """A discovery by a GraphQL document, which is run when something that it reads has changed."""

    def __init__(self, spec: DiscoverySpec, document: WatchedDocument, *, source: Source, clock: Clock) -> None:
        super().__init__(spec, clock)
        self._document = document
        self._source = source

    async def refresh(self) -> None:
        """Run the query where that is due. A failure keeps the last good list."""
        await self.attempt(self._refresh, self.counts)
        self.attempted.set()

    async def _refresh(self) -> bool:
        due = self.status.error is not None or await self._document.is_due()
        if due:
            await self._document.began()
            found = await discover(self.spec, str(self.spec.document), queries=self._source)
            self._decisions, self.chunks = found.decisions, (http_sd.render(found.groups),)
            self._count()
            self._document.ended_well()
        return due


class KindDiscovery(DiscoveryEntry):
    """A discovery by kind: rows like a metric's."""

    def __init__(self, spec: DiscoverySpec, kind: str, *, source: Source, clock: Clock) -> None:
        super().__init__(spec, clock)
        self.held: Held[Decision] = Held(kind, discovery.paths(spec), spec.filters, derive=self._decide, source=source)
        self._decisions = self.held.blocks
        self._list = http_sd.TargetList()

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the last good list."""
        refreshed = await self.attempt(lambda: self._refresh(turn), self.counts)
        self.attempted.set()
        return refreshed

    async def roll(self, share: float, *, at: float) -> bool:
        """Read a share again; tell whether anything differs. Raises SourceError."""
        differs = await self.held.roll(share, at=at)
        if differs:
            self._render()
        return differs

    async def _refresh(self, turn: Turn) -> Refreshed:
        refreshed = await self.held.refresh(turn)
        if refreshed.changed:
            self._render()
        return refreshed

    def _render(self) -> None:
        self.chunks = self._list.render(self.held.blocks.blocks)
        self._count()

    def _decide(self, row: Row) -> Decision:
        return discovery.derive_rows(self.spec, (row,)).decisions[0]
