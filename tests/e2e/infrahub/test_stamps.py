"""Which nodes a change stamps: what following stands on, at a real Infrahub and at the embedded one."""

import random
import re
from collections.abc import Callable, Sequence

import pytest
from msgspec import Struct

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.domain.ports import Transport
from tests.e2e.infrahub.network import (
    GROUP,
    KINDS,
    MAIN,
    SCHEMA,
    Network,
    connections,
    load_schema,
    network,
    written_once,
)

pytestmark = pytest.mark.anyio
EMBEDDED, REAL = "embedded", "real"
BRANCH = "follow-stamps"
_NAME = re.compile(r"<([^<>]+)>")
_STAMPED = (
    "{ "
    + " ".join(
        f"{kind} {{ edges {{ node {{ id display_label }} node_metadata {{ updated_at }} }} }}"
        for kind in (*KINDS, GROUP)
    )
    + " }"
)

CHANGES = {
    # what is changed: the mutation, with names for ids; then who is stamped
    "an attribute": ('FollowRouterUpdate(data: {id: "<router0>", note: {value: "x"}})', "router0"),
    "an attribute to the same value": ('FollowRouterUpdate(data: {id: "<router0>", state: {value: "up"}})', ""),
    "nothing": ('FollowRouterUpdate(data: {id: "<router0>"})', ""),
    "a relation to the same peer": ('FollowRouterUpdate(data: {id: "<router0>", site: {id: "<site0>"}})', ""),
    "the name that a peer's hfid crosses": (
        'FollowRouterUpdate(data: {id: "<router0>", name: {value: "renamed"}})',
        "renamed",
    ),
    "a peer's attribute": ('FollowSiteUpdate(data: {id: "<site0>", code: {value: "x"}})', "site0"),
    "a relation, set": ('FollowRouterUpdate(data: {id: "<router4>", site: {id: "<site0>"}})', "router4 site0"),
    "a relation, replaced": (
        'FollowRouterUpdate(data: {id: "<router0>", site: {id: "<site1>"}})',
        "router0 site0 site1",
    ),
    "a relation, removed": ('FollowRouterUpdate(data: {id: "<router0>", site: null})', "router0 site0"),
    "a to-many relation, replaced": (
        'FollowRouterUpdate(data: {id: "<router0>", labels: [{id: "<label1>"}]})',
        "router0 label0 label1",
    ),
    "a to-many relation, emptied": ('FollowRouterUpdate(data: {id: "<router0>", labels: []})', "router0 label0"),
    "a relation from its other end": (
        'FollowSiteUpdate(data: {id: "<site1>", routers: [{id: "<router4>"}]})',
        "site1 router4 router1",
    ),
    "a peer more": (
        'RelationshipAdd(data: {id: "<router0>", name: "labels", nodes: [{id: "<label1>"}]})',
        "router0 label1",
    ),
    "a peer more that is one already": (
        'RelationshipAdd(data: {id: "<router0>", name: "labels", nodes: [{id: "<label0>"}]})',
        "",
    ),
    "a peer less": (
        'RelationshipRemove(data: {id: "<router0>", name: "labels", nodes: [{id: "<label0>"}]})',
        "router0 label0",
    ),
    "a parent in a hierarchy": (
        'FollowSiteUpdate(data: {id: "<site0>", parent: {id: "<area1>"}})',
        "site0 area0 area1",
    ),
    "the router of a port": (
        'FollowPortUpdate(data: {id: "<port0>", router: {id: "<router2>"}})',
        "port0 router0 router2",
    ),
    "a member more": (
        'RelationshipAdd(data: {id: "<follow-0>", name: "members", nodes: [{id: "<router1>"}]})',
        "follow-0 router1",
    ),
    "a member less": (
        'RelationshipRemove(data: {id: "<follow-0>", name: "members", nodes: [{id: "<router0>"}]})',
        "follow-0 router0",
    ),
    "members, replaced": (
        'CoreStandardGroupUpdate(data: {id: "<follow-0>", members: [{id: "<router1>"}]})',
        "follow-0 router0 router1",
    ),
    "a group's name": ('CoreStandardGroupUpdate(data: {id: "<follow-0>", name: {value: "follow-x"}})', "follow-x"),
    "a created node": ('FollowRouterCreate(data: {name: {value: "new"}})', "new"),
    "a created node with peers": (
        (
            'FollowRouterCreate(data: {name: {value: "new"}, site: {id: "<site0>"}, labels: [{id: "<label0>"}], '
            'upstream: [{id: "<router0>"}]})'
        ),
        "new",
    ),
    "a created part": ('FollowFastPortCreate(data: {name: {value: "new"}, router: {id: "<router0>"}})', "new"),
    "a created child": ('FollowSiteCreate(data: {name: {value: "new"}, parent: {id: "<area0>"}})', "new"),
    "a created group": (
        'CoreStandardGroupCreate(data: {name: {value: "follow-1"}, members: [{id: "<router1>"}]})',
        "follow-1",
    ),
    "a deleted node": ('FollowRouterDelete(data: {id: "<router3>"})', "site0 label1"),
    "a deleted node with parts": (
        'FollowRouterDelete(data: {id: "<router0>"})',
        "site0 label0 router1 follow-0",
    ),
    "a deleted part": ('FollowFastPortDelete(data: {id: "<port0>"})', "router0 label0"),
    "a deleted peer": ('FollowSiteDelete(data: {id: "<site0>"})', "router0 router3 area0"),
    "a deleted group": ('CoreStandardGroupDelete(data: {id: "<follow-0>"})', "router0"),
}


class Stamped(Struct, frozen=True):
    """The ids and stamps of our nodes by name."""

    ids: dict[str, str]
    stamps: dict[str, str]


async def stamped(changing: Network) -> Stamped:
    """Ask for the stamps."""
    pages = (await changing.ask(_STAMPED)).values()
    edges = [edge for page in pages for edge in page["edges"]]
    return Stamped(
        {edge["node"]["display_label"]: edge["node"]["id"] for edge in edges},
        {edge["node"]["display_label"]: edge["node_metadata"]["updated_at"] for edge in edges},
    )


def written(mutations: Sequence[str], ids: dict[str, str]) -> str:
    """Write mutations with ids for names."""
    text = written_once(f"{each} {{ ok }}" for each in mutations)
    return f"mutation {{ {_NAME.sub(lambda match: ids[match[1]], text)} }}"


async def who_is_stamped(changing: Network, mutations: Sequence[str], branch: str = MAIN) -> set[str]:
    """Change something and name the nodes that have another stamp then, or none before."""
    before = await stamped(changing)
    await changing.ask(written(mutations, before.ids), branch)
    after = await stamped(changing)
    return {name for name, stamp in after.stamps.items() if before.stamps.get(name) != stamp}


def connect_to(place: str, request: pytest.FixtureRequest) -> Callable[[str], Transport]:
    """Return what connects to a branch of the embedded Infrahub, which has one, or of the real one."""
    if place == EMBEDDED:
        infrahub = EmbeddedInfrahub.load([SCHEMA], [])
        return lambda branch: EmbeddedTransport(infrahub, branch=branch)
    address, token = request.getfixturevalue("real_address"), request.getfixturevalue("real_token")
    load_schema(address, token)
    return connections(address, token)


@pytest.fixture(scope="module", params=[EMBEDDED, REAL])
def connect(request: pytest.FixtureRequest) -> Callable[[str], Transport]:
    return connect_to(request.param, request)


@pytest.mark.parametrize(("mutation", "expected"), CHANGES.values(), ids=CHANGES)
async def test_a_change_stamps(mutation: str, expected: str, connect: Callable[[str], Transport]) -> None:
    async with network(connect, random.Random()) as changing:
        assert await who_is_stamped(changing, [mutation]) == set(expected.split())


ON_A_BRANCH = (
    'FollowRouterUpdate(data: {id: "<router2>", note: {value: "x"}})',
    'FollowRouterUpdate(data: {id: "<router3>", site: {id: "<site1>"}})',
    (
        'FollowRouterCreate(data: {name: {value: "new"}, site: {id: "<site2>"}, labels: [{id: "<label0>"}], '
        'downstream: [{id: "<router4>"}]})'
    ),
    'FollowSlowPortDelete(data: {id: "<port1>"})',
    'RelationshipRemove(data: {id: "<follow-0>", name: "members", nodes: [{id: "<router0>"}]})',
)
STAMPED_BY_ITS_MERGE = (
    "router2",
    *("router3", "site0", "site1"),
    *("new", "site2", "router4"),  # other than on main, a created node's peers; not a label: it declares no relation
    "router1",
    *("follow-0", "router0"),
)


async def test_a_merge_stamps_what_it_brings_and_the_ends_that_declare_the_relation_all_alike(
    request: pytest.FixtureRequest,
) -> None:
    async with network(connect_to(REAL, request), random.Random()) as changing:
        await changing.open_branch(BRANCH)
        try:
            assert await who_is_stamped(changing, ON_A_BRANCH, BRANCH) == set()
            before = await stamped(changing)
            assert await changing.merge_branch(BRANCH), changing.told
            after = await stamped(changing)
        finally:
            await changing.delete_branch(BRANCH)
        fresh = {name: stamp for name, stamp in after.stamps.items() if before.stamps.get(name) != stamp}
        assert fresh.keys() == set(STAMPED_BY_ITS_MERGE)
        assert len(set(fresh.values())) == 1
