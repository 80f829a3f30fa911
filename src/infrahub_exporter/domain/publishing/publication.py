"""What an entry publishes, apart from what it has read: the two differ while the guard holds the latter back."""

from collections.abc import Callable
from itertools import compress
from operator import is_not
from typing import Generic, TypeVar

import msgspec

from infrahub_exporter.domain.publishing.guard import Guard, GuardSpec, Verdict

Item = TypeVar("Item")


class Publication(Generic[Item]):
    """The blocks that were let through last, and the guard in front of them. Not for two threads at a time.

    `count` is the number of series or target groups in `blocks`.
    """

    def __init__(self, spec: GuardSpec) -> None:
        self.blocks: tuple[tuple[Item, ...], ...] = ()
        self.count = 0
        self.guard = Guard(spec)

    def restore(self, blocks: tuple[tuple[Item, ...], ...], count: int) -> None:
        """Take what was published before a restart; the first read is measured against it."""
        self.blocks, self.count = blocks, count

    def go_on(self, blocks: tuple[tuple[Item, ...], ...], count: int, guard: Guard) -> None:
        """Go on from what another publication let through and holds; the own guard judges from now on."""
        self.blocks, self.count = blocks, count
        self.guard = msgspec.structs.replace(guard, spec=self.guard.spec)

    def offer(
        self,
        blocks: tuple[tuple[Item, ...], ...],
        count: int,
        *,
        at: float,
        verified: bool,
        check: Callable[[tuple[Item, ...]], None] | None = None,
    ) -> Verdict:
        """Publish what was read, unless the guard holds it (see `Guard.judge`).

        `check` sees what is not published yet, block by block; what it raises is raised, and nothing is published.
        """
        if check is not None:
            before = self.blocks if len(self.blocks) == len(blocks) else ((),) * len(blocks)
            for block, known in compress(zip(blocks, before, strict=True), map(is_not, blocks, before)):
                check(_unknown(block, known))
        judged = self.guard.judge(self.count, count, at=at, verified=verified)
        self.guard = judged.guard
        if judged.verdict.publishes:
            self.blocks, self.count = blocks, count
        return judged.verdict

    def release(self) -> bool:
        """Let the next offer through, whatever is lost with it; tell whether anything is held."""
        self.guard = self.guard.released()
        return self.guard.hold is not None


def _unknown(block: tuple[Item, ...], before: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the items that are not the same objects at the same places as before; all where the places moved."""
    return tuple(compress(block, map(is_not, block, before))) if len(block) == len(before) else block
