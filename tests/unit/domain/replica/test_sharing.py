"""Several views over the same tables: who asks for what, and what each is told."""

from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from infrahub_exporter.domain.asking.refused import RefusedColumnsError
from infrahub_exporter.domain.asking.selection import Selection, select
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import Page
from infrahub_exporter.domain.replica.dependencies import dependencies
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.plan import plan
from infrahub_exporter.domain.replica.views import View
from infrahub_exporter.domain.replica.watching import Watch
from tests.unit.domain.inventory import Inventory
from tests.unit.domain.network import KINDS
from tests.unit.rows import rows_of

pytestmark = pytest.mark.anyio
PARIS: Filters = {"site__name__value": "paris"}
ACTIVE: Filters = {"name__values": ["leaf0", "leaf1", "leaf9"]}


class Telling(Inventory):
    """An inventory that notes what it is asked for, column by column, and may refuse to list a kind without filters."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.refuses = False
        self.refused = ""

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        """Yield the rows of a selection as they are now."""
        self.asked.append((selection.kind, tuple(column.path for column in selection.columns)))
        if self.refuses and not selection.filters:
            raise DerivationError("there are too many")
        refused = [column for column in selection.columns if column.path == self.refused]
        if refused:
            raise RefusedColumnsError(dict.fromkeys(refused, "not allowed"))
        async for page in super().pages(selection, at=at, offset=offset):
            yield page


class Shown:
    """A view, and what a reader of its deltas holds."""

    def __init__(self, pool: "Shared", include: Sequence[str], filters: Filters) -> None:
        self.pool = pool
        self.selection = select("InfraDevice", include, filters, KINDS)
        planned = plan(self.selection)
        self.view: View = pool.following.view(planned, dependencies(planned, KINDS))
        self.rows: dict[str, Row] = {}
        self.told: set[str] = set()

    async def follow(self) -> None:
        """Take what differs."""
        delta = await self.pool.following.follow(self.view, at=self.pool.inventory.now)
        if delta.whole:
            self.rows = {}
        self.told = {*delta.changed, *delta.removed}
        self.rows.update({row.id: row for row in rows_of(delta)})
        for each in delta.removed:
            self.rows.pop(each, None)

    async def is_right(self) -> bool:
        """Tell whether what is held is what a read in one piece brings."""
        pages = [page async for page in Inventory.pages(self.pool.inventory, self.selection)]
        return self.rows == {row.id: row for page in pages for row in page.rows}


class Shared:
    """An inventory of four devices at two sites, and views over it."""

    def __init__(self) -> None:
        self.inventory = Telling()
        self.watch = Watch(self.inventory, overlap_seconds=5.0)
        self.following = Following(self.inventory, self.watch.start)
        create = self.inventory.create
        sites = [create("LocationSite", name, region=[create("LocationRegion", name)]) for name in ("paris", "lyon")]
        tags = [create("BuiltinTag", name) for name in ("red", "blue")]
        for number in range(4):
            create("InfraDevice", f"leaf{number}", site=[sites[number % 2]], tags=tags[: number % 3])
        self.views: list[Shown] = []

    def show(self, *include: str, filters: Filters | None = None) -> Shown:
        """Show something from now on."""
        self.views.append(Shown(self, include, filters or {}))
        return self.views[-1]

    async def round(self, plan: Callable[[], object] = lambda: None) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Look at what changed, plan, and let every view follow; return what was asked for."""
        self.inventory.now += 100.0
        self.inventory.asked.clear()
        watched = self.following.kinds
        if watched:
            self.following.learn(await self.watch.look(watched, at=self.inventory.now))
        plan()
        self.following.tidy()
        for each in self.views:
            await each.follow()
        return list(self.inventory.asked)

    async def are_right(self) -> bool:
        """Tell whether every view is."""
        return all([await each.is_right() for each in self.views])

    async def settled(self) -> None:
        """Follow until nothing is new."""
        for _ in range(3):
            await self.round()


@pytest.fixture
def shared() -> Shared:
    return Shared()


async def test_what_a_further_view_needs_is_read_and_no_more_and_the_others_are_not_told(shared: Shared) -> None:
    first = shared.show("name")
    await shared.settled()
    second = shared.show("name", "status", "site.name")
    assert await shared.round() == [("InfraDevice", ("status.value", "site")), ("LocationSite", ("name.value",))]
    assert first.told == set()
    assert await shared.are_right()
    third = shared.show("status", "site.region.name")
    assert await shared.round() == [("LocationSite", ("region",)), ("LocationRegion", ("name.value",))]
    assert (first.told, second.told) == (set(), set())
    assert len(third.rows) == 4
    assert await shared.are_right()


async def test_a_row_that_is_gone_when_it_is_to_be_widened_leaves_all_views(shared: Shared) -> None:
    first, filtered = shared.show("name"), shared.show("name", filters=ACTIVE)
    await shared.settled()
    shared.inventory.delete(shared.inventory.of("InfraDevice")[0])
    shared.show("status")
    await shared.round()
    await shared.round()
    assert (len(first.rows), len(filtered.rows)) == (3, 1)
    assert await shared.are_right()


async def test_a_column_that_is_known_to_be_refused_is_asked_of_one_node_where_a_further_view_needs_it(
    shared: Shared,
) -> None:
    shared.inventory.refused = "status.value"
    for asked in ([("InfraDevice", ("status.value",)), ("InfraDevice", ())], [("InfraDevice", ("status.value",))]):
        shared.show("name")
        await shared.settled()
        shared.show("status")
        with pytest.raises(SourceRejectedError, match="not allowed"):
            await shared.round()
        assert shared.inventory.asked == asked
        for each in shared.views:
            shared.following.release(each.view)
        shared.views.clear()
        shared.following.begin_turn()
        await shared.round()


async def test_a_view_that_nothing_was_read_for_is_let_go(shared: Shared) -> None:
    lost = shared.show("name")
    shared.views.clear()
    shared.following.release(lost.view)
    assert await shared.round() == []


async def test_where_all_rows_are_held_a_reading_with_filters_asks_for_ids_alone(shared: Shared) -> None:
    shared.show("name", filters=PARIS)
    shared.show("name", "status")
    assert await shared.round() == [
        *[("InfraDevice", ("name.value", "status.value"))] * 1,
        ("InfraDevice", ()),
    ]
    assert await shared.are_right()


async def test_one_that_cannot_be_read_whole_harms_none_that_shows_a_part(shared: Shared) -> None:
    part, whole = shared.show("name", filters=PARIS), shared.show("name")
    shared.inventory.refuses = True
    with pytest.raises(DerivationError):
        await shared.round()
    assert await part.is_right()
    shared.inventory.refuses = False
    await shared.round()
    assert len(whole.rows) == 4
    assert await shared.are_right()


async def test_where_the_whole_is_lost_a_part_waits_too(shared: Shared) -> None:
    part = shared.show("name", filters=PARIS)
    shared.show("name")
    shared.inventory.failing = 0
    with pytest.raises(SourceUnavailableError):
        await shared.round()
    assert part.rows == {}
    shared.inventory.failing = None
    await shared.round()
    assert await shared.are_right()


async def test_what_one_view_has_brought_lacks_none_that_shows_the_same_nodes(shared: Shared) -> None:
    first, second = shared.show("name"), shared.show("name", "site.name")
    assert shared.following.lacks(first.view)
    await shared.settled()
    assert not shared.following.lacks(first.view)
    device = shared.inventory.of("InfraDevice")[3]
    shared.inventory.change(device, "leaf9")
    shared.inventory.now += 100.0
    shared.following.learn(await shared.watch.look(shared.following.kinds, at=shared.inventory.now))
    assert shared.following.lacks(first.view)
    assert shared.following.lacks(second.view)

    await first.follow()

    assert not shared.following.lacks(second.view)
    await second.follow()
    assert (first.told, second.told) == ({device}, {device})
    assert await shared.are_right()


async def test_a_node_that_comes_to_pass_a_filter_is_told_to_those_that_it_concerns(shared: Shared) -> None:
    everything, part, other = (
        shared.show("name"),
        shared.show("name", filters=ACTIVE),
        shared.show("name", filters=PARIS),
    )
    await shared.settled()
    device = shared.inventory.of("InfraDevice")[3]
    shared.inventory.change(device, "leaf9")
    await shared.round()
    assert (everything.told, part.told, other.told) == ({device}, {device}, set())
    shared.inventory.change(shared.inventory.of("LocationSite")[1], "paris")
    await shared.round()
    assert (everything.told, part.told) == (set(), set())
    assert len(other.rows) == 4
    assert await shared.are_right()


async def test_a_view_is_told_of_what_changed_in_columns_that_it_shows_alone(shared: Shared) -> None:
    named, sited, reached = shared.show("name"), shared.show("site.name"), shared.show("status", "site.region.name")
    await shared.settled()
    device, (paris, lyon) = shared.inventory.of("InfraDevice")[0], shared.inventory.of("LocationSite")
    shared.inventory.join(device, "site", [lyon])
    await shared.round()
    assert (named.told, sited.told, reached.told) == (set(), {device}, {device})
    shared.inventory.join(paris, "region", shared.inventory.of("LocationRegion")[1:])
    await shared.round()
    assert (named.told, sited.told, reached.told) == (set(), set(), {shared.inventory.of("InfraDevice")[2]})
    assert await shared.are_right()


async def test_of_many_changed_nodes_it_is_not_looked_in_which_columns_they_differ(shared: Shared) -> None:
    for number in range(4, 120):
        shared.inventory.create("InfraDevice", f"leaf{number}", site=shared.inventory.of("LocationSite")[:1])
    named, sited = shared.show("name"), shared.show("site.name")
    await shared.settled()
    devices = shared.inventory.of("InfraDevice")[4:]
    for device in devices:
        shared.inventory.join(device, "site", shared.inventory.of("LocationSite")[1:])
    await shared.round()
    assert (named.told, sited.told) == (set(devices), set(devices))
    assert await shared.are_right()


async def test_two_readings_with_filters_and_none_of_all_hold_what_either_lists(shared: Shared) -> None:
    first, second = shared.show("name", filters=ACTIVE), shared.show("name", "site.name", filters=PARIS)
    await shared.settled()
    shared.inventory.change(shared.inventory.of("InfraDevice")[1], "no longer")
    shared.inventory.create("InfraDevice", "leaf9", site=shared.inventory.of("LocationSite")[:1])
    await shared.round()
    assert await shared.are_right()
    for _ in range(4):
        shared.following.save_up(1.0)
        for each in shared.views:
            await shared.following.roll(each.view, at=shared.inventory.now)
    assert len(first.view.reading.table) == len({*first.rows, *second.rows})


async def test_what_no_view_needs_any_more_is_let_go_and_not_asked_for(shared: Shared) -> None:
    first = shared.show("name")
    second = shared.show("name", "site.region.name", filters=PARIS)
    await shared.settled()
    shared.views.remove(second)
    shared.following.release(second.view)
    shared.following.tidy()
    assert shared.following.kinds == {"InfraDevice"}
    shared.inventory.change(shared.inventory.of("LocationSite")[0], "renamed")
    assert await shared.round() == []
    again = shared.show("name", "site.region.name", filters=PARIS)
    await shared.round()
    assert (len(first.rows), again.rows) == (4, {})
    assert await shared.are_right()


async def test_what_is_shown_again_in_the_turn_after_it_was_let_go_of_has_been_watched_meanwhile(
    shared: Shared,
) -> None:
    shared.show("name")
    former = shared.show("name", "site.name")
    await shared.settled()
    shared.views.remove(former)
    shared.following.release(former.view)
    assert shared.following.kinds == {"InfraDevice", "LocationSite"}
    shared.inventory.change(shared.inventory.of("LocationSite")[0], "renamed")
    await shared.round(lambda: shared.show("site.name"))
    assert await shared.are_right()


async def test_what_is_held_for_a_view_that_could_not_be_read_yet_is_watched(shared: Shared) -> None:
    shared.show("name")
    former = shared.show("name", "site.name")
    await shared.settled()
    shared.views.remove(former)
    shared.following.release(former.view)
    late = shared.show("site.name", filters=ACTIVE)
    shared.views.remove(late)  # its turn does not come
    await shared.round()
    shared.inventory.change(shared.inventory.of("LocationSite")[0], "renamed")
    for _ in range(8):  # longer than changes are looked for
        await shared.round()
    shared.views.append(late)
    await shared.round()
    assert await shared.are_right()


async def test_where_the_only_view_is_replaced_what_is_new_is_read_and_no_more(shared: Shared) -> None:
    former = shared.show("name")
    await shared.settled()
    shared.views.remove(former)
    shared.following.release(former.view)
    asked = await shared.round(lambda: shared.show("name", "site.name"))
    assert asked == [("InfraDevice", ("site",)), ("LocationSite", ("name.value",))]
    assert await shared.are_right()


async def test_a_created_peer_that_is_read_for_itself_first_still_reaches_those_that_name_it(shared: Shared) -> None:
    shared.show("name", "tags[].name")
    tags = select("BuiltinTag", ("name",), {}, KINDS)
    planned = plan(tags)
    own = shared.following.view(planned, dependencies(planned, KINDS))
    await shared.settled()
    await shared.following.follow(own, at=shared.inventory.now)
    shared.inventory.add(shared.inventory.of("InfraDevice")[0], "tags", "BuiltinTag", "green")
    shared.inventory.now += 1.0
    shared.following.learn(await shared.watch.look(shared.following.kinds, at=shared.inventory.now))
    await shared.following.follow(own, at=shared.inventory.now)
    await shared.views[0].follow()
    assert await shared.are_right()


async def test_what_changes_while_pages_come_is_read_when_they_are_all_there(shared: Shared) -> None:
    other = shared.show("name", "site.name", filters=PARIS)
    await shared.settled()
    shared.show("name", "site.name", "tags[].name")
    shared.inventory.failing = 1
    with pytest.raises(SourceUnavailableError):
        await shared.views[1].follow()
    shared.inventory.failing = None
    shared.inventory.change(shared.inventory.of("InfraDevice")[0], "renamed")
    shared.inventory.add(shared.inventory.of("InfraDevice")[1], "tags", "BuiltinTag", "green")
    await shared.round()
    assert len(other.rows) == 2
    assert await shared.are_right()
