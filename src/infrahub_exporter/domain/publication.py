"""What an entry publishes, apart from what it has read: the two differ while the guard holds the latter back."""

from collections.abc import Callable
from typing import Generic, TypeVar

from infrahub_exporter.domain.guard import Guard, GuardSpec, Verdict

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

        `check` sees each block that is not published yet; what it raises is raised, with nothing published or judged.
        """
        if check is not None:
            known = {id(block) for block in self.blocks}
            for block in blocks:
                if id(block) not in known:
                    check(block)
        judged = self.guard.judge(self.count, count, at=at, verified=verified)
        self.guard = judged.guard
        if judged.verdict.publishes:
            self.blocks, self.count = blocks, count
        return judged.verdict

    def release(self) -> bool:
        """Let the next offer through, whatever is lost with it; tell whether anything is held."""
        self.guard = self.guard.released()
        return self.guard.hold is not None
