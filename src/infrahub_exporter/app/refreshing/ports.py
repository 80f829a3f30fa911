"""What an exporter is put together of, as it knows it."""

from collections.abc import Callable, Iterable
from typing import Protocol

from infrahub_exporter.domain.ports import SnapshotSink, SnapshotStore
from infrahub_exporter.domain.publishing.own import OwnFamily
from infrahub_exporter.domain.publishing.pressure import Pressure
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.publishing.status import PushStatus, SourceStatus


class Pusher(SnapshotSink, Protocol):
    """A sink that works in the background."""

    @property
    def statuses(self) -> tuple[PushStatus, ...]:
        """Tell what became of the pushes, by destination."""
        ...

    def observe(self, own: Callable[[], Iterable[OwnFamily]]) -> None:
        """Take note of where the exporter's own metrics are; they are made while they are iterated over."""
        ...

    async def run(self) -> None:
        """Push until cancelled."""
        ...

    async def close(self, timeout_seconds: float) -> None:
        """Push once more and let go, within a time."""
        ...


class Store(SnapshotStore, Protocol):
    """A place for the last good data over a restart."""

    @property
    def status(self) -> StoreStatus:
        """Tell how saving goes."""
        ...


class Neighbour(Protocol):
    """Who speaks to Infrahub, and knows how it is to be spoken to."""

    def after_work(self, pressure: Pressure, *, base_seconds: float) -> Pressure:
        """Return what becomes of the pressure after some reads, with the interval that there is without any."""
        ...

    def status(self) -> SourceStatus:
        """Tell how it goes with Infrahub."""
        ...
