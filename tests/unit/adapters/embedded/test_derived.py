"""The kinds that every Infrahub has, and the ones that it derives: profiles and object templates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, rest
from infrahub_exporter.adapters.embedded.schema import load_kinds
from tests.unit.adapters.embedded.conftest import Asker, Hands

Write = Callable[[str, str], Path]

SCHEMA = """
generics:
  - name: Port
    namespace: Net
    attributes: [{name: name, kind: Text}, {name: speed, kind: Number, optional: true}]
    relationships: [{name: box, peer: NetBox, kind: Parent, cardinality: one, optional: false}]
nodes:
  - name: Box
    namespace: Net
    generate_template: true
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: mtu, kind: Number, optional: true, default_value: 1500}
      - {name: code, kind: Text, read_only: true, optional: true}
    relationships:
      - {name: ports, peer: NetPort, kind: Component, cardinality: many}
      - {name: address, peer: IpamAddress, kind: Attribute, cardinality: one, optional: true}
      - {name: asn, peer: CoreNumberPool, cardinality: one, optional: true}
  - {name: FiberPort, namespace: Net, inherit_from: [NetPort], generate_profile: false}
  - {name: Address, namespace: Ipam, inherit_from: [BuiltinIPAddress]}
"""


def test_every_built_in_kind_of_a_real_server_is_known() -> None:
    kinds = load_kinds([])

    assert kinds["CoreNumberPool"].inherit_from == ("CoreResourcePool", "LineageSource")
    assert kinds["CoreProposedChange"].attributes["state"].enum == ("open", "merged", "merging", "closed", "canceled")
    assert "CoreGeneratorGroup" in kinds["CoreGroup"].used_by
    assert {"CoreFileObject", "CoreRepository", "CoreNodeTriggerRule", "CoreMenuItem", "CoreAccountGroup"} <= {
        each.key for each in kinds.values()
    }


def test_a_profile_has_what_can_be_given_to_a_node(write: Write) -> None:
    kinds = load_kinds([write("schema.yml", SCHEMA)])

    profile = kinds["ProfileNetBox"]
    assert list(profile.attributes) == ["profile_name", "profile_priority", "mtu"]
    assert profile.attributes["mtu"].optional
    assert profile.attributes["mtu"].default_value is None
    assert {name: each.peer for name, each in profile.relationships.items()} == {
        "related_nodes": "NetBox",
        "related_templates": "TemplateNetBox",
        "address": "IpamAddress",
        "asn": "CoreNumberPool",
        "member_of_groups": "CoreGroup",
        "subscriber_of_groups": "CoreGroup",
    }
    assert "ProfileNetFiberPort" not in kinds
    assert kinds["NetFiberPort"].relationships["profiles"].peer == "CoreProfile"
    assert "ProfileNetBox" in kinds["CoreProfile"].used_by


def test_a_template_has_what_a_node_is_composed_of(write: Write) -> None:
    kinds = load_kinds([write("schema.yml", SCHEMA)])

    template = kinds["TemplateNetBox"]
    assert list(template.attributes) == ["template_name", "mtu"]
    assert {name: each.peer for name, each in template.relationships.items()} == {
        "related_nodes": "NetBox",
        "ports": "TemplateNetPort",
        "address": "IpamAddress",
        "address_from_resource_pool": "CoreIPAddressPool",
        "asn": "CoreNumberPool",
        "mtu_from_resource_pool": "CoreNumberPool",
        "profiles": "CoreProfile",
        "member_of_groups_for_instances": "CoreGroup",
        "subscriber_of_groups_for_instances": "CoreGroup",
        "member_of_groups": "CoreGroup",
        "subscriber_of_groups": "CoreGroup",
    }
    assert kinds["NetBox"].relationships["object_template"].peer == "TemplateNetBox"
    port = kinds["TemplateNetFiberPort"]
    assert port.inherit_from == ("LineageSource", "CoreNode", "CoreObjectComponentTemplate", "TemplateNetPort")
    assert port.human_friendly_id == ("box__template_name__value", "template_name__value")
    assert kinds["TemplateNetPort"].generic


def test_the_roots_of_addresses_and_prefixes_in_general_give_no_stamps(write: Write) -> None:
    schema = write("schema.yml", "nodes: [{name: Prefix, namespace: Ipam, inherit_from: [BuiltinIPPrefix]}]\n")
    objects = write(
        "objects.yml",
        "apiVersion: infrahub.app/v1\nkind: Object\nspec: {kind: IpamPrefix, data: [{prefix: 192.0.2.0/24}]}\n",
    )
    clock = Hands()
    ask = Asker(EmbeddedInfrahub.load([schema], [objects], now=clock), clock)
    selection = "{ edges { node { prefix { value } } node_metadata { updated_at } } }"
    answer = ask(f"{{ any: BuiltinIPPrefix {selection} one: IpamPrefix {selection} }}")

    assert answer["any"]["edges"] == [{"node": {"prefix": {"value": "192.0.2.0/24"}}, "node_metadata": None}]
    assert answer["one"]["edges"] == [
        {
            "node": {"prefix": {"value": "192.0.2.0/24"}},
            "node_metadata": {"updated_at": "2026-05-01T11:59:59.000001+00:00"},
        }
    ]


def test_templates_and_profiles_are_described_as_infrahub_does(write: Write) -> None:
    schema = SCHEMA.replace(
        "  - name: Box\n    namespace: Net\n", "  - name: Box\n    namespace: Net\n    branch: local\n"
    )
    kinds = load_kinds([write("schema.yml", schema)])
    template: Any = rest.describe(kinds["TemplateNetBox"])
    relationships = {each["name"]: each for each in template["relationships"]}
    attributes = {each["name"]: each for each in template["attributes"]}

    assert template["default_filter"] is None
    assert template.keys().isdisjoint({"generate_profile", "generate_template", "hierarchy", "parent", "children"})
    assert {name: relationships[name]["on_delete"] for name in ("ports", "address")} == {
        "ports": "cascade",
        "address": "no-action",
    }
    drawn = [relationships[f"{name}_from_resource_pool"] for name in ("mtu", "address")]
    assert [(each["max_count"], each["branch"]) for each in drawn] == [(0, "local"), (0, "local")]
    profile: Any = rest.describe(kinds["ProfileNetBox"])
    assert {attributes["template_name"]["branch"], *(each["branch"] for each in profile["attributes"])} == {"local"}


def test_a_relation_may_lead_to_what_is_derived_from_a_kind(write: Write) -> None:
    text = """
version: "1.0"
nodes:
  - name: Rack
    namespace: Kit
    generate_template: true
    attributes: [{name: name, kind: Text}]
    relationships:
      - {name: made_of, peer: TemplateKitRack, identifier: rack__made_of, cardinality: one, optional: true}
      - {name: ruled_by, peer: ProfileKitRack, identifier: rack__ruled_by, cardinality: one, optional: true}
"""
    infrahub = EmbeddedInfrahub.load([write("schema.yml", text)], [])
    relationships = infrahub.kinds["KitRack"].relationships
    assert [relationships[each].peer for each in ("made_of", "ruled_by")] == ["TemplateKitRack", "ProfileKitRack"]
