"""What comes before an answer begins: interim answers (RFC 9110, 15.2) may come without end, and each costs time."""

from typing import Any

from infrahub_exporter.domain.errors import SourceUnavailableError

_MOST_BYTES = 256 << 10
"""More than the longest head that is taken, and what is read of the body along with it."""

_INTERIM, _MOST_INTERIM = (b"HTTP/1.1 1", b"HTTP/1.0 1"), 100
"""How an interim answer begins, and how many may come: 64 KiB of them take a fifth of a second in one go."""


class Head:
    """Count what is read of a connection from each request on, until the head of its answer is whole."""

    def __init__(self, stream: Any) -> None:
        self._read, self._write = stream.read, stream.write
        self._left: int | None = _MOST_BYTES
        self._interim = 0
        stream.read, stream.write, stream.head = self.read, self.write, self

    async def read(self, *args: Any, **kwargs: Any) -> Any:
        """Read. Raises SourceUnavailableError where an answer does not begin."""
        received = await self._read(*args, **kwargs)
        if self._left is not None:
            self._left -= len(received)
            self._interim += sum(map(received.count, _INTERIM))
            if self._left < 0 or self._interim > _MOST_INTERIM:
                raise SourceUnavailableError("Infrahub's answer does not begin: only interim answers come")
        return received

    async def write(self, *args: Any, **kwargs: Any) -> None:
        """Write, which begins a request."""
        self._left, self._interim = _MOST_BYTES, 0
        await self._write(*args, **kwargs)

    def is_whole(self) -> None:
        """Count no more."""
        self._left = None
