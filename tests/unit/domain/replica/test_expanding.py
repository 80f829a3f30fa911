"""The rows of a node: nodes and JSON elements at the end of a path, and what other paths find from there."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from infrahub_exporter.domain.asking.selection import Selection, select
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON, Row
from infrahub_exporter.domain.replica.expanding import expander
from infrahub_exporter.domain.replica.plan import ROOT, Plan, placed, plan
from infrahub_exporter.domain.views.rows import Found
from tests.unit.domain.asking.test_resolving import KINDS

Node = tuple[str, Mapping[str, object]]
"""A node's kind, and its values by the columns' names."""
PORTS: Mapping[str, Node] = {
    "p1": ("NetCopper", {"name": "e1", "cable": "c", "box": "b1", "speed": 10}),
    "p2": ("NetCopper", {"name": "e2", "cable": "c", "box": "b2", "speed": None}),
    "p3": ("NetTunnel", {"name": "t1", "cable": "c", "box": None}),
    "p4": ("NetCopper", {"name": "e4", "cable": None, "box": "b1"}),
}
BOXES: Mapping[str, Node] = {
    "b1": ("NetBox", {"name": "left", "ports": ("p1", "p4"), "place": "h1"}),
    "b2": ("NetBox", {"name": "right", "ports": ("p2", "unheard"), "place": None}),
}
FACTS: JSON = {
    "tables": [
        {"name": "t1", "columns": [{"name": "a", "size": 1}, {"name": "b"}]},
        {"name": "t2", "columns": []},
        None,
        {"columns": [{"name": "c"}]},
    ]
}
CABLES: Mapping[str, Node] = {
    "c": ("NetCable", {"name": "k1", "ends": ("p1", "p2", "p3"), "facts": FACTS, "marks": ["x", None, "y"]})
}
HOUSES: Mapping[str, Node] = {"h1": ("GeoCampus", {"code": "c1", "parent": "r1"})}
PEERS = {"NetPort": PORTS, "NetBox": BOXES, "NetCable": CABLES, "GeoHousing": HOUSES}


def laid_out(selection: Selection, nodes: Mapping[str, Node]) -> dict[str, Row]:
    """Write nodes as rows of a selection."""
    return {
        each: Row(
            each, kind, (each,), tuple(values.get(column.path.removesuffix(".value")) for column in selection.columns)
        )
        for each, (kind, values) in nodes.items()
    }


def asked(kind: str, rows: str | None, *paths: str) -> Plan:
    return plan(select(kind, paths, {}, KINDS, rows))


def expand(kind: str, of: str, rows: str | None, *paths: str, most: int | None = None) -> list[tuple[object, ...]]:
    """Find the rows of one node, each as its id and the values of the paths."""
    planned = asked(kind, rows, *paths)
    peers = {name: laid_out(selection, PEERS.get(name, {})) for name, selection in planned.peers.items()}
    start = laid_out(planned.root, {of: PEERS[kind][of]})[of]
    return [(each.id, *each.values) for each in expander(planned, peers, most=most)(start)]


def test_without_rows_a_node_is_its_one_row() -> None:
    assert expand("NetPort", "p1", None, "name", "speed", "box.place.code", "cable.ends[].name") == [
        ("p1", ("e1",), (10,), ("c1",), ("e1", "e2", "t1"))
    ]
    assert expand("NetPort", "p3", None, "name", "box") == [("p3", ("t1",), ())]


def test_every_node_at_the_end_is_a_row_and_paths_lead_back() -> None:
    paths = ("name", "box.name", "^name", "^^name", "^^box.name")
    assert expand("NetPort", "p1", "cable.ends[other]", *paths) == [
        ("p2", ("e2",), ("right",), ("k1",), ("e1",), ("left",)),
        ("p3", ("t1",), (), ("k1",), ("e1",), ("left",)),
    ]
    assert expand("NetPort", "p4", "cable.ends[other]", *paths) == []


def test_a_row_says_the_kind_of_its_node() -> None:
    planned = asked("NetBox", "ports[]", "name")
    peers = {"NetPort": laid_out(planned.peers["NetPort"], PORTS)}
    start = laid_out(planned.root, {"b1": BOXES["b1"]})["b1"]
    assert expander(planned, peers)(start) == (
        Found("p1", "NetCopper", (("e1",),), hfid=("p1",)),
        Found("p4", "NetCopper", (("e4",),), hfid=("p4",)),
    )


def test_a_selector_behind_a_caret_knows_the_node_before() -> None:
    assert expand("NetBox", "b1", "ports[].cable.ends[other]", "^ends[other].name", "^^^name") == [
        ("p2", ("e2", "t1"), ("left",)),
        ("p3", ("e2", "t1"), ("left",)),
    ]


def test_rows_that_lead_to_themselves_only_can_be_counted() -> None:
    assert expand("NetBox", "b1", "ports[name=e1|e4]") == [("p1",), ("p4",)]
    assert expand("NetBox", "b2", "place.parent") == []


def test_ways_that_only_some_kinds_have_lead_to_rows_of_each() -> None:
    planned = asked("GeoHousing", "staff[]", "name", "^code")
    shelter = laid_out(planned.root, {"s": ("GeoShelter", {"staff": ("m1",), "code": "s1"})})["s"]
    peers = {"BoxMaker": laid_out(planned.peers["BoxMaker"], {"m1": ("BoxMaker", {"name": "Ann"})})}
    assert [each.values for each in expander(planned, peers)(shelter)] == [(("Ann",), ("s1",))]

    planned = asked("GeoHousing", "parent", "code", "area", "^code")
    north: Mapping[str, Mapping[str, Node]] = {"GeoRegion": {"r": ("GeoRegion", {"code": "north", "area": 7})}}
    peers = {name: laid_out(selection, north.get(name, {})) for name, selection in planned.peers.items()}
    of_campus = {(): "c1", ("GeoCampus",): "r"}
    own = [of_campus.get(column.hops[0].on if column.hops else ()) for column in planned.root.columns]
    start = Row("x", "GeoCampus", None, tuple(own))
    assert [each.values for each in expander(planned, peers)(start)] == [(("north",), (7,), ("c1",))]


def test_the_elements_of_a_list_are_rows_and_their_value_is_themselves() -> None:
    assert expand("NetCable", "c", "marks[]", "value", "^name") == [
        ("c", ("x",), ("k1",)),
        ("c", ("y",), ("k1",)),
    ]


def test_the_elements_of_json_are_rows_and_each_list_is_a_hop() -> None:
    assert expand("NetCable", "c", "facts.tables[]", "name", "columns.name", "^name", "value") == [
        ("c", ("t1",), ("a", "b"), ("k1",), ()),
        ("c", ("t2",), (), ("k1",), ()),
        ("c", (), ("c",), ("k1",), ()),
    ]
    assert expand("NetPort", "p1", "cable.facts.tables[].columns[]", "size", "^name", "^^name", "^^^name") == [
        ("c", (1,), ("t1",), ("k1",), ("e1",)),
        ("c", (), ("t1",), ("k1",), ("e1",)),
        ("c", (), (), ("k1",), ("e1",)),
    ]


def test_a_node_may_have_only_so_many_rows() -> None:
    assert len(expand("NetBox", "b1", "ports[]", most=2)) == 2
    with pytest.raises(DerivationError) as raised:
        expand("NetBox", "b1", "ports[]", most=1)
    assert str(raised.value) == "NetBox b1 has more than 1 row (limits.max_rows_per_node)"


def test_rows_are_found_where_tables_have_their_columns_elsewhere() -> None:
    planned = asked("NetPort", "cable.facts.tables[]", "name", "^name", "^^name")
    places = {
        ROOT: [each + 1 for each in range(len(planned.root.columns))],
        **{name: [each + 2 for each in range(len(each.columns))] for name, each in planned.peers.items()},
    }
    moved = placed(planned, places)
    cable = laid_out(planned.peers["NetCable"], CABLES)["c"]
    port = laid_out(planned.root, {"p1": PORTS["p1"]})["p1"]
    peers = {"NetCable": {"c": structs.replace(cable, values=(0, 0, *cable.values))}}
    found = expander(moved, peers)(structs.replace(port, values=(0, *port.values)))
    assert [each.values for each in found] == [
        (("t1",), ("k1",), ("e1",)),
        (("t2",), ("k1",), ("e1",)),
        ((), ("k1",), ("e1",)),
    ]
