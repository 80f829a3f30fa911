"""Schema files: what they mean, and one line for each way in which they cannot be used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.adapters.embedded import rest
from infrahub_exporter.adapters.embedded.schema import load_kinds
from infrahub_exporter.domain.errors import ConfigError

Write = Callable[[str, str], Path]
HERE = Path(__file__).parent


def test_nodes_inherit_what_they_do_not_say_themselves() -> None:
    kinds = load_kinds([HERE / "schema.yml"])

    fiber = kinds["NetFiberPort"]
    assert list(fiber.attributes) == ["wavelength", "name", "enabled"]
    assert fiber.attributes["name"].inherited
    assert fiber.human_friendly_id == ("device__name__value", "name__value")
    assert fiber.uniqueness_constraints == (("device", "name__value"),)
    assert kinds["NetPort"].used_by == ("NetCopperPort", "NetFiberPort")
    assert kinds["NetDevice"].human_friendly_id == ("name__value",)
    assert kinds["NetNote"].human_friendly_id == ()
    assert kinds["BuiltinTag"].attributes["weight"].kind == "Number"


def test_hierarchies_get_their_relationships() -> None:
    kinds = load_kinds([HERE / "schema.yml"])

    parent, children = kinds["NetSite"].relationships["parent"], kinds["NetSite"].relationships["children"]
    assert (parent.peer, parent.optional, parent.direction) == ("NetRegion", False, "outbound")
    assert (children.peer, children.many, children.direction) == ("NetPlace", True, "inbound")
    assert kinds["NetRegion"].relationships["parent"].optional
    assert kinds.opposite(parent, kinds["NetRegion"]) == kinds["NetRegion"].relationships["children"]


def test_several_files_and_documents_make_one_schema(write: Write) -> None:
    one = write("one.yml", 'version: "1.0"\nnodes: [{name: A, namespace: My, attributes: [{name: x, kind: Text}]}]\n')
    two = write(
        "two.yml",
        """
version: "1.0"
extensions: {nodes: [{kind: MyA, attributes: [{name: y, kind: Number}], relationships: [{name: b, peer: MyB}]}]}
---
version: "1.0"
nodes:
  - name: B
    namespace: My
    display_labels: [x__value, y__value]
    uniqueness_constraints: [[x__value]]
    attributes:
      - {name: x, kind: Text, regex: "^x", max_length: 3}
      - {name: y, kind: Text, optional: true}
      - {name: gone, kind: Text, state: absent}
    relationships: [{name: lost, peer: MyZ, state: absent}]
  - {name: Old, namespace: My, state: absent}
""",
    )
    kinds = load_kinds([one, two])

    assert list(kinds["MyA"].attributes) == ["x", "y"]
    assert kinds["MyA"].relationships["b"].identifier == "mya__myb"
    assert kinds["MyB"].human_friendly_id == ("x__value",)
    assert kinds["MyB"].display_label == "{{ x__value }} {{ y__value }}"
    assert list(kinds["MyB"].attributes) == ["x", "y"]
    assert (kinds["MyB"].attributes["x"].parameters.regex, kinds["MyB"].attributes["x"].parameters.max_length) == (
        "^x",
        3,
    )
    assert "MyOld" not in kinds


def node(text: str) -> str:
    """Write a schema with one node of this body."""
    return f'version: "1.0"\nnodes: [{{name: A, namespace: My, {text}}}]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, expected a schema with `nodes`, `generics` or `extensions`"),
        ('version: "1.0"\nversion: "1.0"\n', "line 2: duplicate key 'version', expected valid YAML"),
        ("- 1\n", "document: expected `object`, got `array`"),
        (node("colour: red"), "nodes[0]: object contains unknown field `colour`"),
        (
            node("attributes: [{name: x, kind: Txt}]"),
            "nodes[0].attributes[0].kind: invalid enum value 'Txt'",
        ),
        (node("attributes: [{name: hfid, kind: Text}]"), "MyA.hfid: taken, expected another name"),
        (
            node("attributes: [{name: x, kind: Text}], relationships: [{name: x, peer: MyA}]"),
            "MyA.x: taken, expected another name",
        ),
        (node("attributes: [{name: x, kind: Dropdown}]"), "MyA.x: a Dropdown, expected `choices`"),
        (
            node("relationships: [{name: x, peer: MyB}]"),
            "MyA.x: peer MyB: not declared in any of these files, did you mean MyA?",
        ),
        (
            node("relationships: [{name: x, peer: CoreRepositry}]"),
            "MyA.x: peer CoreRepositry: no kind that every Infrahub has, did you mean CoreRepository?",
        ),
        (
            node("inherit_from: [CoreFileObjekt]"),
            "MyA: inherit_from CoreFileObjekt: no kind that every Infrahub has, did you mean CoreFileObject?",
        ),
        (
            node("inherit_from: [CoreThread]"),
            "MyA: inherit_from CoreThread: a generic of namespace Core alone, expected another",
        ),
        (node("inherit_from: [BuiltinTag]"), "MyA: inherit_from BuiltinTag: a node, expected a generic"),
        (
            node("parent: BuiltinTag"),
            "MyA: parent or children, expected a hierarchical generic in inherit_from",
        ),
        (node("hierarchy: MyB"), "MyA: hierarchy MyB: not declared in any of these files, did you mean MyA?"),
        (
            node("hierarchy: CoreNode"),
            "MyA: hierarchy CoreNode: expected a generic with `hierarchical: true`",
        ),
        (
            node("human_friendly_id: [x__value]"),
            (
                "MyA: human_friendly_id: x__value: leads nowhere, expected attribute__value or "
                "relationship__attribute__value"
            ),
        ),
        (
            node("order_by: [x__y__value]"),
            "MyA: order_by: x__y__value: leads nowhere, expected attribute__value or relationship__attribute__value",
        ),
        (
            node('display_label: "{{ x__value }}"'),
            "MyA: display_label: x__value: leads nowhere, expected attribute__value or relationship__attribute__value",
        ),
        (
            node('display_label: "{% if x %}"'),
            (
                "MyA: '{% if x %}': Unexpected end of template. Jinja was looking for the following tags: 'elif' or "
                "'else' or 'endif'. The innermost block that needs to be closed is 'if'., expected a Jinja2 template"
            ),
        ),
        (
            node('display_label: "{{ x | tojson }}"'),
            "MyA: '{{ x | tojson }}': filter tojson, expected one that Infrahub allows in templates",
        ),
        (
            node("display_label: \"{% include 'x' %}\""),
            "MyA: \"{% include 'x' %}\": another template, expected texts, {{ paths }}, filters, conditions and calls",
        ),
        (
            'version: "1.0"\nextensions: {nodes: [{kind: MyA}]}\n',
            "extensions: MyA: not declared in any of these files",
        ),
        (
            "extensions: {nodes: [{kind: BuiltinTag, attributes: [{name: x, kind: Text}, {name: x, kind: Text}]}]}\n",
            "BuiltinTag.x: taken, expected another name",
        ),
        (
            node("inherit_from: [BuiltinIPAddress], attributes: [{name: address, kind: Text}]"),
            "MyA.address: Text, expected IPHost as in BuiltinIPAddress",
        ),
        (
            node("inherit_from: [BuiltinIPAddress], relationships: [{name: ip_prefix, peer: BuiltinIPPrefix}]"),
            "MyA.ip_prefix: not to be overridden, expected what BuiltinIPAddress has",
        ),
        (
            node("inherit_from: [CoreFileObject], relationships: [{name: subscriber_of_groups, peer: MyA}]"),
            "MyA.subscriber_of_groups: peer MyA, expected CoreGroup as in CoreFileObject",
        ),
        (
            node("attributes: [{name: n, kind: NumberPool}]"),
            "MyA.n: a NumberPool, expected `optional: false` and `read_only: true`",
        ),
        (node("attributes: [{name: class, kind: Text}]"), "MyA.class: a word of Python, expected another name"),
        (
            node("attributes: [{name: a__b, kind: Text}]"),
            "MyA.a__b: two underscores separate the steps of a path, expected another name",
        ),
        (
            node("relationships: [{name: whole, peer: BuiltinTag, kind: Parent}]"),
            "MyA.whole: of kind Parent, expected `cardinality: one` and `optional: false`",
        ),
        (
            node(
                "relationships: [{name: a, peer: BuiltinTag, kind: Parent, cardinality: one, optional: false}, "
                "{name: b, peer: BuiltinTag, identifier: b, kind: Parent, cardinality: one, optional: false}]"
            ),
            "MyA: a and b: expected one relationship of kind Parent",
        ),
        (
            node("relationships: [{name: a, peer: BuiltinTag, cardinality: one, optional: false}]")
            + "extensions: {nodes: [{kind: BuiltinTag, relationships: [{name: b, peer: MyA, optional: false}]}]}\n",
            "MyA.a: cannot be without BuiltinTag, nor the other way round",
        ),
        (
            'version: "1.0"\ngenerics: [{name: Namespace, namespace: Ipam}]\n',
            "IpamNamespace: a node in built-in, expected another name or the same sort",
        ),
        (
            'version: "1.0"\nnodes: [{name: Thing, namespace: Builtin}]\n',
            "BuiltinThing: the namespace Builtin is Infrahub's own, expected another",
        ),
    ],
)
def test_a_schema_that_cannot_be_used_is_named_in_one_line(text: str, message: str, write: Write) -> None:
    path = write("schema.yml", text)

    with pytest.raises(ConfigError) as caught:
        load_kinds([path])
    assert str(caught.value) == f"{path}: {message}"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yml: No such file or directory, expected a readable file$"):
        load_kinds([tmp_path / "nowhere.yml"])
    latin = tmp_path / "latin.yml"
    latin.write_bytes("é".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.yml: not UTF-8, expected a YAML text$"):
        load_kinds([latin])
    broken = tmp_path / "broken.yml"
    broken.write_text("a: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken.yml: line \d: .*, expected valid YAML$"):
        load_kinds([broken])
    control = tmp_path / "control.yml"
    control.write_bytes(b"a: \x01")
    with pytest.raises(ConfigError, match=r"control.yml: .*expected valid YAML$"):
        load_kinds([control])


def test_all_faults_of_the_schema_files_are_told_at_once(write: Write) -> None:
    first = write(
        "first.yml",
        """
version: "1.0"
nodes:
  - name: One
    namespace: My
    inherit_from: [Elsewhere]
  - name: Two
    namespace: My
    attributes: [{name: name, kind: Text}, {name: id, kind: Text}]
  - name: Three
    namespace: My
    attributes: [{name: name, kind: Text}]
    relationships: [{name: one, peer: MyOne}, {name: gone, peer: Gone}]
""",
    )
    with pytest.raises(ConfigError) as caught:
        load_kinds([first])
    assert str(caught.value).splitlines() == [
        f"{first}: MyOne: inherit_from Elsewhere: not declared in any of these files",
        f"{first}: MyTwo.id: taken, expected another name",
        f"{first}: MyThree.gone: peer Gone: not declared in any of these files",
    ]

    second = write("second.yml", 'version: "1.0"\nnodes: {}\n---\nversion: "1.0"\ngenerics: 1\n')
    third = write("third.yml", "")
    with pytest.raises(ConfigError) as caught:
        load_kinds([second, third])
    assert str(caught.value).splitlines() == [
        f"{second}: nodes: expected `array`, got `object`",
        f"{second}: generics: expected `array`, got `int`",
        f"{third}: empty, expected a schema with `nodes`, `generics` or `extensions`",
    ]


def test_what_is_unique_alone_is_unique_and_constrained(write: Write) -> None:
    kinds = load_kinds(
        [
            write(
                "schema.yml",
                """
generics:
  - name: Thing
    namespace: My
    attributes: [{name: name, kind: Text, unique: true}, {name: b, kind: Text}, {name: a, kind: Text, unique: true}]
nodes:
  - {name: Plain, namespace: My, inherit_from: [MyThing]}
  - name: Own
    namespace: My
    inherit_from: [MyThing]
    uniqueness_constraints: [[b__value]]
    human_friendly_id: [b__value]
  - name: Part
    namespace: My
    human_friendly_id: [whole__name__value, code__value]
    attributes: [{name: code, kind: Text}]
    relationships: [{name: whole, peer: MyPlain, cardinality: one, optional: false}]
""",
            )
        ]
    )

    assert kinds["MyThing"].uniqueness_constraints == (("name__value",), ("a__value",))
    assert kinds["MyPlain"].uniqueness_constraints == kinds["MyThing"].uniqueness_constraints
    assert (kinds["MyOwn"].human_friendly_id, kinds["MyOwn"].uniqueness_constraints) == (
        ("b__value",),
        (("b__value",),),
    )
    assert kinds["MyOwn"].attributes["b"].unique
    assert kinds["MyPart"].uniqueness_constraints == (("whole", "code__value"),)


def test_fields_weigh_what_is_said_or_their_generic_gives_or_their_place(write: Write) -> None:
    kinds = load_kinds(
        [
            write(
                "schema.yml",
                """
generics:
  - {name: Thing, namespace: My, attributes: [{name: name, kind: Text}, {name: note, kind: Text, order_weight: 7}]}
nodes:
  - name: Box
    namespace: My
    inherit_from: [MyThing]
    generate_template: true
    attributes: [{name: size, kind: Number}]
    relationships: [{name: boxes, peer: MyBox}]
""",
            )
        ]
    )

    def weights(kind: str) -> dict[str, int | None]:
        attributes, relationships = kinds[kind].attributes, kinds[kind].relationships
        return {name: each.order_weight for name, each in attributes.items()} | {
            name: each.order_weight for name, each in relationships.items()
        }

    assert weights("MyBox") == {
        "size": 1000,
        "name": 1000,
        "note": 7,
        "boxes": 4000,
        "object_template": 1,
        "profiles": 99000,
        "member_of_groups": 7000,
        "subscriber_of_groups": 8000,
    }
    assert weights("TemplateMyBox") == {
        "template_name": 1000,
        "size": 11000,
        "name": 11000,
        "note": 10007,
        "related_nodes": None,
        "boxes": 14000,
        "size_from_resource_pool": None,
        "profiles": 99000,
        "member_of_groups": 17000,
        "subscriber_of_groups": 18000,
        "member_of_groups_for_instances": None,
        "subscriber_of_groups_for_instances": None,
    }


def test_the_kinds_of_a_schema_inherit_from_built_in_generics_what_infrahub_added_to_them() -> None:
    kinds = load_kinds([HERE / "schema.yml"])

    def inherited(kind: str) -> set[str]:
        return {each.name for each in kinds[kind].relationships.values() if each.inherited}

    groups = {"member_of_groups", "subscriber_of_groups"}
    assert inherited("NetPrefix") == {"ip_namespace", "ip_addresses", "resource_pool", "parent", "children", *groups}
    assert inherited("NetSite") == inherited("CoreStandardGroup") - {"members", "subscribers"} == set()


def test_generics_are_used_by_whom_infrahub_names() -> None:
    kinds = load_kinds([HERE / "schema.yml"])

    assert kinds["CoreProfile"].used_by == tuple(
        sorted(each.key for each in kinds.values() if each.namespace == "Profile")
    )
    assert {"CoreStandardGroup", "NetNote", "ProfileNetNote"} <= set(kinds["CoreNode"].used_by)
    assert not any(each.startswith("Profile") for each in kinds["LineageSource"].used_by)
    assert "CoreNode" in kinds["CoreAccountRole"].labels
    assert "CoreNode" not in kinds["CoreStandardGroup"].labels


def test_a_list_of_display_labels_becomes_one_label(write: Write) -> None:
    kinds = load_kinds(
        [
            write(
                "schema.yml",
                """
nodes:
  - {name: A, namespace: My, attributes: [{name: x, kind: Text}], display_labels: [x]}
  - {name: B, namespace: My, attributes: [{name: x, kind: Text}, {name: y, kind: Text}], display_labels: [x__value, y]}
""",
            )
        ]
    )

    assert (kinds["MyA"].display_label, kinds["MyA"].display_labels) == ("x__value", ("x",))
    assert kinds["MyB"].display_label == "{{ x__value }} {{ y__value }}"


def test_what_an_export_of_a_schema_writes_is_read(write: Write) -> None:
    written = write(
        "written.yml",
        """
generics:
  - {name: Thing, namespace: My, hierarchical: true, attributes: [{name: name, kind: Text, unique: true}]}
nodes:
  - {name: Box, namespace: My, inherit_from: [MyThing], generate_template: true}
""",
    )
    exported = write(
        "exported.yml",
        """
version: "1.0"
generics:
  - name: Thing
    namespace: My
    kind: MyThing
    label: Thing
    branch: aware
    hierarchical: true
    human_friendly_id: [name__value]
    generate_profile: true
    attributes:
      - name: name
        kind: Text
        label: Name
        unique: true
        order_weight: 1000
        parameters: {regex: null, min_length: null, max_length: null}
nodes:
  - name: Namespace
    namespace: Ipam
    kind: IpamNamespace
    inherit_from: [BuiltinIPNamespace]
    attributes: [{name: default, kind: Boolean, read_only: true, optional: true, label: Default}]
  - name: Box
    namespace: My
    kind: MyBox
    label: Box
    branch: aware
    inherit_from: [MyThing]
    parent: MyThing
    children: MyThing
    generate_profile: true
    generate_template: true
    include_in_menu: true
    human_friendly_id: [name__value]
    relationships:
      - name: object_template
        peer: TemplateMyBox
        kind: Template
        identifier: node__objecttemplate
        cardinality: one
        max_count: 1
        order_weight: 1
""",
    )

    one, two = load_kinds([written]), load_kinds([exported])
    assert one.kinds.keys() == two.kinds.keys()
    assert [key for key in one.kinds if rest.describe(one[key]) != rest.describe(two[key])] == []


def test_a_mandatory_list_of_peers_has_no_least_number(write: Write) -> None:
    many = node("relationships: [{name: many, peer: BuiltinTag, optional: false}]")
    kinds = load_kinds([write("schema.yml", many)])

    assert (kinds["MyA"].relationships["many"].optional, kinds["MyA"].relationships["many"].min_count) == (False, 0)


def test_a_field_that_is_deprecated_is_described_so_and_optional(write: Write) -> None:
    old = node(
        "attributes: [{name: x, kind: Text, deprecation: use y, ordered: false}], "
        "relationships: [{name: r, peer: MyA, cardinality: one, optional: false, deprecation: use s}]"
    )
    described: Any = rest.describe(load_kinds([write("old.yml", old)])["MyA"])

    (attribute,), (relationship, *_) = described["attributes"], described["relationships"]
    assert (attribute["deprecation"], attribute["optional"], attribute["ordered"]) == ("use y", True, False)
    assert (relationship["deprecation"], relationship["optional"], relationship["min_count"]) == ("use s", True, 0)


def test_numbers_that_are_given_are_described_with_their_ends(write: Write) -> None:
    numbers = "{{name: {}, kind: NumberPool, optional: false, read_only: true{}}}"
    some = numbers.format("asn", ", parameters: {start_range: 5, end_range: 60}"), numbers.format("vlan", "")
    described: Any = rest.describe(load_kinds([write("a.yml", node(f"attributes: [{', '.join(some)}]"))])["MyA"])

    assert [each["parameters"] for each in described["attributes"]] == [
        {"start_range": 5, "end_range": 60, "number_pool_id": None},
        {"start_range": 1, "end_range": 2**63 - 1, "number_pool_id": None},
    ]
