"""Which nodes of some kinds are in no list of targets at all.

A node is in a list where a target group has its id: as the row's node, as the node that the row belongs to, or as one
of those that the group is united of.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from infrahub_exporter.domain.views.discovery import Decision


class Named(Struct, frozen=True, gc=False):
    """A node by its human-friendly id; None for one that the conditions leave out."""

    id: str
    name: str | None


class Uncovered(Struct, frozen=True):
    """The nodes of a kind that are in no list, by name; None as long as that cannot be told."""

    kind: str
    nodes: tuple[Named, ...] | None = None


Item = TypeVar("Item")
Lists = Mapping[str, Sequence[tuple[Decision, ...]]]
"""The blocks of each list."""
Kinds = Mapping[str, Sequence[tuple[Named, ...]]]
"""The blocks of each kind's nodes."""


class Coverage:
    """The nodes of kinds that are in no list, kept right at the cost of the blocks that differ."""

    def __init__(self) -> None:
        self._lists: dict[str, _Blocks[Decision]] = {}
        self._counts: dict[str, int] = {}
        self._kinds: dict[str, _Kind] = {}

    def update(self, lists: Lists, kinds: Kinds) -> None:
        """Take what lists and kinds are now. A list that is not named is gone."""
        touched: set[str] = set()
        for name in (*lists, *(self._lists.keys() - lists.keys())):
            left, come = self._lists.setdefault(name, _Blocks()).take(lists.get(name, ()))
            for block in come:
                touched.update(self._count(block, 1))
            for block in left:
                touched.update(self._count(block, -1))
            if name not in lists:
                del self._lists[name]
        for name, blocks in kinds.items():
            self._kinds.setdefault(name, _Kind()).update(blocks, touched, self._counts)

    def nodes(self, kind: str) -> tuple[Named, ...]:
        """Return the nodes of a kind that are in no list, by name."""
        return self._kinds[kind].nodes

    def _count(self, block: Iterable[Decision], step: int) -> set[str]:
        named = {node for each in block if each.group is not None for node in (each.id, *each.also) if node is not None}
        for node in named:
            count = self._counts.get(node, 0) + step
            if count:
                self._counts[node] = count
            else:
                del self._counts[node]
        return named


class _Blocks(Generic[Item]):
    """The blocks that were seen last, each by which object it is."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Item, ...]] = {}

    def take(self, blocks: Iterable[tuple[Item, ...]]) -> tuple[Sequence[tuple[Item, ...]], Sequence[tuple[Item, ...]]]:
        """Take other blocks in their place; return those that left and those that came."""
        before, self._known = self._known, {id(block): block for block in blocks}
        left = [block for key, block in before.items() if key not in self._known]
        return left, [block for key, block in self._known.items() if key not in before]


class _Kind:
    """The nodes of a kind, and those of them that are in no list."""

    def __init__(self) -> None:
        self._blocks: _Blocks[Named] = _Blocks()
        self._wanted: dict[str, Named] = {}
        self._missing: dict[str, Named] = {}
        self._sorted: tuple[Named, ...] | None = None

    @property
    def nodes(self) -> tuple[Named, ...]:
        if self._sorted is None:
            self._sorted = tuple(sorted(self._missing.values(), key=lambda node: (node.name or "", node.id)))
        return self._sorted

    def update(self, blocks: Iterable[tuple[Named, ...]], touched: Iterable[str], covered: Collection[str]) -> None:
        left, come = self._blocks.take(blocks)
        gone = {node.id for block in left for node in block}
        there = {node.id: node for block in come for node in block}
        for identifier in gone:
            self._wanted.pop(identifier, None)
        self._wanted.update((key, node) for key, node in there.items() if node.name is not None)
        for identifier in gone.union(there, touched):
            node = self._wanted.get(identifier)
            before = self._missing.pop(identifier, None)
            if node is not None and identifier not in covered:
                self._missing[identifier] = node
            if before != self._missing.get(identifier):
                self._sorted = None
