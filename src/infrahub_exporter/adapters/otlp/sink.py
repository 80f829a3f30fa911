"""The push to one destination: the newest snapshot, at every new one or at an interval, and what became of it."""

import asyncio
import logging
import math
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping

import anyio
import anyio.to_thread
from msgspec import Struct
from msgspec.structs import replace

from infrahub_exporter.adapters.otlp.calls import DEFAULT_BACKOFF_SECONDS, Accepted, Call, Refused, deliver
from infrahub_exporter.adapters.otlp.connection import Connection, Destination, settle
from infrahub_exporter.adapters.otlp.encoding import NOTHING, ROOM_BYTES, Encoded, encode
from infrahub_exporter.adapters.otlp.own import own_requests
from infrahub_exporter.adapters.otlp.packing import Request, requests
from infrahub_exporter.adapters.otlp.resource import resource
from infrahub_exporter.adapters.otlp.status import Condition, Tally, counted
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.publishing.own import OwnFamily
from infrahub_exporter.domain.publishing.status import PushStatus

logger = logging.getLogger("infrahub_exporter.otlp")

LONGEST_PAUSE_SECONDS = 300.0
"""How long a collector is left alone at most, whatever it asks for."""


class Bodies(Struct):
    """The newest encoding of a snapshot, for destinations that send the same: points are encoded once for all."""

    newest: Encoded = NOTHING


class _Link(Struct, frozen=True):
    """A way to the collector, and who speaks over it."""

    call: Call
    resource: bytes


class OtlpSink:
    """Push snapshots to an OpenTelemetry collector, or whatever else receives OTLP.

    What the destination leaves open, `environment` says: the `OTEL_*` variables. What was read more than
    `max_age_seconds` ago is not sent; `wall` is the clock in unix seconds. `bodies` may be shared between destinations
    of one request size. Raises ConfigError.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        version: str,
        environment: Mapping[str, str],
        max_age_seconds: float | None = None,
        resource_attributes: Mapping[str, str] | None = None,
        instance_id: str | None = None,
        bodies: Bodies | None = None,
        backoff_seconds: float = DEFAULT_BACKOFF_SECONDS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._connection = settle(destination, environment)
        self._limit = destination.max_request_bytes
        self._version = version
        self._max_age_seconds = max_age_seconds
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
        self._bodies = bodies or Bodies()
        self._delivered: Encoded = NOTHING
        self._condition = Condition("new")
        self._pause_seconds = 0.0
        self._own: Callable[[], Iterable[OwnFamily]] | None = None
        self._status = PushStatus(destination=destination.name)

    @property
    def status(self) -> PushStatus:
        """What the push has done so far."""
        return self._status

    async def publish(self, snapshot: Snapshot) -> None:
        """Take a snapshot for the next push; an older one that still waits is dropped."""
        self._newest = snapshot
        self._fresh.set()

    def observe(self, own: Callable[[], Iterable[OwnFamily]]) -> None:
        """Push the exporter's own metrics along with each snapshot, as they are at that moment.

        `own` is called on the event loop; what it returns is iterated over in a thread.
        """
        self._own = own

    async def run(self) -> None:
        """Push until closed or cancelled, nothing before the first snapshot. A failed push waits for the next turn.

        A collector that asks to be left alone is, for 5 minutes at most. After `close` it may run again.
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
                await anyio.sleep(self._pause_seconds)
                if self._connection.interval_seconds is not None:
                    await anyio.sleep_until(started + self._connection.interval_seconds)
                    self._fresh.set()

    async def close(self, timeout_seconds: float) -> None:
        """Push the newest snapshot once more and let go, all within the time given, whatever the peer does.

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
            async with self._turn:  # a cancelled push lets go at once, and starts no call on a closed connection
                await self._hang_up()

    async def _push_newest(self) -> None:
        async with self._turn:
            if self._newest is not None:
                tally = Tally()
                try:
                    await self._push(self._newest, tally)
                except Exception as error:  # whatever it is: this destination fails, and is tried again
                    if self._condition.kind != "failing:unexpected":
                        logger.exception("an OTLP push to %s ended unexpectedly", self._connection.endpoint)
                    tally.add(self._newest.series, Refused("unexpected", type(error).__name__, hopeless=True))
                await self._conclude(tally)

    async def _push(self, snapshot: Snapshot, tally: Tally) -> None:
        if self._link is None:
            try:
                self._link = await anyio.to_thread.run_sync(self._dial, abandon_on_cancel=True)
            except (OSError, RuntimeError) as error:
                tally.add(snapshot.series, Refused("credentials", " ".join(str(error).split()), hopeless=True))
                return
        link = self._link
        whole = await anyio.to_thread.run_sync(self._encode, snapshot, abandon_on_cancel=True)
        encoded = whole.since(self._oldest())
        tally.stale = len(whole.families) - len(encoded.families)
        tally.oversized = encoded.oversized
        packed = requests(encoded, resource=link.resource, version=self._version, limit=self._limit)
        await self._send_all(link.call, packed, tally)
        if tally.accepted:
            self._delivered = encoded.delivered(self._delivered, settled=not tally.refusals)
        if self._own is not None and not tally.hopeless:
            own = own_requests(
                self._own(), resource=link.resource, version=self._version, at=self._wall(), limit=self._limit
            )
            await self._send_all(link.call, own, tally)

    async def _send_all(self, call: Call, packed: Iterator[Request], tally: Tally) -> None:
        """Send requests one by one, each made off the event loop when it is its turn; after a hopeless one none."""
        while (request := await anyio.to_thread.run_sync(_next, packed, abandon_on_cancel=True)) is not None:
            tally.add(request.points, None if tally.hopeless else await self._send(call, request))

    async def _send(self, call: Call, request: Request) -> Accepted | Refused:
        outcome = await deliver(
            call,
            request.body,
            timeout_seconds=self._connection.timeout_seconds,
            backoff_seconds=self._backoff_seconds,
        )
        return replace(outcome, message=self._connection.redact(outcome.message))

    def _oldest(self) -> float:
        return -math.inf if self._max_age_seconds is None else self._wall() - self._max_age_seconds

    def _encode(self, snapshot: Snapshot) -> Encoded:
        encoded = encode(snapshot, cache=self._bodies.newest, delivered=self._delivered, limit=self._limit - ROOM_BYTES)
        self._bodies.newest = encoded
        return encoded

    def _dial(self) -> _Link:
        who = resource(configured=self._resource_attributes, version=self._version, instance_id=self._instance_id)
        return _Link(_open(self._connection, version=self._version), who)

    async def _hang_up(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.call.close()

    async def _conclude(self, tally: Tally) -> None:
        """Count a push and tell a change of state; what failed gets a new connection, free of the old back-off."""
        self._pause_seconds = min(tally.asked_seconds, LONGEST_PAUSE_SECONDS)
        if tally.hopeless:
            await self._hang_up()
        if not tally.requests and not tally.oversized and not tally.stale:
            return
        before, self._condition = self._condition, tally.condition()
        self._status = counted(self._status, tally, now=self._wall())
        if self._condition.kind == before.kind:
            return
        if self._condition.message is None:
            points = noun(tally.delivered, "point")
            logger.info("OTLP push to %s works: %d %s", self._connection.endpoint, tally.delivered, points)
        else:
            logger.warning("OTLP push to %s: %s", self._connection.endpoint, self._condition.message)


def _open(connection: Connection, *, version: str) -> Call:
    """Make the call of a protocol; each is imported only where it is spoken."""
    if connection.protocol == "grpc":
        from infrahub_exporter.adapters.otlp.grpc_call import GrpcCall  # noqa: PLC0415

        return GrpcCall(connection)
    from infrahub_exporter.adapters.otlp.http_call import HttpCall  # noqa: PLC0415

    return HttpCall(connection, version=version)


def _next(packed: Iterator[Request]) -> Request | None:
    return next(packed, None)
