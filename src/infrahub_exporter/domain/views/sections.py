"""The sections of series that are kept in blocks, and the texts by which series are put into them."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from infrahub_exporter.domain.model import Section

Item = TypeVar("Item")
Labels = tuple[str, ...]


class Sections(Generic[Item]):
    """A section per block that is not empty; one of the same block stays the same object."""

    def __init__(self, make: Callable[[tuple[Item, ...]], Section]) -> None:
        self._make = make
        self._kept: dict[int, tuple[tuple[Item, ...], Section]] = {}

    def of(self, blocks: Iterable[tuple[Item, ...]]) -> tuple[Section, ...]:
        """Return the sections of blocks."""
        made = {}
        for block in filter(None, blocks):
            kept = self._kept.get(id(block))
            made[id(block)] = kept if kept is not None and kept[0] is block else (block, self._make(block))
        self._kept = made
        return tuple(section for _, section in made.values())


def written(key: Labels) -> str:
    """Write a key as a text by which series are put in order and into blocks."""
    return "\x00".join(key)
