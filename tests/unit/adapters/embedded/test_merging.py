"""Declarations of one kind, from one or several files: what becomes of each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infrahub_exporter.adapters.embedded.schema import load_kinds
from infrahub_exporter.domain.errors import ConfigError

Write = Callable[[str, str], Path]

BOX = """
nodes:
  - name: Box
    namespace: Net
    human_friendly_id: [name__value]
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: role, kind: Dropdown, optional: true, choices: [{name: leaf}, {name: edge, color: "#000000"}]}
      - {name: size, kind: Number, optional: true, parameters: {min_value: 1, max_value: 9}}
    relationships: [{name: tags, peer: BuiltinTag, cardinality: many}]
"""


def extension(fields: str) -> str:
    """Write an extension of the box."""
    return f"extensions: {{nodes: [{{kind: NetBox, {fields}}}]}}\n"


def test_an_extension_adds_choices_to_the_ones_there_are(write: Write) -> None:
    more = write(
        "more.yml",
        extension(
            "attributes: [{name: role, kind: Dropdown, optional: true, "
            'choices: [{name: spine}, {name: edge, color: "#ffffff"}]}]'
        ),
    )
    box = load_kinds([write("box.yml", BOX), more])["NetBox"]

    assert {each.name: each.color for each in box.attributes["role"].choices or ()} == {
        "spine": "#ed6a5a",
        "leaf": "#f4f1bb",
        "edge": "#ffffff",
    }
    assert list(box.attributes) == ["name", "size", "role"]


def test_a_second_declaration_of_an_attribute_makes_it_mandatory_unless_it_says_otherwise(write: Write) -> None:
    again = write("again.yml", extension("attributes: [{name: size, kind: Number, parameters: {max_value: 5}}]"))
    size = load_kinds([write("box.yml", BOX), again])["NetBox"].attributes["size"]

    assert (size.optional, size.parameters.min_value, size.parameters.max_value) == (False, 1, 5)


def test_what_is_absent_in_the_second_declaration_is_gone(write: Write) -> None:
    less = write(
        "less.yml",
        extension(
            "attributes: [{name: size, kind: Number, state: absent}, {name: role, kind: Dropdown, optional: true, "
            "choices: [{name: leaf, state: absent}]}], relationships: [{name: tags, peer: BuiltinTag, state: absent}]"
        ),
    )
    box = load_kinds([write("box.yml", BOX), less])["NetBox"]

    assert "size" not in box.attributes
    assert "tags" not in box.relationships
    assert [each.name for each in box.attributes["role"].choices or ()] == ["edge"]


def test_a_second_declaration_of_a_kind_is_put_into_the_first(write: Write) -> None:
    again = write(
        "again.yml",
        """
nodes:
  - name: Box
    namespace: Net
    label: Crate
    order_by: [size__value]
    attributes: [{name: size, kind: Number, optional: true, parameters: {max_value: 5}}, {name: note, kind: Text}]
""",
    )
    box = load_kinds([write("box.yml", BOX), again])["NetBox"]

    assert (box.label, box.order_by, box.human_friendly_id) == ("Crate", ("size__value",), ("name__value",))
    assert list(box.attributes) == ["name", "role", "note", "size"]
    size = box.attributes["size"].parameters
    assert (size.min_value, size.max_value) == (1, 5)


def test_a_kind_may_be_absent_as_a_whole_and_built_in_ones_may_be_extended(write: Write) -> None:
    gone = write("gone.yml", "nodes: [{name: Box, namespace: Net, state: absent}]\n")
    named = write(
        "named.yml", extension("").replace("NetBox, ", "IpamNamespace, attributes: [{name: vrf, kind: Text}]")
    )
    kinds = load_kinds([write("box.yml", BOX), gone, named])

    assert "NetBox" not in kinds
    assert list(kinds["IpamNamespace"].attributes) == ["default", "vrf", "name", "description"]


def test_a_field_of_an_extension_is_named_with_the_file_of_the_extension(write: Write) -> None:
    wrong = write("wrong.yml", extension("relationships: [{name: rack, peer: NetRack}]"))

    with pytest.raises(ConfigError) as caught:
        load_kinds([write("box.yml", BOX), wrong])
    assert str(caught.value) == f"{wrong}: NetBox.rack: peer NetRack: not declared in any of these files"


TREE = """
generics: [{name: Place, namespace: Net, hierarchical: true, attributes: [{name: name, kind: Text, unique: true}]}]
nodes:
  - {name: Region, namespace: Net, inherit_from: [NetPlace], label: Land, parent: "", children: NetSite}
  - {name: Site, namespace: Net, inherit_from: [NetPlace], parent: NetRegion, children: ""}
"""


def test_an_empty_text_in_the_second_declaration_makes_the_first_one_s_unsaid(write: Write) -> None:
    again = write(
        "again.yml",
        """
nodes:
  - {name: Region, namespace: Net, inherit_from: [NetPlace], label: "", parent: ""}
  - {name: Site, namespace: Net, inherit_from: [NetPlace], parent: "", children: ""}
""",
    )
    kinds = load_kinds([write("tree.yml", TREE), again])

    assert (kinds["NetRegion"].label, kinds["NetRegion"].parent) == ("Region", "")
    assert (kinds["NetSite"].parent, kinds["NetSite"].children) == ("NetPlace", "")
    assert kinds["NetSite"].relationships["parent"].optional


def test_what_the_second_declaration_has_absent_is_gone_from_the_paths_of_the_first(write: Write) -> None:
    first = """
nodes:
  - name: Box
    namespace: Net
    human_friendly_id: [name__value, serial__value]
    display_labels: [name__value, serial__value]
    order_by: [serial__value]
    default_filter: serial__value
    uniqueness_constraints: [[name__value, serial__value], [serial__value]]
    attributes: [{name: name, kind: Text}, {name: serial, kind: Text}]
"""
    less = "nodes: [{name: Box, namespace: Net, attributes: [{name: serial, kind: Text, state: absent}]}]\n"
    box = load_kinds([write("box.yml", first), write("less.yml", less)])["NetBox"]

    assert list(box.attributes) == ["name"]
    assert box.human_friendly_id == ("name__value",)
    assert (box.display_labels, box.order_by, box.default_filter) == (("name__value",), (), None)
    assert box.uniqueness_constraints == (("name__value",),)


def test_what_an_extension_has_absent_stays_in_the_paths(write: Write) -> None:
    less = write("less.yml", extension("attributes: [{name: name, kind: Text, state: absent}]"))
    box = write("box.yml", BOX)

    with pytest.raises(ConfigError) as caught:
        load_kinds([box, less])
    assert str(caught.value) == (
        f"{box}: NetBox: human_friendly_id: name__value: leads nowhere, expected attribute__value or "
        "relationship__attribute__value"
    )
