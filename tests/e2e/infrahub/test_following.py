"""What is followed equals what is read whole at the same instant, on a real Infrahub, merges of branches included."""

import random
import time
from collections import Counter
from collections.abc import Callable

import anyio
import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.ports import Transport
from tests.e2e.infrahub.followed import ENTRIES, Followed
from tests.e2e.infrahub.network import EMPTY, MAIN, Network, changes, connections, load_schema, network

pytestmark = pytest.mark.anyio
SEEDS = range(15)
STEPS = 4
MOST_CHANGES = 4
PAGE_SIZES = (8, 50)
OVERLAPS_SECONDS = (0.5, 5.0, 300.0)
POLL_SECONDS = 0.5
ASIDE = 0.7
"""How many of the changes are made on the branch while there is one."""
MERGED = 0.6
"""How many of the branches are merged; the others are only deleted."""
Tally = Counter[str]


@pytest.fixture(scope="module")
def connect(real_address: str, real_token: str) -> Callable[[str], Transport]:
    load_schema(real_address, real_token)
    return connections(real_address, real_token)


@pytest.fixture(scope="module")
def tally() -> Tally:
    """What was done in all sequences."""
    return Counter()


class Steps:
    """Changes and refreshes by turns, while a branch is open."""

    def __init__(self, name: str, chance: random.Random, changing: Network, followed: Followed) -> None:
        self._chance = chance
        self._changing = changing
        self._followed = followed
        self._name = name
        self._is_open = False
        self._is_merged = chance.random() < MERGED

    async def step(self) -> None:
        """Change some, then refresh and compare."""
        number = self._chance.randint(1, MOST_CHANGES)
        aside = sum(self._is_open and self._chance.random() < ASIDE for _ in range(number))
        await self._changing.change(number - aside)
        await self._changing.change(aside, self._name)
        await self._compare(await self._followed.refresh())

    async def branch(self) -> None:
        """Open the branch."""
        await self._changing.open_branch(self._name)
        self._is_open = True

    async def finish(self) -> None:
        """Merge the branch while refreshes go on, or only delete it; then refresh until all has been seen."""
        if self._is_merged:
            ended = anyio.Event()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._refresh_until, ended)
                await self._changing.merge_branch(self._name)
                ended.set()
            await self._compare(await self._followed.refresh())
        await self.leave()
        done = time.time()
        while (at := await self._followed.refresh()) <= done:
            self._changing.tell("refresh")
            await anyio.sleep(POLL_SECONDS)
        await self._compare(at)

    async def leave(self) -> None:
        """Delete the branch where there is one."""
        if self._is_open:
            self._is_open = False
            await self._changing.delete_branch(self._name)

    async def _refresh_until(self, ended: anyio.Event) -> None:
        while not ended.is_set():
            await self._followed.refresh()
            self._changing.tell("refresh during the merge")
            await anyio.sleep(POLL_SECONDS)

    async def _compare(self, at: float) -> None:
        """Hold against whole reads; nothing is changed meanwhile."""
        differences = await self._followed.differences(at)
        self._changing.tell("refresh, compared")
        if differences:
            told = "\n".join((*self._changing.told, *map(self._changing.named, differences)))
            pytest.fail(f"{self._name}, {self._followed}:\n{told}", pytrace=False)


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_followed_equals_what_is_read_whole(
    seed: int, connect: Callable[[str], Transport], tally: Tally
) -> None:
    chance = random.Random(seed)
    transport = connect(MAIN)
    reader = InfrahubReader(transport, clock=SystemClock(), page_size=chance.randint(*PAGE_SIZES))
    truth = InfrahubReader(transport, clock=SystemClock(), page_size=500)
    followed = Followed(reader, truth, overlap_seconds=chance.choice(OVERLAPS_SECONDS))
    early, *late = chance.sample(ENTRIES, 3)
    async with network(connect, chance, STEPS * seed) as changing:
        steps = Steps(f"follow-{seed}", chance, changing, followed)
        try:
            await followed.add(early)
            await followed.refresh()
            await steps.branch()
            for each in late:
                await followed.add(each)
            for _ in range(STEPS):
                await steps.step()
            await steps.finish()
        finally:
            await steps.leave()
            await reader.close()
        tally.update(changing.done)
        tally["a row that followed"] += followed.changed
        tally["sequences"] += 1


def test_every_kind_of_change_took_place(tally: Tally) -> None:
    if tally["sequences"] < len(SEEDS):
        pytest.skip("only some of the sequences ran")
    wanted = {"a row that followed", "merge the branch", *changes(random.Random(0), EMPTY, 0)}
    assert wanted - tally.keys() == set()
