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
