"""Object files: references, nesting, ranges, order, and one line for each way in which they cannot be used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.adapters.embedded.ranges import expand, expand_text
from infrahub_exporter.domain.errors import ConfigError

Write = Callable[[str, str], Path]
HERE = Path(__file__).parent


def document(kind: str, data: str, parameters: str = "") -> str:
    """Write a document of objects."""
    extra = f"  parameters: {parameters}\n" if parameters else ""
    return f"---\napiVersion: infrahub.app/v1\nkind: Object\nspec:\n  kind: {kind}\n{extra}  data: {data}\n"


def count(infrahub: EmbeddedInfrahub, kind: str) -> str:
    """Count the nodes of a kind."""
    query = f'{{"query": "{{ {kind} {{ count }} }}"}}'.encode()
    return infrahub.handle("POST", "/graphql", {"content-type": "application/json"}, query).body.decode()


def test_ranges_of_one_object_are_expanded_together() -> None:
    data: list[dict[str, Any]] = [{"name": "eth[1-3]", "note": "to [a-c]", "mtu": 1500}, {"name": "lo"}]
    assert list(expand(data)) == [
        {"name": "eth1", "note": "to a", "mtu": 1500},
        {"name": "eth2", "note": "to b", "mtu": 1500},
        {"name": "eth3", "note": "to c", "mtu": 1500},
        {"name": "lo"},
    ]


def test_several_ranges_of_a_text_are_combined() -> None:
    assert expand_text("r[1-2]-[x,y,7-8]") == ["r1-x", "r1-y", "r1-7", "r1-8", "r2-x", "r2-y", "r2-7", "r2-8"]


@given(st.text(st.characters(exclude_characters="[]")))
def test_a_text_without_ranges_stays_as_it_is(text: str) -> None:
    assert expand_text(text) == [text]


def test_nested_objects_may_be_one_many_or_of_different_kinds(write: Write) -> None:
    text = document(
        "NetSite",
        """
    - name: s
      parent: {kind: NetRegion, data: {name: r}}""",
    ) + document(
        "NetDevice",
        """
    - name: d
      site: {kind: NetSite, data: {name: t, parent: r}}
      tags: {data: [{name: "t[1-2]"}], parameters: {expand_range: true}}
      ports:
        - {kind: NetCopperPort, data: {name: c}}
        - {kind: NetFiberPort, data: {name: f}}""",
    )
    infrahub = EmbeddedInfrahub.load([HERE / "schema.yml"], [write("o.yml", text)])

    assert count(infrahub, "NetPort") == '{"data":{"NetPort":{"count":2}}}'
    assert count(infrahub, "BuiltinTag") == '{"data":{"BuiltinTag":{"count":2}}}'
    assert count(infrahub, 'NetDevice(site__name__value: \\"t\\")') == '{"data":{"NetDevice":{"count":1}}}'


def test_files_may_refer_to_later_ones_and_to_each_other(write: Write) -> None:
    ports = write("ports.yml", document("NetCopperPort", "[{name: p, device: b}, {name: q, device: [b]}]"))
    devices = write(
        "devices.yml", document("NetDevice", "[{name: a, uplinks: [b]}, {name: b, uplinks: [a], site: null}]")
    )
    infrahub = EmbeddedInfrahub.load([HERE / "schema.yml"], [ports, devices])

    assert count(infrahub, "NetPort") == '{"data":{"NetPort":{"count":2}}}'
    assert count(infrahub, 'NetDevice(uplinks__name__value: \\"a\\")') == '{"data":{"NetDevice":{"count":1}}}'


def test_an_object_that_is_there_is_updated(write: Write) -> None:
    text = document("NetDevice", "[{name: a, units: 1}, {name: a, units: 2}]")
    infrahub = EmbeddedInfrahub.load([HERE / "schema.yml"], [write("o.yml", text)])

    assert count(infrahub, "NetDevice(units__value: 2)") == '{"data":{"NetDevice":{"count":1}}}'
    assert count(infrahub, "NetDevice") == '{"data":{"NetDevice":{"count":1}}}'


def test_ids_do_not_depend_on_the_time_of_loading() -> None:
    query = b'{"query": "{ CoreNode { edges { node { id } } } }"}'
    answers = {
        EmbeddedInfrahub.load([HERE / "schema.yml"], [HERE / "objects.yml"])
        .handle("POST", "/graphql", {"content-type": "application/json"}, query)
        .body
        for _ in range(2)
    }
    assert len(answers) == 1


def test_computed_attributes_are_computed(write: Write) -> None:
    schema = write(
        "schema.yml",
        """
version: "1.0"
nodes:
  - name: Host
    namespace: My
    attributes:
      - {name: name, kind: Text, unique: true}
      - name: fqdn
        kind: Text
        read_only: true
        optional: true
        computed_attribute: {kind: Jinja2, jinja2_template: "{{ name__value | lower | trim }}.example.org"}
""",
    )
    infrahub = EmbeddedInfrahub.load([schema], [write("o.yml", document("MyHost", "[{name: ' WEB '}]"))])
    query = b'{"query": "{ MyHost { edges { node { fqdn { value } } } } }"}'
    reply = infrahub.handle("POST", "/graphql", {"content-type": "application/json"}, query)
    assert reply.body == b'{"data":{"MyHost":{"edges":[{"node":{"fqdn":{"value":"web.example.org"}}}]}}}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, expected objects (`apiVersion: infrahub.app/v1`, `kind: Object`)"),
        (
            "apiVersion: v2\nkind: Object\nspec: {kind: NetNote, data: []}\n",
            "document 1: apiVersion: invalid enum value 'v2'",
        ),
        (document("NetNote", "{}"), "document 1: spec.data: expected `array`, got `object`"),
        (document("NetThing", "[]"), "document 1: spec.kind: NetThing: unknown node kind, expected one of the schema"),
        (document("NetPort", "[]"), "document 1: spec.kind: NetPort: unknown node kind, expected one of the schema"),
        (
            document("NetNote", "[{text: a, txt: b}]"),
            (
                "document 1: NetNote[0].txt: unknown field of NetNote, expected one of text, member_of_groups, "
                "subscriber_of_groups, profiles"
            ),
        ),
        (document("NetNote", "[{}]"), "document 1: NetNote[0]: text is mandatory for NetNote at text"),
        (
            document("NetDevice", "[{name: a}, {name: b, units: many}]"),
            "document 1: NetDevice[1]: many is not a valid Number at units",
        ),
        (
            document("NetDevice", "[{name: a, asset: B1}]"),
            "document 1: NetDevice[0]: B1 must conform with the regex: '^A' at asset",
        ),
        (
            document("NetDevice", "[{name: a, site: nowhere}]"),
            "document 1: NetDevice[0].site: no NetSite nowhere, expected one that the object files create",
        ),
        (
            document("NetDevice", "[{name: a, tags: [[x, y]]}]"),
            "document 1: NetDevice[0].tags: no BuiltinTag x__y, expected one that the object files create",
        ),
        (
            document("NetCopperPort", "[{name: p, device: d}]"),
            "document 1: NetCopperPort[0].device: no NetDevice d, expected one that the object files create",
        ),
        (
            document("NetDevice", "[{name: a, tags: red}]"),
            "document 1: NetDevice[0].tags: expected a list of human-friendly ids",
        ),
        (
            document("NetDevice", "[{name: a, tags: [red, {data: 1}]}]"),
            "document 1: NetDevice[0].tags: expected references, or objects each with `kind` and `data`",
        ),
        (
            document("NetDevice", "[{name: a, site: {name: x}}]"),
            "document 1: NetDevice[0].site: expected a reference, or `kind` and `data` with one object",
        ),
        (
            document("NetDevice", "[{name: a, ports: {kind: NetCopperPort, data: {name: x}}}]"),
            "document 1: NetDevice[0].ports: expected a reference, or `kind` and `data` with a list of objects",
        ),
        (
            document("NetDevice", "[{name: a, ports: {data: [{name: x}]}}]"),
            "document 1: NetDevice[0].ports: NetPort: unknown node kind, expected one of the schema",
        ),
        (
            document("NetPrefix", "[{prefix: 10.0.0.0/8, is_top_level: true}]"),
            "document 1: NetPrefix[0].is_top_level: read-only, expected no value",
        ),
        (
            document("NetPrefix", "[{prefix: 10.0.0.0/8, children: []}]"),
            (
                "document 1: NetPrefix[0].children: unknown field of NetPrefix, expected one of prefix, "
                "description, member_type, is_pool, is_top_level, utilization, netmask, hostmask, network_address, "
                "broadcast_address, "
                "ip_namespace, ip_addresses, resource_pool, parent, children, member_of_groups, subscriber_of_groups, "
                "profiles"
            ),
        ),
        (
            document("BuiltinTag", '[{name: "t[1-3]", description: "[1-2]"}]', "{expand_range: true}"),
            "document 1: ranges of different lengths (name 3, description 2), expected equally many",
        ),
        (
            document("NetAddress", "[{address: 10.0.0.1/33}]"),
            "document 1: NetAddress[0]: 10.0.0.1/33 is not a valid IPHost at address",
        ),
    ],
)
def test_objects_that_cannot_be_used_are_named_in_one_line(text: str, message: str, write: Write) -> None:
    path = write("objects.yml", text)

    with pytest.raises(ConfigError) as caught:
        EmbeddedInfrahub.load([HERE / "schema.yml"], [path])
    assert str(caught.value) == f"{path}: {message}"
