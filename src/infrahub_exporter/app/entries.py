"""The entries of the configuration at work: each holds what it read well last, and how it is doing."""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import anyio
import msgspec

from infrahub_exporter.adapters import http_sd
from infrahub_exporter.domain.collection import Kinds, collect, discover
from infrahub_exporter.domain.discovery import Discovery
from infrahub_exporter.domain.errors import ExporterError
from infrahub_exporter.domain.model import Section
from infrahub_exporter.domain.ports import Clock, NodeSource, QueryRunner, SchemaSource
from infrahub_exporter.domain.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.status import EntryStatus

logger = logging.getLogger("infrahub_exporter")
Read = TypeVar("Read")


class Source(NodeSource, QueryRunner, SchemaSource, Protocol):
    """An Infrahub: rows, answers and schema."""

    async def close(self) -> None:
        """Let go of connections; it may be used again afterwards."""
        ...


class _Entry:
    """An entry's status, with one log line per change of state."""

    def __init__(self, status: EntryStatus, clock: Clock) -> None:
        self._clock = clock
        self.status = status

    async def _attempt(self, read: Callable[[], Awaitable[Read]]) -> tuple[Read | None, float, float]:
        """Read; return what came, None where it failed, with the wall time of its beginning and its seconds."""
        at, began = self._clock.wall(), self._clock.monotonic()
        try:
            return await read(), at, self._clock.monotonic() - began
        except ExporterError as error:
            seconds = self._clock.monotonic() - began
            self._failed(error, seconds)
            return None, at, seconds

    def _failed(self, error: ExporterError, seconds: float) -> None:
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


class MetricEntry(_Entry):
    """An entry of `metrics.kind`."""

    def __init__(self, name: str, spec: MetricSpec, *, source: Source, clock: Clock) -> None:
        super().__init__(EntryStatus("kind", name), clock)
        self.spec = spec
        self.section: Section | None = None
        self._source = source

    async def refresh(self, kinds: Kinds) -> bool:
        """Read the entry; tell whether it went well. A failure keeps the last good section."""
        section, at, seconds = await self._attempt(lambda: collect(self.spec, nodes=self._source, kinds=kinds))
        if section is None:
            return False
        self.section = section
        nodes = len(section.samples)
        self._succeeded(
            self.status.succeeded(at=at, duration_seconds=seconds, nodes=nodes, published=nodes, skipped={})
        )
        return True

    def published(self, duplicates: int) -> None:
        """Learn how many of the series an earlier entry had already."""
        self.status = msgspec.structs.replace(
            self.status, published=self.status.nodes - duplicates, skipped={"duplicate": duplicates}
        )


class DiscoveryEntry(_Entry):
    """A discovery: its last good list, as groups and as ready bytes."""

    def __init__(self, spec: DiscoverySpec, *, source: Source, clock: Clock) -> None:
        super().__init__(EntryStatus("query", spec.name), clock)
        self.spec = spec
        self.discovery: Discovery | None = None
        self.body = b""
        self._source = source
        self._lock = anyio.Lock()

    async def first_attempt(self) -> None:
        """Wait until the discovery has been tried once; try it where nobody does."""
        async with self._lock:
            if self.status.success is None:
                await self._refresh()

    async def refresh(self) -> None:
        """Read the discovery. A failure keeps the last good list."""
        async with self._lock:
            await self._refresh()

    async def _refresh(self) -> None:
        found, at, seconds = await self._attempt(self._discover)
        if found is None:
            return
        self.discovery, self.body = found, http_sd.render(found.groups)
        self._succeeded(
            self.status.succeeded(
                at=at,
                duration_seconds=seconds,
                nodes=len(found.decisions),
                published=len(found.groups),
                skipped=found.skipped,
            )
        )

    async def _discover(self) -> Discovery:
        source = self._source
        return await discover(self.spec, nodes=source, queries=source, kinds=Kinds(source))
