"""A body that exists: blocks of text with their compressed forms, never joined."""

from collections.abc import Iterable
from functools import reduce
from itertools import chain
from struct import Struct as Layout
from typing import TypeAlias

from isal import isal_zlib
from msgspec import Struct

Sum: TypeAlias = tuple[int, int]
"""The CRC-32 of some bytes, and how many they are."""

NO_BYTES: Sum = (0, 0)
# RFC 1952: magic, deflate, no flags, no time, fastest algorithm, unknown system
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\x04\xff"
_LAST_BLOCK = b"\x03\0"
"""An empty deflate block that says it is the last one."""
_GZIP_TRAILER = Layout("<II")
_RAW_DEFLATE = -isal_zlib.MAX_WBITS
_LEVEL = 1
"""ISA-L's levels 1 to 3 differ by one part in 250, and level 3 takes twice the time."""


class Block(Struct, frozen=True, eq=False):
    """A piece of text that changes as one: plain, as raw deflate on a byte boundary, and its checksum."""

    plain: bytes
    deflated: bytes
    sum: Sum


def block(plain: bytes) -> Block:
    """Compress a piece of text so that it depends on nothing before it: deflate blocks can then stand in any row."""
    if not plain:
        return Block(b"", b"", NO_BYTES)
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE)
    deflated = compressor.compress(plain) + compressor.flush(isal_zlib.Z_FULL_FLUSH)
    return Block(plain, deflated, (isal_zlib.crc32(plain), len(plain)))


def total(sums: Iterable[Sum]) -> Sum:
    """Tell the sum of byte strings that follow one another, some 1 us for each."""
    return reduce(_combined, sums, NO_BYTES)


def _combined(first: Sum, second: Sum) -> Sum:
    return isal_zlib.crc32_combine(first[0], *second), first[1] + second[1]


class Exposition(Struct, frozen=True, eq=False):
    """A body in chunks, of which none is empty: `plain` as it is, and the same as `gzip`; `sum` is of the plain text.

    The gzip form is one ordinary member (RFC 1952): some clients stop after the first. `is_settled` tells whether the
    body is the same until something else is published.
    """

    plain: tuple[bytes, ...] = ()
    deflated: tuple[bytes, ...] = ()
    sum: Sum = NO_BYTES
    is_settled: bool = True

    @property
    def length(self) -> int:
        """The number of bytes of the plain body."""
        return self.sum[1]

    @property
    def gzip(self) -> tuple[bytes, ...]:
        """The chunks of the gzip body."""
        crc, length = self.sum
        return (_GZIP_HEADER, *self.deflated, _LAST_BLOCK + _GZIP_TRAILER.pack(crc, length & 0xFFFFFFFF))

    @property
    def etag(self) -> str | None:
        """What tells this body from others of the same resource, None where it is another each time (RFC 9110, 8.8.3).

        It is weak: the same for both forms, and a checksum.
        """
        return f'W/"{self.sum[0]:08x}-{self.sum[1]:x}"' if self.is_settled else None

    def followed_by(self, tail: bytes, *, is_settled: bool = True) -> "Exposition":
        """Return this body with some more text at its end."""
        last = block(tail)
        return Exposition(
            tuple(filter(None, chain(self.plain, (last.plain,)))),
            tuple(filter(None, chain(self.deflated, (last.deflated,)))),
            total((self.sum, last.sum)),
            self.is_settled and is_settled,
        )
