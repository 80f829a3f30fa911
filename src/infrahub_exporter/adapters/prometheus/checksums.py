"""CRC-32 of a body in blocks from the CRC-32 of its blocks, so that a touched block costs its own bytes alone.

What bytes contribute to a checksum depends on them and on how many bits follow. Feeding a zero bit is linear over
GF(2), so feeding any number of them takes a few tables per power of two.
"""

from collections.abc import Sequence
from functools import cache
from itertools import compress, count
from operator import is_not
from typing import TypeAlias

Sum: TypeAlias = tuple[int, int]
"""The CRC-32 of some bytes, and how many they are."""

Levels: TypeAlias = Sequence[Sequence[Sum]]
"""A binary tree of sums: the blocks' own first, then those of two neighbours each, up to that of all."""

NO_BYTES: Sum = (0, 0)
_POLYNOMIAL = 0xEDB88320
_BITS = 32
_ByteTables: TypeAlias = tuple[list[int], list[int], list[int], list[int]]


def combined(first: Sum, second: Sum) -> Sum:
    """Tell the sum of two byte strings that follow one another."""
    crc, (own, length) = first[0], second
    bits, power = length << 3, 0
    while bits:
        if bits & 1:
            crc = _shifted(_zeros(power), crc)
        bits >>= 1
        power += 1
    return crc ^ own, first[1] + length


@cache
def _zeros(power: int) -> _ByteTables:
    """Make the tables that feed 2**power zero bits to a checksum, one for each of its bytes."""
    if power == 0:
        return _tables([_POLYNOMIAL, *(1 << bit for bit in range(_BITS - 1))])
    half = _zeros(power - 1)
    return _tables([_shifted(half, _shifted(half, 1 << bit)) for bit in range(_BITS)])


def _tables(images: Sequence[int]) -> _ByteTables:
    """Spread what becomes of each bit to what becomes of each byte."""
    return _table(images[:8]), _table(images[8:16]), _table(images[16:24]), _table(images[24:])


def _table(images: Sequence[int]) -> list[int]:
    table = [0]
    for image in images:
        table += [image ^ each for each in table]
    return table


def _shifted(tables: _ByteTables, crc: int) -> int:
    first, second, third, fourth = tables
    return first[crc & 0xFF] ^ second[crc >> 8 & 0xFF] ^ third[crc >> 16 & 0xFF] ^ fourth[crc >> 24]


def summed(blocks: Sequence[Sum], before: Levels = ()) -> Levels:
    """Build the tree over the sums of blocks, with those of `before` that still hold: the blocks' same objects."""
    if before and len(before[0]) == len(blocks):
        touched = list(compress(count(), map(is_not, blocks, before[0])))
    else:
        touched, before = list(range(len(blocks))), ()
    levels: list[Sequence[Sum]] = [tuple(blocks)]
    while len(below := levels[-1]) > 1:
        touched = sorted({index >> 1 for index in touched})
        level = list(before[len(levels)]) if before else [NO_BYTES] * (len(below) + 1 >> 1)
        for index in touched:
            pair = below[2 * index : 2 * index + 2]
            level[index] = combined(*pair) if len(pair) > 1 else pair[0]
        levels.append(level)
    return levels


def total(levels: Levels) -> Sum:
    """Tell the sum of all blocks."""
    return levels[-1][0] if levels and levels[-1] else NO_BYTES
