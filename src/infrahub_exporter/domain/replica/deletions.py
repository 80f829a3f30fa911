"""Compare numbers: what has left was not reported, but there are fewer than are held."""

from collections.abc import Sequence

from infrahub_exporter.domain.ports import NodeSource
from infrahub_exporter.domain.replica.changed import Changed
from infrahub_exporter.domain.replica.chunks import chunks, size
from infrahub_exporter.domain.replica.plan import with_ids
from infrahub_exporter.domain.replica.readings import Reading
from infrahub_exporter.domain.replica.replica import Replica

_COUNTED = 10_000
"""How many ids are sent to be counted in one request, at most."""
_WORTH_COUNTING = 7_000
"""Of how many nodes one has to have left so that a dozen counts are cheaper than the ids of all."""


class Deletions:
    """The number of nodes that a reading has, and the number that there are."""

    def __init__(self, nodes: NodeSource, replica: Replica, changed: Changed) -> None:
        self._nodes = nodes
        self._replica = replica
        self._changed = changed

    async def settle(self, reading: Reading, at: float) -> None:
        """Compare the number that there are with the number held: what has left was not reported.

        All that came is held by now, so that equal numbers are the same nodes.
        """
        reading.recount |= reading.changed and not self._is_covered(reading)
        reading.changed = False
        if not reading.recount:
            return
        if reading.relist:
            await self._compare_ids(reading, at)
        elif reading.filters or reading.count is None:
            await self.count(reading, at)
        else:
            await self._find_left(reading, reading.count, at)
        reading.recount = reading.relist = False

    async def count(self, reading: Reading, at: float) -> None:
        """Ask for the number that there are, and find who has left where it differs."""
        reading.count = await self._nodes.count(reading.bare, at=at)
        await self._find_left(reading, reading.count, at)

    def _is_covered(self, reading: Reading) -> bool:
        """Tell whether it is known that no node of the kind has left, so that none of those that pass filters has."""
        everything = self._replica.unfiltered(reading.table)
        is_other = everything is not None and everything is not reading and everything.is_read
        return is_other and everything is not None and everything.count == len(everything)

    async def _find_left(self, reading: Reading, count: int, at: float) -> None:
        """Find who has left: a few among many by counting, else by the ids of all that there are."""
        left = len(reading) - count
        if 0 < left * _WORTH_COUNTING < len(reading):
            for chunk in chunks(tuple(reading.members), _COUNTED):
                await self._drop_left(reading, chunk, count, at)
        if len(reading) != count:
            await self._compare_ids(reading, at)

    async def _drop_left(self, reading: Reading, among: Sequence[str], count: int, at: float) -> None:
        """Drop who has left, half by half, until as many are held as there are: a count is cheaper than the ids."""
        if len(reading) == count:
            return
        if len(among) <= size():
            await self._changed.look_at(reading, among, at)
        elif await self._nodes.count(with_ids(reading.bare, among), at=at) != len(among):
            half = len(among) // 2
            await self._drop_left(reading, among[:half], count, at)
            await self._drop_left(reading, among[half:], count, at)

    async def _compare_ids(self, reading: Reading, at: float) -> None:
        present = {row.id async for page in self._nodes.pages(reading.bare, at=at) for row in page.rows}
        gone = [each for each in reading.members if each not in present]
        if reading.filters:
            self._replica.leave(reading, gone)
        else:
            self._replica.put(reading.table, {}, gone)
        for chunk in chunks(tuple(each for each in present if each not in reading.members)):
            await self._changed.look_at(reading, chunk, at)
