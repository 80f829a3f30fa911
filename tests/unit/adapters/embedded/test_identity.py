"""What Infrahub fills in by itself before it looks whether a node is there: a namespace, defaults, numbers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.domain.errors import ConfigError
from tests.unit.adapters.embedded.conftest import Asker, Hands

Write = Callable[[str, str], Path]

SCHEMA = """
version: "1.0"
generics:
  - name: Circuit
    namespace: Lab
    attributes:
      - {name: tag, kind: NumberPool, read_only: true, parameters: {start_range: 7, end_range: 9}}
nodes:
  - {name: Net, namespace: Lab, inherit_from: [BuiltinIPPrefix]}
  - name: Host
    namespace: Lab
    inherit_from: [BuiltinIPAddress]
    uniqueness_constraints: [[address__value, ip_namespace]]
    human_friendly_id: [address__value, ip_namespace__name__value]
  - name: Router
    namespace: Lab
    human_friendly_id: [name__value]
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: site, kind: Text, default_value: here}
      - {name: rack, kind: Text, optional: true}
    uniqueness_constraints: [[site__value, rack__value]]
    relationships: [{name: loopback, peer: LabHost, cardinality: one, optional: true, kind: Attribute}]
  - {name: Fibre, namespace: Lab, inherit_from: [LabCircuit], attributes: [{name: name, kind: Text, unique: true}]}
  - {name: Copper, namespace: Lab, inherit_from: [LabCircuit], attributes: [{name: name, kind: Text, unique: true}]}
"""


def objects(kind: str, data: str) -> str:
    return f"---\napiVersion: infrahub.app/v1\nkind: Object\nspec:\n  kind: {kind}\n  data: {data}\n"


@pytest.fixture
def load(write: Write) -> Callable[..., Asker]:
    def make(*documents: str) -> Asker:
        clock = Hands()
        files = [write(f"{number}.yml", text) for number, text in enumerate(documents)]
        return Asker(EmbeddedInfrahub.load([write("schema.yml", SCHEMA)], files, now=clock), clock)

    return make


def test_an_address_that_is_loaded_twice_is_one_node_in_the_default_namespace(load: Callable[..., Asker]) -> None:
    ask = load(
        objects("LabHost", "[{address: 192.0.2.7/32, description: before}]"),
        objects("LabHost", "[{address: 192.0.2.7, description: after}]"),
        objects("LabRouter", "[{name: a, loopback: [192.0.2.7/32, default]}]"),
    )

    assert ask.nodes("LabHost", "hfid description { value } ip_namespace { node { display_label } }") == [
        {
            "hfid": ["192.0.2.7/32", "default"],
            "description": {"value": "after"},
            "ip_namespace": {"node": {"display_label": "default"}},
        }
    ]
    assert ask.nodes("LabRouter", "loopback { node { display_label } }") == [
        {"loopback": {"node": {"display_label": "192.0.2.7/32"}}}
    ]


def test_an_upsert_finds_the_address_in_the_default_namespace(load: Callable[..., Asker]) -> None:
    ask = load(objects("LabHost", "[{address: 192.0.2.7/32}]"))

    ask('mutation { LabHostUpsert(data: {address: {value: "192.0.2.7"}, description: {value: "again"}}) { ok } }')
    assert ask.nodes("LabHost", "description { value }") == [{"description": {"value": "again"}}]


def test_a_second_node_of_what_is_unique_is_refused_with_its_place(load: Callable[..., Asker]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(objects("LabRouter", "[{name: a, rack: r1}, {name: b, rack: r2}, {name: c, rack: r1}]"))
    assert str(caught.value).endswith("0.yml: document 1: LabRouter[2]: Violates uniqueness constraint 'site-rack'")


def test_numbers_come_from_the_range_of_the_generic_that_declares_them(load: Callable[..., Asker]) -> None:
    ask = load(objects("LabFibre", "[{name: a}]"), objects("LabCopper", "[{name: b}]"))
    ask('mutation { LabFibreCreate(data: {name: {value: "c"}}) { ok } }')

    assert ask.nodes("LabCircuit", "display_label tag { value is_default }") == [
        {"display_label": each["display_label"], "tag": {"value": number, "is_default": False}}
        for each, number in zip(ask.nodes("LabCircuit", "display_label"), (7, 8, 9), strict=True)
    ]


def test_a_number_is_free_again_when_its_node_is_gone_and_none_is_given_past_the_last(
    load: Callable[..., Asker],
) -> None:
    ask = load(objects("LabFibre", "[{name: a}, {name: b}, {name: c}]"))

    error = ask.error('mutation { LabFibreCreate(data: {name: {value: "d"}}) { ok } }')
    assert error["message"] == "There are no more values available in this pool. at tag"
    ask('mutation { LabFibreDelete(data: {hfid: ["b"]}) { ok } }')
    ask('mutation { LabCopperCreate(data: {name: {value: "d"}}) { ok } }')
    assert ask.nodes("LabCopper", "tag { value }") == [{"tag": {"value": 8}}]


def test_a_prefix_of_one_host_holds_no_address_that_is_written_wider(load: Callable[..., Asker]) -> None:
    ask = load(
        objects("LabNet", "[{prefix: 192.0.2.0/24}, {prefix: 192.0.2.1/32}, {prefix: 192.0.2.2/31}]"),
        objects("LabHost", "[{address: 192.0.2.1/24}, {address: 192.0.2.1/32}, {address: 192.0.2.3/24}]"),
    )

    found = ask.nodes("LabHost", "display_label ip_prefix { node { display_label } }")
    assert {each["display_label"]: each["ip_prefix"]["node"]["display_label"] for each in found} == {
        "192.0.2.1/24": "192.0.2.0/24",
        "192.0.2.1/32": "192.0.2.1/32",
        "192.0.2.3/24": "192.0.2.2/31",
    }


def test_no_prefix_is_used_by_more_than_a_hundred_hundredths(load: Callable[..., Asker]) -> None:
    ask = load(
        objects("LabNet", "[{prefix: 192.0.2.0/30}, {prefix: 10.0.0.0/31, member_type: prefix}]"),
        objects("LabHost", "[" + ", ".join(f"{{address: 192.0.2.{n}/30}}" for n in range(4)) + "]"),
    )

    found = ask.nodes("LabNet", "display_label utilization { value }")
    assert {each["display_label"]: each["utilization"]["value"] for each in found} == {
        "10.0.0.0/31": 0,
        "192.0.2.0/30": 100,
    }
