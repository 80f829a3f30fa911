"""Who sheds load or refuses is left alone, and an event makes only those look whom it may concern."""

import logging
from collections.abc import Callable, Sequence

import anyio
import anyio.lowlevel
import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.neighbour import GoodNeighbour
from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.infrahub.patience import PatientTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.debounce import Debounce
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.domain.access.webhooks import Event, Touched
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.ports import Transport
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from tests.unit.following.test_corners import SUMMARY, followed_for_long, following_of, is_right, poll
from tests.unit.following.test_sequences import Following, Setup
from tests.unit.following.world import Line, World

pytestmark = pytest.mark.anyio
SOON = 0.01
"""An interval that begins without delay; it never ends while a world's time stands still."""
THREE = ("all", "members", "up the tree")


def states(following: Following) -> list[bool | None]:
    return [entry.status.success for entry in following.entries]


async def test_a_round_ends_where_infrahub_first_sheds_load_and_the_next_begins_with_those_that_were_left() -> None:
    following = await followed_for_long(*THREE)
    world, line = following.world, following.line
    group = world.pick("CoreStandardGroup", 0)
    world.save("NetRouter", world.pick("NetRouter", 0), name="renamed")
    world.save("CoreStandardGroup", group, name="renamed")
    line.shed = frozenset({"NetRouter"})
    await poll(following)
    assert "CoreStandardGroup" not in line.asked
    assert states(following) == [False, True, True]
    line.shed = frozenset()
    line.asked.clear()
    await poll(following)
    reads = [each for each in line.asked if each in {"NetRouter", "CoreStandardGroup"}]
    assert reads[0] == "CoreStandardGroup"
    assert await is_right(following)
    line.asked.clear()
    world.save("CoreStandardGroup", group, name="again")
    world.save("NetRouter", world.pick("NetRouter", 0), name="again")
    await poll(following)
    assert next(each for each in line.asked if each in {"NetRouter", "CoreStandardGroup"}) == "NetRouter"


async def test_the_last_entry_that_is_shed_leaves_nobody_and_the_next_round_begins_as_ever() -> None:
    following = following_of("members", "up the tree")
    following.line.shed = frozenset({"NetCity"})
    await poll(following)
    assert states(following) == [True, False]
    following.line.shed = frozenset()
    following.line.asked.clear()
    await poll(following)
    assert await is_right(following)


async def test_who_waits_for_the_first_read_of_an_entry_that_was_left_hears_of_it() -> None:
    following = following_of(*THREE)
    following.line.shed = frozenset({"NetRouter"})
    await poll(following)
    assert states(following) == [False] * 3
    assert {str(entry.status.error) for entry in following.entries} == {"Infrahub is overloaded (429): shed"}
    assert not {"CoreStandardGroup", "NetCity"} & set(following.line.asked)


async def test_a_probe_that_is_shed_ends_the_round() -> None:
    following = await followed_for_long(*THREE)
    following.line.shed = frozenset({"probe"})
    await poll(following)
    assert following.line.asked == ["probe"]


async def test_a_rolling_read_that_is_shed_ends_the_round() -> None:
    following = following_of(*THREE, rolls=True)
    await poll(following)
    await poll(following)
    following.line.shed = frozenset({"NetCity"})
    following.line.asked.clear()
    await poll(following, apart=1000.0)
    assert following.line.asked.count("NetCity") == 1
    following.line.shed = frozenset()
    await poll(following)
    assert await is_right(following)


async def reads_of(kind: str, following: Following, polls: int) -> list[int]:
    """Poll some times, half a minute apart, and tell at which of them a kind's nodes were read."""
    found = []
    for number in range(polls):
        following.line.asked.clear()
        await poll(following, apart=30.0)
        if kind in following.line.asked:
            found.append(number)
    return found


async def test_a_kind_that_infrahub_refuses_is_tried_ever_less_often() -> None:
    following = following_of("all", "members")
    following.line.refused = frozenset({"NetRouter"})
    assert await reads_of("NetRouter", following, 24) == [0, 1, 2, 4, 8, 16]
    assert states(following) == [False, True]
    following.line.refused = frozenset()
    following.rounds.forgive()
    await poll(following)
    assert await is_right(following)


async def test_a_kind_that_was_read_and_is_refused_now_is_tried_ever_less_often_and_loses_nothing() -> None:
    following = await followed_for_long("all")
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), name="renamed")
    following.line.refused = frozenset({"NetRouter"})
    assert await reads_of("NetRouter", following, 12) == [0, 1, 2, 4, 8]
    following.line.refused = frozenset()
    assert await reads_of("NetRouter", following, 12) == [4]
    assert await is_right(following)


async def test_a_kind_that_infrahub_cannot_read_just_now_is_tried_at_every_poll() -> None:
    following = following_of("all")
    following.line.lost = frozenset({"NetRouter"})
    assert await reads_of("NetRouter", following, 6) == [0, 1, 2, 3, 4, 5]


async def test_another_schema_makes_what_was_refused_be_tried_at_once() -> None:
    following = following_of("all")
    following.line.refused = frozenset({"NetRouter"})
    await reads_of("NetRouter", following, 6)
    following.line.refused = frozenset()
    following.world.infrahub._bodies[SUMMARY] = msgspec.json.encode({"main": "another"})
    assert await reads_of("NetRouter", following, 1) == [0]
    assert await is_right(following)


def listing(name: str, document: str) -> DiscoverySpec:
    return DiscoverySpec(
        name=name, paths=(f"/sd/{name}",), target_field="name", document=document, refresh_interval_seconds=SOON
    )


ROUTERS = listing("routers", "{ NetRouter { edges { node { name { value } } } } }")
TAGS = listing("tags", "{ BuiltinTag { edges { node { name { value } } } } }")
OTHER = listing("other", "{ InfrahubStatus { summary { schema_hash_synced } } }")


def inventory_of(
    line: Transport,
    world: World,
    metrics: Sequence[MetricSpec],
    discoveries: Sequence[DiscoverySpec],
    collectors: Sequence[CollectorSpec] = (),
) -> Inventory:
    pool = Pool(InfrahubReader(line, clock=world.times, page_size=500), clock=world.times)
    entries = Roster(
        metrics=metrics,
        collectors=collectors,
        discoveries=discoveries,
        pool=pool,
        clock=world.times,
        outline=outline,
        overlap_seconds=300.0,
        full_refresh_seconds=3600.0,
        guard=GuardSpec(),
        limits=Limits(),
    )
    return Inventory(
        entries,
        pool=pool,
        sinks=(),
        clock=world.times,
        full_refresh_seconds=3600.0,
        refresh_timeout_seconds=60.0,
    )


async def inventory_at_work(*discoveries: DiscoverySpec) -> tuple[Inventory, Line]:
    """Return an inventory of ports, with the documents, that has been read once."""
    world = World()
    world.populate()
    line = Line(world)
    inventory = inventory_of(line, world, [MetricSpec(kind="NetPort", include=("name", "labels[]"))], discoveries)
    await inventory.round()
    for entry in inventory.entries.queries:
        await inventory.run(entry)
    line.asked.clear()
    return inventory, line


async def depending(inventory: Inventory, *kinds: str) -> tuple[bool, list[str]]:
    rows, queries = await inventory.depending(Touched(frozenset(kinds)))
    return rows, [entry.status.name for entry in queries]


async def test_an_event_concerns_those_that_depend_on_its_kind_or_on_one_that_it_inherits_from() -> None:
    inventory, line = await inventory_at_work(ROUTERS, TAGS)
    assert await depending(inventory, "NetFastPort") == (True, [])
    assert await depending(inventory, "BuiltinTag") == (True, ["tags"])
    # a port's name is made of its router's
    assert await depending(inventory, "NetRouter") == (True, ["routers"])
    assert await depending(inventory, "NetCountry") == (False, [])
    assert await depending(inventory, "NetCountry", "BuiltinTag") == (True, ["tags"])
    assert await depending(inventory, "CoreStandardGroup", "CoreGroup") == (False, [])
    kinds = [each.rpartition("/")[2] for each in line.asked]
    assert kinds == ["NetCountry", "CoreGroup", "CoreStandardGroup"]


async def test_an_event_of_an_unknown_kind_or_of_everything_concerns_all() -> None:
    inventory, _ = await inventory_at_work(ROUTERS, TAGS)
    assert await depending(inventory, "NetUnheardOf") == (True, ["routers", "tags"])
    rows, queries = await inventory.depending(Touched(everything=True))
    assert (rows, len(queries)) == (True, 2)


async def test_a_document_of_which_nobody_knows_what_it_reads_is_concerned_by_every_event() -> None:
    inventory, _ = await inventory_at_work(OTHER)
    assert await depending(inventory, "NetCountry") == (False, ["other"])


async def test_what_has_never_been_read_is_concerned_by_every_event() -> None:
    world = World()
    inventory = inventory_of(Line(world), world, [MetricSpec(kind="NetPort", include=("name",))], [TAGS])
    assert await depending(inventory, "NetCountry") == (True, ["tags"])


async def test_a_document_that_infrahub_refuses_is_run_ever_less_often() -> None:
    world = World()
    world.populate()
    line = Line(world)
    inventory = inventory_of(line, world, [], [TAGS])
    (entry,) = inventory.entries.queries
    line.refused = frozenset({"BuiltinTag"})
    runs = []
    for number in range(12):
        line.asked.clear()
        world.times.wait(30.0)
        await inventory.run(entry)
        if "BuiltinTag" in line.asked:
            runs.append(number)
    assert runs == [0, 1, 2, 4, 8]
    line.refused = frozenset()
    inventory.forgive()
    await inventory.run(entry)
    assert entry.status.success


async def at_once(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


async def until(condition: Callable[[], bool]) -> None:
    """Let the background work go on until something is so."""
    with anyio.fail_after(5):
        while not condition():
            await anyio.wait_all_tasks_blocked()
            await anyio.lowlevel.checkpoint()


def an_event(kind: str) -> Event:
    return Event("infrahub.node.updated", kind, "1", "main")


async def test_an_event_brings_only_the_looks_forward_that_may_find_something() -> None:
    world = World()
    world.populate()
    line = Line(world)
    exporter = Exporter(
        metrics=[MetricSpec(kind="NetPort", include=("name", "labels[]"))],
        discoveries=[ROUTERS, TAGS],
        source=InfrahubReader(line, clock=world.times, page_size=500),
        clock=world.times,
        poll_interval_seconds=SOON,
        version="1",
        outline=outline,
        events=Debounce(seconds=2.0, branch="main", sleep=at_once),
    )

    async with exporter:
        await until(lambda: all(entry.success for entry in exporter.status.entries))
        await anyio.wait_all_tasks_blocked()
        line.asked.clear()
        exporter.notice(an_event("NetCountry"))
        await until(lambda: line.asked == ["/api/schema/NetCountry"])
        exporter.notice(an_event("BuiltinTag"))
        await until(lambda: line.asked.count("probe") == 2)
        await anyio.wait_all_tasks_blocked()
        assert line.asked.count("probe") == 2
        line.asked.clear()
        exporter.notice(Event("infrahub.branch.merged"))
        await until(lambda: line.asked.count("probe") == 3)
        assert line.asked.count(SUMMARY) == 1


async def test_a_list_of_bad_nodes_does_not_wait_when_one_of_them_changes() -> None:
    world = World()
    world.populate()
    line = Line(world)
    inventory = inventory_of(line, world, (), [ROUTERS])
    (entry,) = inventory.entries.queries
    await inventory.run(entry)
    assert len(entry.groups) == 3
    routers = world.ids("NetRouter")
    for number, each in enumerate(routers):
        world.save("NetRouter", each, name=f"no host {number}")
    for _ in range(6):
        world.times.wait(10.0)
        await inventory.run(entry)
    assert str(entry.status.error) == (
        "every node is bad: 3 bad_target, such as a NetRouter; "
        "a target is a host or an address, with 'target: url' a URL"
    )
    assert len(entry.groups) == 3
    world.times.wait(400.0)
    for _ in range(2):
        await inventory.run(entry)
    line.asked.clear()
    world.times.wait(10.0)
    await inventory.run(entry)
    assert line.asked == ["probe"]
    world.save("NetRouter", routers[0], name="mended")
    line.lost = frozenset({"NetRouter"})
    world.times.wait(10.0)
    await inventory.run(entry)
    line.lost = frozenset()
    world.times.wait(10.0)
    await inventory.run(entry)
    assert entry.status.error is None
    assert [group.targets for group in entry.groups] == [("mended",)]


async def test_lists_of_which_some_are_shed_and_some_pass_are_one_state_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    world.populate()
    line = Line(world)
    patient = PatientTransport(line, clock=world.times, deadline_seconds=30.0)
    reader = InfrahubReader(patient, clock=world.times, page_size=500)
    exporter = Exporter(
        metrics=[MetricSpec(kind="NetPort", include=("name",))],
        discoveries=[TAGS, ROUTERS],
        source=reader,
        neighbour=GoodNeighbour(patient, reader),
        clock=world.times,
        poll_interval_seconds=60.0,
        version="1",
        outline=outline,
    )

    async def looks(times: int) -> list[float | None]:
        intervals = []
        for _ in range(times):
            world.save("BuiltinTag", world.pick("BuiltinTag", 0), description="another")
            await exporter.refresh()
            intervals.append(exporter.status.poll_interval_seconds)
            world.times.wait(exporter.status.poll_interval_seconds or 0.0)
        return intervals

    def said() -> list[str]:
        found = [each for each in caplog.messages if each.startswith("Infrahub sheds")]
        caplog.clear()
        return found

    assert await looks(1) == [60.0]
    line.shed = frozenset({"BuiltinTag"})
    assert await looks(5) == [120.0, 240.0, 480.0, 480.0, 480.0]
    assert said() == ["Infrahub sheds load, it is asked less often: the next look comes after 120 s"]
    line.shed = frozenset()
    assert await looks(5) == [480.0, 240.0, 120.0, 60.0, 60.0]
    assert said() == ["Infrahub sheds no more load, it is asked as often as before"]


async def several_at_once(*names: str) -> Following:
    """Follow, asking several questions at once, until all that there is has left the overlap."""
    following = Following(Setup(names, page_size=500, most=2))
    for _ in range(4):
        await poll(following, apart=400.0)
    following.line.asked.clear()
    return following


async def test_where_several_are_asked_at_once_no_more_are_once_infrahub_sheds_load() -> None:
    following = await several_at_once("all", "up the tree", "own attribute")
    for kind in ("NetRouter", "NetCity", "NetRegion", "BuiltinTag"):
        following.world.save(kind, following.world.pick(kind, 0), name="renamed")
    following.line.shed = frozenset({"NetRouter", "NetCity", "NetRegion", "BuiltinTag"})
    await poll(following)
    assert len([each for each in following.line.asked if each in following.line.shed]) == 2
    assert False in states(following)
    following.line.shed = frozenset()
    await poll(following)
    assert await is_right(following)


async def test_what_cannot_be_read_for_all_at_once_is_asked_for_once_and_fails_those_that_need_it() -> None:
    following = await several_at_once("all", "over a relation", "without many")
    following.world.save("NetCity", following.world.pick("NetCity", 0), name="renamed")
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), name="renamed")
    following.line.lost = frozenset({"NetCity"})
    await poll(following)
    assert following.line.asked.count("NetCity") == 1
    assert states(following) == [False, False, True]
    following.line.lost = frozenset()
    await poll(following)
    assert await is_right(following)


async def test_a_count_that_is_refused_for_all_at_once_fails_its_entry_alone() -> None:
    following = await several_at_once("over a relation", "all")
    following.world.save("NetCity", following.world.pick("NetCity", 0), name="renamed")
    following.line.refused = frozenset({"NetRouter count"})
    await poll(following)
    assert following.line.asked.count("NetRouter count") == 1
    assert states(following) == [False, True]


async def test_a_first_read_that_is_lost_ahead_of_its_turn_is_asked_for_once_and_fails_at_its_turn() -> None:
    following = Following(Setup(("up the tree", "without", "itself"), page_size=500, most=2))
    following.line.lost = frozenset({"NetRouter"})
    await poll(following)
    assert following.line.asked.count("NetRouter") == 1
    assert states(following) == [True, False, True]
    following.line.lost = frozenset()
    await poll(following)
    assert await is_right(following)


async def test_what_has_no_time_to_be_read_for_all_at_once_is_left_to_the_turns() -> None:
    following = await several_at_once("all", "up the tree")
    following.world.save("NetCity", following.world.pick("NetCity", 0), name="renamed")
    ahead = following.rounds._limit.on
    following.rounds._limit.on = lambda seconds: ahead(min(seconds, 0.0))  # type: ignore[method-assign]
    await poll(following)
    assert states(following) == [True, True]
    assert await is_right(following)
