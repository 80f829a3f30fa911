"""Many entries over one kind: Infrahub is asked as if they were one, and each stays itself."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

import anyio
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.pool import Source
from infrahub_exporter.app.refreshing.rounds import Rounds
from infrahub_exporter.domain.asking.specs import DiscoverySpec, Filters, GuardOverride, MetricSpec
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.replica.views import Delta
from tests.unit.following.test_costs import rows_within
from tests.unit.following.test_sequences import ENTRIES, ROUNDS, SETUPS, Entry, Following, Round, Setup, follow, plain
from tests.unit.following.world import Line, World, to, to_many

pytestmark = pytest.mark.anyio
ROUTERS = 400
DOWN: Filters = {"state__value": "down"}
PATHS = ("name", "state", "display_label", "city.name", "city.parent.name", "tags[].name")
METRICS = (
    MetricSpec(kind="NetRouter", include=PATHS[:1]),
    MetricSpec(kind="NetRouter", include=PATHS[1:4]),
    *(MetricSpec(kind="NetRouter", include=PATHS[:number], filters=DOWN) for number in (2, 4, 6)),
)
LISTS = tuple(
    DiscoverySpec(
        name=f"list{number}",
        paths=(f"/sd/list{number}",),
        target_field="name",
        label_mappings={f"label{each}": path for each, path in enumerate(PATHS[: number % 6])},
        kind="NetRouter",
        filters=DOWN if number < 3 else {},
    )
    for number in range(8)
)
ONE = (MetricSpec(kind="NetRouter", include=PATHS),)


class Counting(Line):
    """A line that counts the nodes that are answered for a root field."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.nodes = 0

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        reply = await super().graphql(document, variables, at=at)
        data = msgspec.json.decode(reply.body)["data"]
        self.nodes += sum(len(field.get("edges", ())) for field in data.values() if isinstance(field, dict))
        return reply


class Many:
    """An exporter over a world of many routers."""

    def __init__(
        self,
        world: World,
        metrics: Sequence[MetricSpec],
        discoveries: Sequence[DiscoverySpec] = (),
        *,
        source: Source | None = None,
    ) -> None:
        self.world = world
        self.line = Counting(world)
        self.exporter = Exporter(
            metrics=metrics,
            discoveries=discoveries,
            source=source or InfrahubReader(self.line, clock=world.times, page_size=50),
            clock=world.times,
            poll_interval_seconds=10.0,
            full_refresh_seconds=1e12,
            version="1",
        )

    async def asked(self) -> list[str]:
        """Refresh, and say what was asked for but the schema."""
        self.line.asked.clear()
        await self.exporter.refresh()
        assert all(entry.success for entry in self.exporter.status.entries)
        return [each for each in self.line.asked if not each.startswith("/api")]

    def series(self, name: str) -> list[str]:
        return sorted(line for line in self.exporter.metrics_text().splitlines() if line.startswith(f"{name}{{"))

    def lines(self, name: str) -> int:
        return sum(line.startswith(f"{name}{{") for line in self.exporter.metrics_text().splitlines())


def world_of_many(routers: int = ROUTERS) -> World:
    world = World()
    world.populate()
    cities, tags = world.ids("NetCity"), world.ids("BuiltinTag")
    for number in range(routers):
        identifier = world.create(
            "NetRouter", f"many{number}", to("city", cities[number % 3]), to_many("tags", tags[: number % 3])
        )
        if number % 20 == 0:
            world.save("NetRouter", identifier, state="down")
    world.times.wait(1000.0)
    return world


async def test_the_first_read_of_thirteen_entries_costs_what_one_that_names_all_paths_costs() -> None:
    world = world_of_many()
    one, many = Many(world, ONE), Many(world, METRICS, LISTS)
    alone, together = len(await one.asked()), len(await many.asked())
    assert alone >= ROUTERS / 50
    assert together <= 1.2 * alone
    assert many.line.nodes <= 1.2 * one.line.nodes


async def test_a_changed_node_costs_thirteen_entries_what_it_costs_one_and_a_question_for_the_filters() -> None:
    world = world_of_many()
    one, many, unfiltered = (
        Many(world, ONE),
        Many(world, METRICS, LISTS),
        Many(world, METRICS[:2] * 3, LISTS[3:] + LISTS[3:4]),
    )
    for each in (one, many, unfiltered):
        await each.asked()
    world.times.wait(1000.0)
    world.save("NetRouter", world.pick("NetRouter", 7), name="renamed")
    world.times.wait(10.0)
    assert await one.asked() == ["probe", "NetRouter stamps", "NetRouter"]
    assert await unfiltered.asked() == ["probe", "NetRouter stamps", "NetRouter"]
    assert await many.asked() == ["probe", "NetRouter stamps", "NetRouter", "NetRouter"]
    for each in (one, many, unfiltered):
        assert 'name="renamed"' in each.exporter.metrics_text()


async def test_an_entry_is_new_only_where_it_shows_what_changed(caplog: pytest.LogCaptureFixture) -> None:
    world = world_of_many()
    many = Many(world, METRICS[:2], LISTS[3:7])
    await many.asked()
    world.times.wait(1000.0)
    world.save("NetRouter", world.pick("NetRouter", 7), state="planned")
    world.times.wait(10.0)
    with caplog.at_level(logging.DEBUG, "infrahub_exporter"):
        await many.asked()
    told = [each.removesuffix(": read what changed") for each in caplog.messages if each.endswith("what changed")]
    assert told == ["query list3", "query list4", "query list5", "kind NetRouter#2"]
    fresh = Many(world, METRICS[:2], LISTS[3:7])
    await fresh.asked()
    assert many.series("infrahub_netrouter_info") == fresh.series("infrahub_netrouter_info")


async def test_a_node_that_leaves_is_found_out_once_for_those_who_filter_too() -> None:
    many = Many(world_of_many(), METRICS, LISTS)
    await many.asked()
    before = many.lines("infrahub_netrouter_info")
    many.world.times.wait(1000.0)
    many.world.delete("NetRouter", many.world.pick("NetRouter", 20))
    many.world.times.wait(10.0)
    asked = await many.asked()
    assert asked.count("NetRouter count") <= 1
    assert many.lines("infrahub_netrouter_info") < before
    fresh = Many(many.world, METRICS, LISTS)
    await fresh.asked()
    assert many.series("infrahub_netrouter_info") == fresh.series("infrahub_netrouter_info")


async def test_rows_are_held_once_for_all() -> None:
    world = world_of_many()
    one, many = Many(world, ONE), Many(world, METRICS, LISTS)
    await one.asked()
    await many.asked()
    held = rows_within(one.exporter._inventory._pool._following)
    assert held == ROUTERS + 3 + len(world.ids("NetCity")) + len(world.ids("NetRegion")) + len(world.ids("BuiltinTag"))
    assert rows_within(many.exporter._inventory) == held


async def test_an_entry_that_cannot_be_derived_harms_no_other_and_asks_for_nothing_again() -> None:
    following = Following(Setup(("all", "own attribute", "without many"), 500))
    await following.run()
    broken = following.entries[0].derived

    def refuse(delta: Delta) -> dict[str, Row]:
        raise DerivationError(f"no {set(delta.changed)}")

    derive, broken._derive = broken._derive, refuse
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), state="down")
    following.world.times.wait(10.0)
    await following.run()
    assert [entry.status.success for entry in following.entries] == [False, True, True]
    broken._derive = derive
    following.line.asked.clear()
    following.world.times.wait(60.0)
    await following.run()
    assert [entry.status.success for entry in following.entries] == [True] * 3
    assert following.line.asked.count("NetRouter") == 0, "nothing has changed since, and all rows are there"


async def test_what_one_entry_holds_back_another_publishes() -> None:
    world = world_of_many()
    metrics = (
        MetricSpec(kind="NetRouter", include=("name",)),
        MetricSpec(kind="NetRouter", include=("state",), guard=GuardOverride(max_loss_ratio=0.01, min_loss=1)),
    )
    subject = Many(world, metrics)
    await subject.asked()
    before = subject.lines("infrahub_netrouter_info")
    for number in range(10):
        world.delete("NetRouter", world.pick("NetRouter", 11 * number))
    world.times.wait(1000.0)
    await subject.asked()
    assert subject.lines("infrahub_netrouter_info") == before - 10
    holds = [entry.hold is not None for entry in subject.exporter.status.entries]
    assert holds == [False, True]


NAMES = ["all", "own attribute", "over a relation", "of a group", "without many", "by id", "label form", "generic"]


@settings(max_examples=25)
@given(SETUPS, st.lists(st.sampled_from(NAMES), max_size=3, unique=True), st.lists(ROUNDS, min_size=1, max_size=3))
def test_other_entries_over_the_same_pool_show_what_is_read_whole(
    setup: Setup, names: Sequence[str], rounds: Sequence[Round]
) -> None:
    async def reload() -> None:
        following = Following(setup)
        specs = {name: following._bound(ENTRIES[name]) for name in names}
        await follow(following, rounds[:2])
        for entry in following.entries[1:]:
            entry.derived.release()
        times = following.world.times
        added = [Entry(name, spec, times) for name, spec in specs.items()]
        following.entries = [following.entries[0], *(each for each in added if each.status.name != setup.names[0])]
        following.rounds = Rounds(
            cast("Any", following.entries),
            pool=following.pool,
            clock=times,
            full_refresh_seconds=500.0 if setup.rolls else 1e12,
        )
        await follow(following, rounds)
        at = times.server
        for entry in following.entries:
            assert plain(entry.rows) == plain(await following.truth(entry, at))

    anyio.run(reload)
