"""Selections in pieces, and rows joined from the pieces again."""

import pytest

from infrahub_exporter.domain.asking.selection import Column, Filter, Hop, Selection, select
from infrahub_exporter.domain.model import Peer, Row
from infrahub_exporter.domain.replica.plan import Plan, plan, whole, with_ids
from infrahub_exporter.domain.replica.reaches import Crossing, Leap, Reach, Way, ids
from tests.unit.domain.network import KINDS
from tests.unit.rows import joined

SITE = Crossing("site", 0, many=False, peer="LocationSite")
REGION = Crossing("region", 0, many=False, peer="LocationRegion")
TAGS = Crossing("tags", 1, many=True, peer="BuiltinTag")


def planned(*include: str) -> Plan:
    return plan(select("InfraDevice", include, {}, KINDS))


def test_a_selection_is_taken_apart_into_its_own_nodes_and_the_peers_of_each_kind() -> None:
    found = planned("site.region.name", "tags[]", "tags[].name", "site.name", "name", "name.value", "site.hfid")
    assert found == Plan(
        root=Selection(
            "InfraDevice",
            (
                Column("site", (Hop("site", many=False, peer="LocationSite"),), "id"),
                Column("tags", (Hop("tags", many=True, peer="BuiltinTag"),), "id"),
                Column("name.value", (), "name", "value"),
            ),
        ),
        peers={
            "LocationSite": Selection(
                "LocationSite",
                (
                    Column("region", (Hop("region", many=False, peer="LocationRegion"),), "id"),
                    Column("name.value", (), "name", "value"),
                ),
            ),
            "LocationRegion": Selection("LocationRegion", (Column("name.value", (), "name", "value"),)),
            "BuiltinTag": Selection("BuiltinTag", (Column("name.value", (), "name", "value"),)),
        },
        reaches=(
            Reach((Way((Leap(SITE), Leap(REGION)), 0),)),
            Reach((Way((Leap(TAGS),), None),), many=True),
            Reach((Way((Leap(TAGS),), 0),), many=True),
            Reach((Way((Leap(SITE),), 1),)),
            Reach((Way((), 2),)),
            Reach((Way((), 2),)),
            Reach((Way((Leap(SITE),), "hfid"),)),
        ),
        crossings={"": (SITE, TAGS), "LocationSite": (REGION,), "LocationRegion": (), "BuiltinTag": ()},
    )


PEERS = {
    "LocationSite": {
        "s1": Row("s1", "LocationSite", ("paris",), ("r1", "paris")),
        "s2": Row("s2", "LocationSite", None, (None, None)),
    },
    "LocationRegion": {"r1": Row("r1", "LocationRegion", ("europe",), ("europe",))},
    "BuiltinTag": {"t1": Row("t1", "BuiltinTag", ("red",), ("red",)), "t2": Row("t2", "BuiltinTag", None, (None,))},
}


def test_a_row_is_joined_with_its_peers_as_a_read_over_the_relations_would_have_brought_it() -> None:
    found = planned(
        "site.region.name",
        "tags[].name",
        "site.name",
        "site",
        "tags[]",
        "site.hfid",
        "site.id",
        "site.__typename",
        "tags[].hfid",
    )
    assert joined(found, Row("1", "InfraDevice", ("leaf1",), ("s1", ("t2", "t1", "unheard"))), PEERS) == Row(
        "1",
        "InfraDevice",
        ("leaf1",),
        (
            "europe",
            (None, "red"),
            "paris",
            Peer("s1", "LocationSite", ("paris",)),
            (Peer("t2", "BuiltinTag"), Peer("t1", "BuiltinTag", ("red",))),
            "paris",
            "s1",
            "LocationSite",
            (None, "red"),
        ),
    )


@pytest.mark.parametrize(
    ("site", "values"),
    [
        ("s2", (None, None, Peer("s2", "LocationSite"), None)),
        (None, (None, None, None, None)),
        ("unheard", (None, None, None, None)),
    ],
)
def test_an_empty_relation_is_null_however_far_the_path_goes(site: str | None, values: tuple[object, ...]) -> None:
    found = planned("site.region.name", "site.name", "site", "site.hfid")
    assert joined(found, Row("1", "InfraDevice", None, (site,)), PEERS) == Row("1", "InfraDevice", None, values)
    assert joined(found, Row("1", "InfraDevice", None, ("s1",)), {}).values == (None, None, None, None)


def test_rows_of_a_selection_without_relations_stay_as_they_are() -> None:
    found = planned("name", "display_label", "id")
    row = Row("1", "InfraDevice", None, ("leaf1", "Leaf 1", "1"))
    assert joined(found, row, {}) == row


def test_equal_columns_are_read_once_and_still_have_a_value_each() -> None:
    found = planned("name", "name.value", "status")
    assert joined(found, Row("1", "InfraDevice", None, ("leaf1", "active")), {}).values == ("leaf1", "leaf1", "active")


def test_a_selection_in_one_piece_is_read_as_it_is() -> None:
    selection = select("InfraDevice", ("site.name",), {}, KINDS)
    found = whole(selection)
    assert found == Plan(root=selection, peers={}, reaches=(), crossings={"": ()}, in_pieces=False)
    row = Row("1", "InfraDevice", None, ("paris",))
    assert joined(found, row, {}) == row


def test_a_row_s_peers_are_its_ids_over_a_relation() -> None:
    row = Row("1", "InfraDevice", None, ("s1", ("t1", "t2")))
    assert (ids(row, SITE), ids(row, TAGS)) == (("s1",), ("t1", "t2"))
    empty = Row("1", "InfraDevice", None, (None, ()))
    assert (ids(empty, SITE), ids(empty, TAGS)) == ((), ())


def test_a_selection_is_narrowed_to_nodes_or_to_the_peers_of_some_and_keeps_its_filters() -> None:
    bare = Selection("InfraDevice", (), (Filter("status__value", "String", "active"),))
    status = Filter("status__value", "String", "active")
    assert with_ids(bare, ["1"]).filters == (status, Filter("ids", "[ID]", ["1"]))
    assert with_ids(bare, ["s1"], relation="site").filters == (status, Filter("site__ids", "[ID]", ["s1"]))
    own = Selection("InfraDevice", (), (Filter("ids", "[ID]", ["1", "2"]), status))
    assert with_ids(own, ["2", "3"]).filters == (status, Filter("ids", "[ID]", ["2"]))
    assert with_ids(own, ["3"]).filters == (status, Filter("ids", "[ID]", []))
    mistyped = Selection("InfraDevice", (), (Filter("ids", "[ID]", "1"),))
    assert with_ids(mistyped, ["1"]).filters == (Filter("ids", "[ID]", []),)
