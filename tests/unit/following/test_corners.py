"""Changes and failures that come at a bad moment; of each a simpler way of following would have lost something."""

import logging
from typing import Any, cast

import anyio
import msgspec
import pytest

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica import chunks
from infrahub_exporter.domain.replica.views import Delta
from tests.unit.following.test_sequences import ENTRIES, Following, Setup, Spec, plain
from tests.unit.following.world import to, to_many

pytestmark = pytest.mark.anyio
SUMMARY = "/api/schema/summary"


def following_of(*names: str, page_size: int = 500, rolls: bool = False, seconds: float = 0.0) -> Following:
    return Following(Setup(names, page_size, rolls=rolls, seconds=seconds))


async def poll(following: Following, *, apart: float = 10.0) -> None:
    following.world.times.wait(apart)
    await following.run()


async def followed_for_long(*names: str) -> Following:
    """Follow until all that there is has left the overlap."""
    following = following_of(*names)
    for _ in range(4):
        await poll(following, apart=400.0)
    following.line.asked.clear()
    return following


async def is_right(following: Following) -> bool:
    """Tell whether all went well, and what is held is what there is."""
    at = following.world.times.server
    rights = [plain(entry.rows) == plain(await following.truth(entry, at)) for entry in following.entries]
    return all(rights) and all(entry.status.success for entry in following.entries)


async def test_a_new_peer_that_comes_within_a_round_is_seen_by_no_rolling_read_before_all_that_it_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 1)
    following = following_of("groups of all", rolls=True, seconds=0.6)
    world = following.world
    await poll(following)
    await poll(following, apart=1.0)
    routers = world.ids("NetRouter")

    def create() -> None:
        world.create("CoreStandardGroup", "new", to_many("members", routers))

    # after the probe, but before the rolling read of one router; nobody but the group is stamped
    following.line.meanwhile = [
        create,
        lambda: None,
    ]
    await poll(following, apart=180.0)
    names = [row.values for row in following.entries[0].rows.values()]
    assert sum("new" in repr(each) for each in names) == 0
    await poll(following, apart=1.0)
    assert await is_right(following)


async def test_what_changes_while_a_read_is_interrupted_is_read_after_it_though_another_entry_knows_it_already() -> (
    None
):
    following = following_of("all", "generic", page_size=1)
    following.line.failing = 22
    await poll(following)
    following.line.failing = None
    assert [entry.status.success for entry in following.entries] == [True, False]
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), state="down")
    await poll(following)
    assert [entry.status.success for entry in following.entries] == [True, True]
    await poll(following)
    assert await is_right(following)


async def test_one_that_comes_by_its_grandparent_while_another_leaves_is_not_taken_for_no_change() -> None:
    following = following_of("up the tree")
    world = following.world
    country = world.create("NetCountry", "y")
    world.create("NetCity", "d", to("parent", world.create("NetRegion", "q", to("parent", country))))
    await poll(following)
    world.save("NetRegion", world.pick("NetRegion", 1), name="no longer x1")
    world.save("NetCountry", country, name="x1")
    await poll(following)
    assert [row.values for row in following.entries[0].rows.values()] == [("d", "q")]
    assert await is_right(following)


async def test_an_entry_that_is_planned_while_the_probe_fails_is_followed_later() -> None:
    following = following_of("own attribute", "of a group")
    following.line.lost = frozenset({"/api/schema/CoreGroup"})
    await poll(following)
    assert [entry.status.success for entry in following.entries] == [True, False]
    following.line.lost, following.line.refused = frozenset(), frozenset({"probe"})
    await poll(following)
    following.line.refused = frozenset()
    assert await is_right(following)
    following.world.save("CoreStandardGroup", following.world.pick("CoreStandardGroup", 0), name="g2")
    await poll(following)
    assert await is_right(following)


async def test_while_the_probe_fails_everything_is_read_and_after_it_changes_are_followed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    following = await followed_for_long("all")
    world = following.world
    following.line.refused = frozenset({"probe"})
    world.save("NetRouter", world.pick("NetRouter", 0), name="renamed")
    await poll(following)
    assert [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING] == [
        "what changed cannot be told, reading everything instead: Infrahub rejects the query: no"
    ]
    assert await is_right(following)
    following.line.refused = frozenset()
    world.save("NetRouter", world.pick("NetRouter", 1), name="renamed too")
    following.line.asked.clear()
    await poll(following)
    assert await is_right(following)
    assert following.line.asked[:3] == [SUMMARY, "probe", "NetRouter stamps"]


async def test_what_cannot_be_told_of_one_kind_is_read_whole_for_those_who_depend_on_it_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="infrahub_exporter")
    following = await followed_for_long("without", "up the tree")
    world = following.world
    caplog.clear()
    following.line.refused = frozenset({"NetRouter stamps"})
    made = world.create("NetRouter", "first")
    following.line.asked.clear()
    await poll(following)
    assert await is_right(following)
    assert following.line.asked == ["probe", "NetRouter stamps", "NetRouter", "NetRouter"]
    world.save("NetRouter", made, name="renamed")
    await poll(following)
    assert await is_right(following)
    world.delete("NetRouter", made)
    world.create("NetRouter", "second")
    await poll(following)
    assert await is_right(following)
    world.save("NetCity", world.pick("NetCity", 0), name="c9")
    await poll(following)
    assert await is_right(following)
    following.line.refused = frozenset()
    world.save("NetRouter", world.pick("NetRouter", 0), name="third")
    await poll(following)
    assert await is_right(following)
    assert caplog.messages == [
        ("what changed of NetRouter cannot be told, reading what depends on it whole: Infrahub rejects the query: no"),
        "what changed of NetRouter can be told again",
    ]


async def test_at_debug_a_round_says_what_changed_and_what_was_read_for_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="infrahub_exporter")
    following = following_of("without", "up the tree")
    await poll(following)
    whole = [message for message in caplog.messages if message.endswith("read whole")]
    assert whole == ["kind without: read whole", "kind up the tree: read whole"]
    for _ in range(3):
        await poll(following, apart=400.0)
    caplog.clear()
    await poll(following)
    following.world.create("NetRouter", "new")
    await poll(following)
    assert [message for message in caplog.messages if "request" not in message] == [
        "changed: nothing",
        "changed: 1 of 4 NetRouter",
        "kind without: read what changed",
    ]


async def test_a_read_of_everything_that_fails_is_not_followed_by_less() -> None:
    following = following_of("all")
    world = following.world
    await poll(following)
    following.line.refused = frozenset({"probe"})
    following.line.lost = frozenset({"NetPort"})
    world.save("NetRouter", world.pick("NetRouter", 0), name="renamed")
    await poll(following)
    following.line.refused = following.line.lost = frozenset()
    await poll(following)
    assert await is_right(following)


async def test_a_probe_that_is_lost_fails_all_and_loses_nothing() -> None:
    following = await followed_for_long("all", "generic")
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), name="renamed")
    following.line.lost = frozenset({"probe"})
    await poll(following)
    assert [str(entry.status.error) for entry in following.entries] == ["lost", "lost"]
    following.line.lost = frozenset()
    following.line.asked.clear()
    await poll(following)
    assert await is_right(following)
    assert following.line.asked[:2] == ["probe", "NetRouter stamps"]


async def test_another_schema_is_planned_for_and_read_afresh(caplog: pytest.LogCaptureFixture) -> None:
    following = await followed_for_long("own attribute")
    following.world.infrahub._bodies[SUMMARY] = msgspec.json.encode({"main": "another"})
    with caplog.at_level(logging.INFO):
        await poll(following)
    assert following.line.asked == [
        *("probe", SUMMARY, "/api/schema/NetRouter", "/api/schema/NetCity"),
        *("NetRouter", "NetCity"),
    ]
    assert "the schema has changed, reading everything again" in caplog.messages
    assert await is_right(following)


async def test_where_the_schema_s_hash_costs_much_it_is_asked_for_once_a_minute_or_when_it_is_in_doubt() -> None:
    following = await followed_for_long("own attribute")
    following.line.seconds = 0.1
    for _ in range(3):
        await poll(following)
    following.world.infrahub._bodies[SUMMARY] = msgspec.json.encode({"main": "another"})
    following.line.asked.clear()
    for _ in range(5):
        await poll(following)
    assert following.line.asked == ["probe"] * 5
    await poll(following)
    assert following.line.asked[5] == SUMMARY
    assert await is_right(following)
    following.world.infrahub._bodies[SUMMARY] = msgspec.json.encode({"main": "yet another"})
    following.pool.schema.doubt()
    following.line.asked.clear()
    await poll(following)
    assert following.line.asked[0] == SUMMARY
    assert await is_right(following)


async def test_a_hash_that_is_asked_for_in_passing_may_fail() -> None:
    following = await followed_for_long("own attribute")
    following.line.lost = frozenset({SUMMARY})
    await poll(following)
    assert following.line.asked == ["probe", SUMMARY]
    assert [entry.status.success for entry in following.entries] == [True]


async def test_an_entry_that_fails_stops_no_other_and_catches_up() -> None:
    following = following_of("all", "generic", "own attribute")
    world = following.world
    await poll(following)
    following.line.lost = frozenset({"NetPort"})
    world.save("NetFastPort", world.pick("NetFastPort", 0), name="e2")
    world.save("NetRouter", world.pick("NetRouter", 0), state="down")
    await poll(following)
    assert [entry.status.success for entry in following.entries] == [False, False, True]
    following.line.lost = frozenset()
    await poll(following)
    assert await is_right(following)


async def test_a_round_that_is_cancelled_loses_no_change_for_the_entries_after() -> None:
    following = following_of("all", "generic")
    await poll(following)
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), state="down")
    with anyio.CancelScope() as scope:
        following.line.meanwhile = [scope.cancel, lambda: None]
        await poll(following)
        await anyio.lowlevel.checkpoint()
    await poll(following)
    assert await is_right(following)


async def test_where_deriving_fails_everything_is_read_again() -> None:
    following = following_of("all")
    held = following.entries[0].derived
    await poll(following)

    def refuse(delta: Delta) -> dict[str, Row]:
        raise DerivationError(f"no {set(delta.changed)}")

    derive, held._derive = held._derive, refuse
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), state="down")
    await poll(following)
    assert following.entries[0].status.success is False
    held._derive = derive
    await poll(following)
    assert await is_right(following)


async def test_a_clock_that_is_set_back_makes_everything_be_read_once() -> None:
    following = await followed_for_long("all")
    world = following.world
    world.times.server -= 600.0
    await poll(following)  # the first answer tells of it
    assert following.line.asked[:2] == ["probe", "NetRouter"]
    following.line.asked.clear()
    await poll(following)
    assert following.line.asked == [SUMMARY, "probe"]
    world.times.wait(700.0)
    await poll(following)
    assert await is_right(following)


async def test_what_changes_while_a_clock_is_set_back_time_and_again_is_seen() -> None:
    following = await followed_for_long("all")
    world = following.world
    for name in ("first", "second", "third"):
        world.save("NetRouter", world.pick("NetRouter", 0), name=name)
        world.times.server -= 600.0  # as much as passes here until the next look, which is at an instant to come
        await poll(following, apart=600.0)
        assert await is_right(following)


async def test_where_there_is_no_probe_everything_is_read_each_time_over_the_relations() -> None:
    following = following_of("all")
    pool = cast("Any", following.pool)
    pool.probe = pool._watch = None
    await poll(following)
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), state="down")
    following.line.asked.clear()
    await poll(following)
    assert [each for each in following.line.asked if not each.startswith("/api/schema/")] == ["NetRouter"]
    assert await is_right(following)


async def test_the_instants_of_a_node_and_of_its_peers_are_those_of_their_last_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = ("name", "node_metadata.updated_at", "city.node_metadata.created_at", "city.node_metadata.updated_at")
    monkeypatch.setitem(cast("Any", ENTRIES), "instants", Spec("NetRouter", paths, {}))
    following = await followed_for_long("instants")
    world = following.world
    router, city = world.pick("NetRouter", 0), world.pick("NetCity", 0)
    before = following.entries[0].rows[router].values
    world.save("NetCity", city, name="renamed")
    await poll(following)
    after = following.entries[0].rows[router].values
    assert after[:3] == before[:3]
    assert str(after[3]) > str(before[3])
    world.save("NetRouter", router, name="renamed")
    await poll(following)
    assert str(following.entries[0].rows[router].values[1]) > str(before[1])
    assert await is_right(following)


async def test_a_change_after_the_instant_that_dates_tell_shows_at_once_where_its_stamp_tells_a_later_one() -> None:
    following = await followed_for_long("all")
    following.world.save("NetCity", following.world.pick("NetCity", 0), name="before")
    await poll(following)
    following.line.asked.clear()
    following.world.save("NetCity", following.world.pick("NetCity", 0), name="renamed")
    await following.run()
    assert "renamed" in str(following.entries[0].rows)
    assert following.line.asked == ["probe", "NetCity stamps"] * 2 + ["NetCity"]
