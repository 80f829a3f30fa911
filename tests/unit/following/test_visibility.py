"""How old changes are when they become visible, end to end."""

import pytest

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from tests.unit.following.world import Line, World

pytestmark = pytest.mark.anyio


async def followed() -> tuple[World, Line, Inventory, Figures]:
    world, figures = World(), Figures()
    world.populate()
    line = Line(world)
    pool = Pool(InfrahubReader(line, clock=world.times, page_size=500), clock=world.times)
    entries = Roster(
        metrics=[MetricSpec(kind="NetRouter", include=("name",)), MetricSpec(kind="NetCity", include=("name",))],
        discoveries=(),
        pool=pool,
        clock=world.times,
        outline=None,
        overlap_seconds=300.0,
        full_refresh_seconds=3600.0,
        guard=GuardSpec(),
        limits=Limits(),
    )
    inventory = Inventory(
        entries,
        pool=pool,
        sinks=(),
        clock=world.times,
        full_refresh_seconds=3600.0,
        refresh_timeout_seconds=60.0,
        figures=figures,
    )
    await inventory.round()
    return world, line, inventory, figures


def counted(figures: Figures) -> list[int]:
    return [count for _, count in figures.change_age.cumulative()]


async def test_a_change_is_counted_once_with_its_age_and_what_was_there_at_first_is_not() -> None:
    world, _, inventory, figures = await followed()
    world.times.wait(10.0)
    await inventory.round()
    assert counted(figures)[-1] == 0
    world.save("NetRouter", world.pick("NetRouter", 0), name="renamed")
    for _ in range(3):
        world.times.wait(10.0)
        await inventory.round()

    assert counted(figures) == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert 9.0 < figures.change_age.sum <= 10.0  # Infrahub tells its time in whole seconds


async def test_a_change_that_cannot_be_read_yet_grows_older_until_it_can() -> None:
    world, line, inventory, figures = await followed()
    world.times.wait(10.0)
    await inventory.round()
    world.save("NetRouter", world.pick("NetRouter", 0), name="renamed")
    line.lost = frozenset({"NetRouter"})
    for _ in range(3):
        world.times.wait(10.0)
        await inventory.round()
    assert counted(figures)[-1] == 0
    line.lost = frozenset()
    world.times.wait(10.0)
    await inventory.round()

    assert counted(figures)[-1] == 1
    assert 39.0 < figures.change_age.sum <= 40.0


async def test_a_kind_that_cannot_be_read_holds_no_other_back() -> None:
    world, line, inventory, figures = await followed()
    world.times.wait(10.0)
    await inventory.round()
    line.lost = frozenset({"NetRouter"})
    world.save("NetRouter", world.pick("NetRouter", 0), name="renamed")
    world.save("NetCity", world.pick("NetCity", 0), name="renamed")
    world.times.wait(10.0)
    await inventory.round()

    assert counted(figures)[-1] == 1
