"""Whatever happens, and however it is followed: what is held is what a whole read at the same instant brings."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.concurrency import at_once
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.refreshing.entries.attempts import Attempts
from infrahub_exporter.app.refreshing.entries.derivation import Derivation, Refreshed
from infrahub_exporter.app.refreshing.pool import Pool, Turn
from infrahub_exporter.app.refreshing.rounds import Rounds
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.replica import following as replica
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views.rows import Found
from tests.unit.following.world import STEPS, Line, Times, World
from tests.unit.rows import rows_of

WIDE = ("name", "display_label", "city", "city.parent.parent.name", "tags[]", "tags[].description", "ports[].labels[]")


class Spec(NamedTuple):
    """What an entry of the configuration says."""

    kind: str
    include: Sequence[str]
    filters: Filters
    rows: str | None = None


ENTRIES: Mapping[str, Spec] = {
    "all": Spec("NetRouter", WIDE, {}),
    "own attribute": Spec("NetRouter", ("name", "city.name"), {"state__value": "up"}),
    "over a relation": Spec("NetRouter", WIDE, {"city__name__values": ["c0", "c1"]}),
    "over many": Spec("NetRouter", ("name", "ports[].display_label"), {"ports__name__value": "e1"}),
    "of a group": Spec("NetRouter", ("member_of_groups[].name",), {"member_of_groups__name__values": ["g0", "g1"]}),
    "groups of all": Spec("NetRouter", ("member_of_groups[].name",), {}),
    "without": Spec("NetRouter", ("name",), {"city__isnull": True}),
    "without many": Spec("NetRouter", ("name",), {"ports__isnull": True}),
    "by id": Spec("NetRouter", ("name", "tags[].name"), {"ids": ["FIRST", "LAST", "none"]}),
    "by peer's id": Spec("NetRouter", ("name",), {"city__ids": ["CITY"]}),
    "by its name": Spec("NetRouter", ("ports[]",), {"hfid": ["r1"]}),
    "generic": Spec("NetPort", ("name", "hfid", "router.display_label", "router.city.parent", "labels[]"), {}),
    "label form": Spec("NetRouter", ("ports[]", "ports[].display_label"), {}),
    "up the tree": Spec("NetCity", ("name", "parent.name"), {"parent__name__value": "x1"}),
    "down the tree": Spec("NetCountry", ("name", "children[].name"), {"children__name__values": ["c0", "x2"]}),
    "itself": Spec("NetSpot", ("name", "parent.name", "children[].children[].name"), {}),
    "kinds of ports": Spec("NetPort", ("speed", "nearby.zip", "nearby.ancestors[].name"), {}),
    "far ends": Spec(
        "NetPort", ("cable.ends[other].name", "cable.ends[other].router.name", "cable.ends[other].speed"), {}
    ),
    "far routers": Spec("NetRouter", ("ports[].cable.ends[other].router.name", "ports[].cable.ends[NetFastPort]"), {}),
    "some peers": Spec(
        "NetRouter",
        (
            "ports[name~e.*].labels[]",
            "tags[name=t0|t1].description",
            "city[parent.name!=x1].zip",
            "ports[NetFastPort].speed",
        ),
        {},
    ),
    "houses": Spec(
        "NetRouter", ("house", "house.name", "house.zip", "house.parent.name", "house.ancestors[].name"), {}
    ),
    "up to the end": Spec("NetRouter", ("city.ancestors[].name", "city.ancestors[NetCountry].display_label"), {}),
    "down to the end": Spec("NetSpot", ("zip", "descendants[].name", "descendants[NetCity].zip", "ancestors[].id"), {}),
    "rows at far ends": Spec(
        "NetPort", ("^^name", "name", "router.name", "^^router.city.name", "^name"), {}, "cable.ends[other]"
    ),
    "rows of far routers": Spec(
        "NetRouter", ("^^^name", "^^name", "name", "router.display_label"), {}, "ports[].cable.ends[other]"
    ),
    "rows of peers": Spec(
        "NetRouter", ("name", "^city.name", "^tags[].name"), {"state__value": "up"}, "ports[NetFastPort]"
    ),
    "rows down the tree": Spec("NetCountry", ("^name", "name", "zip", "ancestors[].name"), {}, "descendants[]"),
    "members": Spec("CoreStandardGroup", ("name", "members[].hfid"), {}),
}


def derived(delta: Delta) -> dict[str, Row]:
    """Make a row of a node, or of all its rows."""
    if delta.joining.plan.rows is None:
        return {row.id: row for row in rows_of(delta)}
    return {row.id: Row(row.id, row.kind, row.hfid, (tuple(map(_written, rows)),)) for row, rows in delta.found()}


def _written(row: Found) -> object:
    return row.id, row.kind, [sorted(map(repr, values)) for values in row.values]


class Entry(Attempts):
    """An entry as the rounds know it, over rows as they are."""

    def __init__(self, name: str, spec: Spec, times: Times) -> None:
        super().__init__(EntryStatus("kind", name), times)
        self.spec = spec
        self.derived: Derivation[Row] = Derivation(
            spec.kind, spec.include, spec.filters, derive=derived, rows=spec.rows
        )
        self.read_at: float | None = None
        self.rolled = False

    async def refresh(self, turn: Turn) -> Refreshed | None:
        refreshed = await self.attempt(lambda: self.derived.refresh(turn), lambda: (len(self.derived.blocks), 0, {}))
        self.read_at = None if refreshed is None else refreshed.at
        return refreshed

    async def roll(self, *, at: float) -> bool:
        return await self.derived.roll(at=at)

    @property
    def rows(self) -> dict[str, Row]:
        return {row.id: row for block in self.derived.blocks.blocks for row in block}


class Round(NamedTuple):
    """What happens between two looks, and during the second one."""

    changes: Sequence[tuple[str, int, int]]
    during: Sequence[tuple[str, int, int]]
    apart: float
    wait: float
    step: float
    fails: int | None
    refused: bool
    once: bool
    settles: bool


CHANGES = st.lists(st.tuples(st.sampled_from(list(STEPS)), st.integers(0, 7), st.integers(0, 7)), max_size=4)
ROUNDS = st.builds(
    Round,
    changes=CHANGES,
    during=CHANGES,
    apart=st.sampled_from([0.01, 0.3, 1.0, 40.0]),
    wait=st.sampled_from([0.01, 0.4, 0.9, 2.0, 5.0, 100.0, 310.0, 600.0]),
    step=st.sampled_from([0.0] * 7 + [-0.7, -90.0, -600.0, 600.0]),
    fails=st.one_of(st.none(), st.integers(0, 20)),
    refused=st.booleans(),
    once=st.booleans(),
    settles=st.booleans(),
)


def plain(rows: Mapping[str, Row]) -> dict[str, Any]:
    """Write rows without the order of what a to-many relation brings."""
    return {key: (row.kind, row.hfid, [_sorted(value) for value in row.values]) for key, row in rows.items()}


def _sorted(value: object) -> object:
    return sorted(map(repr, value)) if isinstance(value, tuple) else value


class Setup(NamedTuple):
    """What is followed, and how."""

    names: Sequence[str]
    page_size: int
    off: float = 0.0
    """How far the exporter's own clock is off."""
    rolls: bool = False
    seconds: float = 0.0
    """How long a request takes."""
    most: int = 1
    """How many questions are asked at once."""


SETUPS = st.builds(
    Setup,
    names=st.lists(st.sampled_from(list(ENTRIES)), min_size=1, max_size=3, unique=True),
    page_size=st.integers(1, 5),
    off=st.sampled_from([0.0, -600.0, 600.0]),
    rolls=st.booleans(),
    seconds=st.sampled_from([0.0, 0.02, 0.6]),
    most=st.sampled_from([1, 2, 4]),
)


class Following:
    """Rounds over a world, held against whole reads."""

    def __init__(self, setup: Setup) -> None:
        self.world = World(Times(setup.off))
        self.world.populate()
        self.line = Line(self.world)
        self.line.seconds = setup.seconds
        times = self.world.times
        self._reader = InfrahubReader(self.line, clock=times, page_size=setup.page_size, parallel_pages=setup.most)
        self.entries = [Entry(name, self._bound(ENTRIES[name]), times) for name in setup.names]
        self.rolls = setup.rolls
        self.line.is_slow = setup.most > 1
        together = partial(at_once, most=setup.most) if setup.most > 1 else None
        self.pool = Pool(self._reader, clock=times, overlap_seconds=300.0, together=together)
        self.rounds = Rounds(
            cast("Any", self.entries),
            pool=self.pool,
            clock=times,
            full_refresh_seconds=500.0 if setup.rolls else 1e12,
        )
        self._truth = InfrahubReader(Line(self.world), clock=times, page_size=1000)
        self._selections: dict[str, Selection] = {}

    @property
    def is_ahead(self) -> bool:
        """Tell whether the next instant is the server's future, which cannot be pinned: its clock was set back."""
        times = self.world.times
        return times.wall() + (self._reader.skew_seconds or 0.0) > times.server

    def _bound(self, spec: Spec) -> Spec:
        """Put the ids of this world in place of the words for them."""
        routers = self.world.ids("NetRouter")
        ids = {"FIRST": routers[0], "LAST": routers[-1], "CITY": self.world.ids("NetCity")[0]}
        filters = {
            name: [ids.get(str(each), each) for each in value] if isinstance(value, list) else value
            for name, value in spec.filters.items()
        }
        return spec._replace(filters=filters)

    async def run(self) -> None:
        """Do a round; every entry that it went well for is right, every other one as it was."""
        before = {entry.status.name: entry.rows for entry in self.entries}
        for entry in self.entries:
            entry.read_at = None
        await self.rounds.run(self._publish)
        for entry in self.entries:
            if entry.read_at is None:
                assert entry.rows == before[entry.status.name]
            else:
                assert plain(entry.rows) == plain(await self.truth(entry, entry.read_at))

    async def truth(self, entry: Entry, at: float) -> Mapping[str, Row]:
        """Read an entry's selection whole, in one piece; what has rows, as what reads it first does."""
        if entry.spec.rows is not None:
            kinds, following = Kinds(self._truth), replica.Following(self._truth)
            selection = await kinds.select(*entry.spec)
            delta, _ = await following.read(following.view(*await kinds.plan(selection, in_pieces=True)), at=at)
            return derived(delta)
        if entry.status.name not in self._selections:
            selected = await Kinds(self._truth).select(*entry.spec)
            self._selections[entry.status.name] = selected
        pages = self._truth.pages(self._selections[entry.status.name], at=at)
        return {row.id: row async for page in pages for row in page.rows}

    async def _publish(self) -> None:
        """Publish nothing."""


async def follow(following: Following, rounds: Sequence[Round]) -> None:
    world, line = following.world, following.line
    await following.run()
    for each in rounds:
        for change in each.changes:
            world.change(*change)
            world.times.wait(each.apart)
        if each.settles:
            world.infrahub.settle()
        world.times.server += each.step
        world.times.wait(each.wait)
        line.meanwhile = [partial(world.change, *change) for change in each.during if not following.is_ahead]
        line.failing, line.refuses, line.once = each.fails, each.refused, each.once
        await following.run()
        line.meanwhile, line.failing = [], None
    for _ in range(3):  # past the overlap and, where it rolls, through all that is held
        world.times.wait(600.0)
        await following.run()
    for entry in following.entries:
        assert entry.status.success
        assert plain(entry.rows) == plain(await following.truth(entry, entry.read_at or 0.0))


@settings(max_examples=60)
@given(SETUPS, st.lists(ROUNDS, min_size=1, max_size=6))
def test_what_is_followed_equals_what_is_read_whole(setup: Setup, rounds: Sequence[Round]) -> None:
    anyio.run(follow, Following(setup), rounds)
