"""Columns that Infrahub alone refuses: the entries that need one fail, all others over the same kind go on."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from tests.unit.following.test_sequences import ROUNDS, SETUPS, Following, Round, Setup, plain
from tests.unit.following.world import Line, World, root

pytestmark = pytest.mark.anyio
POLL_SECONDS = 10.0
LONGEST_SECONDS = 300.0
GHOST = {"name": "ghost", "kind": "Text", "optional": True}
NO_GHOST = "Infrahub rejects the query: Cannot query field 'ghost' on type 'NetRouter'. Did you mean 'house'?"
NAMES = MetricSpec(kind="NetRouter", include=("name",))
STATES = MetricSpec(kind="NetRouter", include=("state", "city.name"))
GHOSTS = MetricSpec(kind="NetRouter", include=("name", "ghost"))
GHOSTLY = DiscoverySpec(
    name="ghosts", paths=("/sd/ghosts",), target_field="name", kind="NetRouter", label_mappings={"ghost": "ghost"}
)
TARGETS = DiscoverySpec(name="routers", paths=("/sd/routers",), target_field="name", kind="NetRouter")


class Refusing(Line):
    """A line to an Infrahub whose schema lists an attribute of routers that its GraphQL has not, until it is `there`.

    `broken` is an attribute that cannot be resolved, `hidden` are kinds of which the token may see no more than ids.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.there = False
        self.schema = ""
        self.broken = ""
        self.hidden: frozenset[str] = frozenset()
        self.documents: list[str] = []

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        self.documents.append(document)
        if root(document) in self.hidden:
            message = "You do not have the following permissions: object:Net:City:view:allow_all"
            return Reply(403, {}, msgspec.json.encode({"data": None, "errors": [{"message": message}]}))
        sent = document.replace("ghost {", "ghost: name {") if self.there else document
        reply = await super().graphql(sent, variables, at=at)
        return self._break(reply) if f" {self.broken} {{ value }}" in document and self.broken else reply

    async def get(self, path: str) -> Reply:
        reply = await super().get(path)
        described = msgspec.json.decode(reply.body)
        if "main" in described:
            described["main"] += self.schema
        for kind in [described, *described.get("nodes", [])]:
            if isinstance(kind, dict) and kind.get("kind") == "NetRouter":
                kind["attributes"].append(GHOST)
        return msgspec.structs.replace(reply, body=msgspec.json.encode(described))

    def _break(self, reply: Reply) -> Reply:
        answer: dict[str, Any] = msgspec.json.decode(reply.body)
        path = ["NetRouter", "edges", 1, "node", self.broken]
        answer["errors"] = [{"message": "it was not to be had", "locations": [{"line": 1, "column": 7}], "path": path}]
        return msgspec.structs.replace(reply, body=msgspec.json.encode(answer))


class Subject:
    """An inventory over such a line."""

    def __init__(self, *specs: MetricSpec | DiscoverySpec) -> None:
        self.world = World()
        self.world.populate()
        self.world.times.wait(1000.0)
        self.line = Refusing(self.world)
        self.pool = Pool(InfrahubReader(self.line, clock=self.world.times, page_size=50), clock=self.world.times)
        self.inventory = self._inventory(specs)

    def _inventory(self, specs: Sequence[MetricSpec | DiscoverySpec]) -> Inventory:
        entries = Roster(
            metrics=[each for each in specs if isinstance(each, MetricSpec)],
            discoveries=[each for each in specs if isinstance(each, DiscoverySpec)],
            pool=self.pool,
            clock=self.world.times,
            outline=outline,
            overlap_seconds=300.0,
            full_refresh_seconds=1e12,
            guard=GuardSpec(),
            limits=Limits(),
        )
        return Inventory(
            entries,
            pool=self.pool,
            sinks=(),
            clock=self.world.times,
            full_refresh_seconds=1e12,
            refresh_timeout_seconds=60.0,
        )

    async def reload(self, *specs: MetricSpec | DiscoverySpec) -> None:
        kept = self.inventory.kept()
        self.inventory = self._inventory(specs)
        await self.inventory.go_on(kept)

    async def asked(self, seconds: float = POLL_SECONDS) -> list[str]:
        """Poll after a while, and say what was asked for but the schema."""
        self.world.times.wait(seconds)
        self.line.asked.clear()
        await self.inventory.round()
        return [each for each in self.line.asked if not each.startswith("/api") and each != "InfrahubBranch"]

    @property
    def errors(self) -> list[str | None]:
        return [None if each.error is None else str(each.error) for each in self.inventory.entries.statuses]

    @property
    def names(self) -> list[list[str]]:
        """The first label of each section's series."""
        families = self.inventory.snapshot.families
        return [sorted(each.labels[-1] for each in one.samples) for family in families for one in family.sections]

    def rename(self, name: str) -> None:
        self.world.save("NetRouter", self.world.pick("NetRouter", 0), name=name)


async def test_an_entry_that_needs_what_is_refused_fails_and_the_others_over_the_kind_go_on() -> None:
    subject = Subject(NAMES, GHOSTS, TARGETS, GHOSTLY)
    assert await subject.asked() == ["NetRouter", "NetRouter"]
    assert sorted(subject.errors, key=str) == [NO_GHOST, NO_GHOST, None, None]
    subject.rename("renamed")
    await subject.asked()
    assert "renamed" in str(subject.inventory.snapshot.families)
    assert sorted(subject.errors, key=str) == [NO_GHOST, NO_GHOST, None, None]


async def test_nothing_more_is_asked_where_nothing_is_refused() -> None:
    subject = Subject(NAMES, STATES, TARGETS)
    assert await subject.asked() == ["NetRouter", "NetCity"]
    assert await subject.asked() == ["probe"]


async def test_what_is_refused_is_asked_for_again_by_the_usual_backoff_for_some_nodes_alone() -> None:
    subject = Subject(NAMES, GHOSTS)
    asked = [len(await subject.asked()) for _ in range(20)]
    # what is refused, and the same without; again at once; after 30 s; after another minute; after two
    assert asked == [2, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    assert subject.errors == [None, NO_GHOST]


async def test_once_it_is_there_only_it_is_read_of_the_nodes_that_are_held() -> None:
    subject = Subject(NAMES, GHOSTS)
    await subject.asked()
    subject.line.there = True
    assert await subject.asked() == ["probe", "NetRouter"]
    assert subject.errors == [None, None]
    assert subject.names == [["r0", "r1", "r2"], ["r0", "r1", "r2"]]
    subject.rename("renamed")
    await subject.asked()
    assert subject.names == [["r1", "r2", "renamed"], ["r1", "r2", "renamed"]]


async def test_it_is_asked_for_at_once_after_a_request_to_refresh() -> None:
    subject = Subject(NAMES, GHOSTS)
    for _ in range(6):
        await subject.asked()
    subject.line.there = True
    assert await subject.asked(1.0) == ["probe"]
    subject.inventory.forgive()
    await subject.asked(1.0)
    assert subject.errors == [None, None]


async def test_a_configuration_that_asks_for_it_later_harms_nobody_and_one_without_it_asks_for_it_no_more() -> None:
    subject = Subject(NAMES)
    await subject.asked()
    await subject.reload(NAMES, GHOSTS, STATES)
    await subject.asked()
    assert subject.errors == [None, NO_GHOST, None]
    assert "r1" in subject.names[0]
    await subject.reload(NAMES, STATES)
    subject.rename("renamed")
    assert await subject.asked() == ["probe", "NetRouter stamps", "NetRouter"]
    assert subject.errors == [None, None]


async def test_an_attribute_that_cannot_be_resolved_fails_those_who_show_it_with_their_last_good_data() -> None:
    subject = Subject(NAMES, STATES)
    await subject.asked()
    before = subject.names[1]
    subject.line.broken = "state"
    subject.rename("renamed")
    await subject.asked()
    assert subject.errors == [None, "Infrahub rejects the query: it was not to be had"]
    assert subject.names == [["r1", "r2", "renamed"], before]
    subject.line.broken = ""
    subject.world.save("NetRouter", subject.world.pick("NetRouter", 1), state="down")
    await subject.asked()
    await subject.asked(60.0)
    assert subject.errors == [None, None]
    assert any("down" in str(family) for family in subject.inventory.snapshot.families)


async def test_peers_that_the_token_may_not_see_fail_those_who_show_them_alone() -> None:
    subject = Subject(NAMES, STATES)
    subject.line.hidden = frozenset({"NetCity"})
    await subject.asked()
    told = "Infrahub does not allow this read (403): You do not have the following permissions: "
    assert subject.errors == [None, told + "object:Net:City:view:allow_all"]
    routers = [each for each in subject.line.documents if "NetRouter" in each and "city" in each]
    assert routers
    assert all("city { node { id __typename } }" in each for each in routers), "more of a peer wants a permission"
    subject.line.hidden = frozenset()
    await subject.asked()
    assert subject.errors == [None, None]


async def test_another_schema_has_it_asked_for_again() -> None:
    subject = Subject(NAMES, GHOSTS)
    for _ in range(6):
        await subject.asked()
    subject.line.there = True
    subject.line.schema = "another"
    await subject.asked(100.0)
    assert subject.errors == [None, None]


async def test_where_nothing_is_held_a_document_for_no_node_tells_whether_it_is_refused_still() -> None:
    subject = Subject(NAMES, GHOSTS)
    for each in subject.world.ids("NetRouter"):
        subject.world.delete("NetRouter", each)
    assert await subject.asked() == ["NetRouter", "NetRouter"]
    assert await subject.asked() == ["probe", "NetRouter"]
    assert subject.errors == [None, NO_GHOST]
    subject.line.there = True
    await subject.asked(60.0)
    assert subject.errors == [None, None]


LACKING = st.lists(st.sampled_from(["name", "state", "city", "tags", "description", "zip", "parent"]), max_size=2)


@settings(max_examples=40)
@given(SETUPS, st.lists(st.tuples(ROUNDS, LACKING), min_size=1, max_size=5))
def test_whatever_is_refused_in_between_what_is_shown_is_what_there_is(
    setup: Setup, rounds: Sequence[tuple[Round, Sequence[str]]]
) -> None:
    async def follow() -> None:
        following = Following(setup)
        world, line = following.world, following.line
        for each, lacking in rounds:
            line.lacking = frozenset(lacking)
            for change in each.changes:
                world.change(*change)
                world.times.wait(each.apart)
            world.times.wait(each.wait)
            line.meanwhile = [partial(world.change, *change) for change in each.during]
            await following.run()
            line.meanwhile = []
        line.lacking = frozenset()
        for _ in range(3):
            world.times.wait(600.0)
            await following.run()
        for entry in following.entries:
            assert entry.status.success
            assert plain(entry.rows) == plain(await following.truth(entry, entry.read_at or 0.0))

    anyio.run(follow)
