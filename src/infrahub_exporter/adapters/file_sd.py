"""A list of targets as a file for `file_sd_configs`."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

_MODE = 0o644
"""What a new file may be read by: Prometheus is another user."""


class FileSd:
    """A file that always holds a whole list: it is renamed into place, which Prometheus watches for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[Sequence[bytes], tuple[int, ...]] | None = None

    def write(self, chunks: Sequence[bytes]) -> bool:
        """Put a list in place where it differs from what is there; tell whether it did. Blocks. Raises OSError.

        What is there and is no file, such as a device or a pipe, stays: that is an OSError, too. The file that is
        replaced leaves its mode and, where that is allowed, its owner to the new one. A link stays.
        """
        before = self._held()
        if before is not None and self._known is not None and self._known == (chunks, _signature(before)):
            return False
        if before is not None and not stat.S_ISREG(before.st_mode):
            raise FileExistsError(errno.EEXIST, "there is something else than a file", str(self._path))
        path, body = self._path.resolve(), b"".join(chunks)
        if before is not None and before.st_size == len(body) and path.read_bytes() == body:
            self._known = chunks, _signature(before)
            return False
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        made = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), _MODE if before is None else stat.S_IMODE(before.st_mode))
                if before is not None:
                    with contextlib.suppress(PermissionError):
                        os.fchown(file.fileno(), before.st_uid, before.st_gid)
            made.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                made.unlink()
            raise
        self._known = chunks, _signature(path.stat())
        return True

    def _held(self) -> os.stat_result | None:
        try:
            return self._path.stat()
        except FileNotFoundError:
            return None


def _signature(found: os.stat_result) -> tuple[int, ...]:
    """Return what tells that nobody else has written a file since."""
    return found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns
