"""Read again in turn what is held, for what no probe sees."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from infrahub_exporter.domain.replica.changed import Changed
from infrahub_exporter.domain.replica.chunks import chunks, size
from infrahub_exporter.domain.replica.deletions import Deletions
from infrahub_exporter.domain.replica.readings import Reading
from infrahub_exporter.domain.replica.replica import Replica
from infrahub_exporter.domain.replica.tables import Table, Turns
from infrahub_exporter.domain.replica.views import View


class Rolling:
    """Rows and members, each as far as has been saved up and a request is full.

    When all has had its turn, the number that there are is compared with the number held.
    """

    def __init__(self, replica: Replica, changed: Changed, deletions: Deletions) -> None:
        self._replica = replica
        self._changed = changed
        self._deletions = deletions

    def save_up(self, share: float) -> None:
        """Allow a share of all that is held to be read again."""
        for table in self._replica.tables.values():
            table.turns.quota += share * len(table)
        for reading in self._replica.readings.values():
            reading.turns.quota += share * len(reading)

    async def roll(self, view: View, at: float) -> None:
        """Read again what a view shows."""
        for table in view.tables.values():
            if self._replica.alone(table) is None:
                await self._roll_rows(table, at)
        if view.reading.filters:
            await self._roll_members(view.reading, at)

    async def _roll_rows(self, table: Table, at: float) -> None:
        async def read(chunk: Sequence[str]) -> None:
            await self._changed.read_rows(table, chunk, at)

        async def end() -> None:
            reading = self._replica.unfiltered(table)
            if reading is not None:
                await self._deletions.count(reading, at)
            self._replica.forget(table)

        await _in_turn(table.turns, table.rows, read, end)

    async def _roll_members(self, reading: Reading, at: float) -> None:
        async def read(chunk: Sequence[str]) -> None:
            await self._changed.check(reading, chunk, at)

        async def end() -> None:
            await self._deletions.count(reading, at)

        await _in_turn(reading.turns, reading.members, read, end)


async def _in_turn(
    turns: Turns,
    held: Collection[str],
    read: Callable[[Sequence[str]], Awaitable[None]],
    end: Callable[[], Awaitable[None]],
) -> None:
    """Read chunk by chunk as long as there is quota; what fails has its turn again."""
    while held and turns.quota >= min(size(), len(held)):
        if turns.chunks is None:
            turns.chunks = list(chunks(tuple(held)))
        if turns.chunks:
            chunk = turns.chunks[-1]
            await read([each for each in chunk if each in held])
            turns.chunks.pop()
            turns.quota -= len(chunk)
        else:
            turns.quota = 0.0
            await end()
            turns.chunks = None
