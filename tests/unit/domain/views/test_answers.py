"""Paths through GraphQL answers of Infrahub's shape."""

from collections.abc import Mapping

import pytest
from hypothesis import given

from infrahub_exporter.domain.asking.paths import parse
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.views.answers import Absent, dig
from tests.unit.domain.anything import JSON_VALUES, PATHS

NODE: Mapping[str, JSON] = {
    "__typename": "InfraDevice",
    "id": "17ab",
    "hfid": ["leaf1", "et-0"],
    "display_label": "leaf1 (et-0)",
    "name": {"value": "leaf1", "id": "at-1", "source": {"id": "acc", "display_label": "Import"}},
    "height": {"value": 0},
    "monitored": {"value": False},
    "serial": {"value": None},
    "status": {"value": "active", "label": "Active", "color": "#00ff00"},
    "role": {"label": "Leaf"},
    "loopback": {"value": "2001:db8::1/128", "ip": "2001:db8::1", "prefixlen": 128},
    "aliases": {"value": ["l1", "a,b", None]},
    "empty_list": {"value": []},
    "nested": {"value": [[1, 2], [3]]},
    "facts": {
        "value": {
            "fans": 4,
            "psu": [{"state": "ok"}, {"state": None}, {"watts": 5}],
            "node": {"value": 1},
            "edges": [2, 3],
            "value": "inner",
            "label": "of the value",
            "id": "not a node",
        }
    },
    "no_facts": {"value": None},
    "site": {
        "node": {
            "name": {"value": "paris"},
            "hfid": ["paris"],
            "region": {"node": {"name": {"value": "europe"}, "display_label": "Europe"}},
            "contact": {"node": None},
        }
    },
    "address": {"node": None},
    "rack": None,
    "tags": {"count": 2, "edges": [{"node": {"name": {"value": "red"}}}, {"node": {"name": {"value": "blue"}}}]},
    "no_tags": {"edges": []},
    "interfaces": {
        "edges": [
            {
                "node": {
                    "name": {"value": "et0"},
                    "addresses": {
                        "edges": [{"node": {"address": {"ip": "10.0.0.2"}}}, {"node": {"address": {"ip": "10.0.0.1"}}}]
                    },
                }
            },
            {"node": None},
            None,
            {"node": {"name": {"value": None}, "addresses": {"edges": []}}},
            {"node": {"name": {"value": "et1"}, "addresses": {"edges": [{"node": {"address": None}}]}}},
        ]
    },
    "parameters": {"plain": {"deep": [1]}, "x": True},
    "logs": [{"text": "a"}, {"text": "b"}, {}],
    "unnamed": {"node": {"status": {"value": "x"}}},
    "node": {"value": "an attribute called node"},
    "edges": {"node": {"name": {"value": "a relation called edges"}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "found"),
    [
        # attributes: the value, or a property of the attribute
        ("name", ("leaf1",)),
        ("name.value", ("leaf1",)),
        ("height", (0,)),
        ("monitored", (False,)),
        ("status", ("active",)),
        ("status.label", ("Active",)),
        ("role.label", ("Leaf",)),
        ("loopback.ip", ("2001:db8::1",)),
        ("loopback.prefixlen", (128,)),
        ("name.id", ("at-1",)),
        ("name.source.display_label", ("Import",)),
        # a node's own fields
        ("id", ("17ab",)),
        ("__typename", ("InfraDevice",)),
        ("display_label", ("leaf1 (et-0)",)),
        ("hfid", ("leaf1__et-0",)),
        ("site.hfid", ("paris",)),
        # null is there, but nothing
        ("serial", ()),
        ("rack", ()),
        ("rack.name", ()),
        ("address", ()),
        ("address.node.address.ip", ()),
        ("site.contact.name", ()),
        ("no_tags[]", ()),
        ("no_tags[].name", ()),
        # to-one relations, over any number of hops, in either form
        ("site.name", ("paris",)),
        ("site.node.name.value", ("paris",)),
        ("site.region.name", ("europe",)),
        ("site.node.region.node.name.value", ("europe",)),
        ("site[].name", ("paris",)),
        # a path that ends on nodes takes their names
        ("site", ("paris",)),
        ("site.node", ("paris",)),
        ("site.region", ("europe",)),
        ("tags[]", ("red", "blue")),
        ("tags", ("red", "blue")),
        ("tags.edges[].node", ("red", "blue")),
        ("unnamed", ()),
        # to-many relations; null edges and nodes are left out
        ("tags[].name", ("red", "blue")),
        ("tags.edges[].node.name.value", ("red", "blue")),
        ("tags.edges.node.name.value", ("red", "blue")),
        ("interfaces[].name", ("et0", "et1")),
        ("interfaces[].addresses[].address.ip", ("10.0.0.2", "10.0.0.1")),
        # a list or JSON is one value, unless [] asks for its items
        ("aliases", (["l1", "a,b", None],)),
        ("aliases.value", (["l1", "a,b", None],)),
        ("aliases[]", ("l1", "a,b")),
        ("aliases.value[]", ("l1", "a,b")),
        ("aliases[].value", ("l1", "a,b")),
        ("empty_list", ([],)),
        ("empty_list[]", ()),
        ("nested[]", (1, 2, 3)),
        # into the value of a JSON attribute, where every name is a key
        ("facts.fans", (4,)),
        ("facts.value.fans", (4,)),
        ("facts.psu.state", ("ok",)),
        ("facts.psu[].state", ("ok",)),
        ("facts.psu.watts", (5,)),
        ("facts.label", ("of the value",)),
        ("facts.id", ("not a node",)),
        ("facts.value.value", ("inner",)),
        ("no_facts.fans", ()),
        # fields that are neither attribute nor relation
        ("parameters.x", (True,)),
        ("parameters.plain", ({"deep": [1]},)),
        ("parameters.plain.deep[]", (1,)),
        ("logs[].text", ("a", "b")),
        ("logs.text", ("a", "b")),
        # names that wrappers have as well
        ("node", ("an attribute called node",)),
        ("edges", ("a relation called edges",)),
    ],
)
def test_a_path_finds_what_is_there_without_nulls(path: str, found: tuple[JSON, ...]) -> None:
    assert dig(NODE, parse(path).written) == found


@pytest.mark.parametrize(
    "path",
    [
        "nmae",
        "name.ip",
        "status.value.label",
        "role.value",
        "site.nmae",
        "site.node.name.label",
        "tags[].color",
        "facts.fans.speed",
        "parameters.missing",
        "display_label.value",
    ],
)
def test_a_path_that_the_answer_does_not_contain_is_absent(path: str) -> None:
    assert dig(NODE, parse(path).written) is Absent.FIELD


@pytest.mark.parametrize("path", ["facts.missing", "facts.psu[].volts", "logs[].level"])
def test_a_key_that_json_lacks_is_absent_in_another_way(path: str) -> None:
    assert dig(NODE, parse(path).written) is Absent.KEY


PORT: Mapping[str, JSON] = {
    "id": "17ab",
    "name": {"value": "et0"},
    "connector": {
        "node": {
            "id": "c1",
            "ends": {
                "edges": [
                    {"node": {"id": "17ab", "__typename": "InfraPort", "name": {"value": "et0"}}},
                    {"node": {"id": "17ac", "__typename": "InfraPort", "name": {"value": "et1"}}},
                    {
                        "node": {
                            "id": "17ad",
                            "__typename": "InfraPlug",
                            "name": {"value": "p0"},
                            "mtu": {"value": 9000},
                        }
                    },
                ]
            },
        }
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("connector.ends[other].name", ("et1", "p0")),
        ("connector.ends[InfraPort].name", ("et0", "et1")),
        ("connector.ends[InfraNothing].name", ()),
        ("connector.ends[name=p0].mtu", (9000,)),
        ("connector.ends[name=p0|et1].name", ("et1", "p0")),
        ("connector.ends[name!=p0].name", ("et0", "et1")),
        ("connector.ends[name~et.*,id!=17ab].name", ("et1",)),
        ("connector.ends[name!~et.*].name", ("p0",)),
        ("connector[id=c1].ends[name=et0].id", ("17ab",)),
        ("connector[id=c2].ends.name", ()),
    ],
)
def test_a_selector_takes_some_of_the_nodes(path: str, found: tuple[JSON, ...]) -> None:
    assert dig(PORT, parse(path).written) == found


@pytest.mark.parametrize(
    "path",
    [
        "connector[InfraCable].ends.name",  # the query does not ask for __typename there
        "connector.ends[serial=1].name",
        "connector[other].id",  # nothing is before the first node
        "name[id=1]",
        "connector.ends.name[id=1]",
        "id[x=1]",
    ],
)
def test_a_selector_about_what_the_answer_does_not_contain_is_absent(path: str) -> None:
    assert dig(PORT, parse(path).written) is Absent.FIELD


CLUSTER: Mapping[str, JSON] = {
    "name": {"value": "prod"},
    "pool": {
        "count": 1,
        "edges": [
            {
                "node": {
                    "name": {"value": "workers"},
                    "node": {"node": {"name": {"value": "host1"}, "edges": {"value": 3}, "value": {"value": "v"}}},
                }
            }
        ],
    },
    "no_pool": {"count": 0, "edges": []},
    "owner": {"node": {"name": {"value": "ops"}}, "properties": {"is_protected": True}},
    "shape": {"value": {"edges": [{"node": "a"}, {"node": "b"}], "node": {"value": 5}}},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("pool[].node", ("workers",)),
        ("pool[].node.node", ("host1",)),
        ("pool.edges.node.node.node.name.value", ("host1",)),
        ("pool.node.node.name", ("host1",)),
        ("pool.node.node.edges", (3,)),
        ("pool.node.node.node.value.value", ("v",)),
        ("pool.count", (1,)),
        ("no_pool.count", (0,)),
        ("no_pool.name", ()),
        ("owner.properties.is_protected", (True,)),
        ("owner.node.name.value", ("ops",)),
        ("node.owner.name", ("ops",)),
        ("shape.edges[].node", ("a", "b")),
        ("shape.node.value", (5,)),
        ("shape.value.node.value", (5,)),
    ],
)
def test_what_is_called_like_graphqls_own_is_reached_behind_that(path: str, found: tuple[JSON, ...]) -> None:
    assert dig(CLUSTER, parse(path).written) == found


@pytest.mark.parametrize("path", ["pool.nodes", "owner.count", "node", "node.edges", "name.node", "pool.count.value.x"])
def test_what_only_looks_like_graphqls_own_is_absent(path: str) -> None:
    assert dig(CLUSTER, parse(path).written) is Absent.FIELD


def test_json_knows_no_selector() -> None:
    assert dig({"facts": {"value": {"a": {"b": 1}}}}, parse("facts.a[b=1].b").written) is Absent.KEY


def test_the_whole_value_of_a_json_attribute_is_found_as_it_is() -> None:
    facts: JSON = {"node": {"value": 1}, "edges": [2], "value": 3}
    assert dig({"facts": {"value": facts}}, parse("facts").written) == (facts,)
    assert dig({"facts": {"value": facts}}, parse("facts.value").written) == (facts,)


def test_the_instants_of_a_node_stand_beside_it_and_its_own_come_first() -> None:
    edges: list[JSON] = [
        {"node": {"id": "1"}, "node_metadata": {"updated_at": "today"}},
        {"node": {"node_metadata": {"value": "own"}}, "node_metadata": {"updated_at": "today"}},
        {"node": None, "node_metadata": {"updated_at": "today"}},
    ]
    answer: dict[str, JSON] = {"tags": {"edges": edges}}
    assert dig(answer, parse("tags[].node_metadata.updated_at").written) == ("today",)
    assert dig(answer, parse("tags[].node_metadata").written) == ({"updated_at": "today"}, "own")


def test_null_in_one_node_of_many_does_not_make_the_path_absent() -> None:
    tags: JSON = {"edges": [{"node": {"color": {"value": None}}}, {"node": {"name": {"value": "x"}}}]}
    assert dig({"tags": tags}, parse("tags[].color").written) == ()


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ({"name": {"value": "n"}, "display_label": "d", "hfid": ["h"], "id": "i"}, "n"),
        ({"name": {"value": 5}, "display_label": "d"}, "5"),
        ({"name": "plain", "display_label": "d"}, "plain"),
        ({"name": {"value": None}, "display_label": "d", "hfid": ["h"], "id": "i"}, "d"),
        ({"name": {"value": ""}, "display_label": "d"}, "d"),
        ({"name": None, "display_label": "d"}, "d"),
        ({"name": {"label": "asked without value"}, "display_label": "d"}, "d"),
        ({"display_label": None, "hfid": ["a", "b"], "id": "i"}, "a__b"),
        ({"display_label": "", "hfid": None, "id": "i"}, "i"),
        ({"hfid": [], "id": "i"}, "i"),
        ({"id": "i"}, "i"),
    ],
)
def test_a_node_at_the_end_is_its_name_else_display_label_else_hfid_else_id(node: dict[str, JSON], name: str) -> None:
    assert dig({"tags": {"edges": [{"node": node}]}}, parse("tags[]").written) == (name,)


@given(JSON_VALUES, PATHS)
def test_digging_in_anything_never_raises(value: JSON, path: str) -> None:
    node: dict[str, JSON] = value if isinstance(value, dict) else {"name": value, "tags": value}
    found = dig(node, parse(path).written)
    assert isinstance(found, Absent) or None not in found


def test_lists_in_lists_are_followed_however_deep_they_are() -> None:
    value: JSON = "end"
    for _ in range(20_000):
        value = [value, None]
    assert dig({"deep": {"value": value}}, parse("deep.value[]").written) == ("end",)
