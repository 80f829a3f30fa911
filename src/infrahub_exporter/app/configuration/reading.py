"""Files as they are read: no more of one than anybody writes, and no longer than somebody waits for it."""

import os
import select
import stat
import time
from pathlib import Path

LONGEST_WAIT_SECONDS = 10.0
"""How long a pipe has until its end: what decrypts a configuration takes its time, and who never writes has no end."""
MOST_BYTES = 8 * 1024 * 1024
"""The size of a file that is read; a configuration takes a hundred times as much memory as its text."""

_PIECE_BYTES = 64 * 1024
"""How much room a read takes: that of the largest file, taken and let go of at each reload, would fragment memory."""


def read_text(path: Path, *, wait_seconds: float = LONGEST_WAIT_SECONDS) -> str:
    """Read a file, or what comes out of a pipe, as UTF-8. Raises OSError and ValueError."""
    return _read(path, wait_seconds).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def read_file(path: Path) -> bytes:
    """Read a file that others will read by its name, so that it is no pipe and no device. Raises OSError."""
    if not stat.S_ISDIR(mode := path.stat().st_mode) and not stat.S_ISREG(mode):
        raise OSError(0, "it is no file")
    return _read(path, 0.0)


def _read(path: Path, wait_seconds: float) -> bytes:
    deadline = time.monotonic() + wait_seconds
    content = bytearray()
    with open(path, "rb", buffering=0, opener=_opened_at_once) as file:
        is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        while len(content) <= MOST_BYTES:
            if not is_file and not select.select([file], [], [], max(deadline - time.monotonic(), 0.0))[0]:
                raise OSError(0, f"it has not ended within {wait_seconds:g} s")
            piece = file.read(_PIECE_BYTES)
            if piece == b"":
                return bytes(content)
            content += piece or b""
    raise OSError(0, f"it has more than {MOST_BYTES >> 20} MiB")


def _opened_at_once(path: str, flags: int) -> int:
    """Open without waiting, as a pipe would have it, for who is at its other end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
