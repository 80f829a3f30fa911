import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.documents import Document
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


def test_attributes_are_read_in_the_order_of_the_columns() -> None:
    document = Document(Selection("InfraDevice", (Column("b", (), "b", "value"), Column("a.ip", (), "a", "ip")), ()))

    rows, nodes = document.decode(page(node(a={"ip": "192.0.2.1"}, b={"value": 9007199254740993})))

    assert rows == [Row("d1", "InfraDevice", ("leaf1",), (9007199254740993, "192.0.2.1"))]
    assert nodes == 1


def test_attributes_among_relations_are_read_in_the_order_of_the_columns() -> None:
    site = Column("site", (Hop("site", many=False, peer="LocationSite"),), "id")
    own = (Column("b", (), "b", "value"), site, Column("a", (), "a", "value"), Column("hfid", (), "hfid"))
    document = Document(Selection("InfraDevice", own, ()))
    peer = {"node": {"id": "s1", "__typename": "LocationSite", "hfid": None}}

    rows, _ = document.decode(page(node(a={"value": "A"}, b={"value": "B"}, site=peer)))
    bare, _ = document.decode(page(node(a={"value": "A"}, b=None, site={"node": None})))

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

    rows, _nodes = document.decode(
        page(
            node(site={"node": site}, tags={"edges": [{"node": tag}, {"node": None}]}, interfaces={"edges": ports}),
            node(site={"node": None}, tags={"edges": []}, interfaces={"edges": []}),
        )
    )

    assert [row.values for row in rows] == [
        (Peer("s1", "LocationSite", None), "europe", (Peer("t1", "BuiltinTag", ("blue",)),), ("1", "2", "3")),
        (None, None, (), ()),
    ]


def test_a_nodes_own_fields_can_be_columns_behind_a_relation() -> None:
    columns = [Column(f"site.{name}", (SITE,), name) for name in ("id", "hfid", "display_label", "__typename")]
    document = Document(Selection("InfraDevice", tuple(columns)))
    site = {"id": "s1", "__typename": "LocationSite", "hfid": ["eu", "paris"], "display_label": "Paris"}

    rows, _nodes = document.decode(page(node(site={"node": site}), node(site={"node": {**site, "hfid": None}})))

    assert [row.values for row in rows] == [
        ("s1", "eu__paris", "Paris", "LocationSite"),
        ("s1", None, "Paris", "LocationSite"),
    ]


def test_null_nodes_are_left_out_but_counted_for_paging() -> None:
    rows, nodes = Document(Selection("InfraDevice", ())).decode(page(None, node()))

    assert rows == [Row("d1", "InfraDevice", ("leaf1",), ())]
    assert nodes == 2


def test_an_answer_that_does_not_fit_is_said_so() -> None:
    document = Document(Selection("InfraDevice", (Column("name", (), "name", "value"),)))

    with pytest.raises(msgspec.DecodeError):
        document.decode(page({"id": 5}))
