"""Rows where nothing is followed, as on another branch than the default one: everything is read anew at each round."""

import pytest

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from tests.unit.following.world import Line, World

pytestmark = pytest.mark.anyio


class OfBranch(InfrahubReader):
    """A reader of a branch whose changes cannot be told."""

    async def is_followable(self) -> bool:
        return False


PORTS = DiscoverySpec(
    name="ports",
    paths=("/sd/ports",),
    kind="NetRouter",
    rows="ports[].cable.ends[other]",
    target_field="router.name",
    label_mappings={"near": "^^^name", "city": "^^^city.name"},
)


async def test_rows_are_right_at_each_round_beside_what_is_read_in_one_piece() -> None:
    world = World()
    world.populate()
    reader = OfBranch(Line(world), clock=world.times, page_size=500)
    pool = Pool(reader, clock=world.times)
    entries = Roster(
        metrics=[MetricSpec(kind="NetRouter", include=("name", "city.name"))],
        discoveries=[PORTS],
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
        figures=Figures(),
    )

    async def ends() -> list[tuple[str, str, str]]:
        world.times.wait(10.0)
        await inventory.round()
        assert [status.error for status in inventory.entries.statuses] == [None, None]
        groups = [
            each.group for block in inventory.entries.find("ports").publication.blocks for each in block if each.group
        ]
        return sorted((group.targets[0], group.labels["near"], group.labels["city"]) for group in groups)

    assert await ends() == [("r0", "r1", "c1"), ("r1", "r0", "c0")]
    world.save("NetCity", world.pick("NetCity", 0), name="moved")
    assert await ends() == [("r0", "r1", "c1"), ("r1", "r0", "moved")]
    world.delete("NetCable", world.pick("NetCable", 0))
    assert await ends() == []
