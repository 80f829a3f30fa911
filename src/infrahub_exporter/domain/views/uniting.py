"""The decisions of a list's nodes in blocks: as they are, or with rows that are alike united to one.

Rows are alike in the labels of `distinct`. Without it they are where they are equal, as two nodes' rows may be (SD-20).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.blocks import Blocks
from infrahub_exporter.domain.views.discovery import BAD_LABEL, ID_LABEL, KIND_LABEL, Decision, legal_label_name
from infrahub_exporter.domain.views.scraping import fault

Decisions = tuple[Decision, ...]
"""Those of a node, or of a block."""
_Key = tuple[str, ...]


class Listing(Protocol):
    """What makes the blocks of a list of what is held of each of its nodes. Not for two threads at a time."""

    def held(self, decisions: Decisions) -> Any:
        """Return what is held of a node whose rows come to these decisions, None for nothing."""
        ...

    def of(self, blocks: Sequence[tuple[Any, ...]]) -> tuple[Decisions, ...]:
        """Return the blocks of decisions; one stays the same object as long as what it is made of does."""
        ...


def listing(spec: DiscoverySpec) -> Listing:
    """Return what makes the blocks of a list."""
    return Plain() if spec.rows is None and not spec.distinct else United(spec)


def unite(decisions: Iterable[Decision], spec: DiscoverySpec) -> Decisions:
    """Unite the groups that are alike in the labels of `distinct`; a node is skipped once for each reason."""
    uniting = _Uniting(spec)
    part = uniting.part(((*decisions,),))
    return (*map(uniting.one, part.alike.values()), *part.left)


class Plain:
    """Each decision as it is: a node is its own row, and has one at most."""

    def held(self, decisions: Decisions) -> Decision | None:
        """Return the one decision, None where the node is none of those that are wanted."""
        return decisions[0] if decisions else None

    def of(self, blocks: Sequence[Decisions]) -> tuple[Decisions, ...]:
        """Return the same blocks."""
        return tuple(blocks)


class _Part(Struct, frozen=True):
    """What a block adds: the rows by what they are alike in, and those that nothing tells apart from others."""

    block: tuple[Decisions, ...] = ()
    alike: Mapping[_Key, Decisions] = {}
    left: Decisions = ()


class _Uniting:
    """How rows are told apart, and how those that are alike become one."""

    def __init__(self, spec: DiscoverySpec) -> None:
        self._names = (*map(legal_label_name, spec.label_mappings), ID_LABEL, KIND_LABEL)
        self._labels = tuple(map(legal_label_name, spec.distinct)) or self._names
        self._by_targets = not spec.distinct

    def part(self, block: tuple[Decisions, ...]) -> _Part:
        alike: dict[_Key, list[Decision]] = {}
        left = []
        for each in chain(*block):
            if each.group is not None:
                labels, targets = each.group.labels, each.group.targets if self._by_targets else ()
                key = ("", *[labels.get(name, "") for name in self._labels], *targets)
            elif each.id is not None:
                key = (each.reason or "", each.kind, each.id)
            else:
                left.append(each)
                continue
            alike.setdefault(key, []).append(each)
        return _Part(block, {key: tuple(rows) for key, rows in alike.items()}, tuple(left))

    def one(self, rows: Sequence[Decision]) -> Decision:
        """Unite rows; in which order they come makes no difference."""
        first = min(rows, key=lambda row: (row.id or "", row.kind))
        if first.group is None or (len(rows) == 1 and not first.values):
            return first
        groups = [(row.group, row.values or {}) for row in rows if row.group is not None]
        labels = {}
        for name in self._names:
            found = [values.get(name) or (group.labels[name],) for group, values in groups if name in group.labels]
            if found:
                labels[name] = ",".join(sorted(set(chain(*found)) - {""}))
        if fault(labels) is not None:
            return Decision(first.kind, first.id, reason=BAD_LABEL)
        targets = tuple(sorted({target for group, _ in groups for target in group.targets}))
        nodes = {row.id for row in rows if row.id is not None}.union(*(row.also for row in rows)) - {first.id}
        return Decision(first.kind, first.id, TargetGroup(targets, labels), also=tuple(sorted(nodes)))


class United:
    """Rows that are alike are one, which costs no more than the blocks that a change touches."""

    def __init__(self, spec: DiscoverySpec) -> None:
        self._uniting = _Uniting(spec)
        self._parts: list[_Part] = []
        self._where: dict[_Key, set[int]] = {}
        self._blocks: Blocks[Decision] = Blocks()

    def held(self, decisions: Decisions) -> Decisions:
        """Return all decisions of the node, be it none."""
        return decisions

    def of(self, blocks: Sequence[tuple[Decisions, ...]]) -> tuple[Decisions, ...]:
        """Return what is united, in blocks of its own."""
        touched: set[_Key] = set()
        if len(blocks) != len(self._parts):
            touched.update(self._where)
            self._parts, self._where = [_Part() for _ in blocks], {}
        for index, block in enumerate(blocks):
            if block is not self._parts[index].block:
                touched.update(self._put(index, self._uniting.part(block)))
        changed, removed = {}, []
        for key in touched:
            name = msgspec.json.encode(key).decode()
            if key in self._where:
                rows = chain.from_iterable(self._parts[index].alike[key] for index in self._where[key])
                changed[name] = self._uniting.one(tuple(rows))
            else:
                removed.append(name)
        self._blocks.update(changed, removed)
        return (*self._blocks.blocks, *(part.left for part in self._parts if part.left))

    def _put(self, index: int, part: _Part) -> Iterable[_Key]:
        """Take a block's part in place of the one before; return what of it differs."""
        before, self._parts[index] = self._parts[index], part
        differing = [
            key for key in before.alike.keys() | part.alike.keys() if before.alike.get(key) != part.alike.get(key)
        ]
        for key in differing:
            if key in part.alike:
                self._where.setdefault(key, set()).add(index)
            elif len(self._where[key]) > 1:
                self._where[key].discard(index)
            else:
                del self._where[key]
        return differing
