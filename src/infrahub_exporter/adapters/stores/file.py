"""Where the last good data outlives the process: a file.

It is a header (magic, version, length, SHA-256 of what follows) and a message. The checksum tells accidents, not
attacks: who may write the file may say anything in it.
"""

import contextlib
import hashlib
import logging
import os
import stat
import struct
import tempfile
import threading
import time
from pathlib import Path

import anyio.to_thread

from infrahub_exporter.adapters.stores.packing import Packing, UntrustedError, unpack
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.saved import Saved, StoreStatus

logger = logging.getLogger("infrahub_exporter.store")

_MAGIC = b"infrahub-exporter snapshot\n"
_VERSION = 1
_HEADER = struct.Struct(f">{len(_MAGIC)}sHQ32s")
_LEFT_SECONDS = 60.0
"""A temporary file that nobody has written to for so long was left behind by a process that is no more."""


class FileStore:
    """A `SnapshotStore` in one file, readable by its owner only.

    A save writes a temporary file beside it, syncs that and renames it, so that at any moment the file is whole: the
    old one or the new one. What `load` cannot trust, a corrupt, truncated or foreign file, is renamed to
    `<path>.bad-<time>`; entries that were read more than `max_age_seconds` ago are left out.
    """

    def __init__(self, path: Path, *, max_age_seconds: float, clock: Clock) -> None:
        self._path = path
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._packing = Packing()
        self._asked = 0
        self._written = 0
        self._status = StoreStatus()

    @property
    def status(self) -> StoreStatus:
        """Tell how saving goes."""
        return self._status

    async def save(self, saved: Saved) -> None:
        """Keep this (see `SnapshotStore`). Cancelled, it goes on in its thread, whole or not at all."""
        self._asked += 1
        await anyio.to_thread.run_sync(self._save, saved, self._asked, abandon_on_cancel=True)

    async def load(self) -> Saved | None:
        """Return what was kept last (see `SnapshotStore`)."""
        return await anyio.to_thread.run_sync(self._load, abandon_on_cancel=True)

    def _save(self, saved: Saved, turn: int) -> None:
        with self._lock:
            if turn < self._written:  # a later save was faster
                return
            try:
                size = _write(self._path, self._packing.pack(saved))
            except (OSError, ValueError) as error:
                self._failed(_reason(error))
                return
            self._written = turn
            if self._status.last_error is not None:
                logger.info("%s is written again", self._path)
            self._status = self._status.saved(at=self._clock.wall(), size_bytes=size)

    def _failed(self, reason: str) -> None:
        if self._status.last_error != reason:
            logger.error("%s cannot be written, what it held before stays: %s", self._path, reason)
        self._status = self._status.failed(reason)

    def _load(self) -> Saved | None:
        with self._lock:
            try:
                saved = unpack(_read(self._path))
            except FileNotFoundError:
                logger.info("%s is not there, nothing to start from", self._path)
                return None
            except (OSError, MemoryError) as error:
                logger.error("%s cannot be read, nothing to start from: %s", self._path, _reason(error))  # noqa: TRY400 - expected
                return None
            except UntrustedError as error:
                self._set_aside(str(error))
                return None
        return self._young(saved)

    def _young(self, saved: Saved) -> Saved | None:
        """Leave out what is too old. What comes from the future is not: the clock was set back, the age is unknown."""
        now = self._clock.wall()
        young = saved.since(now - self._max_age_seconds)
        old = len(saved.entries) - len(young.entries)
        if old:
            logger.warning(
                "%s: %d of %d %s %s read more than %g s ago and %s not used",
                self._path,
                old,
                len(saved.entries),
                noun(len(saved.entries), "entry", "entries"),
                noun(old, "was", "were"),
                self._max_age_seconds,
                noun(old, "is", "are"),
            )
        return young if young.entries else None

    def _set_aside(self, reason: str) -> None:
        aside = _free(f"{self._path}.bad-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(self._clock.wall()))}")
        try:
            self._path.replace(aside)
        except OSError as error:
            logger.error("%s is not used and cannot be set aside (%s): %s", self._path, _reason(error), reason)  # noqa: TRY400 - expected
        else:
            logger.error("%s is not used, it is set aside as %s: %s", self._path, aside.name, reason)


def _write(path: Path, payload: bytes) -> int:
    """Put a whole file in the place of another; return its size. Raises OSError, and leaves nothing behind then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = _HEADER.pack(_MAGIC, _VERSION, len(payload), hashlib.sha256(payload).digest())
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, with the mode 0600 of mkstemp
            file.write(header)
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
            now = os.fstat(file.fileno()).st_mtime
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(path.parent)
    _sweep(path, before=now - _LEFT_SECONDS)
    return len(header) + len(payload)


def _sync_directory(directory: Path) -> None:
    """Make a rename outlive a loss of power, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sweep(path: Path, *, before: float) -> None:
    """Remove the temporary files that killed processes left, by the file system's own clock."""
    with contextlib.suppress(OSError):
        for left in path.parent.iterdir():
            is_ours = left.name.startswith(f".{path.name}.") and left.suffix == ".tmp"
            if is_ours and left.stat().st_mtime < before:
                left.unlink()


def _read(path: Path) -> bytes:
    """Return the message in a file. Raises OSError and UntrustedError."""
    with open(path, "rb", opener=_opened_at_once) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise OSError(0, "it is not a file")
        head = file.read(_HEADER.size)
        if head[: len(_MAGIC)] != _MAGIC[: len(head)] or not head:
            raise UntrustedError("it is not a snapshot of this exporter")
        if len(head) < _HEADER.size:
            raise UntrustedError("it is truncated")
        _, version, length, checksum = _HEADER.unpack(head)
        if version != _VERSION:
            raise UntrustedError(f"it is a snapshot of version {version}, this exporter reads version {_VERSION}")
        if state.st_size != _HEADER.size + length:
            raise UntrustedError(f"it has {state.st_size} bytes in place of {_HEADER.size + length}")
        payload = file.read(length)
    if hashlib.sha256(payload).digest() != checksum:
        raise UntrustedError("its checksum does not fit its content")
    return payload


def _opened_at_once(path: str, flags: int) -> int:
    """Open without waiting, as a pipe would have it, for who is at its other end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _free(name: str) -> Path:
    """Find a name that nothing has yet."""
    path, number = Path(name), 1
    while os.path.lexists(path):
        number += 1
        path = Path(f"{name}-{number}")
    return path


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
