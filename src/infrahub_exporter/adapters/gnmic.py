"""Target groups as the body that gnmic's HTTP loader reads."""

from collections.abc import Iterable, Mapping

import msgspec

from infrahub_exporter.domain.asking.formats import GnmicFormat
from infrahub_exporter.domain.views.discovery import Decision
from infrahub_exporter.domain.views.gnmic import Target, merged, targets, written

_Block = tuple[Decision, ...]


class GnmicMap:
    """A map that is rendered by blocks, as `TargetList` is. Not for two threads at a time."""

    def __init__(self, form: GnmicFormat) -> None:
        self._form = form
        self._known: dict[int, tuple[_Block, Mapping[str, Target], bytes]] = {}

    def render(self, blocks: Iterable[_Block]) -> tuple[bytes, ...]:
        """Write the targets of all blocks as the chunks of one JSON object.

        Where blocks have targets of one name in common, these are united, and all is one chunk.
        """
        self._known = {id(block): self._known.get(id(block)) or self._made(block) for block in blocks}
        parts = [part for _, part, _ in self._known.values()]
        if len(set[str]().union(*parts)) < sum(map(len, parts)):
            return (b"{" + _members(merged(parts)) + b"}",)
        bodies = [body for _, _, body in self._known.values() if body]
        return (b"{", *[body if index == 0 else b"," + body for index, body in enumerate(bodies)], b"}")

    def _made(self, block: _Block) -> tuple[_Block, Mapping[str, Target], bytes]:
        found = targets((each.group for each in block if each.group is not None), self._form)
        return block, found, _members(found)


def _members(found: Mapping[str, Target]) -> bytes:
    return msgspec.json.encode({name: written(target) for name, target in found.items()})[1:-1]
