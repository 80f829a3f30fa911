"""Lists of targets of rows: after any changes they are what a fresh exporter makes of everything."""

import json
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.conditions import Check
from infrahub_exporter.domain.asking.formats import Formats, GnmicFormat
from infrahub_exporter.domain.asking.specs import DiscoverySpec, UncoveredSpec
from infrahub_exporter.domain.publishing.guard import GuardSpec
from tests.unit.following.world import STEPS, Line, World, to_many

LISTS = (
    DiscoverySpec(
        name="members",
        paths=("/sd/members",),
        kind="CoreStandardGroup",
        rows="members[NetRouter]",
        target_field="name",
        label_mappings={"router": "name", "groups": "^name", "city": "city.name", "tags": "tags[].name"},
        distinct=("router",),
        formats=Formats(gnmic=GnmicFormat(name="city", subscriptions="groups", tags=("router", "tags"))),
    ),
    DiscoverySpec(
        name="ends",
        paths=("/sd/ends",),
        kind="NetPort",
        rows="cable.ends[other]",
        where={"router.state": "up", "^^router.name": Check(matches="[rn].*")},
        exclude={"^^name": "e2", "name": ("e1", "e2")},
        target_field=("router.city.name", "router.name"),
        port_field="speed",
        label_mappings={"near": "^^name", "far": "name", "cable": "^name"},
    ),
    DiscoverySpec(
        name="cities",
        paths=("/sd/cities",),
        kind="NetRouter",
        where={"state": "up"},
        target_field="name",
        label_mappings={"city": "city.name", "tags": "tags[].name", "groups": "member_of_groups[].name"},
        distinct=("city",),
    ),
    DiscoverySpec(
        name="near",
        paths=("/sd/near",),
        kind="NetRouter",
        rows="ports[]",
        match={"^city.name": "nearby.name"},
        target_field="^name",
        label_mappings={"labels": "labels[].name"},
    ),
)
UNCOVERED = (UncoveredSpec(kind="NetRouter", where={"state": "up"}), UncoveredSpec(kind="NetPort"))
CHANGES = st.lists(st.tuples(st.sampled_from(list(STEPS)), st.integers(0, 7), st.integers(0, 7)), max_size=5)


def exporter(world: World) -> Exporter:
    return Exporter(
        metrics=(),
        discoveries=LISTS,
        uncovered=UNCOVERED,
        source=InfrahubReader(Line(world), clock=world.times, page_size=5),
        clock=world.times,
        poll_interval_seconds=10.0,
        full_refresh_seconds=1e12,
        version="1",
        guard=GuardSpec(enabled=False),
    )


async def listed(subject: Exporter, name: str) -> list[str]:
    groups = json.loads(await subject.discovery(name))
    assert len({json.dumps(group, sort_keys=True) for group in groups}) == len(groups)
    return sorted(json.dumps(group, sort_keys=True) for group in groups)


async def shown(subject: Exporter, success: dict[str, bool | None]) -> dict[str, Any]:
    """Return all that is offered of the lists that are read well: as they are, skipped, and for gnmic."""
    found: dict[str, Any] = {"success": {each.name: each.success for each in subject.status.entries}}
    for entry in subject.status.entries:
        if success[entry.name] and entry.source == "query":
            found[entry.name] = await listed(subject, entry.name), entry.nodes, dict(entry.skipped)
    if success["members"]:
        found["gnmic"] = json.loads(await subject.discovery("members", [("format", "gnmic")]))
    if all(success.values()):
        found["uncovered"] = subject.status.uncovered
    return found


async def follow(rounds: Sequence[Sequence[tuple[str, int, int]]]) -> None:
    world = World()
    world.populate()
    routers = world.ids("NetRouter")
    world.create("CoreStandardGroup", "g9", to_many("members", routers))
    subject = exporter(world)
    for changes in ((), *rounds):
        for change in changes:
            world.change(*change)
            world.times.wait(0.3)
        world.infrahub.settle()
        world.times.wait(10.0)
        await subject.refresh()
        fresh = exporter(world)
        await fresh.refresh()
        success = {each.name: each.success for each in fresh.status.entries}
        assert await shown(subject, success) == await shown(fresh, success)


@settings(max_examples=15)
@given(st.lists(CHANGES, min_size=1, max_size=5))
def test_what_is_followed_is_what_is_made_of_everything(rounds: list[list[tuple[str, int, int]]]) -> None:
    anyio.run(follow, rounds)


@pytest.mark.anyio
async def test_one_change_touches_the_targets_that_show_it() -> None:
    world = World()
    world.populate()
    world.infrahub.settle()
    world.times.wait(10.0)
    subject = exporter(world)
    await subject.refresh()
    before = {each.name: await listed(subject, each.name) for each in LISTS}
    world.save("BuiltinTag", world.ids("BuiltinTag")[0], name="seen")
    world.infrahub.settle()
    world.times.wait(10.0)
    await subject.refresh()
    after = {each.name: await listed(subject, each.name) for each in LISTS}
    new = {name: len(set(after[name]) - set(before[name])) for name in after}
    assert {name: len(groups) for name, groups in after.items()} == {"members": 3, "ends": 2, "cities": 3, "near": 3}
    assert new == {"members": 2, "ends": 0, "cities": 2, "near": 2}
