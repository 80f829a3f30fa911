"""Mutations: what they answer, what they change, what they bump and what is refused."""

from typing import Any

import pytest

Ask = Any

BUMPED = """query bumped($t: DateTime!) {
  nodes: CoreNode(node_metadata__updated_at__after: $t) { edges { node { display_label } } }
  groups: CoreGroup(node_metadata__updated_at__after: $t) { edges { node { display_label } } } }"""


def bumped(ask: Ask, since: str) -> set[str]:
    """Name the nodes and groups that were stamped since an instant."""
    pages = ask(BUMPED, {"t": since})
    return {edge["node"]["display_label"] for page in pages.values() for edge in page["edges"]}


def change(ask: Ask, mutation: str) -> tuple[Any, set[str]]:
    """Make a change a minute later; return its answer and what it bumped."""
    before = ask.clock.move()
    (answer,) = ask(f"mutation {{ {mutation} }}").values()
    return answer, bumped(ask, before)


def test_a_created_node_is_bumped_and_its_peers_are_not(fresh: Ask) -> None:
    answer, stamped = change(
        fresh,
        """NetDeviceCreate(data: {name: {value: "new"}, site: {hfid: ["oslo"]},
        tags: [{hfid: ["red"]}, {hfid: ["blue"]}], management: {value: "192.0.2.9"}})
        { ok object { display_label management { value }
        site { node { hfid } } tags { count } node: id } }""",
    )

    assert answer["ok"]
    assert answer["object"].pop("node") == fresh.id("NetDevice", "new")
    assert answer["object"] == {
        "display_label": "NEW (leaf)",
        "management": {"value": "192.0.2.9/32"},
        "site": {"node": {"hfid": ["oslo"]}},
        "tags": {"count": 2},
    }
    assert stamped == {"NEW (leaf)"}


def test_a_changed_attribute_bumps_its_node_alone(fresh: Ask) -> None:
    answer, stamped = change(
        fresh, 'NetDeviceUpdate(data: {hfid: ["leaf1"], units: {value: 7}}) { ok object { units { value } } }'
    )

    assert answer == {"ok": True, "object": {"units": {"value": 7}}}
    assert stamped == {"LEAF1 (leaf)"}


def test_the_same_value_again_bumps_nothing(fresh: Ask) -> None:
    _, stamped = change(
        fresh, 'NetDeviceUpdate(data: {hfid: ["leaf1"], units: {value: 0}, site: {hfid: ["oslo"]}}) { ok }'
    )
    assert stamped == set()


def test_a_replaced_relation_bumps_both_ends(fresh: Ask) -> None:
    _, stamped = change(fresh, 'NetDeviceUpdate(data: {hfid: ["leaf1"], site: {hfid: ["tromsø"]}}) { ok }')
    assert stamped == {"LEAF1 (leaf)", "oslo", "tromsø"}

    _, stamped = change(fresh, 'NetDeviceUpdate(data: {hfid: ["leaf1"], site: null, tags: [{hfid: ["blue"]}]}) { ok }')
    assert stamped == {"LEAF1 (leaf)", "tromsø", "red"}


def test_an_attribute_goes_to_null_and_back_to_its_default(fresh: Ask) -> None:
    selection = "{{ object {{ role {{ value is_default }} units {{ value }} }} }}"
    document = f'NetDeviceUpdate(data: {{{{hfid: ["core1"], {{}}}}}}) {selection}'

    answer, _ = change(fresh, document.format("units: {value: null}, role: {is_default: true}"))
    assert answer["object"] == {"role": {"value": "leaf", "is_default": True}, "units": {"value": None}}
    answer, stamped = change(fresh, document.format('role: {value: "leaf"}, units: null, name: {is_protected: false}'))
    assert answer["object"]["role"] == {"value": "leaf", "is_default": True}
    assert stamped == set()


def test_a_node_may_be_named_by_id_or_its_default_filter(fresh: Ask) -> None:
    oslo = fresh.id("NetSite", "oslo")
    answer, _ = change(
        fresh, f'NetPlaceUpdate(data: {{id: "{oslo}", code: {{value: "x"}}}}) {{ object {{ code {{ value }} }} }}'
    )
    assert answer["object"]["code"]["value"] == "x"
    answer, _ = change(fresh, 'BuiltinTagUpdate(data: {id: "red", weight: {value: 1}}) { object { weight { value } } }')
    assert answer["object"]["weight"]["value"] == 1


def test_upsert_creates_once_and_updates_then(fresh: Ask) -> None:
    selection = "object { id units { value } }"
    mutation = f'NetDeviceUpsert(data: {{name: {{value: "up"}}, units: {{value: %d}}}}) {{ {selection} }}'

    first, _ = change(fresh, mutation % 1)
    second, stamped = change(fresh, mutation % 2)
    third, _ = change(
        fresh,
        f'NetDeviceUpsert(data: {{id: "{first["object"]["id"]}", units: {{value: 3}}}}) {{ {selection} }}',
    )
    fourth, _ = change(
        fresh,
        f'NetDeviceUpsert(data: {{hfid: ["up"], name: {{value: "up"}}, units: {{value: 4}}}}) {{ {selection} }}',
    )

    assert first["object"]["units"]["value"] == 1
    assert second["object"] == {"id": first["object"]["id"], "units": {"value": 2}}
    assert third["object"]["units"]["value"] == 3
    assert fourth["object"] == {"id": first["object"]["id"], "units": {"value": 4}}
    assert stamped == {"UP (leaf)"}


def test_upsert_knows_a_kind_without_an_hfid_by_its_default_filter(fresh: Ask) -> None:
    mutation = 'NetAddressUpsert(data: {address: {value: "10.0.0.5/24"}, description: {value: "d"}}) { object { id } }'
    answer, _ = change(fresh, mutation)
    assert answer["object"]["id"] in [node["id"] for node in fresh.nodes("NetAddress", "id")]
    assert len(fresh.names("NetAddress")) == 2


def test_deleting_takes_the_components_along_and_bumps_the_peers(fresh: Ask) -> None:
    answer, stamped = change(fresh, 'NetDeviceDelete(data: {hfid: ["leaf1"]}) { ok }')

    assert answer == {"ok": True}
    assert fresh.names("NetDevice") == ["BARE (leaf)", "CORE1 (core_router)"]
    assert fresh.names("NetPort") == []
    assert stamped == {"oslo", "red", "blue", "10.0.0.5/24", "CORE1 (core_router)", "lab_group"}
    assert fresh.nodes("CoreStandardGroup", "members { count }") == [{"members": {"count": 0}}]


def test_deleting_a_prefix_moves_what_was_in_it(fresh: Ask) -> None:
    (narrow, _) = fresh.nodes("NetPrefix(order: {disable: true})", "id")

    change(fresh, f'NetPrefixDelete(data: {{id: "{narrow["id"]}"}}) {{ ok }}')

    assert fresh.nodes("NetAddress(limit: 1)", "ip_prefix { node { display_label } }") == [
        {"ip_prefix": {"node": {"display_label": "10.0.0.0/8"}}}
    ]
    assert fresh.nodes("NetPrefix", "utilization { value } hostmask { value }") == [
        {"utilization": {"value": 0}, "hostmask": {"value": None}}
    ]


def test_a_new_address_bumps_its_prefix(fresh: Ask) -> None:
    _, stamped = change(fresh, 'NetAddressCreate(data: {address: {value: "10.0.0.6/24"}}) { ok }')
    assert stamped == {"10.0.0.6/24", "10.0.0.0/24"}


def test_a_prefix_that_changes_takes_its_new_place(fresh: Ask) -> None:
    (_, wide) = fresh.nodes("NetPrefix(order: {disable: true})", "id")

    change(fresh, f'NetPrefixUpdate(data: {{id: "{wide["id"]}", prefix: {{value: "10.0.0.0/25"}}}}) {{ ok }}')

    assert fresh.nodes("NetPrefix", "display_label is_top_level { value } parent { node { display_label } }") == [
        {"display_label": "10.0.0.0/24", "is_top_level": {"value": True}, "parent": {"node": None}},
        {
            "display_label": "10.0.0.0/25",
            "is_top_level": {"value": False},
            "parent": {"node": {"display_label": "10.0.0.0/24"}},
        },
    ]


@pytest.mark.parametrize("action", ["RelationshipAdd", "RelationshipRemove"])
def test_members_of_a_group_come_and_go_and_both_ends_are_bumped(action: str, fresh: Ask) -> None:
    group = fresh.id("CoreStandardGroup", "lab_group")
    leaf, core = fresh.id("NetDevice", "leaf1"), fresh.id("NetDevice", "core1")
    node = core if action == "RelationshipAdd" else leaf

    answer, stamped = change(
        fresh, f'{action}(data: {{id: "{group}", name: "members", nodes: [{{id: "{node}"}}]}}) {{ ok }}'
    )

    assert answer == {"ok": True}
    members = fresh.nodes("CoreStandardGroup", "members { edges { node { id } } }")[0]["members"]["edges"]
    assert {edge["node"]["id"] for edge in members} == ({leaf, core} if action == "RelationshipAdd" else set())
    assert "lab_group" in stamped
    assert len(stamped) == 2


def test_a_relation_that_is_there_is_not_made_again(fresh: Ask) -> None:
    leaf, red = fresh.id("NetDevice", "leaf1"), fresh.id("BuiltinTag", "red")
    _, stamped = change(
        fresh, f'RelationshipAdd(data: {{id: "{leaf}", name: "tags", nodes: [{{id: "{red}"}}]}}) {{ ok }}'
    )
    assert stamped == set()


def test_what_crosses_a_relation_goes_stale_until_it_settles(fresh: Ask) -> None:
    _, stamped = change(fresh, 'NetDeviceUpdate(data: {hfid: ["leaf1"], name: {value: "renamed"}}) { ok }')
    assert stamped == {"RENAMED (leaf)"}
    assert fresh.nodes("NetPort(limit: 1)", "hfid") == [{"hfid": ["leaf1", "et2"]}]

    before = fresh.clock.move()
    assert fresh.infrahub.settle() == 2
    assert fresh.nodes("NetPort(limit: 1)", "hfid") == [{"hfid": ["renamed", "et2"]}]
    assert bumped(fresh, before) == {"et1", "et2"}
    assert fresh.infrahub.settle() == 0


def test_one_document_may_hold_several_changes(fresh: Ask) -> None:
    answer = fresh.answer(
        """mutation { a: BuiltinTagCreate(data: {name: {value: "one"}}) { ok }
        b: BuiltinTagCreate(data: {name: {value: "one"}}) { ok }
        c: BuiltinTagCreate(data: {name: {value: "two"}}) { ok } }"""
    )

    assert answer["data"] == {"a": {"ok": True}, "b": None, "c": {"ok": True}}
    assert [error["path"] for error in answer["errors"]] == [["b"]]


@pytest.mark.parametrize(
    ("mutation", "message", "code", "status"),
    [
        ("NetDeviceCreate(data: {}) { ok }", "name is mandatory for NetDevice at name", "ATTRIBUTE_REQUIRED", 422),
        (
            "NetDeviceCreate(data: {name: {value: null}}) { ok }",
            "A value must be provided for name at name",
            "ATTRIBUTE_CONSTRAINT_VIOLATION",
            422,
        ),
        (
            'NetFiberPortCreate(data: {name: {value: "x"}}) { ok }',
            "device is mandatory for NetFiberPort at device",
            "ATTRIBUTE_REQUIRED",
            422,
        ),
        (
            'NetDeviceCreate(data: {name: {value: "leaf1"}}) { ok }',
            "Violates uniqueness constraint 'name'",
            "UNDEFINED_ERROR",
            422,
        ),
        (
            'NetSiteCreate(data: {name: {value: "north"}, parent: {hfid: ["north"]}}) { ok }',
            "Violates uniqueness constraint 'name'",
            "UNDEFINED_ERROR",
            422,
        ),
        (
            'NetCopperPortCreate(data: {name: {value: "et1"}, device: {hfid: ["leaf1"]}}) { ok }',
            "Violates uniqueness constraint 'device-name'",
            "UNDEFINED_ERROR",
            422,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], role: {value: "x"}}) { ok }',
            "x must be one of 'core_router, leaf' at role",
            "ATTRIBUTE_CONSTRAINT_VIOLATION",
            422,
        ),
        (
            'NetDeviceCreate(data: {name: {value: "new"}, tier: {value: "x"}}) { ok }',
            "x must be one of ['gold', 'silver'] at tier",
            "ATTRIBUTE_CONSTRAINT_VIOLATION",
            422,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], tier: {value: "x"}}) { ok }',
            "'x' is not a valid TierEnum",
            "UNDEFINED_ERROR",
            500,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], management: {value: "x"}}) { ok }',
            "x is not a valid IPHost at management",
            "ATTRIBUTE_INVALID_TYPE",
            422,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], name: {value: null}}) { ok }',
            "A value must be provided for name at name",
            "ATTRIBUTE_CONSTRAINT_VIOLATION",
            422,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], site: {hfid: ["x"]}}) { ok }',
            "Unable to find the node x / NetSite in the database.",
            "NODE_NOT_FOUND",
            404,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], site: {id: "x"}}) { ok }',
            "Unable to find the node x / NetSite in the database.",
            "NODE_NOT_FOUND",
            404,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], site: {}}) { ok }',
            "Invalid data provided to form a relationship {} at site",
            "UNDEFINED_ERROR",
            422,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["x"]}) { ok }',
            "Unable to find the node x / NetDevice in the database.",
            "NODE_NOT_FOUND",
            404,
        ),
        ("NetDeviceUpdate(data: {}) { ok }", "either id or hfid must be provided.", "UNDEFINED_ERROR", 400),
        (
            'NetDeviceUpsert(data: {id: "x"}) { ok }',
            "Unable to find the node x / NetDevice in the database.",
            "NODE_NOT_FOUND",
            404,
        ),
        (
            'NetFiberPortUpdate(data: {hfid: ["leaf1", "et1"], device: null}) { ok }',
            "Too few relationships, min 1 at device",
            "ATTRIBUTE_CONSTRAINT_VIOLATION",
            422,
        ),
        (
            'NetNoteUpdate(data: {hfid: ["x"]}) { ok }',
            "Unable to lookup node by HFID, schema 'NetNote' does not have a HFID defined.",
            "NODE_NOT_FOUND",
            404,
        ),
        (
            'NetDeviceUpdate(data: {hfid: ["leaf1"], site: {kind: "NetRegion", hfid: ["a", "b"]}}) { ok }',
            (
                "Unable to lookup node by HFID, schema 'NetRegion' HFID does not contain the same number of elements "
                "as ['a', 'b']"
            ),
            "NODE_NOT_FOUND",
            404,
        ),
        (
            'RelationshipAdd(data: {id: "x", name: "tags"}) { ok }',
            "Unable to find the node x / node in the database.",
            "NODE_NOT_FOUND",
            404,
        ),
    ],
)
def test_what_cannot_be_is_refused(mutation: str, message: str, code: str, status: int, fresh: Ask) -> None:
    before = fresh.clock.move()
    error = fresh.error(f"mutation {{ {mutation} }}")

    assert error["message"] == message
    assert (error["extensions"]["code"], error["extensions"]["http_status"]) == (code, status)
    assert bumped(fresh, before) == set()


def test_refusals_that_name_ids(fresh: Ask) -> None:
    ids = {
        "leaf": fresh.id("NetDevice", "leaf1"),
        "red": fresh.id("BuiltinTag", "red"),
        "north": fresh.id("NetRegion", "north"),
        "oslo": fresh.id("NetSite", "oslo"),
        "tromsø": fresh.id("NetSite", "tromsø"),
        "prefix": fresh.nodes("NetPrefix(limit: 1)", "id")[0]["id"],
        "port": fresh.nodes("NetPort(limit: 1)", "id")[0]["id"],
        "core": fresh.id("NetDevice", "core1"),
    }
    refused = {
        'NetDeviceUpdate(data: {hfid: ["leaf1"], site: {id: "<red>"}}) { ok }': (
            "BuiltinTag - <red> cannot be added to relationship, must be of type: ['NetSite'] at site"
        ),
        'NetDeviceUpdate(data: {id: "<red>"}) { ok }': (
            "Node with id <red> exists, but it is a BuiltinTag, not NetDevice"
        ),
        'NetRegionDelete(data: {id: "<north>"}) { ok }': (
            "Cannot delete NetRegion '<north>'. It is linked to mandatory relationship parent on node NetSite "
            "'<oslo>' at NetSite.parent"
        ),
        'RelationshipAdd(data: {id: "<leaf>", name: "nothing"}) { ok }': (
            "'nothing' is not a valid relationship for 'NetDevice' at name"
        ),
        'RelationshipAdd(data: {id: "<leaf>", name: "tags", nodes: [{id: "x"}]}) { ok }': (
            "'x': Unable to find the node in the database."
        ),
        'RelationshipAdd(data: {id: "<leaf>", name: "tags", nodes: [{id: "<oslo>"}]}) { ok }': (
            "'<oslo>' 'NetSite' is not a valid peer for 'BuiltinTag'"
        ),
        'RelationshipAdd(data: {id: "<leaf>", name: "site", nodes: [{id: "<tromsø>"}]}) { ok }': (
            "'site' is a cardinality-one relationship and already has a peer"
        ),
        'RelationshipAdd(data: {id: "<prefix>", name: "children", nodes: []}) { ok }': (
            "'children' is a read-only relationship at NetPrefix"
        ),
        'RelationshipAdd(data: {id: "<core>", name: "ports", nodes: [{id: "<port>"}]}) { ok }': (
            "'<port>' 'NetFiberPort' is already related to another peer on 'device'"
        ),
        'RelationshipRemove(data: {id: "<port>", name: "device", nodes: [{id: "<leaf>"}]}) { ok }': (
            "'device' is a mandatory relationship and cannot be fully removed at name"
        ),
        'NetDeviceUpdate(data: {hfid: ["core1"], ports: [{id: "<port>"}]}) { ok }': (
            "Node <port> has 2 peers for device__port, maximum of 1 allowed"
        ),
        'NetDeviceCreate(data: {id: "<leaf>", name: {value: "x"}}) { ok }': "<leaf> is already in use at id",
    }
    for mutation, message in refused.items():
        asked, expected = mutation, message
        for name, identity in ids.items():
            asked, expected = asked.replace(f"<{name}>", identity), expected.replace(f"<{name}>", identity)
        assert fresh.error(f"mutation {{ {asked} }}")["message"] == expected


def test_nodes_that_share_an_hfid_are_not_found_by_it(fresh: Ask) -> None:
    fresh('mutation { NetDeviceUpdate(data: {hfid: ["leaf1"], name: {value: "old"}}) { ok } }')
    fresh('mutation { NetDeviceCreate(data: {name: {value: "leaf1"}}) { ok } }')
    fresh('mutation { NetCopperPortCreate(data: {name: {value: "et1"}, device: {hfid: ["leaf1"]}}) { ok } }')

    assert fresh.error('{ NetPort(hfid: ["leaf1", "et1"]) { count } }')["message"] == (
        "Unable to find node 'leaf1 :: et1', 2 nodes returned, expected 1"
    )


def test_moving_a_port_renames_it(fresh: Ask) -> None:
    mutation = 'NetFiberPortUpdate(data: {hfid: ["leaf1", "et1"], device: {hfid: ["bare"]}}) { object { hfid } }'
    answer, stamped = change(fresh, mutation)

    assert answer == {"object": {"hfid": ["bare", "et1"]}}
    assert stamped == {"et1", "LEAF1 (leaf)", "BARE (leaf)"}


def test_a_node_with_a_chosen_id_has_it(fresh: Ask) -> None:
    identity = "0b6f5f3e-0000-4000-8000-000000000001"
    change(fresh, f'NetNoteCreate(data: {{id: "{identity}", text: {{value: "t"}}}}) {{ ok }}')
    assert identity in [node["id"] for node in fresh.nodes("NetNote", "id")]


def test_an_address_joins_the_prefixes_of_the_namespace_it_names(fresh: Ask) -> None:
    change(fresh, 'IpamNamespaceCreate(data: {name: {value: "lab"}}) { ok }')
    change(fresh, 'NetAddressCreate(data: {address: {value: "10.0.0.9/24"}, ip_namespace: {hfid: ["lab"]}}) { ok }')
    change(fresh, 'NetAddressUpdate(data: {id: "2001:db8::5/64", address: {value: "10.0.0.8/24"}}) { ok }')

    assert fresh.nodes("NetAddress", "display_label ip_prefix { node { display_label } }") == [
        {"display_label": "10.0.0.5/24", "ip_prefix": {"node": {"display_label": "10.0.0.0/24"}}},
        {"display_label": "10.0.0.8/24", "ip_prefix": {"node": {"display_label": "10.0.0.0/24"}}},
        {"display_label": "10.0.0.9/24", "ip_prefix": {"node": None}},
    ]
