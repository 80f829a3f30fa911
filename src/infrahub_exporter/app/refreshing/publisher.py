"""What all entries show, put into one snapshot."""

from collections.abc import Sequence
from typing import Protocol

import anyio
from msgspec import Struct

from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.ports import SnapshotSink
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views.distinct import Shown
from infrahub_exporter.domain.views.families import Assembly, assemble, shown


class Showing(Protocol):
    """An entry that shows families."""

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Return the families that are published."""
        ...

    @property
    def status(self) -> EntryStatus:
        """Tell how it is doing."""
        ...

    def published(self, duplicates: int) -> None:
        """Learn how many of the series an earlier entry had already."""
        ...


class _Read(Struct, frozen=True):
    """The names of the families that an entry shows, and when its data was read (unix seconds)."""

    names: tuple[str, ...]
    at: float


class Publisher:
    """Make the snapshot and give it to the sinks.

    What is read in rounds is looked at only between two of their steps; what is read apart from them comes at any time,
    and is put beside what was published of the rounds last.
    """

    def __init__(self, sinks: Sequence[SnapshotSink]) -> None:
        self._sinks = tuple(sinks)
        self._lock = anyio.Lock()
        self._rows = Assembly()
        self._whole = Assembly()
        self._read: tuple[_Read, ...] = ()
        self._beside: tuple[Shown, ...] = ()
        self.snapshot = Snapshot()

    async def publish(self, apart: Sequence[Showing], rows: Sequence[Showing] | None = None) -> None:
        """Publish what entries show that were read well; without `rows` those stay as they are."""
        async with self._lock:
            if rows is not None:
                self._take(rows)
            beside = [*map(_shown, apart)]
            read = (*self._read, *_read(apart, beside))
            if not read:
                return
            self._whole = assemble([self._beside, *beside], self._whole)
            _tell(apart, beside, self._whole.duplicates[1:])
            self.snapshot = Snapshot(self._whole.families, max(each.at for each in read), _oldest(read))
            for sink in self._sinks:
                await sink.publish(self.snapshot)

    @property
    def rows_at(self) -> float:
        """When the newest data of rows that is published was read, 0 before any."""
        return max((each.at for each in self._read), default=0.0)

    def _take(self, rows: Sequence[Showing]) -> None:
        families = [*map(_shown, rows)]
        self._rows = assemble(families, self._rows)
        _tell(rows, families, self._rows.duplicates)
        self._read = _read(rows, families)
        self._beside = tuple(map(shown, self._rows.families))


def _shown(entry: Showing) -> tuple[Shown, ...]:
    """Return what an entry shows, nothing as long as it was never read well."""
    return () if entry.status.succeeded_at is None else entry.shown


def _tell(entries: Sequence[Showing], families: Sequence[Sequence[Shown]], duplicates: Sequence[int]) -> None:
    for entry, own, lost in zip(entries, families, duplicates, strict=True):
        if own:
            entry.published(lost)


def _read(entries: Sequence[Showing], families: Sequence[Sequence[Shown]]) -> tuple[_Read, ...]:
    read_at = [entry.status.succeeded_at for entry in entries]
    return tuple(
        _Read(tuple(each.family.name for each in own), at)
        for own, at in zip(families, read_at, strict=True)
        if at is not None
    )


def _oldest(read: Sequence[_Read]) -> dict[str, float]:
    """When the oldest data of a metric was read, by its name, where others are newer."""
    newest = max(each.at for each in read)
    found: dict[str, float] = {}
    for each in read:
        for name in each.names if each.at < newest else ():
            found[name] = min(each.at, found.get(name, each.at))
    return found
