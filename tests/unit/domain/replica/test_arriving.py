"""Rows that come with the stamps of what changed: neither is asked for by itself."""

from dataclasses import dataclass

import pytest

from infrahub_exporter.domain.asking.selection import select
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.replica.dependencies import dependencies
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.plan import plan
from infrahub_exporter.domain.replica.views import View
from infrahub_exporter.domain.replica.watching import Watch
from tests.unit.domain.inventory import Inventory
from tests.unit.domain.network import KINDS
from tests.unit.rows import rows_of

pytestmark = pytest.mark.anyio

NODES = 501
"""From so many changed nodes on rows come with the stamps."""


@dataclass
class World:
    """All devices, followed."""

    inventory: Inventory
    watch: Watch
    following: Following
    views: list[View]

    def show(self, *include: str) -> View:
        """Show more of the devices."""
        planned = plan(select("InfraDevice", include, {}, KINDS))
        self.views.append(self.following.view(planned, dependencies(planned, KINDS)))
        return self.views[-1]

    async def learn(self) -> float:
        """Learn what changed until now, and return that instant."""
        self.inventory.now += 1.0
        self.following.learn(await self.watch.look(self.following.kinds, at=self.inventory.now))
        return self.inventory.now

    async def follow(self) -> dict[str, object]:
        """Learn and read what changed; return the first values of the rows that the first view has of that."""
        at = await self.learn()
        return await self.bring(at)

    async def bring(self, at: float) -> dict[str, object]:
        """Read what changed."""
        deltas = [await self.following.follow(view, at=at) for view in self.views]
        return {row.id: row.values[0] for row in rows_of(deltas[0])}

    def asked(self) -> list[tuple[str, dict[str, object]]]:
        """Return what has been asked of devices."""
        return [each for each in self.inventory.requests if each[0].endswith("InfraDevice")]

    def rename(self, suffix: str) -> dict[str, object]:
        """Rename all devices; return their names."""
        devices = self.inventory.of("InfraDevice")
        for each in devices:
            self.inventory.change(each, f"{each}{suffix}")
        return {each: f"{each}{suffix}" for each in devices}


@pytest.fixture
async def world() -> World:
    inventory = Inventory(page_size=500)
    site = inventory.create("LocationSite", "paris")
    for number in range(NODES):
        inventory.create("InfraDevice", f"leaf{number}", site=[site])

    def begin(at: float) -> None:
        watch.start(at)

    following = Following(inventory, begin)
    watch = Watch(inventory, overlap_seconds=2000.0, read_changed=following.read_changed)
    subject = World(inventory, watch, following, [])
    await following.read(subject.show("name", "site.name"), at=inventory.now)
    for _ in range(2):  # what has been read leaves the overlap
        inventory.now += 3000.0
        await subject.follow()
    inventory.requests.clear()
    return subject


async def test_the_rows_of_many_changed_nodes_are_asked_for_with_their_stamps_alone(world: World) -> None:
    names = world.rename("-new")
    assert await world.follow() == names
    assert world.asked() == [("changed of InfraDevice", {})]
    assert await world.follow() == {}


async def test_a_row_that_came_and_changed_before_it_was_taken_in_is_asked_for(world: World) -> None:
    names = world.rename("-new")
    await world.learn()
    one = world.inventory.of("InfraDevice")[0]
    world.inventory.change(one, "newer")
    world.inventory.requests.clear()
    assert await world.follow() == names | {one: "newer"}
    assert world.asked() == [("rows of InfraDevice", {"ids": [one]})]


async def test_rows_that_came_are_asked_for_where_nobody_can_tell_any_more_what_has_changed(world: World) -> None:
    names = world.rename("-new")
    at = await world.learn()
    world.inventory.requests.clear()
    world.following.doubt()
    assert await world.bring(at) == names
    asked = [variables.get("ids") for what, variables in world.asked() if what == "rows of InfraDevice"]
    assert {each for ids in asked if isinstance(ids, list) for each in ids} >= set(names)


async def test_rows_that_came_without_a_column_of_today_are_asked_for(world: World) -> None:
    names = world.rename("-new")
    at = await world.learn()
    world.show("status")
    assert await world.bring(at) == names
    asked = [variables.get("ids") for what, variables in world.asked() if what == "rows of InfraDevice"]
    assert {each for ids in asked if isinstance(ids, list) for each in ids} == set(names)


async def test_rows_do_not_come_with_stamps_where_not_all_of_a_kind_are_held_nor_before_they_were_read() -> None:
    inventory = Inventory()
    following = Following(inventory)
    planned = plan(select("InfraDevice", ("name", "site.name"), {}, KINDS))
    following.view(planned, dependencies(planned, KINDS))
    for kind in ("InfraDevice", "LocationSite", "InfraInterface"):
        assert await following.read_changed(kind, 0.0, 1.0) is None
    assert inventory.requests == []


async def test_what_could_not_be_had_is_looked_for_again(world: World) -> None:
    names = world.rename("-new")
    world.inventory.failing = 0
    with pytest.raises(SourceUnavailableError):
        await world.follow()
    world.inventory.failing = None
    assert await world.follow() == names
