"""Several destinations at once: none waits for another, each has its own state."""

from collections.abc import Callable, Iterable, Sequence

import anyio

from infrahub_exporter.adapters.otlp.connection import Destination
from infrahub_exporter.adapters.otlp.sink import Bodies, OtlpSink
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.publishing.own import OwnFamily
from infrahub_exporter.domain.publishing.status import PushStatus


class OtlpSinks:
    """A sink for each destination. They share the bytes of the points, and the identity of who pushes."""

    def __init__(
        self,
        destinations: Sequence[Destination],
        build: Callable[[Destination, Bodies], OtlpSink],
        *,
        own_metrics: bool = False,
    ) -> None:
        self._own_metrics = own_metrics
        bodies: dict[int, Bodies] = {}
        self._sinks = tuple(build(each, bodies.setdefault(each.max_request_bytes, Bodies())) for each in destinations)

    @property
    def statuses(self) -> tuple[PushStatus, ...]:
        """What the push to each destination has done so far."""
        return tuple(sink.status for sink in self._sinks)

    def observe(self, own: Callable[[], Iterable[OwnFamily]]) -> None:
        """Know where the exporter's own metrics are, to push them where that is wanted."""
        if self._own_metrics:
            for sink in self._sinks:
                sink.observe(own)

    async def publish(self, snapshot: Snapshot) -> None:
        """Give every destination a snapshot for its next push."""
        for sink in self._sinks:
            await sink.publish(snapshot)

    async def run(self) -> None:
        """Push to each in a task of its own, until closed or cancelled."""
        async with anyio.create_task_group() as tasks:
            for sink in self._sinks:
                tasks.start_soon(sink.run)

    async def close(self, timeout_seconds: float) -> None:
        """Push once more to each, all within the time given."""
        async with anyio.create_task_group() as tasks:
            for sink in self._sinks:
                tasks.start_soon(sink.close, timeout_seconds)
