"""The body of an answer, unpacked within a bound: what is small on the wire may become anything."""

import zlib
from collections.abc import Iterator

from infrahub_exporter.domain.errors import DerivationError, SourceUnavailableError

CODING = "gzip"
"""The only content coding that is asked for."""
_GZIP = 16 + zlib.MAX_WBITS
_STEP_BYTES = 1 << 20
"""How much is unpacked at a time, so that other work comes in between."""
_NONE = frozenset({"", "identity"})


def unpacker(coding: str, *, most: int | None) -> "Plain | Gzip":
    """Return what unpacks a body of a content coding (RFC 9110, 8.4).

    Raises DerivationError for one that was not asked for, two of them after one another included.
    """
    written = coding.strip().lower()
    if written in _NONE:
        return Plain(most)
    if written in {CODING, "x-gzip"}:
        return Gzip(most)
    raise DerivationError(f"Infrahub's answer is coded as {written[:40]!r}, which was not asked for")


class Plain:
    """A body as it is. Raises DerivationError for more than `most` bytes."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._size = 0

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk of the wire is."""
        self._take(len(chunk))
        yield chunk

    def end(self) -> None:
        """Note that nothing more comes. Raises SourceUnavailableError where something is missing."""

    def _take(self, size: int) -> None:
        self._size += size
        check_size(self._size, self._most)


class Gzip(Plain):
    """A gzip member, or several after one another (RFC 1952, 2.2)."""

    def __init__(self, most: int | None) -> None:
        super().__init__(most)
        self._member = zlib.decompressobj(_GZIP)
        self._has_begun = False

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk of the wire is, piece by piece. Raises SourceUnavailableError for what is no gzip."""
        rest = chunk
        while rest:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            self._has_begun = True
            try:
                piece = self._member.decompress(rest, _STEP_BYTES)
            except zlib.error as error:
                raise SourceUnavailableError("Infrahub's answer says that it is gzip, and is not") from error
            self._take(len(piece))
            yield piece
            rest = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def end(self) -> None:
        """Note that nothing more comes. Raises SourceUnavailableError where the last member has no end."""
        if self._has_begun and not self._member.eof:
            raise SourceUnavailableError("Infrahub's answer ends in the middle")


def check_size(size: int, most: int | None) -> None:
    """Raise DerivationError for an answer of more bytes than it may have."""
    if most is not None and size > most:
        raise DerivationError(f"Infrahub's answer has more bytes than limits.max_response_bytes allows ({most})")
