from functools import partial

import anyio
import anyio.lowlevel
import pytest

from infrahub_exporter.adapters.infrahub.concurrency import at_once

pytestmark = pytest.mark.anyio


class Works:
    """Works that note how many were under way together."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.most = 0
        self._under_way = 0

    async def work(self, number: int) -> None:
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        await anyio.lowlevel.checkpoint()
        self._under_way -= 1
        self.done.append(number)

    async def fail(self, number: int) -> None:
        await self.work(number)
        raise ValueError(number)


async def test_all_is_done_so_many_at_a_time() -> None:
    works = Works()
    await at_once([partial(works.work, number) for number in range(7)], most=3)
    assert (sorted(works.done), works.most) == (list(range(7)), 3)


async def test_nothing_is_nothing() -> None:
    await at_once([], most=3)


async def test_the_first_of_several_errors_is_raised_when_all_has_been_done() -> None:
    works = Works()
    with pytest.raises(ValueError, match=r"^1$"):
        await at_once([partial(works.work, 0), partial(works.fail, 1), partial(works.fail, 2)], most=2)
    assert works.done == [0, 1, 2]


async def test_one_alone_raises_its_own_error() -> None:
    with pytest.raises(ValueError, match=r"^1$"):
        await at_once([partial(Works().fail, 1)], most=2)
