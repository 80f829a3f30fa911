"""Pages, attributes, relations, generics and hierarchies."""

from typing import Any

import pytest

Ask = Any


def test_a_page_holds_count_nodes_and_stamps(ask: Ask) -> None:
    document = """query infrahub_exporter($limit: Int, $offset: Int, $count: Boolean!) {
      NetDevice(limit: $limit, offset: $offset, order: {disable: true}) {
        count @include(if: $count)
        edges { node { __typename hfid name { value } } node_metadata { created_at updated_at } }
      }
    }"""

    assert ask(document, {"limit": 1, "offset": 1, "count": True})["NetDevice"] == {
        "count": 3,
        "edges": [
            {
                "node": {"__typename": "NetDevice", "hfid": ["core1"], "name": {"value": "core1"}},
                "node_metadata": {
                    "created_at": "2026-05-01T11:59:59.000008+00:00",
                    "updated_at": "2026-05-01T11:59:59.000008+00:00",
                },
            }
        ],
    }
    assert "count" not in ask(document, {"limit": 1, "count": False})["NetDevice"]


def test_a_kind_is_in_its_own_order_unless_order_is_disabled(ask: Ask) -> None:
    assert ask.names("NetDevice") == ["BARE (leaf)", "CORE1 (core_router)", "LEAF1 (leaf)"]
    assert ask.names("NetDevice(order: {disable: true})") == ["LEAF1 (leaf)", "CORE1 (core_router)", "BARE (leaf)"]
    assert ask.names("NetDevice(limit: 1)") == ["LEAF1 (leaf)"]


def test_a_query_may_order_by_paths_and_stamps(ask: Ask) -> None:
    assert ask.names('NetDevice(order: {by: [{field: "units__value", direction: DESC}]})') == [
        "CORE1 (core_router)",
        "LEAF1 (leaf)",
        "BARE (leaf)",
    ]
    assert ask.names('NetDevice(order: {by: [{field: "site__name__value"}, {field: "watched__value"}]})') == [
        "LEAF1 (leaf)",
        "CORE1 (core_router)",
        "BARE (leaf)",
    ]
    assert ask.names("NetDevice(order: {node_metadata: {created_at: DESC}})")[0] == "BARE (leaf)"
    assert ask.names("NetAddress") == ["10.0.0.5/24", "2001:db8::5/64"]


def test_no_limit_and_a_limit_of_zero_mean_everything(ask: Ask) -> None:
    assert len(ask.names("NetDevice(limit: 0)")) == 3
    assert len(ask.names("NetDevice(limit: null)")) == 3
    assert ask.names("NetDevice(offset: 9)") == []


def test_attributes_answer_with_value_and_properties(ask: Ask) -> None:
    (node,) = ask.nodes(
        'NetDevice(name__value: "leaf1")',
        """role { value label color description is_default is_protected is_from_profile }
        units { __typename value } watched { value } installed { value } aliases { value } facts { value }
        management { value ip version prefixlen netmask hostmask with_netmask with_hostmask }
        name { id updated_at source { id } owner { id } updated_by { id } permissions { update_value } }""",
    )

    assert len(node.pop("name").pop("id")) == 36
    assert node == {
        "role": {
            "value": "leaf",
            "label": "Leaf switch",
            "color": "#00ff00",
            "description": "Where hosts are",
            "is_default": True,
            "is_protected": False,
            "is_from_profile": False,
        },
        "units": {"__typename": "NumberAttribute", "value": 0},
        "watched": {"value": True},
        "installed": {"value": "2030-01-01T00:00:00+02:00"},
        "aliases": {"value": ["one", "a,b"]},
        "facts": {"value": {"fans": 4}},
        "management": {
            "value": "192.0.2.1/24",
            "ip": "192.0.2.1",
            "version": 4,
            "prefixlen": 24,
            "netmask": "255.255.255.0",
            "hostmask": "0.0.0.255",
            "with_netmask": "192.0.2.1/255.255.255.0",
            "with_hostmask": "192.0.2.1/0.0.0.255",
        },
    }


def test_what_is_empty_is_null_or_an_empty_list(ask: Ask) -> None:
    (node,) = ask.nodes(
        'NetDevice(name__value: "bare")',
        """units { value } management { value ip prefixlen } tier { value is_default }
        site { node { id } node_metadata { updated_at } properties { updated_at } }
        tags { count edges { node { id } } }""",
    )

    assert node == {
        "units": {"value": None},
        "management": {"value": None, "ip": None, "prefixlen": None},
        "tier": {"value": None, "is_default": True},
        "site": {"node": None, "node_metadata": None, "properties": {"updated_at": None}},
        "tags": {"count": 0, "edges": []},
    }


def test_numbers_beyond_53_bits_are_exact(ask: Ask) -> None:
    assert ask.nodes('BuiltinTag(name__value: "red")', "weight { value }") == [{"weight": {"value": 9007199254740993}}]


@pytest.mark.parametrize(
    ("node", "beside", "hfid"),
    [
        ("hfid", "", ["oslo"]),
        ("hfid", "properties { __typename }", ["oslo"]),
        ("hfid", "properties { is_protected }", []),
        ("hfid", "relationship_metadata { updated_at }", []),
        ("hfid name { value }", "properties { is_protected }", ["oslo"]),
    ],
)
def test_a_peer_asked_for_with_its_relation_is_called_by_what_is_selected(
    node: str, beside: str, hfid: list[str], ask: Ask
) -> None:
    (leaf,) = ask.nodes('NetDevice(name__value: "leaf1")', f"site {{ node {{ {node} }} {beside} }}")
    assert leaf["site"]["node"]["hfid"] == hfid


def test_what_a_peer_is_called_by_its_own_peers_is_there_in_any_case(ask: Ask) -> None:
    (leaf,) = ask.nodes('NetDevice(name__value: "leaf1")', "ports(limit: 1) { edges { node { hfid } } }")
    assert leaf["ports"]["edges"] == [{"node": {"hfid": ["leaf1"]}}]


def test_the_roots_of_addresses_and_prefixes_never_say_when_an_attribute_was_set(ask: Ask) -> None:
    asked = "address { value updated_at is_protected }"
    (generic, *_), (own, *_) = ask.nodes("BuiltinIPAddress", asked), ask.nodes("NetAddress", asked)
    assert generic == {"address": {**own["address"], "updated_at": None}}
    assert own["address"]["updated_at"] is not None


def test_relations_are_answered_from_both_sides(ask: Ask) -> None:
    (leaf,) = ask.nodes(
        'NetDevice(name__value: "leaf1")',
        """site { node { hfid } properties { is_protected owner { id } source { id } updated_at }
          relationship_metadata { updated_at created_by { display_label } } }
        tags { count edges { node { hfid } node_metadata { created_at } } }
        ports { edges { node { __typename hfid } } }
        downlinks { edges { node { hfid } } } uplinks { count }""",
    )

    assert leaf["site"]["node"] == {"hfid": []}
    assert leaf["site"]["relationship_metadata"]["created_by"] == {"display_label": "Admin"}
    assert leaf["site"]["properties"]["is_protected"] is None
    assert [edge["node"]["hfid"] for edge in leaf["tags"]["edges"]] == [["blue"], ["red"]]
    assert leaf["tags"]["count"] == 2
    assert [edge["node"] for edge in leaf["ports"]["edges"]] == [
        {"__typename": "NetFiberPort", "hfid": ["leaf1", "et2"]},
        {"__typename": "NetFiberPort", "hfid": ["leaf1", "et1"]},
    ]
    assert leaf["downlinks"]["edges"] == [{"node": {"hfid": ["core1"]}}]
    assert leaf["uplinks"] == {"count": 0}
    assert ask.nodes("NetPort(limit: 1)", "device { node { hfid } }") == [{"device": {"node": {"hfid": ["leaf1"]}}}]


def test_edges_of_a_relation_come_only_where_something_of_the_node_is_selected(ask: Ask) -> None:
    (leaf,) = ask.nodes(
        'NetDevice(name__value: "leaf1")',
        "a: tags { edges { __typename } } b: tags { edges { properties { updated_at } } } c: tags { count }",
    )

    assert leaf["a"] == {"edges": []}
    assert len(leaf["b"]["edges"]) == 2
    assert leaf["c"] == {"count": 2}


def test_a_page_within_a_node_makes_the_hfid_of_what_is_selected(ask: Ask) -> None:
    (leaf,) = ask.nodes(
        'NetDevice(name__value: "leaf1")',
        """a: tags(limit: 1, order: {disable: true}) { count edges { node { hfid } } }
        b: tags(limit: 1, offset: 1) { edges { node { hfid name { value } } } }""",
    )

    assert leaf["a"] == {"count": 2, "edges": [{"node": {"hfid": []}}]}
    assert leaf["b"] == {"edges": [{"node": {"hfid": ["red"], "name": {"value": "red"}}}]}


def test_generics_answer_at_the_root_with_fragments(ask: Ask) -> None:
    assert ask.nodes("NetPort", "__typename name { value } ... on NetFiberPort { wl: wavelength { value } }") == [
        {"__typename": "NetFiberPort", "name": {"value": "et2"}, "wl": {"value": 1310}},
        {"__typename": "NetFiberPort", "name": {"value": "et1"}, "wl": {"value": None}},
    ]


def test_core_node_holds_every_node_but_the_groups(ask: Ask) -> None:
    kinds = [node["__typename"] for node in ask.nodes("CoreNode", "__typename")]

    assert "NetNote" in kinds
    assert "CoreStandardGroup" not in kinds
    assert ask.nodes("CoreGroup", "__typename label { value }") == [
        {"__typename": "CoreAccountGroup", "label": {"value": "Infrahub Users"}},
        {"__typename": "CoreAccountGroup", "label": {"value": "Super Administrators"}},
        {"__typename": "CoreStandardGroup", "label": {"value": "Lab Group"}},
    ]


def test_members_and_groups_are_two_ends_of_one_relation(ask: Ask) -> None:
    assert ask.nodes("CoreStandardGroup", "members { edges { node { display_label } } }") == [
        {"members": {"edges": [{"node": {"display_label": "LEAF1 (leaf)"}}]}}
    ]
    assert ask.nodes('NetDevice(name__value: "leaf1")', "member_of_groups { edges { node { hfid } } }") == [
        {"member_of_groups": {"edges": [{"node": {"hfid": ["lab_group"]}}]}}
    ]


def test_hierarchies_go_up_and_down(ask: Ask) -> None:
    assert ask.nodes("NetPlace", "display_label parent { node { hfid } } children { edges { node { hfid } } }") == [
        {
            "display_label": "north",
            "parent": {"node": None},
            "children": {"edges": [{"node": {"hfid": ["oslo"]}}, {"node": {"hfid": ["tromsø"]}}]},
        },
        {"display_label": "oslo", "parent": {"node": {"hfid": ["north"]}}, "children": {"edges": []}},
        {"display_label": "tromsø", "parent": {"node": {"hfid": ["north"]}}, "children": {"edges": []}},
        {"display_label": "empty", "parent": {"node": None}, "children": {"edges": []}},
    ]


def test_the_hfid_along_a_hierarchy_is_empty_unless_its_attributes_are_selected(ask: Ask) -> None:
    (oslo,) = ask.nodes(
        'NetSite(name__value: "oslo")',
        """a: ancestors { count edges { node { hfid display_label } } }
        b: ancestors { edges { node { hfid name { value } } } }""",
    )
    (north,) = ask.nodes('NetRegion(name__value: "north")', "descendants { count edges { node { name { value } } } }")

    assert oslo["a"] == {"count": 1, "edges": [{"node": {"hfid": [], "display_label": "north"}}]}
    assert oslo["b"] == {"edges": [{"node": {"hfid": ["north"], "name": {"value": "north"}}}]}
    assert [edge["node"]["name"]["value"] for edge in north["descendants"]["edges"]] == ["oslo", "tromsø"]


def test_a_kind_without_a_label_shows_its_name_and_id(ask: Ask) -> None:
    (note,) = ask.nodes("NetNote", "id hfid display_label")

    assert note["hfid"] is None
    assert note["display_label"] == f"NetNote(ID: {note['id']})"


def test_prefixes_and_addresses_find_their_places(ask: Ask) -> None:
    prefix, whole = ask.nodes(
        "NetPrefix(order: {disable: true})",
        """prefix { value } is_top_level { value } netmask { value } network_address { value } utilization { value }
        parent { node { display_label } } children { count } ip_addresses { edges { node { display_label } } }
        ip_namespace { node { hfid } } resource_pool { count }""",
    )

    assert prefix == {
        "prefix": {"value": "10.0.0.0/24"},
        "is_top_level": {"value": False},
        "netmask": {"value": "255.255.255.0"},
        "network_address": {"value": "10.0.0.0"},
        "utilization": {"value": 0},
        "parent": {"node": {"display_label": "10.0.0.0/8"}},
        "children": {"count": 0},
        "ip_addresses": {"edges": [{"node": {"display_label": "10.0.0.5/24"}}]},
        "ip_namespace": {"node": {"hfid": ["default"]}},
        "resource_pool": {"count": 0},
    }
    assert whole["is_top_level"] == {"value": True}
    assert whole["children"] == {"count": 1}
    assert ask.nodes("NetAddress", "ip_prefix { node { display_label } }") == [
        {"ip_prefix": {"node": {"display_label": "10.0.0.0/24"}}},
        {"ip_prefix": {"node": None}},
    ]
    assert ask.nodes("NetPrefix(limit: 1)", "netmask { value id is_default is_protected updated_at }") == [
        {"netmask": {"value": None, "id": None, "is_default": None, "is_protected": None, "updated_at": None}}
    ]


def test_a_parent_cannot_be_asked_for_its_id_alone_where_the_tree_is_its_type(ask: Ask) -> None:
    error = ask.error("{ NetSite(limit: 1) { edges { node { parent { node { id } } } } } }")
    assert error["message"] == "Unable to identify the type of the instance."
    assert error["path"] == ["NetSite", "edges", 0, "node", "parent", "node"]
    for selected in (
        "parent { node { id __typename } }",
        "parent { node { id } node_metadata { created_at } }",
        "parent { node { id } properties { updated_at } }",
        "children { edges { node { id } } }",
        "ancestors { edges { node { id } } }",
    ):
        assert ask.nodes("NetSite", selected)
    assert ask.nodes("NetRegion", "parent { node { id } }") == [{"parent": {"node": None}}] * 2


def test_what_infrahub_overlooks_in_a_query_is_null(ask: Ask) -> None:
    twice = ask(
        "{ NetDevice(limit: 1) { edges { node { name { value } hfid display_label } } edges { node { id } } } }"
    )
    nested = ask(
        "query q { NetPort(limit: 1) { edges { node { ... on NetFiberPort { ...f } } } } } "
        "fragment f on NetFiberPort { wavelength { value } }"
    )
    root = ask("{ NetDevice { count } NetDevice { edges { node { id } } } }")
    seen = ask(
        "query q { NetPort(limit: 1) { edges { node { ...f } } } } fragment f on NetFiberPort { wavelength { value } }"
    )

    uncounted = ask.error("{ NetDevice { edges { node { id } } } NetDevice { count } }")
    assert root["NetDevice"] == {"count": 3, "edges": []}
    assert uncounted["message"] == "Cannot return null for non-nullable field PaginatedNetDevice.count."
    node = twice["NetDevice"]["edges"][0]["node"]
    assert (node["name"], node["hfid"], node["display_label"]) == (None, None, None)
    assert nested["NetPort"]["edges"][0]["node"] == {"wavelength": None}
    assert seen["NetPort"]["edges"][0]["node"] == {"wavelength": {"value": 1310}}


def test_directives_leave_fields_out(ask: Ask) -> None:
    document = """query q($no: Boolean!) { NetDevice(limit: 1) {
      edges { node { tags { edges @include(if: $no) { node { id } } count @skip(if: $no) } } } } }"""

    assert ask(document, {"no": False})["NetDevice"]["edges"] == [{"node": {"tags": {"count": 2}}}]


def test_permissions_and_the_version_are_told(ask: Ask) -> None:
    assert ask(
        "{ InfrahubInfo { version } NetDevice { permissions { count edges { node { kind view update } } } } }"
    ) == {
        "InfrahubInfo": {"version": "1.11.9"},
        "NetDevice": {
            "permissions": {
                "count": 1,
                "edges": [{"node": {"kind": "NetDevice", "view": "ALLOW", "update": "ALLOW"}}],
            }
        },
    }


def test_relations_of_a_place_may_include_its_descendants(ask: Ask) -> None:
    field = "member_of_groups(include_descendants: true) { count }"
    (node,) = ask.nodes('NetRegion(name__value: "north")', field)
    assert node == {"member_of_groups": {"count": 0}}
