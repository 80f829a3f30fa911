"""What is held stays right by reading only what changed."""

from collections.abc import Callable, Mapping, Sequence

import anyio
import pytest
from hypothesis import given, strategies

from infrahub_exporter.domain.asking.selection import Selection, select
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica import chunks, deletions
from infrahub_exporter.domain.replica.dependencies import dependencies
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.plan import plan
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.replica.watching import Change, Watch
from tests.unit.domain.inventory import Inventory
from tests.unit.domain.network import KINDS
from tests.unit.rows import rows_of

pytestmark = pytest.mark.anyio
INCLUDE = (
    "name", "site.region.name", "site.region.parent.name", "site.region.parent.parent.name", "site.name", "site",
    "tags[].name", "tags[]", "interfaces[].addresses[]",
)  # fmt: skip


class Followed:
    """A selection of devices that is followed, with what a reader of its deltas would hold."""

    def __init__(self, include: Sequence[str] = INCLUDE, filters: Filters | None = None) -> None:
        self.inventory = Inventory()
        self.selection = select("InfraDevice", include, filters or {}, KINDS)
        planned = plan(self.selection)
        self.watch = Watch(self.inventory, overlap_seconds=5.0)
        self.follower = Following(self.inventory, self.watch.start)
        self.view = self.follower.view(planned, dependencies(planned, KINDS))
        self.held: dict[str, Row] = {}

    async def read(self) -> Delta:
        """Read everything."""
        delta, _ = await self.follower.read(self.view, at=self.inventory.now)
        self._take(delta)
        return delta

    async def follow(self) -> Delta:
        """Ask what changed, and read that."""
        self.inventory.now += 1.0
        at = self.inventory.now
        self.follower.learn(await self.watch.look(self.follower.kinds, at=at))
        delta = await self.follower.follow(self.view, at=at)
        self._take(delta)
        return delta

    async def roll(self, share: float) -> Delta:
        """Read a share again."""
        self.follower.save_up(share)
        delta = await self.follower.roll(self.view, at=self.inventory.now)
        self._take(delta)
        return delta

    def _take(self, delta: Delta) -> None:
        if delta.whole:
            self.held = {}
        for identifier in delta.removed:
            self.held.pop(identifier, None)
        self.held.update({row.id: row for row in rows_of(delta)})

    async def truth(self) -> Mapping[str, Row]:
        """Read the selection in one piece."""
        pages = [page async for page in self.inventory.pages(self.selection)]
        self.inventory.requests.clear()
        return {row.id: row for page in pages for row in page.rows}

    async def is_right(self) -> bool:
        """Tell whether what is held is what a read in one piece brings."""
        return self.held == await self.truth()


@pytest.fixture
async def followed() -> Followed:
    """Four devices at two sites of one region, read once."""
    subject = Followed()
    await populate(subject)
    return subject


async def populate(subject: Followed) -> None:
    inventory = subject.inventory
    region = inventory.create("LocationRegion", "europe")
    sites = [inventory.create("LocationSite", name, region=[region]) for name in ("paris", "lyon")]
    tags = [inventory.create("BuiltinTag", name) for name in ("red", "blue", "unused")]
    addresses = [inventory.create("IpamIPAddress", name) for name in ("10.0.0.1", "10.0.0.2")]
    for number in range(4):
        interface = inventory.create("InfraInterface", f"et{number}", addresses=addresses[: number % 3])
        inventory.create(
            "InfraDevice",
            f"leaf{number}",
            site=[sites[number % 2]],
            tags=tags[: number % 3],
            interfaces=[interface],
        )
    await subject.read()
    await subject.follow()
    inventory.now += 100.0
    await subject.follow()
    inventory.now += 100.0
    await subject.follow()
    inventory.requests.clear()


async def test_a_read_brings_everything_each_peer_once(followed: Followed) -> None:
    delta = await followed.read()
    assert (delta.whole, delta.removed, len(followed.view)) == (True, frozenset(), 4)
    assert [what for what, _ in followed.inventory.requests] == [
        *["rows of InfraDevice"] * 2,
        "rows of LocationSite",
        "rows of BuiltinTag",
        *["rows of InfraInterface"] * 2,
        "rows of LocationRegion",
        "rows of IpamIPAddress",
    ]
    assert await followed.is_right()


async def test_where_nothing_changed_nothing_is_read(followed: Followed) -> None:
    delta = await followed.follow()
    assert (dict(delta.changed), delta.removed, delta.whole) == ({}, frozenset(), False)
    assert followed.inventory.requests == []


async def test_where_all_nodes_differ_all_are_handed_over_and_those_that_are_gone_are_named(followed: Followed) -> None:
    gone, *left = followed.inventory.of("InfraDevice")
    followed.inventory.delete(gone)
    for each in left:
        followed.inventory.change(each, f"renamed {each}")
    delta = await followed.follow()
    assert (set(delta.changed), delta.removed, delta.whole) == (set(left), frozenset({gone}), False)
    assert await followed.is_right()


CHANGES: Mapping[str, tuple[Callable[[Inventory, list[str]], object], list[str]]] = {
    "a node's attribute": (lambda inventory, devices: inventory.change(devices[0], "renamed"), ["leaf0"]),
    "a peer's attribute": (
        lambda inventory, _: inventory.change(inventory.of("LocationSite")[0], "renamed"),
        ["leaf0", "leaf2"],
    ),
    "an attribute two relations away": (
        lambda inventory, _: inventory.change(inventory.of("LocationRegion")[0], "renamed"),
        ["leaf0", "leaf1", "leaf2", "leaf3"],
    ),
    "an attribute behind two to-many relations": (
        lambda inventory, _: inventory.change(inventory.of("IpamIPAddress")[1], "renamed"),
        ["leaf2"],
    ),
    "a relation": (
        lambda inventory, devices: inventory.join(devices[3], "site", inventory.of("LocationSite")[:1]),
        ["leaf3"],
    ),
    "a relation that ends": (lambda inventory, devices: inventory.join(devices[1], "site", []), ["leaf1"]),
    "a relation to a peer that nobody had": (
        lambda inventory, devices: inventory.join(devices[0], "tags", inventory.of("BuiltinTag")[2:]),
        ["leaf0"],
    ),
    "a relation of a peer": (
        lambda inventory, _: inventory.join(inventory.of("LocationSite")[0], "region", []),
        ["leaf0", "leaf2"],
    ),
    "a new node": (
        lambda inventory, _: inventory.create("InfraDevice", "new", site=inventory.of("LocationSite")[:1]),
        [],
    ),
    "a new peer, which stamps nobody": (
        lambda inventory, devices: inventory.add(devices[1], "tags", "BuiltinTag", "new"),
        ["leaf1"],
    ),
    "a new peer of a peer": (
        lambda inventory, _: inventory.add(inventory.of("InfraInterface")[3], "addresses", "IpamIPAddress", "new"),
        ["leaf3"],
    ),
    "a node that is deleted": (lambda inventory, devices: inventory.delete(devices[2]), ["leaf2"]),
    "a peer that is deleted": (
        lambda inventory, _: inventory.delete(inventory.of("LocationSite")[1]),
        ["leaf1", "leaf3"],
    ),
    "a node in place of another": (
        lambda inventory, devices: inventory.supersede(devices[0], "new"),
        ["leaf0"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_is_followed_by_what_it_touches_and_no_more(followed: Followed, change: str) -> None:
    make, touched = CHANGES[change]
    before = dict(followed.held)
    make(followed.inventory, followed.inventory.of("InfraDevice"))
    delta = await followed.follow()
    assert await followed.is_right()
    assert not delta.whole
    names = {identifier: str(row.values[0]) for identifier, row in before.items()}
    assert sorted(names[each] for each in {*delta.changed, *delta.removed} if each in names) == touched


async def test_a_change_of_what_nobody_names_changes_nothing(followed: Followed) -> None:
    followed.inventory.change(followed.inventory.of("BuiltinTag")[2], "renamed")
    delta = await followed.follow()
    assert (dict(delta.changed), delta.removed) == ({}, frozenset())
    assert await followed.is_right()


async def test_changes_of_kinds_that_do_not_matter_are_not_learnt(followed: Followed) -> None:
    followed.follower.learn({"Stranger": Change(frozenset({"1"}), 1)})
    await followed.follower.follow(followed.view, at=followed.inventory.now)
    assert followed.inventory.requests == []


async def test_a_change_costs_requests_by_what_changed(followed: Followed) -> None:
    site = followed.inventory.of("LocationSite")[0]
    followed.inventory.change(site, "renamed")
    await followed.follow()
    assert followed.inventory.requests == [("rows of LocationSite", {"ids": [site]})]


@pytest.mark.parametrize(
    ("filters", "change"),
    [
        ({"name__value": "leaf1"}, "a node's attribute"),
        ({"name__values": ["leaf0", "renamed"]}, "a node's attribute"),
        ({"site__name__value": "paris"}, "a peer's attribute"),
        ({"site__name__value": "renamed"}, "a peer's attribute"),
        ({"site__name__value": "paris"}, "a relation"),
        ({"site__name__value": "lyon"}, "a relation"),
        ({"site__name__value": "lyon"}, "a peer that is deleted"),
        ({"site__ids": ["LocationSite-2"]}, "a peer's attribute"),
        ({"tags__name__value": "new"}, "a new peer, which stamps nobody"),
        ({"ids": ["InfraDevice-9"]}, "a node that is deleted"),
    ],
)
async def test_what_a_change_makes_pass_the_filters_or_fail_them_comes_and_goes(filters: Filters, change: str) -> None:
    subject = Followed(("name", "site.name"), filters)
    await populate(subject)
    make, _ = CHANGES[change]
    make(subject.inventory, subject.inventory.of("InfraDevice"))
    await subject.follow()
    assert await subject.is_right()


async def test_one_that_comes_while_another_goes_is_not_taken_for_no_change() -> None:
    subject = Followed(("name",), {"site__name__value": "paris"})
    await populate(subject)
    paris, lyon = subject.inventory.of("LocationSite")
    subject.inventory.change(paris, "was paris")
    subject.inventory.change(lyon, "paris")
    delta = await subject.follow()
    assert sorted(str(row.values[0]) for row in subject.held.values()) == ["leaf1", "leaf3"]
    assert len(delta.removed) == 2
    assert await subject.is_right()


async def test_a_failure_keeps_what_was_held_and_the_next_call_makes_good_for_it(followed: Followed) -> None:
    inventory = followed.inventory
    inventory.change(inventory.of("LocationSite")[0], "renamed")
    inventory.change(inventory.of("InfraDevice")[1], "renamed")
    inventory.delete(inventory.of("InfraDevice")[0])
    inventory.create("InfraDevice", "new", site=[inventory.create("LocationSite", "new")])
    for requests in range(12):
        inventory.failing = requests
        try:
            await followed.follow()
        except SourceUnavailableError:
            assert len(followed.held) == 4
            continue
        break
    inventory.failing = None
    assert requests > 3
    assert await followed.is_right()


async def test_a_peer_that_is_deleted_while_its_stamp_is_new_is_no_longer_held(followed: Followed) -> None:
    site = followed.inventory.of("LocationSite")[0]
    followed.inventory.change(site, "renamed")
    await followed.follow()
    followed.inventory.delete(site)
    await followed.follow()
    assert await followed.is_right()


async def test_peers_of_one_kind_that_name_one_another_are_read_to_the_end() -> None:
    subject = Followed(("site.region.parent.parent.name",))
    name: list[str] = []
    for number in range(4):
        name = [subject.inventory.create("LocationRegion", f"level{number}", parent=name)]
    subject.inventory.create("InfraDevice", "leaf", site=[subject.inventory.create("LocationSite", "s", region=name)])
    await subject.read()
    assert [row.values for row in subject.held.values()] == [("level1",)]
    assert await subject.is_right()


async def test_a_read_that_is_interrupted_goes_on_at_its_own_instant(followed: Followed) -> None:
    inventory = followed.inventory
    began = inventory.now
    attempts = 0
    for attempts in range(12):  # noqa: B007 - it is asserted below
        inventory.failing = 2
        inventory.now += 10.0
        try:
            delta, at = await followed.follower.read(followed.view, at=inventory.now)
        except SourceUnavailableError:
            assert len(followed.held) == 4
            continue
        break
    assert (at, delta.whole, len(delta.changed)) == (began + 10.0, True, 4)
    assert attempts > 2
    inventory.failing = None
    followed.held = {row.id: row for row in rows_of(delta)}
    assert await followed.is_right()


async def test_a_read_that_was_interrupted_too_long_ago_starts_afresh(followed: Followed) -> None:
    followed.inventory.failing = 1
    with pytest.raises(SourceUnavailableError):
        await followed.read()
    followed.inventory.failing = None
    followed.inventory.now += 601.0
    followed.inventory.delete(followed.inventory.of("InfraDevice")[0])
    _, at = await followed.follower.read(followed.view, at=followed.inventory.now)
    assert at == followed.inventory.now
    assert len(followed.view) == 3


async def test_ids_are_asked_for_in_chunks(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 2)
    for number, site in enumerate(followed.inventory.of("LocationSite")):
        followed.inventory.change(site, f"renamed {number}")
    for number, device in enumerate(followed.inventory.of("InfraDevice")):
        followed.inventory.change(device, f"renamed {number}")
    await followed.follow()
    asked = [variables["ids"] for what, variables in followed.inventory.requests if what == "rows of InfraDevice"]
    assert [len(each) for each in asked if isinstance(each, list)] == [2, 2]
    assert await followed.is_right()


def unseen(followed: Followed) -> None:
    """Change what no stamp tells: a device's name, a site's name, a device that is gone, one that is new."""
    inventory = followed.inventory
    device, gone = inventory.of("InfraDevice")[:2]
    inventory.nodes[device].attributes["name"] = "unseen"
    inventory.nodes[inventory.of("LocationSite")[0]].attributes["name"] = "unseen"
    inventory.nodes.pop(gone)
    inventory.create("InfraDevice", "unheard", site=[inventory.create("LocationSite", "unheard")])


async def test_what_no_probe_sees_is_right_once_all_has_had_its_turn(followed: Followed) -> None:
    unseen(followed)
    for _ in range(4):
        await followed.roll(1.0)
    assert await followed.is_right()


async def test_a_peer_that_left_before_its_turn_is_not_missed(followed: Followed) -> None:
    await followed.roll(1.0)
    followed.inventory.delete(followed.inventory.of("LocationSite")[0])
    await followed.follow()
    followed.inventory.change(followed.inventory.of("LocationSite")[0], "renamed")
    await followed.follow()
    for site in list(followed.inventory.of("LocationSite")):
        followed.inventory.delete(site)
    await followed.follow()
    for _ in range(4):
        await followed.roll(1.0)
    assert await followed.is_right()


async def test_a_share_is_saved_up_until_a_request_is_full(followed: Followed) -> None:
    unseen(followed)
    for _ in range(9):
        await followed.roll(0.1)
        assert followed.inventory.requests == []
    for _ in range(40):
        await followed.roll(0.1)
    assert await followed.is_right()


async def test_peers_that_nobody_names_any_more_are_forgotten_when_all_has_had_its_turn(followed: Followed) -> None:
    inventory = followed.inventory
    tag = inventory.of("BuiltinTag")[0]
    for device in inventory.of("InfraDevice"):
        inventory.join(device, "tags", [])
    await followed.follow()
    for _ in range(4):
        await followed.roll(1.0)
    inventory.requests.clear()
    inventory.change(tag, "renamed")
    await followed.follow()
    assert [what for what, variables in inventory.requests if variables.get("ids") == [tag]] == []
    assert await followed.is_right()


async def test_a_roll_of_nothing_reads_nothing() -> None:
    subject = Followed()
    await subject.read()
    subject.inventory.requests.clear()
    delta = await subject.roll(1.0)
    assert (dict(delta.changed), subject.inventory.requests) == ({}, [])


async def test_a_selection_in_one_piece_depends_on_its_own_kind(followed: Followed) -> None:
    assert Followed(("name",)).view.kinds == {"InfraDevice"}
    assert Followed(("name",)).follower.kinds == frozenset(), "nothing has been read yet"
    assert followed.follower.kinds == {
        "InfraDevice",
        "LocationSite",
        "LocationRegion",
        "BuiltinTag",
        "InfraInterface",
        "IpamIPAddress",
    }


OPERATIONS = (
    "create device", "create site", "add tag", "add interface", "add address", "rename", "join site", "join tags",
    "join region", "join parent", "add region", "delete", "wait", "follow", "fail", "roll",
)  # fmt: skip
STEPS = strategies.lists(
    strategies.tuples(strategies.sampled_from(OPERATIONS), strategies.integers(0, 7), strategies.integers(0, 7)),
    max_size=25,
)


def picked(identifiers: Sequence[str], number: int) -> list[str]:
    return [identifiers[number % len(identifiers)]] if identifiers else []


def operate(inventory: Inventory, operation: str, first: int, second: int) -> None:
    """Change the inventory, if there is something to change."""
    sites, regions = inventory.of("LocationSite"), inventory.of("LocationRegion")
    for identifier in picked(list(inventory.nodes), first * 8 + second):
        if operation == "rename":
            inventory.change(identifier, f"name{second}")
        elif operation == "delete":
            inventory.delete(identifier)
    if operation == "create device":
        inventory.create("InfraDevice", f"name{first}", site=picked(sites, second))
    elif operation == "create site":
        inventory.create("LocationSite", f"name{first}", region=picked(regions, second))
    elif operation == "wait":
        inventory.now += first
    connect(inventory, operation, first, second)


def connect(inventory: Inventory, operation: str, first: int, second: int) -> None:
    """Change a relation, if there is one to change."""
    devices, sites = inventory.of("InfraDevice"), inventory.of("LocationSite")
    regions = inventory.of("LocationRegion")
    orphans = [each for each in regions if not inventory.nodes[each].peers.get("parent")]
    for what, relation, holders, kind in (
        ("add tag", "tags", devices, "BuiltinTag"),
        ("add interface", "interfaces", devices, "InfraInterface"),
        ("add address", "addresses", inventory.of("InfraInterface"), "IpamIPAddress"),
        ("add region", "parent", orphans, "LocationRegion"),
    ):
        for holder in picked(holders, first) if what == operation else ():
            inventory.add(holder, relation, kind, f"name{second}")
    for what, relation, holders, peers in (
        ("join site", "site", devices, picked(sites, second)),
        ("join tags", "tags", devices, inventory.of("BuiltinTag")[second:]),
        ("join region", "region", sites, picked(regions, second)),
        ("join parent", "parent", regions, picked(regions, second)),
    ):
        for holder in picked(holders, first) if what == operation else ():
            inventory.join(holder, relation, peers)


@given(STEPS, strategies.sampled_from([{}, {"site__name__value": "name1"}, {"name__values": ["name1", "name2"]}]))
def test_whatever_changes_what_is_followed_is_what_a_read_in_one_piece_brings(
    steps: list[tuple[str, int, int]], filters: Filters
) -> None:
    anyio.run(live, steps, filters)


async def live(steps: list[tuple[str, int, int]], filters: Filters) -> None:
    subject = Followed(filters=filters)
    await populate(subject)
    for operation, first, second in steps:
        if operation == "fail":
            subject.inventory.failing = first
            try:
                await subject.follow()
            except SourceUnavailableError:
                continue
            finally:
                subject.inventory.failing = None
        elif operation == "roll":
            await subject.roll(first / 7)
        elif operation == "follow":
            await subject.follow()
            assert await subject.is_right()
        else:
            operate(subject.inventory, operation, first, second)
    await subject.follow()
    assert await subject.is_right()


async def test_the_fake_reads_what_it_holds() -> None:
    inventory = Inventory()
    identifier = inventory.create("InfraDevice", "leaf0")
    assert [page.rows async for page in inventory.pages(Selection("InfraDevice", ()))] == [
        [Row(identifier, "InfraDevice", ("leaf0",), ())]
    ]


async def test_a_read_that_was_interrupted_before_the_clock_was_set_back_starts_afresh(followed: Followed) -> None:
    followed.inventory.failing = 1
    with pytest.raises(SourceUnavailableError):
        await followed.read()
    followed.inventory.failing = None
    followed.inventory.now -= 60.0
    _, at = await followed.follower.read(followed.view, at=followed.inventory.now)
    assert at == followed.inventory.now


async def test_the_number_of_nodes_is_compared_on_demand_and_where_it_differs_the_next_refresh_finds_out(
    followed: Followed,
) -> None:
    inventory = followed.inventory
    assert await followed.follower.agrees(followed.view, at=inventory.now)
    await followed.follower.follow(followed.view, at=inventory.now)
    assert [what for what, _ in inventory.requests] == ["count of InfraDevice"]
    inventory.create("InfraDevice", "unseen")
    assert not await followed.follower.agrees(followed.view, at=inventory.now)
    delta = await followed.follower.follow(followed.view, at=inventory.now)
    assert [row.values[0] for row in rows_of(delta)] == ["unseen"]


async def test_without_a_filter_nothing_is_counted_before_a_probe_told_the_number(followed: Followed) -> None:
    await followed.read()
    followed.view.reading.count = None
    followed.inventory.requests.clear()
    followed.follower.learn({"BuiltinTag": Change(frozenset(), 3)})
    await followed.follower.follow(followed.view, at=followed.inventory.now)
    assert followed.inventory.requests == []


@pytest.fixture
async def many(monkeypatch: pytest.MonkeyPatch) -> Followed:
    """Thirty-two devices, of which a few that leave are worth counting."""
    monkeypatch.setattr(chunks, "CHUNK", 2)
    monkeypatch.setattr(deletions, "_COUNTED", 16)
    monkeypatch.setattr(deletions, "_WORTH_COUNTING", 10)
    subject = Followed(("name",))
    for number in range(32):
        subject.inventory.create("InfraDevice", f"leaf{number}")
    await subject.read()
    for _ in range(3):
        await subject.follow()
        subject.inventory.now += 100.0
    subject.inventory.requests.clear()
    return subject


@pytest.mark.parametrize("left", [[0], [31], [5, 6], [3, 20, 31]])
async def test_a_few_who_left_among_many_are_found_by_halving_and_counting(many: Followed, left: Sequence[int]) -> None:
    devices = many.inventory.of("InfraDevice")
    for number in left:
        many.inventory.delete(devices[number])
    delta = await many.follow()
    assert delta.removed == {devices[number] for number in left}
    asked = [
        (what, len(each))
        for what, variables in many.inventory.requests
        if isinstance(each := variables.get("ids"), list)
    ]
    assert len(asked) == len(many.inventory.requests)
    assert {most for what, most in asked if what == "rows of InfraDevice"} == {2}
    assert max(most for what, most in asked if what == "count of InfraDevice") == 16
    assert await many.is_right()


async def test_who_left_among_many_while_others_go_on_leaving_is_found_by_ids(many: Followed) -> None:
    devices = many.inventory.of("InfraDevice")
    for number in range(8):
        many.inventory.delete(devices[number])
    delta = await many.follow()
    assert len(delta.removed) == 8
    assert "count of InfraDevice" not in {what for what, _ in many.inventory.requests}
    assert await many.is_right()
