"""Works that do not depend on each other."""

from collections.abc import Awaitable, Callable, Sequence

Work = Callable[[], Awaitable[None]]
Together = Callable[[Sequence[Work]], Awaitable[None]]
"""Does works at once, as many as may be under way, each to its end; raises the error of the first that failed."""


async def one_by_one(works: Sequence[Work]) -> None:
    """Do works one after the other. Raises what one raises, and does the others no more."""
    for work in works:
        await work()
