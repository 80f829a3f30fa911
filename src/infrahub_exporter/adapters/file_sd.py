"""A list of targets as a file for `file_sd_configs`."""

import contextlib
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

    def write(self, chunks: Sequence[bytes]) -> bool:
        """Put a list in place where it differs from what is there; tell whether it did. Blocks. Raises OSError.

        The file that is replaced leaves its mode and, where that is allowed, its owner to the new one.
        """
        body = b"".join(chunks)
        before = self._held()
        if before is not None and self._path.read_bytes() == body:
            return False
        descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", suffix=".tmp", dir=self._path.parent)
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
            made.replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                made.unlink()
            raise
        return True

    def _held(self) -> os.stat_result | None:
        try:
            return self._path.stat()
        except FileNotFoundError:
            return None
