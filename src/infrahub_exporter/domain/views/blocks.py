"""Items of an entry in blocks of some hundreds, so that what is made of them is made again by the block.

A node's block is told by the leading bits of a checksum of its id (ids grow with time, checksums spread). The number
of bits follows the number of items in powers of two, with some hysteresis.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, Generic, Protocol, TypeVar
from zlib import crc32

Item = TypeVar("Item")

_MOST = 512
"""The average number of items in a block above which blocks are split in two."""
_LEAST = 128
"""The average number below which two are joined."""
_HASH_BITS = 32


class OfBlock(Protocol):
    """What is made of a block, with the block."""

    @property
    def block(self) -> Any:
        """The block itself."""
        ...


Block = TypeVar("Block")
Made = TypeVar("Made", bound=OfBlock)


def made_again(
    before: Sequence[Made], blocks: Iterable[Block], make: Callable[[Block, Made], Made], nothing: Made
) -> list[Made]:
    """Return what is made of blocks: as before where a block is still the same object, made again where it is not.

    `make` is given what there was at the block's place, `nothing` where there was none, so that it may exchange what
    differs alone.
    """
    known = zip(blocks, chain(before, repeat(nothing)))  # noqa: B905 - what is known goes on for ever
    return [each if each.block is block else make(block, each) for block, each in known]


class Blocks(Generic[Item]):
    """Items by their node's id, in blocks. A block is a tuple that stays the same object as long as its items do.

    The order tells nothing of the past (SD-14): blocks go by checksum, and the items of a block by id.
    """

    def __init__(self) -> None:
        self._bits = 0
        self._buckets: list[dict[str, Item]] = [{}]
        self._blocks: list[tuple[Item, ...]] = [()]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        return (item for bucket in self._buckets for item in bucket.values())

    @property
    def blocks(self) -> tuple[tuple[Item, ...], ...]:
        """Return the blocks in the order of the checksums."""
        return tuple(self._blocks)

    def get(self, identifier: str) -> Item | None:
        """Return a node's item, None where it has none."""
        return self._buckets[self._index(identifier)].get(identifier)

    def replace(self, items: Mapping[str, Item]) -> None:
        """Take these items for all there were. Blocks of equal items stay the same objects."""
        held = {identifier for bucket in self._buckets for identifier in bucket}
        self.update(items, held.difference(items))

    def update(self, items: Mapping[str, Item], removed: Iterable[str] = ()) -> bool:
        """Put items in place and take others away; tell whether anything differs."""
        if not self._count:
            self._distribute(items.items(), self._bits_for(len(items)))
            self._count = len(items)
            return bool(items)
        touched, grown = set(), set()
        buckets, shift = self._buckets, _HASH_BITS - self._bits
        for identifier, item in items.items():
            index = crc32(identifier.encode()) >> shift
            bucket = buckets[index]
            if bucket.get(identifier) != item:
                if identifier not in bucket:
                    self._count += 1
                    grown.add(index)
                bucket[identifier] = item
                touched.add(index)
        for identifier in removed:
            index = self._index(identifier)
            if self._buckets[index].pop(identifier, None) is not None:
                self._count -= 1
                touched.add(index)
        if self._settle_bits(self._count):
            return True
        for index in grown:
            self._buckets[index] = _sorted(self._buckets[index].items())
        for index in touched:
            self._blocks[index] = tuple(self._buckets[index].values())
        return bool(touched)

    def _index(self, identifier: str) -> int:
        return crc32(identifier.encode()) >> (_HASH_BITS - self._bits)

    def _settle_bits(self, count: int) -> bool:
        """Split or join all blocks where that many items want more or fewer of them; tell whether they did."""
        bits = self._bits_for(count)
        if bits == self._bits:
            return False
        self._distribute((pair for bucket in self._buckets for pair in bucket.items()), bits)
        return True

    def _bits_for(self, count: int) -> int:
        """Return how many bits that many items want."""
        bits = self._bits
        while count > _MOST << bits:
            bits += 1
        while bits and count < _LEAST << bits:
            bits -= 1
        return bits

    def _distribute(self, pairs: Iterable[tuple[str, Item]], bits: int) -> None:
        """Put all items into their blocks, which somebody may look into meanwhile."""
        shift = _HASH_BITS - bits
        buckets: list[dict[str, Item]] = [{} for _ in range(1 << bits)]
        for identifier, item in pairs:
            buckets[crc32(identifier.encode()) >> shift][identifier] = item
        for index, bucket in enumerate(buckets):
            buckets[index] = _sorted(bucket.items())
        self._blocks = [tuple(bucket.values()) for bucket in buckets]
        self._buckets, self._bits = buckets, bits


def _sorted(pairs: Iterable[tuple[str, Item]]) -> dict[str, Item]:
    return dict(sorted(pairs, key=itemgetter(0)))
