"""Pages of one read, several asked for at once where that is allowed."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio

from infrahub_exporter.adapters.infrahub.concurrency import at_once
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.errors import alone
from infrahub_exporter.domain.ports import Reply


class Paging:
    """The answers of a read's pages of `step` nodes, to be taken in their order.

    The first page comes alone: most kinds have no more. Then the nodes are counted, so that no page past the end is
    asked for, and the others are asked for at once, as many as there are `slots`; those that were asked for together
    are waited for together. How one fails is raised when it is taken.
    """

    def __init__(
        self,
        ask: Callable[[int], Awaitable[Reply]],
        count: Callable[[], Awaitable[int]],
        *,
        step: int,
        slots: anyio.Semaphore,
        most: int,
    ) -> None:
        self._ask = ask
        self._count = count
        self._step = step
        self._slots = slots
        self._most = most
        self._nodes: int | None = None
        self._found: dict[int, Reply | Exception] = {}
        self._is_first = True

    async def take(self, offset: int) -> Reply:
        """Return the answer of the page at an offset, which is the one after the last. Raises as `ask` and `count`."""
        if offset not in self._found:
            pages = await self._pages(offset)
            offsets = range(offset, offset + pages * self._step, self._step)
            await at_once([partial(self._fetch, each) for each in offsets], most=pages)
        found = self._found.pop(offset)
        if isinstance(found, Exception):
            raise found
        return found

    async def _pages(self, offset: int) -> int:
        """Tell how many pages to ask for at once."""
        if self._is_first or self._most == 1:
            self._is_first = False
            return 1
        if self._nodes is None:
            self._nodes = await self._count()
        return max(1, min(self._most, -((offset - self._nodes) // self._step)))

    async def _fetch(self, offset: int) -> None:
        async with self._slots:
            try:
                self._found[offset] = await self._ask(offset)
            except Exception as error:  # noqa: BLE001 - raised when it is taken
                self._found[offset] = alone(error)


def most_nodes(selection: Selection) -> int | None:
    """Return how many nodes a selection has at most, where it names them; by `hfid` each page would be the same."""
    if "hfid" in selection.variables:
        return 1
    named = selection.variables.get("ids")
    return len(named) if isinstance(named, list) else None
