"""A snapshot store for tests, and for hosts that keep no files."""

from infrahub_exporter.domain.publishing.saved import Saved, StoreStatus


class MemoryStore:
    """A `SnapshotStore` that lives as long as the process."""

    def __init__(self) -> None:
        self._saved: Saved | None = None
        self._status = StoreStatus()

    @property
    def status(self) -> StoreStatus:
        """How saving goes; nothing takes room beside what is published."""
        return self._status

    async def save(self, saved: Saved) -> None:
        """Keep this (see `SnapshotStore`)."""
        self._saved = saved
        self._status = self._status.saved(at=saved.read_at or 0.0, size_bytes=0)

    async def load(self) -> Saved | None:
        """Return what was kept last (see `SnapshotStore`)."""
        return self._saved
