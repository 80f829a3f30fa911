"""The sections of series that are kept in blocks, and the texts by which series are put into them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from infrahub_exporter.domain.model import Sample, Section
from infrahub_exporter.domain.views.blocks import Blocks

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


class SeriesByKey:
    """Series in blocks by a key of their own. Rows that are alike are one series, so that none is there twice."""

    def __init__(self, label_names: Labels) -> None:
        self._blocks: Blocks[Sample] = Blocks()
        self._sections: Sections[Sample] = Sections(lambda block: Section(label_names, block))

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return a section per block; one stays the same object as long as none of its numbers differs."""
        return self._sections.of(self._blocks.blocks)

    @property
    def duplicates(self) -> int:
        """Return none."""
        return 0

    @property
    def repeated(self) -> Iterator[tuple[str, Labels]]:
        """Yield nothing."""
        yield from ()


def written(key: Labels) -> str:
    """Write a key as a text by which series are put in order and into blocks."""
    return "\x00".join(key)
