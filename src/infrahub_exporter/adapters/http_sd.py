"""Target groups as the body of Prometheus HTTP service discovery."""

from collections.abc import Collection, Iterable
from itertools import compress
from operator import is_not

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.blocks import made_again
from infrahub_exporter.domain.views.discovery import Decision

_encode = msgspec.json.Encoder().encode
_FEW = 16
"""Up to how many groups of a block are exchanged one by one: each takes a look through the text of all."""


def render(groups: Iterable[TargetGroup]) -> bytes:
    """Write the list: UTF-8 JSON, `[]` where there are no targets (SD-04); each distinct group once (SD-20)."""
    return b"[" + b",".join(_distinct(groups)) + b"]"


def _distinct(groups: Iterable[TargetGroup]) -> Collection[bytes]:
    """Write each group; equal ones are equal text, since a list's labels come in one order."""
    return dict.fromkeys(map(_encode, groups))


class _Written(Struct, frozen=True):
    """A block and its groups as text, a comma in front of each; whether no two of them are equal."""

    block: tuple[Decision, ...] = ()
    body: bytes = b""
    is_distinct: bool = True


class TargetList:
    """A list that is rendered by blocks: nothing of one that stays the same object, else what differs at its place.

    Not for two threads at a time.
    """

    def __init__(self) -> None:
        self._written: list[_Written] = []
        self._first = self._opened = b""

    def render(self, blocks: Iterable[tuple[Decision, ...]]) -> tuple[bytes, ...]:
        """Write the groups of all blocks as the chunks of one list, in that order.

        Equal groups have to share a block to appear once, as they do where a node's id tells its block. A chunk stays
        the same object as long as its block does.
        """
        self._written = made_again(self._written, blocks, _write, _Written())
        bodies = [each.body for each in self._written if each.body]
        if not bodies:
            return (b"[]",)
        if bodies[0] is not self._first:
            self._first, self._opened = bodies[0], b"[" + bodies[0][1:]
        return (self._opened, *bodies[1:], b"]")


def _write(block: tuple[Decision, ...], before: _Written) -> _Written:
    """Write a block; where few groups differ from those at the same places before, their text alone is exchanged."""
    if not before.is_distinct or len(block) != len(before.block):
        return _written(block)
    differing = [*compress(zip(before.block, block, strict=True), map(is_not, before.block, block))]
    if len(differing) > _FEW:
        return _written(block)
    body = before.body
    for old, new in differing:
        if old.group == new.group:
            continue
        if old.group is None or new.group is None:
            return _written(block)
        text = _encode(new.group)
        if text in body:
            return _written(block)
        body = body.replace(_encode(old.group), text, 1)
    return _Written(block, body)


def _written(block: tuple[Decision, ...]) -> _Written:
    groups = [decision.group for decision in block if decision.group is not None]
    distinct = _distinct(groups)
    body = b"," + b",".join(distinct) if groups else b""
    return _Written(block, body, len(distinct) == len(groups))
