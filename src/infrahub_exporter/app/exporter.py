"""The exporter: it keeps what it read well last, and refreshes it in the background."""

import logging
import math
from collections.abc import Callable, Collection, Sequence
from functools import partial
from types import TracebackType

import anyio
from anyio.abc import TaskGroup
from typing_extensions import Self

from infrahub_exporter.adapters.infrahub.concurrency import at_once
from infrahub_exporter.adapters.prometheus import END, Exposition, PrometheusSink, SnapshotCollector
from infrahub_exporter.adapters.telemetry import Telemetry
from infrahub_exporter.app.refreshing import succession
from infrahub_exporter.app.refreshing.background import Background
from infrahub_exporter.app.refreshing.debounce import Debounce
from infrahub_exporter.app.refreshing.entries.discoveries import DiscoveryEntry
from infrahub_exporter.app.refreshing.entries.handover import Handover
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pool import Pool, Source
from infrahub_exporter.app.refreshing.ports import Neighbour, Pusher, Store
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.app.refreshing.warm_start import WarmStart
from infrahub_exporter.app.refreshing.watched_document import Outline
from infrahub_exporter.domain.access.webhooks import Event
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec, UncoveredSpec
from infrahub_exporter.domain.errors import BadParameterError
from infrahub_exporter.domain.model import Snapshot, TargetGroup
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.status import ConfigStatus, Status
from infrahub_exporter.domain.views.discovery import Decision

logger = logging.getLogger("infrahub_exporter")

_CLOSING_SECONDS = 2.0
"""How long the last push and the farewell to Infrahub may take together: a service has 5 s in all to end."""
_FIRST_SECONDS = 3.0
"""How long the first request for a list waits for its first read: whoever asks gives up some time, too."""


class Exporter:
    """Infrahub's inventory, read in the background and ready to be handed out.

    `async with exporter:` starts the refreshes and ends them; without it, `refresh` does one round. No method but
    `refresh` and the very first `discovery` waits for Infrahub.
    """

    def __init__(
        self,
        *,
        metrics: Sequence[MetricSpec],
        series: Sequence[SeriesSpec] = (),
        collectors: Sequence[CollectorSpec] = (),
        prefix: str = "infrahub_",
        discoveries: Sequence[DiscoverySpec],
        source: Source,
        clock: Clock,
        poll_interval_seconds: float,
        version: str,
        concurrency: int = 1,
        overlap_seconds: float = 300.0,
        full_refresh_seconds: float = 3600.0,
        refresh_timeout_seconds: float = math.inf,
        pusher: Pusher | None = None,
        outline: Outline | None = None,
        neighbour: Neighbour | None = None,
        events: Debounce | None = None,
        guard: GuardSpec | None = None,
        limits: Limits | None = None,
        store: Store | None = None,
        source_id: str = "",
        config: Callable[[], ConfigStatus] | None = None,
        own_metrics: bool = True,
        figures: Figures | None = None,
        uncovered: Sequence[UncoveredSpec] = (),
    ) -> None:
        self._source = source
        self._config = config
        self._pusher = pusher
        self._neighbour = neighbour
        self._events = events
        self._source_id = source_id
        self._warm_start = WarmStart(store, source_id=source_id)
        self._text = PrometheusSink()
        self._shows_own = own_metrics
        self._clock = clock
        self._figures = figures or Figures()
        pool = Pool(
            source,
            clock=clock,
            overlap_seconds=overlap_seconds,
            together=partial(at_once, most=concurrency) if concurrency > 1 else None,
        )
        self._entries = Roster(
            metrics=metrics,
            series=series,
            collectors=collectors,
            prefix=prefix,
            discoveries=discoveries,
            pool=pool,
            clock=clock,
            outline=outline,
            overlap_seconds=overlap_seconds,
            full_refresh_seconds=full_refresh_seconds,
            guard=guard or GuardSpec(),
            limits=limits or Limits(),
            uncovered=uncovered,
        )
        self._inventory = Inventory(
            self._entries,
            pool=pool,
            sinks=(self._text,) if pusher is None else (self._text, pusher),
            clock=clock,
            full_refresh_seconds=full_refresh_seconds,
            refresh_timeout_seconds=refresh_timeout_seconds,
            figures=self._figures,
        )
        intervals = [entry.spec.refresh_interval_seconds for entry in self._entries.by_kind]
        intervals += [poll_interval_seconds] if self._entries.metrics or uncovered else []
        self._specs = tuple(discoveries)
        self._background = Background(
            self._inventory,
            clock=clock,
            rounds_seconds=min(intervals, default=None),
            poll_interval_seconds=poll_interval_seconds,
            neighbour=neighbour,
        )
        self.died = self._background.died
        """Set when a background loop has ended of an error."""
        self._tasks: TaskGroup | None = None
        self._stays: tuple[object, ...] | None = None
        self._has_ended = False
        self._telemetry = Telemetry(lambda: self.status, clock=clock, version=version)
        if pusher is not None:
            pusher.observe(self._telemetry.families)

    async def __aenter__(self) -> Self:
        if self._tasks is not None:
            raise RuntimeError("this exporter runs already")
        self._has_ended = False
        try:
            await self._warm_start.restore(self._inventory)
        except BaseException:
            await self._end()
            raise
        self._tasks = await anyio.create_task_group().__aenter__()
        live = self._background.live
        if self._warm_start.is_needed:
            self._tasks.start_soon(live, "store", partial(self._warm_start.keep, self._inventory, self._clock))
        self._tasks.start_soon(live, "lag", partial(self._figures.watch_lag, self._clock))
        self._background.start(self._tasks, self._events)
        if self._pusher is not None:
            self._tasks.start_soon(live, "otlp", self._pusher.run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        tasks, self._tasks = self._tasks, None
        if tasks is None:
            return None
        self._has_ended = True
        tasks.cancel_scope.cancel()
        try:
            return await tasks.__aexit__(kind, error, trace)
        finally:
            await self._end()

    async def _end(self) -> None:
        with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING_SECONDS):
            await self._close()

    @property
    def parts(self) -> tuple[object, ...]:
        """What has connections: the source and, where there is one, the push."""
        return (self._source,) if self._pusher is None else (self._source, self._pusher)

    def retire(self, stays: Sequence[object] = ()) -> None:
        """End, when it ends, for another exporter: of the parts what is in `stays` stays open, and nothing is saved."""
        self._stays = tuple(stays)

    def handover(self) -> Handover:
        """Return, after the end, what another exporter, built of a changed configuration, can go on from."""
        kept, saved = self._inventory.kept(), succession.saved(self._entries, self._source_id)
        return Handover(self._source, self._source_id, self._background.pressure, self._text.rendering, kept, saved)

    async def resume(self, left: Handover) -> None:
        """Go on, before the start, from what another exporter left.

        Of kinds and queries that read and derive the same the last good data is there at once, and where the source is
        the same object nothing of it is read again. Data of another Infrahub or branch is not taken.
        """
        if left.source_id != self._source_id:
            return
        self._background.pressure = left.pressure
        if left.source is self._source:
            self._text.go_on(left.rendering)
            await self._inventory.go_on(left.entries)
        else:
            await self._inventory.restore(left.saved)

    @property
    def snapshot(self) -> Snapshot:
        """Return what is published; empty before the first good read."""
        return self._inventory.snapshot

    @property
    def status(self) -> Status:
        """Return how every entry, the loops, Infrahub and the push are doing."""
        return Status(
            entries=self._entries.statuses,
            dead=tuple(self._background.dead),
            pushes=() if self._pusher is None else self._pusher.statuses,
            source=None if self._neighbour is None else self._neighbour.status(),
            store=self._warm_start.status,
            config=None if self._config is None else self._config(),
            poll_interval_seconds=self._background.rounds_seconds,
            round_seconds=self._inventory.round_seconds,
            pool=self._inventory.pool_status,
            loop_lag=self._figures.lag,
            change_age=self._figures.change_age,
            deliveries=dict(self._figures.deliveries),
            sizes=self._text.sizes,
            uncovered=self._entries.uncovered,
        )

    @property
    def discoveries(self) -> tuple[DiscoverySpec, ...]:
        """Return the configured discoveries."""
        return self._specs

    def metrics_body(self, format_: Format = Format.TEXT) -> bytes | None:
        """Return what `/metrics` serves: the snapshot's text and, unless that is left out, the exporter's own metrics.

        None before the first kind has been read well, unless no kind is configured. Joined at each call.
        """
        exposition = self.exposition(format_)
        return None if exposition is None else b"".join(exposition.plain)

    def exposition(self, format_: Format = Format.TEXT, names: Collection[str] | None = None) -> Exposition | None:
        """Return the same in chunks, plain and gzipped, without joining them; of families with these names alone."""
        inventory = self._text.exposition(format_, names)
        if self._entries.measures and inventory is None:
            return None
        end = END[format_]
        own = self._telemetry.text(format_, names) if self._shows_own or names is not None else end
        return (inventory or Exposition()).followed_by(own, is_settled=own == end)

    def metrics_text(self) -> str:
        """Return the text of `metrics_body`, that of the own metrics alone before the first good read."""
        return (self.metrics_body() or self.own_metrics_body()).decode()

    def own_metrics_body(self, format_: Format = Format.TEXT, names: Collection[str] | None = None) -> bytes:
        """Return the exporter's own metrics, of them those with these names."""
        return self._telemetry.text(format_, names)

    def collector(self) -> SnapshotCollector:
        """Return a collector of the snapshot for a host's own `prometheus_client` registry."""
        return SnapshotCollector(lambda: self.snapshot)

    def target_groups(self, name: str) -> tuple[TargetGroup, ...]:
        """Return the last good list of a discovery.

        Raises UnknownDiscoveryError, BadParameterError for one that cannot be read without parameters, and
        SourceUnavailableError or the error of the last attempt where none was good.
        """
        entry = self._entries.find(name)
        return entry.groups if entry.body() else ()

    async def discovery(self, name: str, parameters: Sequence[tuple[str, str]] = ()) -> bytes:
        """Return the body of `/sd/<name>`, the last good list; only before the first attempt's end it waits for that.

        `parameters` are those of the URL, each set of which has a list of its own; `format` names one of the formats
        that it is offered in. Raises as `target_groups`, and BadParameterError for what the discovery does not take.
        """
        return b"".join(await self.target_list(name, parameters))

    async def target_list(self, name: str, parameters: Sequence[tuple[str, str]] = ()) -> Sequence[bytes]:
        """Return the same in chunks, without joining them."""
        form, parameters = self._entries.take_format(name, parameters)
        entry = self._entries.find(name, parameters)
        if parameters and self._tasks is not None:
            self._background.run_apart(self._tasks)
        if entry.chunks is None and entry.status.success is None:
            await self._first_attempt(entry)
        if isinstance(entry.status.error, BadParameterError):
            self._entries.forget(entry)
        return entry.body(form)

    def explain(self, name: str) -> tuple[Decision, ...]:
        """Return the rows of a discovery that are no targets, each with its reason. Raises as `target_groups`."""
        entry = self._entries.find(name)
        return entry.left_out if entry.body() else ()

    async def refresh(self) -> None:
        """Read everything once, now, and publish it. What fails is in `status`; nothing is raised for it."""
        self._inventory.forgive()
        await self._background.round()
        for entry in self._entries.apart:
            await self._background.run(entry)

    def hurry(self) -> None:
        """Let the background refreshes look at once, instead of when they are due, and try again what was refused.

        They look again until they have read as of an instant after this one.
        """
        self._inventory.forgive()
        self._background.hurry(self._entries.apart, rows=True)

    def notice(self, event: Event) -> None:
        """Take an event of Infrahub's webhook: what it touches is looked at soon. Ignored where there is no webhook."""
        if self._events is not None:
            self._events.add(event)

    async def release(self, name: str) -> bool:
        """Publish what the shrink guard holds of a kind or a discovery; tell whether it held anything.

        Raises UnknownDiscoveryError for a name that neither has, DerivationError where a limit forbids it.
        """
        return await self._inventory.release(name)

    def let_go(self) -> None:
        """Let go of all who wait for a first list: the end is near, and they get the error that there is none yet."""
        self._entries.let_go()

    async def _close(self) -> None:
        stays = () if self._stays is None else self._stays
        async with anyio.create_task_group() as last:
            if self._stays is None:
                last.start_soon(self._save_last)
            if self._pusher is not None and not any(each is self._pusher for each in stays):
                last.start_soon(self._pusher.close, _CLOSING_SECONDS * 0.75)
        if not any(each is self._source for each in stays):
            await self._source.close()

    async def _save_last(self) -> None:
        with anyio.move_on_after(_CLOSING_SECONDS * 0.75):
            await self._warm_start.save(self._inventory, last=True)

    async def _first_attempt(self, entry: DiscoveryEntry) -> None:
        """Wait a little until a discovery has been tried once; try it where no background refresh does."""
        if self._has_ended:
            return
        if self._tasks is None:
            await self._inventory.attempt(entry)
            return
        with anyio.move_on_after(_FIRST_SECONDS):
            await entry.attempted.wait()
