"""The push: the newest snapshot, at every new one or at an interval, and what became of it."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from msgspec import Struct
from msgspec.structs import replace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

from infrahub_exporter.adapters.otlp.calls import DEFAULT_BACKOFF_SECONDS, Accepted, ExportMethod, Refused
from infrahub_exporter.adapters.otlp.connection import open_exporter, settle
from infrahub_exporter.adapters.otlp.encoding import NOTHING, Encoded, encode
from infrahub_exporter.adapters.otlp.packing import Request, requests
from infrahub_exporter.adapters.otlp.resource import resource
from infrahub_exporter.adapters.otlp.status import Condition, Tally, counted
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.publishing.status import PushStatus

logger = logging.getLogger("infrahub_exporter.otlp")


class _Link(Struct, frozen=True):
    """An open channel and who speaks over it."""

    exporter: OTLPMetricExporter
    method: ExportMethod
    resource: bytes


class OtlpSink:
    """Push snapshots to an OpenTelemetry collector by OTLP over gRPC.

    What is None is left to `environment`, the `OTEL_*` variables. `certificate` is the path of a PEM file,
    `compression` is `gzip` or `none`, `interval_seconds` None for a push at every new snapshot, `wall` the clock in
    unix seconds. Raises ConfigError.
    """

    def __init__(
        self,
        *,
        version: str,
        environment: Mapping[str, str],
        endpoint: str | None = None,
        timeout_seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        insecure: bool | None = None,
        certificate: Path | str | None = None,
        compression: str | None = None,
        interval_seconds: float | None = None,
        resource_attributes: Mapping[str, str] | None = None,
        instance_id: str | None = None,
        backoff_seconds: float = DEFAULT_BACKOFF_SECONDS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._connection = settle(
            endpoint=endpoint,
            timeout_seconds=timeout_seconds,
            headers=headers,
            insecure=insecure,
            certificate=certificate,
            compression=compression,
            interval_seconds=interval_seconds,
            environment=environment,
        )
        self._version = version
        self._instance_id = instance_id or str(uuid.uuid4())
        self._resource_attributes = resource_attributes or {}
        self._backoff_seconds = backoff_seconds
        self._wall = wall
        self._newest: Snapshot | None = None
        self._fresh = asyncio.Event()
        self._turn = asyncio.Lock()
        self._running: anyio.CancelScope | None = None
        self._closed = False
        self._link: _Link | None = None
        self._start: float | None = None
        self._cache: Encoded = NOTHING
        self._delivered: Encoded = NOTHING
        self._condition = Condition("new")
        self._status = PushStatus()

    @property
    def status(self) -> PushStatus:
        """What the push has done so far."""
        return self._status

    async def publish(self, snapshot: Snapshot) -> None:
        """Take a snapshot for the next push; an older one that still waits is dropped."""
        self._newest = snapshot
        self._fresh.set()

    async def run(self) -> None:
        """Push until closed or cancelled, nothing before the first snapshot. A failed push waits for the next turn.

        After `close` it may run again.
        """
        self._closed = False
        for warning in self._connection.warnings:
            logger.warning("%s", warning)
        with anyio.CancelScope() as self._running:
            while not self._closed:
                await self._fresh.wait()
                self._fresh.clear()
                started = anyio.current_time()
                await self._push_newest()
                if self._connection.interval_seconds is not None:
                    await anyio.sleep_until(started + self._connection.interval_seconds)
                    self._fresh.set()

    async def close(self, timeout_seconds: float) -> None:
        """Push the newest snapshot once more and close the channel, all within the time given, whatever the peer does.

        A push that is under way comes to its end first. Shielded from cancellation: it is short by itself.
        """
        with anyio.move_on_after(timeout_seconds, shield=True) as last:
            if not self._closed:
                self._closed = True
                await self._push_newest()
        if last.cancelled_caught:
            logger.warning("the last OTLP push to %s was not over in %g s", self._connection.endpoint, timeout_seconds)
        if self._running is not None:
            self._running.cancel()
        with anyio.CancelScope(shield=True):
            async with self._turn:  # a cancelled push lets go at once, and starts no call on a closed channel
                self._hang_up()

    async def _push_newest(self) -> None:
        async with self._turn:
            if self._newest is not None:
                await self._push(self._newest)

    async def _push(self, snapshot: Snapshot) -> None:
        if self._start is None or snapshot.at < self._start:
            self._start = snapshot.at
        tally = Tally()
        if self._link is None:
            try:
                self._link = await anyio.to_thread.run_sync(self._dial, abandon_on_cancel=True)
            except (OSError, RuntimeError) as error:
                tally.add(snapshot.series, Refused("credentials", " ".join(str(error).split()), hopeless=True))
                self._conclude(tally)
                return
        link = self._link
        self._cache = encoded = await anyio.to_thread.run_sync(self._encode, snapshot, abandon_on_cancel=True)
        tally.oversized = encoded.oversized
        packed = requests(encoded, resource=link.resource, version=self._version, start=self._start)
        while (request := await anyio.to_thread.run_sync(_next, packed, abandon_on_cancel=True)) is not None:
            tally.add(request.points, None if tally.hopeless else await self._send(link.method, request))
        if tally.accepted:
            self._delivered = encoded if tally.refusals else encoded.settled()
        self._conclude(tally)

    async def _send(self, method: ExportMethod, request: Request) -> Accepted | Refused:
        headers, timeout_seconds = self._connection.headers, self._connection.timeout_seconds
        outcome = await method.call(request.body, headers=headers, timeout_seconds=timeout_seconds)
        return replace(outcome, message=self._connection.redact(outcome.message))

    def _encode(self, snapshot: Snapshot) -> Encoded:
        return encode(snapshot, cache=self._cache, delivered=self._delivered)

    def _dial(self) -> _Link:
        exporter = open_exporter(self._connection)
        channel: Any = exporter._channel  # noqa: SLF001 (the package has no public way to its channel)
        who = resource(configured=self._resource_attributes, version=self._version, instance_id=self._instance_id)
        return _Link(exporter, ExportMethod(channel, backoff_seconds=self._backoff_seconds), who)

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.exporter.shutdown()
            self._link = None

    def _conclude(self, tally: Tally) -> None:
        """Count a push and tell a change of state; what failed gets a new channel, free of the old one's back-off."""
        if tally.hopeless:
            self._hang_up()
        if not tally.requests and not tally.oversized:
            return
        before, self._condition = self._condition, tally.condition()
        self._status = counted(self._status, tally, now=self._wall())
        if self._condition.kind == before.kind:
            return
        if self._condition.message is None:
            logger.info("OTLP push to %s works: %d points", self._connection.endpoint, tally.delivered)
        else:
            logger.warning("OTLP push to %s: %s", self._connection.endpoint, self._condition.message)


def _next(packed: Iterator[Request]) -> Request | None:
    return next(packed, None)
