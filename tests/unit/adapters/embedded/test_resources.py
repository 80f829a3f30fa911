"""What nodes are given: by object templates, by profiles, by resource pools."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.domain.errors import ConfigError
from tests.unit.adapters.embedded.conftest import Asker, Hands

Write = Callable[[str, str], Path]
Load = Callable[..., Asker]

SCHEMA = """
version: "1.0"
nodes:
  - {name: Net, namespace: Lab, inherit_from: [BuiltinIPPrefix]}
  - {name: Host, namespace: Lab, inherit_from: [BuiltinIPAddress]}
  - name: Switch
    namespace: Lab
    generate_template: true
    human_friendly_id: [name__value]
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: mtu, kind: Number, default_value: 1500}
      - {name: role, kind: Text, optional: true}
      - {name: asn, kind: Number, optional: true}
    relationships:
      - {name: plugs, peer: LabPlug, cardinality: many, kind: Component, identifier: switch__plug}
      - {name: tags, peer: BuiltinTag, cardinality: many, kind: Attribute, identifier: switch__tag}
      - {name: address, peer: LabHost, cardinality: one, kind: Attribute, identifier: switch__host}
      - {name: network, peer: LabNet, cardinality: one, kind: Attribute, identifier: switch__net}
  - name: Rack
    namespace: Lab
    human_friendly_id: [name__value]
    attributes: [{name: name, kind: Text, unique: true}, {name: height, kind: Number}]
  - name: Plug
    namespace: Lab
    human_friendly_id: [switch__name__value, name__value]
    uniqueness_constraints: [[switch, name__value]]
    attributes:
      - {name: name, kind: Text}
      - {name: speed, kind: Number, optional: true}
      - {name: mode, kind: Text, default_value: auto}
    relationships:
      - {name: switch, peer: LabSwitch, cardinality: one, kind: Parent, optional: false, identifier: switch__plug}
"""

TEMPLATE = """
    - template_name: leaf
      mtu: 9000
      role: leaf
      tags: {data: [{name: red}]}
      plugs:
        kind: TemplateLabPlug
        data:
          - {template_name: up, name: up, speed: 100}
          - {template_name: down, name: down}
"""

NETWORKS = "LabNet: [{prefix: 192.0.2.0/29}, {prefix: 10.0.0.0/24, member_type: prefix}]"
HOSTS = """CoreIPAddressPool:
    - name: hosts
      default_address_type: LabHost
      default_prefix_length: 32
      ip_namespace: default
      resources: [192.0.2.0/29]
"""
NETS = """CoreIPPrefixPool:
    - name: nets
      default_prefix_type: LabNet
      default_prefix_length: 26
      ip_namespace: default
      resources: [10.0.0.0/24]
"""
NUMBERS = "CoreNumberPool: [{name: asns, node: LabSwitch, node_attribute: asn, start_range: 65001, end_range: 65003}]"
POOLS = (NETWORKS, HOSTS, NETS, NUMBERS)


@pytest.fixture
def load(write: Write) -> Load:
    def make(*documents: str) -> Asker:
        texts = [
            f"---\napiVersion: infrahub.app/v1\nkind: Object\nspec:\n  kind: {kind}\n  data: {data}\n"
            for kind, _, data in (each.partition(":") for each in documents)
        ]
        clock = Hands()
        files = [write("objects.yml", "".join(texts))]
        return Asker(EmbeddedInfrahub.load([write("schema.yml", SCHEMA)], files, now=clock), clock)

    return make


def values(ask: Asker, kind: str, *names: str) -> dict[str, list[Any]]:
    """Ask for the values of some attributes by display label."""
    shown = "".join(f" {name} {{ value }}" for name in names)
    found = ask.nodes(kind, f"hfid{shown}")
    return {"/".join(each["hfid"]): [each[name]["value"] for name in names] for each in found}


def test_a_template_gives_values_peers_and_components_and_what_is_given_wins(load: Load) -> None:
    ask = load(
        f"TemplateLabSwitch: {TEMPLATE}",
        "LabSwitch: [{name: a, object_template: leaf}, {name: b, object_template: [leaf], role: spine, tags: []}]",
    )

    assert values(ask, "LabSwitch", "mtu", "role") == {"a": [9000, "leaf"], "b": [9000, "spine"]}
    assert values(ask, "LabPlug", "speed") == {"a/up": [100], "a/down": [None], "b/up": [100], "b/down": [None]}
    assert ask.nodes("LabSwitch", "tags { count } object_template { node { display_label } }") == [
        {"tags": {"count": count}, "object_template": {"node": {"display_label": "leaf"}}} for count in (1, 0)
    ]


def test_a_component_has_defaults_and_what_profiles_give_as_such(load: Load) -> None:
    ask = load(
        "ProfileLabPlug: [{profile_name: fast, speed: 400}]",
        """TemplateLabSwitch:
    - template_name: leaf
      plugs:
        kind: TemplateLabPlug
        data: [{template_name: up, name: up, profiles: [fast]}, {template_name: x, name: x}]
""",
        "LabSwitch: [{name: a, object_template: leaf}]",
    )

    marks = "{ value is_default is_from_profile }"
    shown = ask.nodes("LabPlug", f"name {{ value }} speed {marks} mode {marks}")
    default = {"value": "auto", "is_default": True, "is_from_profile": False}
    assert {each["name"]["value"]: (each["speed"], each["mode"]) for each in shown} == {
        "up": ({"value": 400, "is_default": False, "is_from_profile": True}, default),
        "x": ({"value": None, "is_default": True, "is_from_profile": False}, default),
    }


def test_nested_components_change_those_of_the_template_and_loading_again_makes_none(load: Load) -> None:
    switch = "LabSwitch: [{name: a, object_template: leaf, plugs: {data: [{name: up, speed: 400}, {name: x}]}}]"
    ask = load(f"TemplateLabSwitch: {TEMPLATE}", switch, switch)

    assert values(ask, "LabPlug", "speed") == {"a/up": [400], "a/down": [None], "a/x": [None]}


def test_a_template_that_is_not_there_is_told(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load("LabSwitch: [{name: a, object_template: none}]")
    assert str(caught.value).endswith(
        "LabSwitch[0].object_template: no TemplateLabSwitch none, expected one that the object files create"
    )


def test_a_mutation_makes_what_the_template_describes(load: Load) -> None:
    ask = load(f"TemplateLabSwitch: {TEMPLATE}")
    ask('mutation { LabSwitchCreate(data: {name: {value: "a"}, object_template: {hfid: ["leaf"]}}) { ok } }')

    assert values(ask, "LabPlug", "speed") == {"a/up": [100], "a/down": [None]}


PROFILES = (
    "ProfileLabSwitch: [{profile_name: jumbo, profile_priority: 100, mtu: 9000},"
    " {profile_name: edge, profile_priority: 10, role: edge, mtu: 4000}]"
)
SHOWN = "mtu { value is_default is_from_profile } role { value is_from_profile }"


def test_a_profile_gives_what_has_no_value_of_its_own_and_the_lower_priority_goes_first(load: Load) -> None:
    ask = load(
        PROFILES,
        "LabSwitch: [{name: a, profiles: [jumbo]}, {name: b, profiles: [jumbo, edge]},"
        " {name: c, profiles: [edge], mtu: 1400}]",
    )

    assert [[each["mtu"]["value"], each["role"]["value"]] for each in ask.nodes("LabSwitch", SHOWN)] == [
        [9000, None],
        [4000, "edge"],
        [1400, "edge"],
    ]
    assert ask.nodes('LabSwitch(name__value: "c")', SHOWN) == [
        {
            "mtu": {"value": 1400, "is_default": False, "is_from_profile": False},
            "role": {"value": "edge", "is_from_profile": True},
        }
    ]


def test_a_profile_that_changes_or_goes_changes_its_nodes(load: Load) -> None:
    ask = load(PROFILES, "LabSwitch: [{name: a, profiles: [jumbo]}, {name: b}]")
    ask.clock.move()
    ask('mutation { ProfileLabSwitchUpdate(data: {hfid: ["jumbo"], mtu: {value: 8000}}) { ok } }')
    assert values(ask, "LabSwitch", "mtu") == {"a": [8000], "b": [1500]}

    switch, profile = ask.id("LabSwitch", "a"), ask.id("ProfileLabSwitch", "jumbo")
    ends = f'(data: {{id: "{switch}", name: "profiles", nodes: [{{id: "{profile}"}}]}}) {{ ok }}'
    ask(f"mutation {{ RelationshipRemove{ends} }}")
    assert ask.nodes('LabSwitch(name__value: "a")', SHOWN) == [
        {
            "mtu": {"value": 1500, "is_default": True, "is_from_profile": False},
            "role": {"value": None, "is_from_profile": False},
        }
    ]
    ask(f"mutation {{ RelationshipAdd{ends} }}")
    assert values(ask, "LabSwitch", "mtu")["a"] == [8000]
    ask('mutation { ProfileLabSwitchDelete(data: {hfid: ["jumbo"]}) { ok } }')
    assert values(ask, "LabSwitch", "mtu")["a"] == [1500]


def test_a_profile_may_name_its_nodes(load: Load) -> None:
    ask = load("LabSwitch: [{name: a}]", "ProfileLabSwitch: [{profile_name: own, mtu: 9000, related_nodes: [a]}]")

    assert values(ask, "LabSwitch", "mtu") == {"a": [9000]}


def test_a_profile_may_give_what_is_mandatory(load: Load) -> None:
    ask = load("ProfileLabRack: [{profile_name: tall, height: 48}]", "LabRack: [{name: a, profiles: [tall]}]")

    assert values(ask, "LabRack", "height") == {"a": [48]}


TAGGED = "tags { edges { node { display_label } } }"


def tags(ask: Asker) -> dict[str, list[str]]:
    """Ask for the tags of the switches."""
    found = ask.nodes("LabSwitch", f"hfid {TAGGED}")
    return {each["hfid"][0]: [edge["node"]["display_label"] for edge in each["tags"]["edges"]] for each in found}


def test_a_profile_gives_peers_where_a_relationship_has_none_of_its_own(load: Load) -> None:
    ask = load(
        "BuiltinTag: [{name: red}, {name: blue}]",
        "ProfileLabSwitch: [{profile_name: low, profile_priority: 9, tags: [blue]},"
        " {profile_name: high, profile_priority: 1, tags: [red]}, {profile_name: bare, profile_priority: 0}]",
        "LabSwitch: [{name: a, profiles: [low, high, bare]}, {name: b, profiles: [high], tags: [blue]}, {name: c}]",
    )
    assert tags(ask) == {"a": ["red"], "b": ["blue"], "c": []}

    ask.clock.move()
    blue = ask.id("BuiltinTag", "blue")
    high, switch = ask.id("ProfileLabSwitch", "high"), ask.id("LabSwitch", "a")
    ask(f'mutation {{ ProfileLabSwitchUpdate(data: {{id: "{high}", tags: [{{id: "{blue}"}}]}}) {{ ok }} }}')
    assert tags(ask)["a"] == ["blue"]
    ends = f'(data: {{id: "{switch}", name: "profiles", nodes: [{{id: "{high}"}}]}}) {{ ok }}'
    ask(f"mutation {{ RelationshipRemove{ends} }}")
    assert tags(ask)["a"] == ["blue"]
    ask('mutation { ProfileLabSwitchDelete(data: {hfid: ["low"]}) { ok } }')
    assert tags(ask)["a"] == []

    ask(f"mutation {{ RelationshipAdd{ends} }}")
    red = ask.id("BuiltinTag", "red")
    own = f'(data: {{id: "{switch}", name: "tags", nodes: [{{id: "{red}"}}]}}) {{ ok }}'
    ask(f"mutation {{ RelationshipAdd{own} }}")
    assert tags(ask)["a"] == ["red"]
    ask(f"mutation {{ RelationshipRemove{own} }}")
    assert tags(ask)["a"] == ["blue"]


def test_a_pool_leaves_out_what_its_attribute_excludes(write: Write) -> None:
    schema = write(
        "schema.yml",
        """
nodes:
  - name: Vpn
    namespace: Lab
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: route, kind: Number, optional: true, parameters: {excluded_values: "1,3-5"}}
""",
    )
    objects = write(
        "objects.yml",
        """
kind: Object
spec: {kind: CoreNumberPool, data: [{name: rds, node: LabVpn, node_attribute: route, start_range: 1, end_range: 9}]}
---
kind: Object
spec: {kind: LabVpn, data: [{name: a, route: {from_pool: rds}}, {name: b, route: {from_pool: rds}}]}
""",
    )
    clock = Hands()
    ask = Asker(EmbeddedInfrahub.load([schema], [objects], now=clock), clock)

    assert values(ask, "LabVpn", "route") == {"a": [2], "b": [6]}
    taken = ask(UTILIZATION, {"id": ask.id("CoreNumberPool", "rds")})["InfrahubResourcePoolUtilization"]
    assert taken["utilization"] == 2 / 5 * 100


def test_addresses_prefixes_and_numbers_are_the_first_free_ones_of_their_pools(load: Load) -> None:
    drawn = "address: {from_pool: hosts}, network: {from_pool: {id: nets, size: 25}}, asn: {from_pool: {hfid: asns}}"
    ask = load(
        *POOLS,
        "LabHost: [{address: 192.0.2.1/32}]",
        "LabNet: [{prefix: 10.0.0.0/26}]",
        f"LabSwitch: [{{name: x, asn: 65001}}, {{name: a, {drawn}}}, {{name: a, {drawn}}}]",
    )

    assert ask.nodes(
        'LabSwitch(name__value: "a")',
        "asn { value } address { node { display_label } } "
        "network { node { display_label parent { node { display_label } } } }",
    ) == [
        {
            "asn": {"value": 65002},
            "address": {"node": {"display_label": "192.0.2.2/32"}},
            "network": {
                "node": {"display_label": "10.0.0.128/25", "parent": {"node": {"display_label": "10.0.0.0/24"}}}
            },
        }
    ]
    assert [each["display_label"] for each in ask.nodes("LabHost", "display_label")] == ["192.0.2.1/32", "192.0.2.2/32"]


def test_mutations_draw_from_pools_and_an_identifier_gets_the_same_again(load: Load) -> None:
    ask = load(*POOLS)
    pool = {name: ask.id(kind, name) for kind, name in (("CoreIPAddressPool", "hosts"), ("CoreNumberPool", "asns"))}
    for name in ("a", "b"):
        ask(
            f'mutation {{ LabSwitchCreate(data: {{name: {{value: "{name}"}},'
            f' asn: {{from_pool: {{id: "{pool["asns"]}"}}}},'
            f' address: {{from_pool: {{id: "{pool["hosts"]}", identifier: "same", data: {{description: "drawn"}}}}}}}})'
            " { ok } }"
        )

    assert values(ask, "LabSwitch", "asn") == {"a": [65001], "b": [65002]}
    assert ask.nodes("LabHost", "display_label description { value }") == [
        {"display_label": "192.0.2.1/32", "description": {"value": "drawn"}}
    ]


def test_a_template_draws_from_the_pools_that_it_names(load: Load) -> None:
    ask = load(
        *POOLS,
        "TemplateLabSwitch: [{template_name: t, asn_from_resource_pool: asns, address_from_resource_pool: hosts}]",
        "LabSwitch: [{name: a, object_template: t}, {name: b, object_template: t, asn: 7}]",
    )

    assert values(ask, "LabSwitch", "asn") == {"a": [65001], "b": [7]}
    assert [
        each["address"]["node"]["display_label"]
        for each in ask.nodes("LabSwitch", "address { node { display_label } }")
    ] == [
        "192.0.2.1/32",
        "192.0.2.2/32",
    ]


@pytest.mark.parametrize(
    ("documents", "fault"),
    [
        (
            ["LabSwitch: [{name: a, asn: {from_pool: none}}]"],
            "LabSwitch[0].asn: no CoreResourcePool none, expected one that the object files create",
        ),
        (
            ["LabSwitch: [{name: a, asn: {from_pool: [asns, more]}}]"],
            "LabSwitch[0].asn: from_pool: expected the name or the id of a pool",
        ),
        (
            [f"LabSwitch: [{', '.join(f'{{name: s{n}, asn: {{from_pool: asns}}}}' for n in range(4))}]"],
            "LabSwitch[3]: There are no more values available in this pool. at asn",
        ),
        (
            [f"LabSwitch: [{', '.join(f'{{name: s{n}, address: {{from_pool: hosts}}}}' for n in range(7))}]"],
            "LabSwitch[6]: There are no more addresses available in this pool.",
        ),
        (
            ["LabSwitch: [{name: a, address: {from_pool: {id: hosts, prefixlen: 24}}}]"],
            "LabSwitch[0]: Invalid prefix length for current selected prefix",
        ),
        (
            ["LabSwitch: [{name: a, network: {from_pool: {id: nets, size: 24}}}]"],
            "LabSwitch[0]: No more resources available",
        ),
        (
            ["LabSwitch: [{name: a, network: {from_pool: {id: nets, prefix_type: LabHost}}}]"],
            "LabSwitch[0]: CoreIPPrefixPool nets: LabHost: expected a kind that is a BuiltinIPPrefix",
        ),
    ],
)
def test_a_pool_that_cannot_give_says_why(documents: list[str], fault: str, load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load(*POOLS, *documents)
    (line,) = str(caught.value).splitlines()
    assert line.partition(": document ")[2].partition(": ")[2] == fault


def test_a_node_that_is_refused_takes_nothing_from_a_pool(load: Load) -> None:
    ask = load(*POOLS, "LabSwitch: [{name: a}]")
    hosts = ask.id("CoreIPAddressPool", "hosts")
    error = ask.error(
        f'mutation {{ LabSwitchCreate(data: {{name: {{value: "a"}}, address: {{from_pool: {{id: "{hosts}"}}}}}})'
        " { ok } }"
    )

    assert error["message"] == "Violates uniqueness constraint 'name'"
    assert ask.nodes("LabHost", "id") == []


UTILIZATION = """query($id: String!) { InfrahubResourcePoolUtilization(pool_id: $id) {
  count utilization utilization_branches utilization_default_branch } }"""


def test_pools_tell_how_much_of_them_is_taken(load: Load) -> None:
    ask = load(
        *POOLS,
        "LabSwitch: [{name: a, asn: {from_pool: asns}, address: {from_pool: hosts}, network: {from_pool: nets}},"
        " {name: b, asn: 9}]",
    )
    taken = {
        kind: ask(UTILIZATION, {"id": ask.id(kind, name)})["InfrahubResourcePoolUtilization"]
        for kind, name in (("CoreIPAddressPool", "hosts"), ("CoreIPPrefixPool", "nets"), ("CoreNumberPool", "asns"))
    }
    assert {kind: (each["count"], each["utilization"]) for kind, each in taken.items()} == {
        # a share, then its hundredfold: the last digits are those of Infrahub
        "CoreIPAddressPool": (1, 1 / 6 * 100),
        "CoreIPPrefixPool": (1, 25.0),
        "CoreNumberPool": (1, 1 / 3 * 100),
    }
    assert all(each["utilization_branches"] == 0.0 for each in taken.values())
    assert all(each["utilization_default_branch"] == each["utilization"] for each in taken.values())


def test_a_pool_that_is_not_there_is_refused(load: Load) -> None:
    ask = load(*POOLS)
    assert "Unable to find the node gone / ResourcePool" in ask.error(UTILIZATION, {"id": "gone"})["message"]


RESOURCES = """query($id: String!) { InfrahubResourcePoolUtilization(pool_id: $id) { edges { node {
  display_label kind weight utilization utilization_branches utilization_default_branch } } } }"""
ALLOCATED = """query($pool: String!, $resource: String!, $limit: Int, $offset: Int) {
  InfrahubResourcePoolAllocated(pool_id: $pool, resource_id: $resource, limit: $limit, offset: $offset) {
    count edges { node { kind display_label branch identifier } } } }"""
TAKEN = (
    *POOLS,
    """LabSwitch:
    - {name: a, asn: {from_pool: asns}, address: {from_pool: hosts}, network: {from_pool: nets}}
    - {name: b, asn: {from_pool: asns}}
""",
    "LabHost: [{address: 192.0.2.6/29}]",
)


@pytest.mark.parametrize(
    ("pool", "resource", "taken"),
    [
        # of a prefix whose addresses are given neither its own nor that of all of them counts
        (("CoreIPAddressPool", "hosts"), ("192.0.2.0/29", "LabNet", 6), 2 / 6 * 100),
        (("CoreIPPrefixPool", "nets"), ("10.0.0.0/24", "LabNet", 256), 25.0),
        (("CoreNumberPool", "asns"), ("asns", "CoreNumberPool", 1), 2 / 3 * 100),
    ],
)
def test_each_resource_of_a_pool_tells_how_much_of_it_is_taken(
    pool: tuple[str, str], resource: tuple[str, str, int], taken: float, load: Load
) -> None:
    ask = load(*TAKEN)
    label, kind, weight = resource
    (edge,) = ask(RESOURCES, {"id": ask.id(*pool)})["InfrahubResourcePoolUtilization"]["edges"]
    assert edge["node"] == {
        "display_label": label,
        "kind": kind,
        "weight": weight,
        "utilization": taken,
        "utilization_branches": 0.0,
        "utilization_default_branch": taken,
    }


@pytest.mark.parametrize(
    ("pool", "resource", "kind", "labels"),
    [
        (("CoreIPAddressPool", "hosts"), "192.0.2.0/29", "LabHost", ["192.0.2.1/32", "192.0.2.6/29"]),
        (("CoreIPPrefixPool", "nets"), "10.0.0.0/24", "LabNet", ["10.0.0.0/26"]),
        (("CoreNumberPool", "asns"), None, "LabSwitch", ["65001", "65002"]),
    ],
)
def test_what_is_taken_of_a_resource_is_listed_in_order(
    pool: tuple[str, str], resource: str | None, kind: str, labels: list[str], load: Load
) -> None:
    ask = load(*TAKEN)
    found = [each["id"] for each in ask.nodes("LabNet", "id display_label") if each["display_label"] == resource]
    given = {"pool": ask.id(*pool), "resource": (found or ["any"])[0]}
    listed = [
        {"node": {"kind": kind, "display_label": label, "branch": "main", "identifier": None}} for label in labels
    ]
    page = {"count": len(labels), "edges": listed}
    assert ask(ALLOCATED, given) == {"InfrahubResourcePoolAllocated": page}
    cut = ask(ALLOCATED, {**given, "limit": 1, "offset": 1})["InfrahubResourcePoolAllocated"]
    assert cut == {"count": len(labels), "edges": listed[1:2]}


def test_what_a_pool_does_not_give_from_is_refused(load: Load) -> None:
    ask = load(*POOLS)
    pool = ask.id("CoreIPAddressPool", "hosts")
    assert ask.error(ALLOCATED, {"pool": pool, "resource": "gone"})["message"] == (
        f"The selected pool_id={pool} doesn't contain the requested resource_id=gone"
    )


NEXT = """query($id: String!, $length: Int) {
  InfrahubIP%sGetNextAvailable(prefix_id: $id, prefix_length: $length) { %s } }"""


@pytest.mark.parametrize(
    ("what", "prefix", "length", "found"),
    [
        ("Address", "192.0.2.0/29", None, "192.0.2.2/29"),
        ("Address", "192.0.2.0/29", 32, "192.0.2.2/32"),
        ("Address", "198.51.100.0/30", None, "198.51.100.0/30"),
        ("Address", "192.0.2.0/29", 28, "Invalid prefix length for current selected prefix"),
        ("Address", "203.0.113.1/32", None, "No addresses available in prefix"),
        ("Prefix", "10.0.0.0/24", None, "10.0.0.64/26"),
        ("Prefix", "10.0.0.0/24", 25, "10.0.0.128/25"),
        ("Prefix", "10.0.0.0/24", 24, "Invalid prefix length for current selected prefix"),
        ("Prefix", "198.51.100.0/30", None, "198.51.100.0/30"),
        ("Prefix", "2001:db8::/126", None, "No prefixes available in prefix"),
        ("Prefix", "2001:db8::/126", 127, "No prefixes available in prefix"),
    ],
)
def test_the_next_free_address_or_prefix_of_a_prefix_is_told(
    what: str, prefix: str, length: int | None, found: str, load: Load
) -> None:
    ask = load(
        *TAKEN,
        "LabNet: [{prefix: 198.51.100.0/30, is_pool: true}, {prefix: 203.0.113.1/32}, {prefix: '2001:db8::/126'},"
        " {prefix: '2001:db8::/127'}, {prefix: '2001:db8::2/127'}]",
    )
    ids = {each["prefix"]["value"]: each["id"] for each in ask.nodes("LabNet", "id prefix { value }")}
    answer = ask.answer(NEXT % (what, what.lower()), {"id": ids[prefix], "length": length})
    told = answer["errors"][0]["message"] if "errors" in answer else answer["data"][f"InfrahubIP{what}GetNextAvailable"]
    assert told == (found if "errors" in answer else {what.lower(): found})
    assert ("available" in found or "Invalid" in found) == ("errors" in answer)


def test_what_is_free_next_in_a_prefix_that_is_not_there_is_refused(load: Load) -> None:
    ask = load(*POOLS)
    told = ask.error(NEXT % ("Prefix", "prefix"), {"id": "gone"})["message"]
    assert told == "Unable to find the node gone / BuiltinIPPrefix in the database."
