"""What takes a column's value from the rows of tables."""

from collections.abc import Mapping, Sequence

import pytest
from msgspec import structs

from infrahub_exporter.domain.asking.selection import select
from infrahub_exporter.domain.model import Peer, Row
from infrahub_exporter.domain.replica.plan import Plan, plan
from infrahub_exporter.domain.replica.reaches import reader
from tests.unit.domain.asking.test_resolving import KINDS
from tests.unit.rows import joined


def planned(kind: str, *include: str) -> Plan:
    return plan(select(kind, include, {}, KINDS))


def row(identifier: str, kind: str, *values: object) -> Row:
    return Row(identifier, kind, (identifier,), values)


def found(kind: str, path: str, start: Row, **peers: dict[str, Row]) -> object:
    """Read one path of a row over tables of peers."""
    return joined(planned(kind, path), start, peers).values[0]


def test_a_value_is_that_of_the_way_that_the_node_has() -> None:
    assert found("NetPort", "speed", row("1", "NetCopper", 10, None)) == 10
    assert found("NetPort", "speed", row("2", "NetTunnel", None, "slow")) == "slow"
    assert found("NetPort", "speed", row("3", "NetCopper", None, None)) is None


def test_values_of_several_peers_are_those_of_all_ways() -> None:
    ports = {"p1": row("p1", "NetCopper", 10, None), "p2": row("p2", "NetTunnel", None, "slow")}
    assert found("NetBox", "ports[].speed", row("1", "NetBox", ("p1", "p2")), NetPort=ports) == (
        10,
        None,
        None,
        "slow",
    )


CABLES = {"c": row("c", "NetCable", ("p1", "p2", "p3"))}
ENDS = {"p1": row("p1", "NetCopper", "c", "e1"), "p2": row("p2", "NetCopper", "c", "e2")}


def test_the_other_ends_of_a_cable_are_all_but_the_one_that_the_path_came_from() -> None:
    far = {name: structs.replace(each, values=(each.values[1],)) for name, each in ENDS.items()}
    read = planned("NetPort", "cable.ends[other].name")
    assert joined(read, row("p1", "NetCopper", "c"), {"NetCable": CABLES, "NetPort": far}).values == (("e2",),)
    assert joined(read, row("p9", "NetCopper", "c"), {"NetCable": CABLES, "NetPort": far}).values == (("e1", "e2"),)
    assert joined(read, row("p1", "NetCopper", None), {"NetCable": CABLES, "NetPort": far}).values == ((),)


def test_the_far_ends_are_found_from_a_node_before_the_near_ones_too() -> None:
    read = planned("NetBox", "ports[].cable.ends[other].name")
    assert joined(read, row("b", "NetBox", ("p1",)), {"NetCable": CABLES, "NetPort": ENDS}).values == (("e2",),)


def test_peers_of_a_kind_or_that_fit_are_kept() -> None:
    ports = {"p1": row("p1", "NetCopper", "e1"), "p2": row("p2", "NetTunnel", "t1"), "p3": row("p3", "NetTunnel", None)}
    start = row("1", "NetBox", ("p1", "p2", "p3"))
    for path, expected in {
        "ports[NetTunnel].name": ("t1", None),
        "ports[name=t1|e1].name": ("e1", "t1"),
        "ports[name!=t1].name": ("e1", None),
        "ports[name~t.*].name": ("t1",),
        "ports[name!~t.*].name": ("e1", None),
        "ports[name=t1,name=e1].name": (),
    }.items():
        assert found("NetBox", path, start, NetPort=ports) == expected, path


@pytest.mark.parametrize(("kind", "value"), [("GeoCampus", "c1"), ("GeoShelter", None)])
def test_a_selector_of_a_to_one_relation_keeps_its_peer_or_not(kind: str, value: str | None) -> None:
    houses = {"h": row("h", kind, "c1")}
    assert found("NetBox", "place[GeoCampus].code", row("1", "NetBox", "h"), GeoHousing=houses) == value


def test_a_condition_may_look_at_what_has_several_values() -> None:
    cables = {"c": row("c", "NetCable", ("red", "long"), "k1")}
    path = "cable[facts.marks.name=long].name"
    assert found("NetPort", path, row("p", "NetCopper", "c"), NetCable=cables) == "k1"


TREE = {
    "r": row("r", "GeoRegion", None, "north"),
    "c": row("c", "GeoCampus", "r", "c1"),
    "k": row("k", "GeoCabinet", "c", "c1-a"),
}


def test_a_hierarchy_is_followed_to_its_end_the_nearest_first() -> None:
    assert found("GeoPlace", "ancestors[].code", row("x", "GeoCabinet", "k"), GeoPlace=TREE) == ("c1-a", "c1", "north")
    assert found("GeoPlace", "ancestors[]", row("x", "GeoCampus", "r"), GeoPlace=TREE) == (
        Peer("r", "GeoRegion", ("r",)),
    )


def test_a_ring_that_rows_of_two_instants_form_ends() -> None:
    ring = {"a": row("a", "GeoCampus", "b", "a1"), "b": row("b", "GeoCampus", "a", "b1")}
    assert found("GeoPlace", "ancestors[].code", row("x", "GeoCabinet", "a"), GeoPlace=ring) == ("a1", "b1")


def test_one_relation_that_leads_to_rows_of_two_tables_is_a_crossing_to_each() -> None:
    read = planned("GeoCampus", "parent.title", "ancestors[].code")
    peers = {"GeoRegion": {"r": row("r", "GeoRegion", "The North")}, "GeoPlace": TREE}
    assert joined(read, row("c", "GeoCampus", "r", "r"), peers).values == ("The North", ("north",))


def test_what_a_list_gives_several_of_is_one_flat_value() -> None:
    cables = {"c": row("c", "NetCable", ("a", "b"))}
    ports = {"p1": row("p1", "NetCopper", "c"), "p2": row("p2", "NetCopper", "c")}
    start = row("1", "NetBox", ("p1", "p2"))
    assert found("NetBox", "ports[].cable.marks[]", start, NetPort=ports, NetCable=cables) == ("a", "b", "a", "b")


NEAR = row("p1", "NetCopper", 0, "c")


@pytest.mark.parametrize(
    ("kind", "path", "places", "start", "peers"),
    [
        (
            "NetPort",
            "cable.ends[other].name",
            {"": (1,), "NetCable": (1,), "NetPort": (2,)},
            NEAR,
            {
                "NetCable": {"c": row("c", "NetCable", 0, ("p1", "p2"))},
                "NetPort": {"p2": row("p2", "NetCopper", 0, 0, "e2")},
            },
        ),
        (
            "GeoPlace",
            "ancestors[].code",
            {"": (1,), "GeoPlace": (2, 1)},
            row("x", "GeoCabinet", 0, "c"),
            {"GeoPlace": {"c": row("c", "GeoCampus", 0, "e2", None)}},
        ),
        (
            "NetBox",
            "ports[name=e2].name",
            {"": (1,), "NetPort": (1,)},
            row("b", "NetBox", 0, ("p2",)),
            {"NetPort": {"p2": row("p2", "NetCopper", 0, "e2")}},
        ),
    ],
)
def test_a_reach_is_the_same_where_the_rows_have_their_columns_elsewhere(
    kind: str,
    path: str,
    places: Mapping[str, Sequence[int]],
    start: Row,
    peers: Mapping[str, Mapping[str, Row]],
) -> None:
    reach = planned(kind, path).reaches[0].placed(places, "")
    assert reader(reach, peers)(start) == ("e2",)


def test_what_is_a_row_s_own_stays_that_wherever_its_columns_stand() -> None:
    by_id = planned("NetPort", "cable.id").reaches[0].placed({"": (1,), "NetCable": ()}, "")
    assert reader(by_id, {"NetCable": CABLES})(NEAR) == "c"
