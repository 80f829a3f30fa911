"""The exporter: it keeps what it read well last, and refreshes it in the background."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Protocol

import anyio
from anyio.abc import TaskGroup
from typing_extensions import Self

from infrahub_exporter.adapters.prometheus import Exposition, PrometheusSink, SnapshotCollector
from infrahub_exporter.adapters.telemetry import Telemetry
from infrahub_exporter.app.entries import DiscoveryEntry, KindDiscovery, MetricEntry, QueryDiscovery
from infrahub_exporter.app.held import Source
from infrahub_exporter.app.rounds import Rounds
from infrahub_exporter.app.watched import Outline, WatchedDocument
from infrahub_exporter.domain.collection import entry_names
from infrahub_exporter.domain.errors import SourceUnavailableError, UnknownDiscoveryError
from infrahub_exporter.domain.metrics import Assembly, Entry, assemble
from infrahub_exporter.domain.model import Snapshot, TargetGroup
from infrahub_exporter.domain.ports import Clock, SnapshotSink
from infrahub_exporter.domain.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.status import PushStatus, Status

logger = logging.getLogger("infrahub_exporter")

_CLOSING_SECONDS = 2.0
"""How long the last push and the farewell to Infrahub may take together: a service has 5 s in all to end."""


class Pusher(SnapshotSink, Protocol):
    """A sink that works in the background."""

    @property
    def status(self) -> PushStatus:
        """Tell what became of the pushes."""
        ...

    async def run(self) -> None:
        """Push until cancelled."""
        ...

    async def close(self, timeout_seconds: float) -> None:
        """Push once more and let go, within a time."""
        ...


class Exporter:
    """Infrahub's inventory, read in the background and ready to be handed out.

    `async with exporter:` starts the refreshes and ends them; without it, `refresh` does one round. No method but
    `refresh` and the very first `discovery` waits for Infrahub.
    """

    def __init__(
        self,
        *,
        metrics: Sequence[MetricSpec],
        discoveries: Sequence[DiscoverySpec],
        source: Source,
        clock: Clock,
        poll_interval_seconds: float,
        overlap_seconds: float = 300.0,
        full_refresh_seconds: float = 3600.0,
        version: str,
        pusher: Pusher | None = None,
        outline: Outline | None = None,
    ) -> None:
        self._clock = clock
        self._source = source
        self._pusher = pusher
        self._text = PrometheusSink()
        self._sinks: tuple[SnapshotSink, ...] = (self._text,) if pusher is None else (self._text, pusher)
        names = entry_names(spec.kind for spec in metrics)
        self._metrics = tuple(
            MetricEntry(name, spec, source=source, clock=clock) for name, spec in zip(names, metrics, strict=True)
        )
        self._discoveries: dict[str, DiscoveryEntry] = {}
        for spec in discoveries:
            if spec.document is None:
                entry: DiscoveryEntry = KindDiscovery(spec, str(spec.kind), source=source, clock=clock)
            else:
                document = WatchedDocument(
                    spec.document,
                    source=source,
                    clock=clock,
                    outline=outline,
                    overlap_seconds=overlap_seconds,
                    full_refresh_seconds=full_refresh_seconds,
                )
                entry = QueryDiscovery(spec, document, source=source, clock=clock)
            self._discoveries[spec.name] = entry
        self._queries = [entry for entry in self._discoveries.values() if isinstance(entry, QueryDiscovery)]
        by_kind = [entry for entry in self._discoveries.values() if isinstance(entry, KindDiscovery)]
        self._rounds = Rounds(
            (*by_kind, *self._metrics),
            source=source,
            clock=clock,
            overlap_seconds=overlap_seconds,
            full_refresh_seconds=full_refresh_seconds,
        )
        intervals = [entry.spec.refresh_interval_seconds for entry in by_kind]
        self._round_seconds = min([poll_interval_seconds] * bool(metrics) + intervals, default=None)
        self._turn = anyio.Lock()
        self._assembly = Assembly()
        self._snapshot = Snapshot()
        self._dead: list[str] = []
        self._tasks: TaskGroup | None = None
        self._telemetry = Telemetry(lambda: self.status, clock=clock, version=version)

    async def __aenter__(self) -> Self:
        if self._tasks is not None:
            raise RuntimeError("this exporter runs already")
        self._tasks = await anyio.create_task_group().__aenter__()
        if self._round_seconds is not None:
            self._tasks.start_soon(self._live, "rounds", _every(self._round_seconds, self._round, self._clock))
        for entry in self._queries:
            follow = _every(entry.spec.refresh_interval_seconds, partial(self._run_query, entry), self._clock)
            self._tasks.start_soon(self._live, f"query {entry.spec.name}", follow)
        if self._pusher is not None:
            self._tasks.start_soon(self._live, "otlp", self._pusher.run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        tasks, self._tasks = self._tasks, None
        if tasks is None:
            return None
        tasks.cancel_scope.cancel()
        try:
            return await tasks.__aexit__(kind, error, trace)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING_SECONDS):
                if self._pusher is not None:
                    await self._pusher.close(_CLOSING_SECONDS * 0.75)
                await self._source.close()

    @property
    def snapshot(self) -> Snapshot:
        """Return what is published; empty before the first good read."""
        return self._snapshot

    @property
    def status(self) -> Status:
        """Return how every entry, the loops and the push are doing."""
        entries = (*self._metrics, *self._discoveries.values())
        push = None if self._pusher is None else self._pusher.status
        return Status(tuple(entry.status for entry in entries), tuple(self._dead), push)

    @property
    def discoveries(self) -> tuple[DiscoverySpec, ...]:
        """Return the configured discoveries."""
        return tuple(entry.spec for entry in self._discoveries.values())

    def metrics_body(self) -> bytes | None:
        """Return what `/metrics` serves: the snapshot's text and the exporter's own metrics (text format 0.0.4).

        None before the first kind has been read well, unless no kind is configured. Joined at each call.
        """
        exposition = self.exposition()
        return None if exposition is None else b"".join(exposition.plain)

    def exposition(self) -> Exposition | None:
        """Return the same in chunks, plain and gzipped, without joining them."""
        inventory = self._text.exposition
        if self._metrics and inventory is None:
            return None
        return (inventory or Exposition()).followed_by(self._telemetry.text())

    def metrics_text(self) -> str:
        """Return the text of `metrics_body`, that of the own metrics alone before the first good read."""
        return (self.metrics_body() or self.own_metrics_body()).decode()

    def own_metrics_body(self) -> bytes:
        """Return the exporter's own metrics (text format 0.0.4)."""
        return self._telemetry.text()

    def collector(self) -> SnapshotCollector:
        """Return a collector of the snapshot for a host's own `prometheus_client` registry."""
        return SnapshotCollector(lambda: self._snapshot)

    def target_groups(self, name: str) -> tuple[TargetGroup, ...]:
        """Return the last good list of a discovery.

        Raises UnknownDiscoveryError, and SourceUnavailableError or the error of the last attempt where none was good.
        """
        entry = self._discovery(name)
        _list_of(entry)
        return entry.groups

    async def discovery(self, name: str) -> bytes:
        """Return the body of `/sd/<name>`, the last good list; only before the first attempt's end it waits for that.

        Raises as `target_groups`.
        """
        return b"".join(await self.target_list(name))

    async def target_list(self, name: str) -> Sequence[bytes]:
        """Return the same in chunks, without joining them."""
        entry = self._discovery(name)
        if entry.status.success is None:
            await self._first_attempt(entry)
        return _list_of(entry)

    def release(self) -> None:
        """Let go of all who wait for a first list: the end is near, and they get the error that there is none yet."""
        for entry in self._discoveries.values():
            entry.attempted.set()

    async def refresh(self) -> None:
        """Read everything once, now, and publish it. What fails is in `status`; nothing is raised for it."""
        await self._round()
        for entry in self._queries:
            await self._run_query(entry)

    def _discovery(self, name: str) -> DiscoveryEntry:
        try:
            return self._discoveries[name]
        except KeyError:
            raise UnknownDiscoveryError(f"no discovery {name!r} is configured") from None

    async def _live(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run a loop that ends by cancellation only; if it dies of anything else, say so and be unready."""
        try:
            await loop()
        except Exception:
            logger.exception("the %s loop has died, the exporter is no longer ready", name)
            self._dead.append(name)

    async def _round(self) -> None:
        async with self._turn:
            if await self._rounds.run(self._publish):
                await self._publish()

    async def _run_query(self, entry: QueryDiscovery) -> None:
        async with entry.lock:
            await entry.refresh()

    async def _first_attempt(self, entry: DiscoveryEntry) -> None:
        """Wait until a discovery has been tried once; try it where no background refresh does."""
        if self._tasks is not None:
            await entry.attempted.wait()
        elif isinstance(entry, QueryDiscovery):
            async with entry.lock:
                if entry.status.success is None:
                    await entry.refresh()
        else:
            async with self._turn:
                if entry.status.success is None and await self._rounds.run(self._publish):
                    await self._publish()

    async def _publish(self) -> None:
        read = [entry for entry in self._metrics if entry.status.succeeded_at is not None]
        if not read:
            return
        entries = [Entry(entry.spec, entry.sections, entry.held.blocks.get) for entry in read]
        self._assembly = assemble(entries, self._assembly)
        for entry, duplicates in zip(read, self._assembly.duplicates, strict=True):
            entry.published(duplicates)
        at = max(entry.status.succeeded_at or 0.0 for entry in read)
        self._snapshot = Snapshot(self._assembly.families, at)
        for sink in self._sinks:
            await sink.publish(self._snapshot)


def _list_of(entry: DiscoveryEntry) -> Sequence[bytes]:
    """Return a discovery's last good list; raise where there is none yet."""
    if entry.chunks is None:
        raise entry.status.error or SourceUnavailableError(f"discovery {entry.spec.name!r} has not been read yet")
    return entry.chunks


def _every(seconds: float, work: Callable[[], Awaitable[None]], clock: Clock) -> Callable[[], Awaitable[None]]:
    """Work at each interval's start; work that takes longer is followed by the next at once, never overlapped."""

    async def loop() -> None:
        while True:
            began = clock.monotonic()
            await work()
            await anyio.sleep(max(0.0, began + seconds - clock.monotonic()))

    return loop
