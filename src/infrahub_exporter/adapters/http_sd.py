"""Target groups as the body of Prometheus HTTP service discovery."""

from collections.abc import Iterable

import msgspec

from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.discovery import Decision

_encode = msgspec.json.Encoder().encode


def render(groups: Iterable[TargetGroup]) -> bytes:
    """Write the list: UTF-8 JSON, `[]` where there are no targets (SD-04); each distinct group once (SD-20)."""
    return b"[" + _joined(groups) + b"]"


def _joined(groups: Iterable[TargetGroup]) -> bytes:
    """Write groups; equal ones are equal text, since a list's labels come in one order."""
    return b",".join(dict.fromkeys(map(_encode, groups)))


class TargetList:
    """A list that is rendered by blocks: one that stays the same object is rendered once, and forgotten when it leaves.

    Not for two threads at a time.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[Decision, ...], bytes]] = {}

    def render(self, blocks: Iterable[tuple[Decision, ...]]) -> tuple[bytes, ...]:
        """Write the groups of all blocks as the chunks of one list, in that order.

        Equal groups have to share a block to appear once, as they do where a node's id tells its block. A chunk but the
        first is the same object as long as its block is.
        """
        known = {id(block): self._known.get(id(block)) or (block, _elements(block)) for block in blocks}
        self._known = known
        bodies = [body for _, body in known.values() if body]
        if not bodies:
            return (b"[]",)
        return (b"[" + bodies[0][1:], *bodies[1:], b"]")


def _elements(block: tuple[Decision, ...]) -> bytes:
    """Write a block's groups with a comma in front of each, nothing where it has none."""
    groups = [decision.group for decision in block if decision.group is not None]
    return b"," + _joined(groups) if groups else b""
