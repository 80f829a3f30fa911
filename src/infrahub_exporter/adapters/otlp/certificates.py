"""The PEM files of a connection: OpenSSL itself would wait for a pipe, and read a device without end."""

import stat
from pathlib import Path

MOST_BYTES = 2 * 1024 * 1024
"""No bundle of authorities is larger."""


def pem(path: str) -> bytes:
    """Read a file that is one, of a size that fits. Raises OSError."""
    file = Path(path)
    found = file.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
        raise OSError(0, f"expected a PEM file of {MOST_BYTES >> 20} MiB at most", path)
    return file.read_bytes()
