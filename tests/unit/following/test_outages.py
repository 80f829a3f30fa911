"""After an outage everything is current within two polls, whatever was refused in it; what is wrong in itself waits."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import anyio
import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.infrahub.patience import PatientTransport
from infrahub_exporter.adapters.infrahub.probes import PING
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.ports import Reply
from tests.unit.following.test_corners import SUMMARY
from tests.unit.following.test_politeness import ROUTERS, TAGS, inventory_of, until
from tests.unit.following.world import Line, World, root

pytestmark = pytest.mark.anyio
POLL_SECONDS = 5.0
OUTAGE_POLLS = 8
AWAY_LOOKS = 3
PORTS = MetricSpec(kind="NetPort", include=("name", "router.name"))
BY_KIND = DiscoverySpec(name="cities", paths=("/sd/cities",), target_field="name", kind="NetCity")


def error(message: str, status: int, http_status: int) -> Reply:
    errors = [{"message": message, "extensions": {"http_status": http_status}}]
    return Reply(status, {}, msgspec.json.encode({"data": None, "errors": errors}))


SERVER_ERROR = error("An unexpected error", 500, 500)
GRAPHQL_ERROR = error("a resolver failed", 200, 500)
UNAUTHORIZED = error("Invalid token", 401, 401)
OUTAGES = pytest.mark.parametrize(
    ("answer", "rest_too"),
    [(SERVER_ERROR, True), (GRAPHQL_ERROR, False), (UNAUTHORIZED, True)],
    ids=["500", "GraphQL errors", "401"],
)


class Failing(Line):
    """A line that answers the same to every question while there is an outage, and always to some documents."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.outage: Reply | None = None
        self.rest_too = False
        self.wrong: dict[str, Reply] = {}
        self.unknown = ""
        """A path of the schema where there is no kind."""

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        reply = await super().graphql(document, variables, at=at)
        return self.outage or self.wrong.get(self.asked[-1]) or reply

    async def get(self, path: str) -> Reply:
        reply = await super().get("/api/schema/NetNothing" if path == self.unknown else path)
        return self.outage if self.outage is not None and self.rest_too else reply


class Polled:
    """An inventory over a world, that is looked at when a test wants it."""

    def __init__(self, world: World, inventory: Inventory) -> None:
        self.world = world
        self.inventory = inventory

    async def poll(self) -> None:
        """Have everything looked at once, an interval later."""
        self.world.times.wait(POLL_SECONDS)
        await self.inventory.round()
        for entry in self.inventory.entries.queries:
            await self.inventory.run(entry)
        for collector in self.inventory.entries.collectors:
            await self.inventory.run(collector)

    def change(self) -> None:
        """Change something that everything shows."""
        for kind, name in (("NetPort", "e9"), ("NetCity", "c9"), ("NetRouter", "r9"), ("BuiltinTag", "t9")):
            self.world.save(kind, self.world.pick(kind, 0), name=name)

    @property
    def targets(self) -> list[set[str]]:
        lists = self.inventory.entries.discoveries.values()
        return [{target for group in entry.groups for target in group.targets} for entry in lists]

    @property
    def ports(self) -> str:
        """What is published of ports."""
        return str([section.samples for family in self.inventory.snapshot.families for section in family.sections])


class Inventoried(Polled):
    """An inventory over a line that fails."""

    def __init__(self, *, metrics: Sequence[MetricSpec] = (PORTS,), lists: Sequence[DiscoverySpec] = ()) -> None:
        world = World()
        world.populate()
        self.line = Failing(world)
        super().__init__(world, inventory_of(self.line, world, metrics, lists))

    async def runs(self, kind: str, polls: int) -> list[int]:
        """Poll some times, and tell at which of them a kind was read."""
        found = []
        for number in range(polls):
            self.line.asked.clear()
            await self.poll()
            if kind in self.line.asked:
                found.append(number)
        return found


async def test_a_kind_that_was_unknown_in_an_outage_is_asked_for_again_though_the_schema_has_the_same_hash() -> None:
    subject = Inventoried(lists=(BY_KIND,))
    subject.line.unknown = "/api/schema/NetCity"
    await subject.poll()
    assert [entry.success for entry in subject.inventory.entries.statuses] == [True, False]
    subject.line.unknown = ""
    await subject.poll()
    await subject.poll()
    assert [entry.success for entry in subject.inventory.entries.statuses] == [True, True]
    assert subject.targets == [{"c0", "c1", "c2"}]


class Hanging(Line):
    """A line that loses the first request for something and all that is asked after it, until the third look."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.loses: str | None = None
        self._hung: str | None = None
        self.is_away = False
        self.looks = 0
        self._clock = world.times

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        if document == PING:
            self.looks += 1
            self.is_away = self.looks < AWAY_LOOKS
        await self._hang(root(document))
        return await super().graphql(document, variables, at=at)

    async def get(self, path: str) -> Reply:
        await self._hang(path)
        return await super().get(path)

    async def _hang(self, what: str) -> None:
        if what == self.loses:
            self.loses, self._hung, self.is_away = None, what, True
        elif what == self._hung and self.is_away:
            self.looks += 1  # what is small is its own look
            self.is_away = self.looks < AWAY_LOOKS
        if self.is_away:
            await anyio.sleep_forever()

    def monotonic(self) -> float:
        """Go on while a request hangs, as clocks do."""
        return self._clock.monotonic() + anyio.current_time()

    def wall(self) -> float:
        return self._clock.wall()


class Losing(Hanging):
    """A line that loses the first request for something, and nothing after it."""

    async def _hang(self, what: str) -> None:
        if what == self.loses:
            self.loses = None
            await anyio.sleep_forever()


AnyHanging = TypeVar("AnyHanging", bound=Hanging)


async def polled_over(
    kind: Callable[[World], AnyHanging], collectors: Sequence[CollectorSpec] = ()
) -> tuple[AnyHanging, Inventory, Polled]:
    """Read everything over a line that may lose requests, the deadline of which is an hour."""
    world = World()
    world.populate()
    line = kind(world)
    patient = PatientTransport(line, clock=line, deadline_seconds=3600.0, hang_seconds=0.02)
    inventory = inventory_of(patient, world, (PORTS,), (BY_KIND, ROUTERS, TAGS), collectors)
    subject = Polled(world, inventory)
    await subject.poll()
    await subject.poll()
    return line, inventory, subject


async def test_a_schema_that_hangs_costs_no_more_than_the_hang() -> None:
    line, inventory, subject = await polled_over(Losing)
    line.loses = SUMMARY
    inventory.doubt_schema()
    subject.change()
    with anyio.fail_after(60):
        await subject.poll()
    assert line.loses is None
    assert [(each.success, each.errors) for each in inventory.entries.statuses] == [(True, {})] * 4
    cities, routers, tags = subject.targets
    assert ("c9" in cities, "r9" in routers, "t9" in tags) == (True, True, True)
    assert "'e9'" in subject.ports


@pytest.mark.parametrize(
    "what",
    ["probe", "NetPort", "NetPort stamps", "NetRouter", "NetRouter stamps", "BuiltinTag", "NetCity", "NetCity stamps"],
)
async def test_what_hangs_in_any_phase_of_a_poll_costs_no_more_than_the_outage(
    what: str, caplog: pytest.LogCaptureFixture
) -> None:
    line, inventory, subject = await polled_over(Hanging)
    line.loses = what
    subject.change()
    with anyio.fail_after(60):
        await subject.poll()
    assert line.looks == AWAY_LOOKS
    assert [(each.success, each.errors) for each in inventory.entries.statuses] == [(True, {})] * 4
    assert caplog.messages == ["no answer from Infrahub for 0.02 s; trying again"]
    cities, routers, tags = subject.targets
    assert ("c9" in cities, "r9" in routers, "t9" in tags) == (True, True, True)
    assert "'e9'" in subject.ports


@pytest.mark.parametrize(
    ("collector", "what"),
    [
        (CollectorSpec(collector="repositories"), "CoreGenericRepository"),
        (CollectorSpec(collector="pools"), "CoreResourcePool"),
        (CollectorSpec(collector="proposed_changes", contents=("NetPort",)), "open"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_hangs_of_a_collector_costs_no_more_than_the_outage(collector: CollectorSpec, what: str) -> None:
    line, inventory, subject = await polled_over(Hanging, [collector])
    line.asked.clear()
    line.loses = what
    subject.change()
    with anyio.fail_after(60):
        await subject.poll()
    assert line.looks == AWAY_LOOKS
    assert [(each.success, each.errors) for each in inventory.entries.statuses] == [(True, {})] * 5
    assert "'e9'" in subject.ports


@OUTAGES
async def test_after_an_outage_everything_is_current_within_two_polls(answer: Reply, *, rest_too: bool) -> None:
    subject = Inventoried(lists=(BY_KIND, ROUTERS, TAGS))
    await subject.poll()
    await subject.poll()
    subject.line.outage, subject.line.rest_too = answer, rest_too
    subject.change()
    for _ in range(OUTAGE_POLLS):
        await subject.poll()
    assert {each.success for each in subject.inventory.entries.statuses} == {False}
    subject.line.outage = None
    await subject.poll()
    await subject.poll()
    assert {each.success for each in subject.inventory.entries.statuses} == {True}
    cities, routers, tags = subject.targets
    assert ("c9" in cities, "r9" in routers, "t9" in tags) == (True, True, True)
    assert "'e9'" in subject.ports


@OUTAGES
async def test_a_lone_list_is_current_within_two_polls_too(answer: Reply, *, rest_too: bool) -> None:
    subject = Inventoried(metrics=(), lists=(ROUTERS,))
    await subject.poll()
    subject.line.outage, subject.line.rest_too = answer, rest_too
    subject.change()
    for _ in range(OUTAGE_POLLS):
        await subject.poll()
    subject.line.outage = None
    await subject.poll()
    await subject.poll()
    assert "r9" in subject.targets[0]


@OUTAGES
async def test_what_starts_in_an_outage_is_read_within_two_polls_of_its_end(answer: Reply, *, rest_too: bool) -> None:
    subject = Inventoried(lists=(BY_KIND, ROUTERS, TAGS))
    subject.line.outage, subject.line.rest_too = answer, rest_too
    for _ in range(OUTAGE_POLLS):
        await subject.poll()
    subject.line.outage = None
    await subject.poll()
    await subject.poll()
    assert {each.success for each in subject.inventory.entries.statuses} == {True}


async def test_a_first_read_of_which_only_the_rows_were_refused_is_tried_as_soon_as_they_may_be_read() -> None:
    subject = Inventoried(lists=(BY_KIND,))
    subject.line.wrong = {"NetPort": GRAPHQL_ERROR, "NetCity": GRAPHQL_ERROR, "InfrahubBranch": GRAPHQL_ERROR}
    await subject.poll()
    subject.line.wrong.pop("InfrahubBranch")
    await subject.poll()
    subject.line.wrong["InfrahubBranch"] = GRAPHQL_ERROR
    assert await subject.runs("NetPort", OUTAGE_POLLS) == [0, 6]
    subject.line.wrong = {}
    assert await subject.runs("NetPort", 1) == [0]
    assert {each.success for each in subject.inventory.entries.statuses} == {True}


async def test_two_that_are_wrong_in_themselves_do_not_excuse_each_other() -> None:
    subject = Inventoried(lists=(BY_KIND, ROUTERS, TAGS))
    await subject.poll()
    subject.line.wrong = {"NetRouter": GRAPHQL_ERROR, "BuiltinTag": GRAPHQL_ERROR}
    subject.change()
    assert await subject.runs("BuiltinTag", 40) == [0, 1, 7, 19]


async def test_a_lone_list_that_is_wrong_in_itself_is_tried_ever_less_often() -> None:
    subject = Inventoried(metrics=(), lists=(ROUTERS,))
    await subject.poll()
    subject.line.wrong = {"NetRouter": GRAPHQL_ERROR}
    subject.change()
    assert await subject.runs("NetRouter", 40) == [0, 1, 7, 19]


async def test_another_reason_begins_anew_for_someone_mends_it() -> None:
    subject = Inventoried(metrics=(), lists=(ROUTERS,))
    await subject.poll()
    subject.line.wrong = {"NetRouter": GRAPHQL_ERROR}
    subject.change()
    await subject.runs("NetRouter", 19)
    subject.line.wrong = {"NetRouter": error("a filter is wrong", 200, 500)}
    assert await subject.runs("NetRouter", 12) == [0, 1, 7]


async def test_another_schema_ends_the_wait_of_a_list_within_a_minute() -> None:
    subject = Inventoried(metrics=(), lists=(ROUTERS,))
    await subject.poll()
    subject.line.wrong = {"NetRouter": GRAPHQL_ERROR}
    subject.change()
    assert await subject.runs("NetRouter", 20) == [0, 1, 7, 19]
    subject.line.wrong = {}
    subject.world.infrahub._bodies[SUMMARY] = msgspec.json.encode({"main": "another"})
    assert len(await subject.runs("NetRouter", 13)) == 1
    assert "r9" in subject.targets[0]


async def test_while_a_refused_list_waits_an_unavailable_schema_is_no_other_one() -> None:
    subject = Inventoried(metrics=(), lists=(ROUTERS,))
    await subject.poll()
    subject.line.wrong = {"NetRouter": GRAPHQL_ERROR}
    subject.change()
    await subject.runs("NetRouter", 20)
    subject.line.lost = frozenset({SUMMARY})
    assert await subject.runs("NetRouter", 20) == []


async def test_a_list_with_a_long_interval_of_its_own_is_tried_at_once_after_an_outage() -> None:
    world = World()
    world.populate()
    line = Failing(world)
    exporter = Exporter(
        metrics=[PORTS],
        discoveries=[msgspec.structs.replace(ROUTERS, refresh_interval_seconds=3600.0)],
        source=InfrahubReader(line, clock=world.times, page_size=500),
        clock=world.times,
        poll_interval_seconds=0.01,
        version="1",
        outline=outline,
    )

    def is_read() -> bool:
        return all(entry.success for entry in exporter.status.entries)

    async with exporter:
        await until(is_read)
        line.outage, line.rest_too = SERVER_ERROR, True
        exporter.hurry()
        await until(lambda: not any(entry.success for entry in exporter.status.entries))
        line.outage = None
        assert exporter._background._rounds is not None
        exporter._background._rounds.hurry()  # the clock stands still, so that no poll comes by itself
        await until(is_read)
