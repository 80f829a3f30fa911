"""A round: one look at what changed, then a turn for every entry that is read as rows."""

import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

from infrahub_exporter.app.entries import KindDiscovery, MetricEntry
from infrahub_exporter.app.held import Source, Turn, limited
from infrahub_exporter.domain.collection import Kinds
from infrahub_exporter.domain.errors import ExporterError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.ports import ChangeProbe, Clock
from infrahub_exporter.domain.watching import Change, Watch

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

    async def run(self, publish: Callable[[], Awaitable[None]]) -> bool:
        """Give every entry its turn; tell whether anything is new. An entry read whole is published at once."""
        try:
            turn, changes = await self._prepare()
        except ExporterError as error:
            for entry in self._entries:
                entry.failed(error)
            return False
        changed = False
        for entry in self._entries:
            entry.held.learn(changes)
            refreshed = await entry.refresh(turn)
            if refreshed is None:
                continue
            if refreshed.whole:
                if self._watch is not None:
                    self._watch.start(refreshed.at)
                await publish()
            changed |= refreshed.changed and not refreshed.whole
        return changed | await self._roll()

    async def _prepare(self) -> tuple[Turn, Mapping[str, Change]]:
        """Look at the schema and at what changed. Raises SourceUnavailableError where Infrahub does not answer."""
        if self._probe is None or self._watch is None:
            return Turn(Kinds(self._source), self._clock.wall(), followed=False), {}
        await self._check_schema()
        if self._followable is None:
            self._followable = await self._probe.is_followable()
        at = await self._probe.instant()
        watched = frozenset().union(*(entry.held.kinds for entry in self._entries))
        if not self._followable or not watched:
            return Turn(self._kinds, at, followed=self._followable), {}
        try:
            with limited(self._refresh_timeout_seconds):
                changes = await self._watch.look(watched, at=at)
            return Turn(self._kinds, at, followed=True, timeout_seconds=self._refresh_timeout_seconds), changes
        except SourceUnavailableError:
            raise
        except ExporterError as error:
            logger.warning("the probe for changes failed, reading everything instead: %s", error)
            return Turn(self._kinds, at, followed=False), {}

    async def _check_schema(self) -> None:
        """Plan afresh when the schema's hash differs; asked for once a minute, or when an entry was rejected."""
        now = self._clock.monotonic()
        rejected = any(isinstance(entry.status.error, SourceRejectedError) for entry in self._entries)
        if self._schema_at is not None and now - self._schema_at < _SCHEMA_SECONDS and not rejected:
            return
        fingerprint = await self._source.fingerprint()
        self._schema_at = now
        if self._fingerprint is not None and fingerprint != self._fingerprint:
            logger.info("the schema has changed, reading everything again")
            self._kinds = Kinds(self._source)
            for entry in self._entries:
                entry.held.replan()
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
        return changed
