"""What following asks for and makes anew: by what changed, never by how much there is."""

import gc
import sys
from collections import Counter
from types import ModuleType

import pytest

from infrahub_exporter.domain.model import Row
from tests.unit.following.test_sequences import Following, Setup
from tests.unit.following.world import to, to_many

pytestmark = pytest.mark.anyio
POLL_SECONDS = 10.0
MANY = 40


async def quiet(names: tuple[str, ...] = ("all",), *, rolls: bool = False) -> Following:
    """Follow a world with many routers in one city until everything has left the overlap."""
    following = Following(Setup(names, page_size=500, rolls=rolls))
    city = following.world.pick("NetCity", 0)
    for number in range(MANY):
        following.world.create("NetRouter", f"many{number}", to("city", city))
    for _ in range(4):
        await following.run()
        following.world.times.wait(400.0)
    following.line.asked.clear()
    return following


async def asked(following: Following) -> list[str]:
    """Poll once; say what it asked for, but the schema's hash, which is asked for once a minute."""
    following.world.times.wait(POLL_SECONDS)
    await following.run()
    found = [each for each in following.line.asked if each != "/api/schema/summary"]
    following.line.asked.clear()
    return found


async def polls_inside_the_overlap(following: Following) -> set[int]:
    return {len(await asked(following)) for _ in range(int(280 / POLL_SECONDS))}


async def test_nothing_changed_is_one_request() -> None:
    following = await quiet()
    assert [await asked(following) for _ in range(3)] == [["probe"]] * 3


async def test_one_changed_node_is_four_requests_and_then_two_while_its_stamp_is_new() -> None:
    following = await quiet()
    following.world.save("NetRouter", following.world.pick("NetRouter", 5), name="renamed")
    # a port's human-friendly id and label are made of its router's name
    assert await asked(following) == ["probe", "NetRouter stamps", "NetRouter", "NetPort"]
    assert await polls_inside_the_overlap(following) == {2}
    assert [len(await asked(following)) for _ in range(5)] == [2, 2, 3, 1, 1]


async def test_one_changed_node_of_a_filtered_entry_is_three_requests_and_a_deleted_one_is_counted_besides() -> None:
    following = await quiet(("own attribute",))
    following.world.save("NetRouter", following.world.pick("NetRouter", 5), name="renamed")
    assert await asked(following) == ["probe", "NetRouter stamps", "NetRouter"]
    assert await polls_inside_the_overlap(following) == {2}
    await settled(following)
    following.world.delete("NetRouter", following.world.pick("NetRouter", 5))
    # its city is stamped
    assert await asked(following) == ["probe", "NetCity stamps", "NetCity", "NetRouter count", "NetRouter"]


async def test_a_created_and_a_deleted_node_at_once_are_both_found_where_entries_filter() -> None:
    following = await quiet(("own attribute", "without"))
    world, (entry, _) = following.world, following.entries
    gone = next(iter(entry.rows))
    world.delete("NetRouter", gone)
    created = world.create("NetRouter", "new", to("city", world.pick("NetCity", 0)))
    await asked(following)
    assert (gone in entry.rows, created in entry.rows) == (False, True)


async def test_the_first_look_asks_for_no_number_of_each_of_many_filters() -> None:
    following = Following(Setup(("own attribute", "by id"), page_size=500))
    following.world.times.wait(1000.0)
    await following.run()
    assert following.line.asked.count("NetRouter count") == 1
    following.line.asked.clear()
    assert await asked(following) == ["probe"]
    following.world.delete("NetRouter", following.world.pick("NetRouter", 0))
    assert (await asked(following)).count("NetRouter count") == 2


async def test_one_renamed_peer_that_all_nodes_name_is_three_requests() -> None:
    following = await quiet()
    following.world.save("NetCity", following.world.pick("NetCity", 0), name="renamed")
    assert await asked(following) == ["probe", "NetCity stamps", "NetCity"]
    assert await polls_inside_the_overlap(following) == {2}


async def test_one_created_peer_is_four_requests() -> None:
    following = await quiet()
    router = following.world.pick("NetRouter", 5)
    following.world.create("NetFastPort", "new", to("router", router))
    assert await asked(following) == ["probe", "NetPort stamps", "NetRouter", "NetPort"]


async def test_one_deleted_node_is_four_requests() -> None:
    following = await quiet()
    following.world.delete("NetRouter", following.world.pick("NetRouter", -1))
    # its city is stamped, and the number of routers tells that their ids have to be listed
    assert await asked(following) == ["probe", "NetCity stamps", "NetCity", "NetRouter"]


async def test_a_kind_that_two_entries_read_is_probed_once_and_its_schema_is_asked_for_once() -> None:
    following = Following(Setup(("all", "over a relation", "own attribute"), page_size=500))
    for _ in range(3):
        await following.run()
        following.world.times.wait(POLL_SECONDS)
    schemas = Counter(each.rpartition("/")[2] for each in following.line.asked if each.startswith("/api/schema/Net"))
    assert schemas == Counter(("NetRouter", "NetCity", "NetRegion", "NetCountry", "NetPort"))
    assert following.line.asked.count("probe") == 2


async def test_what_is_held_is_read_again_evenly_within_the_time_for_it() -> None:
    following = await quiet(rolls=True)
    held = len(following.entries[0].derived.blocks)
    requests = [len(await asked(following)) for _ in range(100)]
    assert max(requests) <= 6
    assert held > MANY


async def test_an_outage_is_not_made_good_by_reading_all_of_it_at_once() -> None:
    following = await quiet(rolls=True)
    following.line.failing = 0
    following.world.times.wait(5000.0)
    await following.run()
    following.line.failing = None
    assert await asked(following) == ["probe"]


async def test_only_touched_blocks_and_rows_are_new_objects() -> None:
    following = await quiet()
    held = following.entries[0].derived
    before, rows = held.blocks.blocks, {id(row) for row in held.blocks}
    following.world.save("NetRouter", following.world.pick("NetRouter", 5), name="renamed")
    await asked(following)
    changed = [row for row in held.blocks if id(row) not in rows]
    assert [row.values[0] for row in changed] == ["renamed"]
    assert sum(one is not other for one, other in zip(before, held.blocks.blocks, strict=True)) == 1


def rows_within(root: object) -> int:
    """Count the rows that can be reached; they are no business of the garbage collector, which does not list them."""
    seen = {id(vars(module)) for module in [*sys.modules.values()] if isinstance(module, ModuleType)}
    waiting, found = [root], 0
    while waiting:
        each = waiting.pop()
        if id(each) not in seen and not isinstance(each, (type, ModuleType)):
            seen.add(id(each))
            found += isinstance(each, Row)
            waiting += gc.get_referents(each)
    return found


async def test_nothing_grows_over_rounds_of_changes() -> None:
    following = await quiet(("all", "over a relation"), rolls=True)

    async def churn() -> int:
        for number in range(20):
            following.world.save("NetRouter", following.world.pick("NetRouter", 5), name=f"renamed{number}")
            port = following.world.create("NetFastPort", "new", to("router", following.world.pick("NetRouter", 6)))
            following.world.times.wait(40.0)
            await following.run()
            following.world.delete("NetFastPort", port)
            following.world.times.wait(40.0)
            await following.run()
        following.line.asked.clear()
        return rows_within(following)

    await churn()
    held = await churn()
    assert held > MANY
    assert await churn() == held


async def test_a_generic_of_many_kinds_is_asked_for_by_one_document_for_each_of_its_tables() -> None:
    following = await quiet(("kinds of ports", "far ends"))
    port = following.world.pick("NetFastPort", 0)
    following.world.save("NetFastPort", port, name="renamed")
    assert await asked(following) == ["probe", "NetPort stamps", "NetPort"]


async def settled(following: Following) -> None:
    """Follow until everything has left the overlap again."""
    for _ in range(4):
        following.world.times.wait(400.0)
        await following.run()
    following.line.asked.clear()


async def test_a_new_peer_of_some_kinds_of_a_generic_is_asked_for_under_those_by_one_document() -> None:
    following = await quiet(("houses",))
    world = following.world
    world.relate(world.pick("NetRouter", 5), "house", world.pick("NetCity", 0))
    await settled(following)
    world.create("NetRegion", "new", to("parent", world.pick("NetCountry", 0)))
    stamps = ["NetHouse stamps", "NetRegion stamps", "NetSpot stamps"]
    links = ["NetRouter", "under0", "under0"]  # to a house, and up from one: as to its parent, and to all above it
    assert await asked(following) == ["probe", *stamps, *links, "NetSpot"]


async def test_a_change_high_up_in_a_hierarchy_is_two_requests_beside_the_probe() -> None:
    following = await quiet(("up to the end",))
    following.world.save("NetCountry", following.world.pick("NetCountry", 0), name="renamed")
    assert await asked(following) == ["probe", "NetSpot stamps", "NetSpot"]


async def test_a_new_cable_is_seen_from_both_ends() -> None:
    following = await quiet(("far ends",))
    world = following.world
    router = world.pick("NetRouter", 5)
    ports = [world.pick("NetFastPort", 2), world.create("NetSlowPort", "s0", to("router", router))]
    await settled(following)
    world.create("NetCable", "new", to_many("ends", ports))
    assert await asked(following) == ["probe", "NetCable stamps", "NetPort", "NetCable"]
    rows = following.entries[0].rows
    assert [rows[port].values[0] for port in ports] == [("s0",), ("e0",)]
