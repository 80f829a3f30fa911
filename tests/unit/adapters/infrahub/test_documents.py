import msgspec
import pytest
from msgspec import structs

from infrahub_exporter.adapters.infrahub.documents import Document
from infrahub_exporter.domain.asking.columns import Condition, Meeting, OfKinds
from infrahub_exporter.domain.asking.paths import Other, Predicate, Step
from infrahub_exporter.domain.asking.selection import Column, Filter, Hop, Selection
from infrahub_exporter.domain.model import Peer, Row

SITE, TAGS = Hop("site", many=False, peer="LocationSite"), Hop("tags", many=True, peer="BuiltinTag")
REGION = Hop("region", many=False, peer="LocationRegion")
INTERFACES = Hop("interfaces", many=True, peer="InfraInterface")
ADDRESSES = Hop("addresses", many=True, peer="IpamIPAddress")


def page(*nodes: object) -> bytes:
    return msgspec.json.encode({"data": {"InfraDevice": {"edges": [{"node": node} for node in nodes]}}})


def node(**fields: object) -> dict[str, object]:
    return {"id": "d1", "__typename": "InfraDevice", "hfid": ["leaf1"], **fields}


def test_the_text_selects_only_what_is_used_and_holds_no_value() -> None:
    selection = Selection(
        "InfraDevice",
        (
            Column("name", (), "name", "value"),
            Column("address.ip", (), "address", "ip"),
            Column("address", (), "address", "value"),
            Column("site", (SITE,)),
            Column("site.region.name", (SITE, REGION), "name", "value"),
            Column("tags[]", (TAGS,)),
            Column("tags[].name", (TAGS,), "name", "value"),
            Column("display_label", (), "display_label"),
        ),
        (Filter("name__values", "[String]", ["a"]), Filter("units__value", "BigInt", 2)),
    )

    assert Document(selection).text == (
        "query infrahub_exporter($limit: Int, $offset: Int, "
        "$name__values: [String], $units__value: BigInt) { "
        "InfraDevice(limit: $limit, offset: $offset, order: {disable: true}, "
        "name__values: $name__values, units__value: $units__value) { "
        "edges { node { id __typename hfid display_label name { value } "
        "address { ip value } site { node { id __typename hfid region { node { name { value } } } } } "
        "tags { edges { node { id __typename hfid name { value } } } } } } } }"
    )


def read(document: Document, body: bytes) -> tuple[list[Row], int]:
    decoded = document.decode(body)
    return decoded.rows, decoded.nodes


def test_attributes_are_read_in_the_order_of_the_columns() -> None:
    document = Document(Selection("InfraDevice", (Column("b", (), "b", "value"), Column("a.ip", (), "a", "ip")), ()))

    rows, nodes = read(document, page(node(a={"ip": "192.0.2.1"}, b={"value": 9007199254740993})))

    assert rows == [Row("d1", "InfraDevice", ("leaf1",), (9007199254740993, "192.0.2.1"))]
    assert nodes == 1


def test_columns_may_stand_aside_of_the_rows() -> None:
    columns = [Column(name, (), name, "value") for name in ("a", "b", "c")]
    document = Document(Selection("InfraDevice", tuple(columns)), aside=2)

    decoded = document.decode(page(node(a={"value": 1}, b={"value": 2}, c=None), None))

    assert decoded.rows == [Row("d1", "InfraDevice", ("leaf1",), (1,))]
    assert [list(column) for column in decoded.aside] == [[2], [None]]


def test_attributes_among_relations_are_read_in_the_order_of_the_columns() -> None:
    site = Column("site", (Hop("site", many=False, peer="LocationSite"),), "id")
    own = (Column("b", (), "b", "value"), site, Column("a", (), "a", "value"), Column("hfid", (), "hfid"))
    document = Document(Selection("InfraDevice", own, ()))
    peer = {"node": {"id": "s1", "__typename": "LocationSite", "hfid": None}}

    rows, _ = read(document, page(node(a={"value": "A"}, b={"value": "B"}, site=peer)))
    bare, _ = read(document, page(node(a={"value": "A"}, b=None, site={"node": None})))

    assert rows == [Row("d1", "InfraDevice", ("leaf1",), ("B", "s1", "A", "leaf1"))]
    assert bare == [Row("d1", "InfraDevice", ("leaf1",), (None, None, "A", "leaf1"))]


def test_relations_are_peers_or_what_lies_behind_them() -> None:
    document = Document(
        Selection(
            "InfraDevice",
            (
                Column("site", (SITE,)),
                Column("site.region.name", (SITE, REGION), "name", "value"),
                Column("tags[]", (TAGS,)),
                Column("interfaces[].addresses[].address.ip", (INTERFACES, ADDRESSES), "address", "ip"),
            ),
        )
    )
    site = {
        "id": "s1",
        "__typename": "LocationSite",
        "hfid": None,
        "region": {"node": {"name": {"value": "europe"}}},
    }
    tag = {"id": "t1", "__typename": "BuiltinTag", "hfid": ["blue"]}
    ports = [
        {"node": {"addresses": {"edges": [{"node": {"address": {"ip": ip}}} for ip in ips]}}} for ips in ("12", "3")
    ]

    rows, _nodes = read(
        document,
        page(
            node(site={"node": site}, tags={"edges": [{"node": tag}, {"node": None}]}, interfaces={"edges": ports}),
            node(site={"node": None}, tags={"edges": []}, interfaces={"edges": []}),
        ),
    )

    assert [row.values for row in rows] == [
        (Peer("s1", "LocationSite", None), "europe", (Peer("t1", "BuiltinTag", ("blue",)),), ("1", "2", "3")),
        (None, None, (), ()),
    ]


def test_a_nodes_own_fields_can_be_columns_behind_a_relation() -> None:
    columns = [Column(f"site.{name}", (SITE,), name) for name in ("id", "hfid", "display_label", "__typename")]
    document = Document(Selection("InfraDevice", tuple(columns)))
    site = {"id": "s1", "__typename": "LocationSite", "hfid": ["eu", "paris"], "display_label": "Paris"}

    rows, _nodes = read(document, page(node(site={"node": site}), node(site={"node": {**site, "hfid": None}})))

    assert [row.values for row in rows] == [
        ("s1", "eu__paris", "Paris", "LocationSite"),
        ("s1", None, "Paris", "LocationSite"),
    ]


def test_null_nodes_are_left_out_but_counted_for_paging() -> None:
    rows, nodes = read(Document(Selection("InfraDevice", ())), page(None, node()))

    assert rows == [Row("d1", "InfraDevice", ("leaf1",), ())]
    assert nodes == 2


def test_an_answer_that_does_not_fit_is_said_so() -> None:
    document = Document(Selection("InfraDevice", (Column("name", (), "name", "value"),)))

    with pytest.raises(msgspec.DecodeError):
        document.decode(page({"id": 5}))


SPEEDS = (
    Column(
        "speed", (), "speed", "value", on=("NetCopper",), also=(Column("speed", (), "speed", "value", ("NetFibre",)),)
    ),
    Column("name", (), "name", "value"),
    Column("nearby.zip", (Hop("nearby", many=False, peer="NetCity", on=("NetCopper", "NetFibre")),), "zip", "value"),
)


def port(**fields: object) -> dict[str, object]:
    return {"id": "p1", "__typename": "NetCopper", "hfid": None, "name": {"value": "e1"}, **fields}


def ports(*nodes: object) -> bytes:
    return msgspec.json.encode({"data": {"NetPort": {"edges": [{"node": node} for node in nodes]}}})


def test_what_some_kinds_have_stands_in_a_fragment_for_each_of_them() -> None:
    document = Document(Selection("NetPort", SPEEDS))

    assert document.text == (
        "query infrahub_exporter($limit: Int, $offset: Int) { "
        "NetPort(limit: $limit, offset: $offset, order: {disable: true}) { edges { node { "
        "id __typename hfid name { value } "
        "... on NetCopper { speed_OF0: speed { value } nearby_TO0: nearby { node { zip { value } } } } "
        "... on NetFibre { speed_OF1: speed { value } nearby_TO0: nearby { node { zip { value } } } } } } } }"
    )
    rows, _ = read(
        document,
        ports(
            port(speed_OF0={"value": 10}, nearby_TO0={"node": {"zip": {"value": "z1"}}}),
            port(speed_OF1={"value": "fast"}, nearby_TO0={"node": None}),
            port(),
        ),
    )
    assert [row.values for row in rows] == [(10, "e1", "z1"), ("fast", "e1", None), (None, "e1", None)]


def test_what_is_an_attribute_of_one_kind_and_a_relation_of_another_is_read_as_both() -> None:
    team = Hop("owner", many=False, peer="OrgTeam", on=("NetFibre",))
    columns = (Column("owner", (), "owner", "value", on=("NetCopper",)), Column("owner.name", (team,), "name", "value"))
    document = Document(Selection("NetPort", columns))

    assert (
        "... on NetCopper { owner_OF0: owner { value } } "
        "... on NetFibre { owner_TO0: owner { node { name { value } } } }"
    ) in document.text
    rows, _ = read(
        document, ports(port(owner_OF0={"value": "me"}), port(owner_TO0={"node": {"name": {"value": "net"}}}))
    )
    assert [row.values[-2:] for row in rows] == [("me", None), (None, "net")]


def test_peers_are_chosen_by_kind_by_what_they_have_and_by_where_the_path_came_from() -> None:
    cable, ends = Hop("cable", many=False, peer="NetCable"), Hop("ends", many=True, peer="NetPort")
    name = Column("x", (), "name", "value")
    fits = Meeting((Condition(name, Predicate((Step("name"),), ("e2",))),))
    columns = (
        Column("cable.ends[other].name", (cable, structs.replace(ends, keep=Other())), "name", "value"),
        Column(
            "cable.ends[NetFibre].name", (cable, structs.replace(ends, keep=OfKinds(("NetFibre",)))), "name", "value"
        ),
        Column("cable.ends[name=e2].id", (cable, structs.replace(ends, keep=fits)), "id"),
    )
    document = Document(Selection("NetPort", columns))
    far = {"id": "p2", "__typename": "NetFibre", "hfid": None, "name": {"value": "e2"}}
    near = {"id": "p1", "__typename": "NetCopper", "hfid": None, "name": {"value": "e1"}}
    reached = {"node": {"ends": {"edges": [{"node": near}, {"node": far}, {"node": None}]}}}

    rows, _ = read(document, ports(port(cable=reached), port(cable={"node": None})))

    assert "cable { node { ends { edges { node { id __typename name { value } } } } } }" in document.text
    assert [row.values for row in rows] == [(("e2",), ("e2",), ("p2",)), ((), (), ())]


def test_a_parent_of_a_hierarchy_is_read_as_the_kind_that_it_is() -> None:
    parent, up = Hop("parent", many=False, peer="GeoCity"), Hop("parent", many=True, peer="GeoSpot", closure=True)
    columns = (
        Column("parent", (parent,)),
        Column("parent.zip", (parent,), "zip", "value"),
        Column("ancestors[].name", (up,), "name", "value"),
    )

    assert Document(Selection("GeoSpot", columns)).text.partition("id __typename hfid ")[2] == (
        "parent { node { id __typename hfid ... on GeoCity { zip { value } } } } "
        "ancestors { edges { node { name { value } } } } } } } }"
    )


def test_instants_are_read_beside_the_node() -> None:
    columns = (
        Column("node_metadata.updated_at", (), "node_metadata", "updated_at"),
        Column("site.node_metadata.created_at", (SITE,), "node_metadata", "created_at"),
    )
    document = Document(Selection("InfraDevice", columns))
    site = {"site": {"node": {"id": "s1"}, "node_metadata": {"created_at": "2026-01-01T00:00:00Z"}}}
    edges = [
        {"node": node(**site), "node_metadata": {"updated_at": "2026-01-02T00:00:00Z"}},
        {"node": node(site={"node": None}), "node_metadata": None},
    ]

    rows, _ = read(document, msgspec.json.encode({"data": {"InfraDevice": {"edges": edges}}}))

    assert document.text.endswith(
        "edges { node { id __typename hfid site { node { id __typename } node_metadata { created_at } } } "
        "node_metadata { updated_at } } } }"
    )
    assert [row.values for row in rows] == [("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"), (None, None)]


def test_values_are_entered_where_they_are_decoded() -> None:
    facts = Column("facts.snmp.module", (), "facts", "value", inner=(Step(""), Step("snmp"), Step("module")))
    marks = Column("tags[].marks[]", (TAGS,), "marks", "value", inner=(Step("", many=True),))
    document = Document(Selection("InfraDevice", (facts, marks)))
    tags = {"edges": [{"node": {"marks": {"value": ["a", "b"]}}}, {"node": {"marks": None}}]}

    rows, _ = read(document, page(node(facts={"value": {"snmp": {"module": "if_mib"}}}, tags=tags)))

    assert rows[0].values == ("if_mib", ("a", "b", None))


def test_a_filter_that_only_some_kinds_have_is_asked_of_those_by_one_document() -> None:
    nearby = Filter("nearby__ids", "[ID]", ["c1"])
    document = Document(Selection("NetPort", (), (nearby,), under=("NetCopper", "NetFibre")))

    assert document.text == (
        "query infrahub_exporter($limit: Int, $offset: Int, $nearby__ids: [ID]) { "
        "under0: NetCopper(limit: $limit, offset: $offset, order: {disable: true}, nearby__ids: $nearby__ids) "
        "{ edges { node { id __typename hfid } } } "
        "under1: NetFibre(limit: $limit, offset: $offset, order: {disable: true}, nearby__ids: $nearby__ids) "
        "{ edges { node { id __typename hfid } } } }"
    )
    one = {"edges": [{"node": {"id": each, "__typename": "NetCopper", "hfid": None}} for each in "ab"]}
    rows, nodes = read(document, msgspec.json.encode({"data": {"under0": one, "under1": {"edges": []}}}))
    assert ([row.id for row in rows], nodes) == (["a", "b"], 2)
