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
from tests.unit.adapters.embedded.conftest import Asker, Hands

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
    devices = write("devices.yml", document("NetDevice", "[{name: a, uplinks: [b]}, {name: b, uplinks: [a]}]"))
    infrahub = EmbeddedInfrahub.load([HERE / "schema.yml"], [ports, devices])

    assert count(infrahub, "NetPort") == '{"data":{"NetPort":{"count":2}}}'
    assert count(infrahub, 'NetDevice(uplinks__name__value: \\"a\\")') == '{"data":{"NetDevice":{"count":1}}}'


def test_objects_may_name_what_every_infrahub_has(write: Write) -> None:
    people = """
    - {name: ada, password: p, member_of_groups: [Super Administrators]}
    - {name: bob, password: p, member_of_groups: [Infrahub Users]}"""
    text = document("CoreAccount", people)
    text += document("CoreAccountGroup", "[{name: readers, roles: [Anonymous User]}]")
    text += document("CoreObjectPermission", '[{namespace: "*", name: "*", action: view, decision: 6}]')
    infrahub = EmbeddedInfrahub.load([], [write("o.yml", text)])

    members = 'CoreAccount(member_of_groups__name__value: \\"Super Administrators\\")'
    assert count(infrahub, members) == '{"data":{"CoreAccount":{"count":2}}}'
    assert count(infrahub, "CoreAccountGroup") == '{"data":{"CoreAccountGroup":{"count":3}}}'
    assert count(infrahub, "CoreAccountRole") == '{"data":{"CoreAccountRole":{"count":4}}}'
    assert count(infrahub, "CoreGlobalPermission") == '{"data":{"CoreGlobalPermission":{"count":11}}}'
    assert count(infrahub, "CoreObjectPermission") == '{"data":{"CoreObjectPermission":{"count":4}}}'


def test_an_object_that_is_there_is_updated(write: Write) -> None:
    text = document("NetDevice", "[{name: a, units: 1}, {name: a, units: 2}]")
    infrahub = EmbeddedInfrahub.load([HERE / "schema.yml"], [write("o.yml", text)])

    assert count(infrahub, "NetDevice(units__value: 2)") == '{"data":{"NetDevice":{"count":1}}}'
    assert count(infrahub, "NetDevice") == '{"data":{"NetDevice":{"count":1}}}'


def test_an_attribute_is_protected_where_an_object_or_a_mutation_says_so(write: Write) -> None:
    objects = write("o.yml", document("NetDevice", "[{name: {value: a, is_protected: true}, units: 1}, {name: b}]"))
    clock = Hands()
    ask = Asker(EmbeddedInfrahub.load([HERE / "schema.yml"], [objects], now=clock), clock)
    shown = "name { value is_protected } units { is_protected }"
    assert ask.nodes("NetDevice", shown) == [
        {"name": {"value": "a", "is_protected": True}, "units": {"is_protected": False}},
        {"name": {"value": "b", "is_protected": False}, "units": {"is_protected": False}},
    ]
    before = clock.move()
    ask('mutation { NetDeviceUpdate(data: {hfid: ["b"], units: {value: 2, is_protected: true}}) { ok } }')
    ask('mutation { NetDeviceUpdate(data: {hfid: ["a"], name: {value: "a", is_protected: false}}) { ok } }')
    ask('mutation { NetDeviceUpdate(data: {hfid: ["b"], units: {value: 3}}) { ok } }')
    ask('mutation { NetDeviceCreate(data: {name: {value: "c", is_protected: true}}) { ok } }')
    ask('mutation { NetDeviceUpsert(data: {name: {value: "d", is_protected: true}}) { ok } }')
    assert ask.names("NetDevice(name__is_protected: true)") == ["C (leaf)", "D (leaf)"]
    assert ask.names("NetDevice(units__is_protected: true)") == ["B (leaf)"]
    assert ask.names("NetDevice(name__is_protected: true)", at=before) == ["A (leaf)"]
    assert ask.names("NetDevice(name__is_protected: false)", at=before) == ["B (leaf)"]


def test_an_object_says_what_is_mandatory_also_where_it_is_there_already(write: Write) -> None:
    schema = write(
        "schema.yml",
        """
nodes:
  - name: Shelf
    namespace: Kit
    attributes: [{name: name, kind: Text, unique: true}, {name: depth, kind: Number}, {name: width, kind: Number}]
""",
    )
    objects = write("objects.yml", document("KitShelf", "[{name: a, depth: 1, width: 2}, {name: a}]"))

    with pytest.raises(ConfigError) as caught:
        EmbeddedInfrahub.load([schema], [objects])
    assert str(caught.value).splitlines() == [
        f"{objects}: document 1: KitShelf[1]: depth is mandatory for KitShelf at depth",
        f"{objects}: document 1: KitShelf[1]: width is mandatory for KitShelf at width",
    ]


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
    namespace: Kit
    attributes:
      - {name: name, kind: Text, unique: true}
      - name: fqdn
        kind: Text
        read_only: true
        optional: true
        computed_attribute: {kind: Jinja2, jinja2_template: "{{ name__value | lower | trim }}.example.org"}
""",
    )
    infrahub = EmbeddedInfrahub.load([schema], [write("o.yml", document("KitHost", "[{name: ' WEB '}]"))])
    query = b'{"query": "{ KitHost { edges { node { fqdn { value } } } } }"}'
    reply = infrahub.handle("POST", "/graphql", {"content-type": "application/json"}, query)
    assert reply.body == b'{"data":{"KitHost":{"edges":[{"node":{"fqdn":{"value":"web.example.org"}}}]}}}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, expected objects (`apiVersion: infrahub.app/v1`, `kind: Object`)"),
        (
            "apiVersion: v2\nkind: Object\nspec: {kind: NetNote, data: []}\n",
            "document 1: apiVersion: 'v2', expected one of infrahub.app/v1",
        ),
        (document("NetNote", "{}"), "document 1: spec.data: expected `array`, got `object`"),
        (
            document("NetThing", "[]"),
            "document 1: spec.kind: NetThing: not declared in any of these files",
        ),
        (
            document("NetPort", "[]"),
            "document 1: spec.kind: NetPort: a generic, expected one of NetCopperPort, NetFiberPort",
        ),
        (
            document("NetNote", "[{text: a, txt: b}]"),
            (
                "document 1: NetNote[0].txt: unknown field of NetNote, expected one of text, profiles, "
                "member_of_groups, subscriber_of_groups"
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
            (
                "document 1: NetDevice[0].tags: Unable to lookup node by HFID, schema 'BuiltinTag' HFID does not "
                "contain the same number of elements as ['x', 'y']"
            ),
        ),
        (
            document("CoreStandardGroup", "[{name: all, members: [admin]}]"),
            "document 1: CoreStandardGroup[0].members: no CoreNode admin, expected one that the object files create",
        ),
        (
            document("CoreStandardGroup", "[{name: all, members: [[admin]]}]"),
            (
                "document 1: CoreStandardGroup[0].members: Unable to lookup node by HFID, schema 'CoreNode' does not "
                "have a HFID defined."
            ),
        ),
        (
            document("NetCopperPort", "[{name: p, device: d}]"),
            "document 1: NetCopperPort[0].device: no NetDevice d, expected one that the object files create",
        ),
        (
            document("NetDevice", "[{name: a, tags: red}]"),
            "document 1: NetDevice[0].tags: expected a list of human-friendly ids, each a text or a list of texts",
        ),
        (
            document("NetDevice", "[{name: a, tags: [5]}]"),
            "document 1: NetDevice[0].tags: expected a list of human-friendly ids, each a text or a list of texts",
        ),
        (
            document("NetDevice", "[{name: a, site: null}]"),
            "document 1: NetDevice[0].site: expected a human-friendly id, a text or a list of texts",
        ),
        (
            document("NetDevice", "[{name: a, site: [b, 5]}]"),
            "document 1: NetDevice[0].site: expected a human-friendly id, a text or a list of texts",
        ),
        (
            document("NetDevice", "[{name: a, units: null}]"),
            "document 1: NetDevice[0].units: null, expected a value, or no units at all",
        ),
        (
            document("NetDevice", "[{name: a, tags: [red, {data: 1}]}]"),
            "document 1: NetDevice[0].tags[0]: expected references, or objects each with `kind` and `data`",
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
            "document 1: NetDevice[0].ports[0]: NetDevice: expected a NetPort",
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


def test_what_the_loader_of_infrahub_ignores_is_ignored(write: Write) -> None:
    text = (
        "---\nkind: Menu\nspec: {data: [{name: anything}]}\n"
        "---\nkind: Object\nnote: mine\nspec: {kind: NetNote, strategy: all, parameters: {other: 1}}\n"
        + document("NetPrefix", "[{prefix: 10.0.0.0/8, is_top_level: false, children: []}]")
        + document("NetNote", "[{text: {value: a, is_protected: true}}]")
    )
    infrahub = EmbeddedInfrahub.load([HERE / "schema.yml"], [write("o.yml", text)])

    assert count(infrahub, 'NetNote(text__value: \\"a\\")') == '{"data":{"NetNote":{"count":1}}}'
    assert count(infrahub, "NetPrefix(is_top_level__value: true)") == '{"data":{"NetPrefix":{"count":1}}}'


def test_nested_objects_need_no_kind_where_the_document_has_one_of_the_generic(write: Write) -> None:
    schema = write(
        "s.yml",
        """
version: "1.0"
generics:
  - name: End
    namespace: Wire
    attributes: [{name: name, kind: Text, unique: true}]
    relationships: [{name: next, peer: WireEnd, cardinality: many, identifier: next_to}]
nodes:
  - {name: Plug, namespace: Wire, inherit_from: [WireEnd]}
""",
    )
    text = document("WirePlug", "[{name: a, next: {data: [{name: b}]}}, {name: c, next: [{data: {name: d}}]}]")
    assert count(EmbeddedInfrahub.load([schema], [write("o.yml", text)]), "WirePlug") == (
        '{"data":{"WirePlug":{"count":4}}}'
    )


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("e[3-1]", ["e3", "e2", "e1"]),
        ("e[C-A]", ["eC", "eB", "eA"]),
        ("e[ab]", ["e[ab]"]),
        (r"e\[1-2]x[1-2]", ["e[1-2]x1", "e[1-2]x2"]),
        ("e[10-a]", ["e10-a"]),
        ("e[1-]", ["e[1-]"]),
        ("e[1,,2]", ["e[1,,2]"]),
        ("e[1,_]f[1-2]", ["e[1,_]f[1-2]"]),
    ],
)
def test_a_range_runs_either_way_and_what_is_none_stays(text: str, expanded: list[str]) -> None:
    assert expand_text(text) == expanded


def test_all_faults_of_the_files_are_told_at_once_but_not_what_follows_from_them(write: Write) -> None:
    first = write(
        "first.yml",
        "kind: Object\nspec: {data: []}\n"
        + document("NetThing", "[]")
        + document("NetSite", "[{name: s, parent: nowhere}, {name: t, kind: x, size: 9}]"),
    )
    second = write("second.yml", document("NetDevice", "[{name: a, site: s}, {name: b, site: t}, {name: c, units: x}]"))

    with pytest.raises(ConfigError) as caught:
        EmbeddedInfrahub.load([HERE / "schema.yml"], [first, second])
    known = "name, code, profiles, parent, children, member_of_groups, subscriber_of_groups"
    assert str(caught.value).replace(str(first.parent), "").splitlines() == [
        "/first.yml: document 1: spec.kind: missing, expected a value",
        "/first.yml: document 2: spec.kind: NetThing: not declared in any of these files",
        "/first.yml: document 3: NetSite[1]: parent is mandatory for NetSite at parent",
        f"/first.yml: document 3: NetSite[1].kind: unknown field of NetSite, expected one of {known}",
        f"/first.yml: document 3: NetSite[1].size: unknown field of NetSite, expected one of {known}",
        "/second.yml: document 1: NetDevice[2]: x is not a valid Number at units",
        "/first.yml: document 3: NetSite[0].parent: no NetRegion nowhere, expected one that the object files create",
    ]


def test_past_twenty_faults_are_counted(write: Write) -> None:
    path = write("o.yml", document("NetDevice", "[" + ", ".join(f"{{name: d{n}, units: x}}" for n in range(30)) + "]"))

    with pytest.raises(ConfigError) as caught:
        EmbeddedInfrahub.load([HERE / "schema.yml"], [path])
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[19:] == [f"{path}: document 1: NetDevice[19]: x is not a valid Number at units", "and 10 more"]


def test_objects_that_need_each_other_are_told_of(write: Write) -> None:
    schema = write(
        "s.yml",
        """
version: "1.0"
nodes:
  - name: Half
    namespace: Odd
    attributes: [{name: name, kind: Text, unique: true}]
    relationships: [{name: other, peer: OddHalf, cardinality: one, optional: false, identifier: other_half}]
""",
    )
    path = write("o.yml", document("OddHalf", "[{name: a, other: b}, {name: b, other: a}]"))
    with pytest.raises(ConfigError) as caught:
        EmbeddedInfrahub.load([schema], [path])
    assert str(caught.value) == (
        f"{path}: document 1: OddHalf[0].other: no OddHalf b, expected one that the object files create"
    )


def test_a_nested_object_that_belongs_to_another_already_is_refused(write: Write) -> None:
    schema = write(
        "schema.yml",
        """
nodes:
  - name: Bay
    namespace: Kit
    attributes: [{name: name, kind: Text, unique: true}]
    relationships: [{name: carts, peer: KitCart, identifier: bay__cart, cardinality: many}]
  - name: Cart
    namespace: Kit
    attributes: [{name: name, kind: Text, unique: true}]
    relationships: [{name: bay, peer: KitBay, identifier: bay__cart, cardinality: one}]
""",
    )
    bays = "[{name: a, carts: {data: [{name: x}]}}, {name: b, carts: {data: [{name: x}]}}]"
    objects = write("objects.yml", document("KitBay", bays))

    with pytest.raises(ConfigError) as caught:
        EmbeddedInfrahub.load([schema], [objects])
    place, _, reason = str(caught.value).partition(": Node ")
    assert place == f"{objects}: document 1: KitBay[1].carts"
    assert reason.endswith(" has 2 peers for bay__cart, maximum of 1 allowed")


def test_keys_that_yaml_takes_for_more_than_texts_are_texts(write: Write) -> None:
    path = write("o.yml", document("NetDevice", "[{name: x, facts: {on: 1, null: y, 5: z, a: [{off: 2}]}}]"))
    infrahub = EmbeddedInfrahub.load([HERE / "schema.yml"], [path])

    query = b'{"query": "{ NetDevice { edges { node { facts { value } } } } }"}'
    body = infrahub.handle("POST", "/graphql", {"content-type": "application/json"}, query).body.decode()
    assert '"facts":{"value":{"True":1,"None":"y","5":"z","a":[{"False":2}]}}' in body
