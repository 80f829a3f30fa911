"""Relationships whose peers must have something in common: a parent, or the same others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, rest
from infrahub_exporter.adapters.embedded.schema import load_kinds
from infrahub_exporter.domain.errors import ConfigError
from tests.unit.adapters.embedded.conftest import Asker, Hands

Write = Callable[[str, str], Path]

BOXES = """
generics:
  - name: Plug
    namespace: Net
    attributes: [{name: name, kind: Text}]
    relationships: [{name: box, peer: NetBox, kind: Parent, cardinality: one, optional: false, identifier: box__plugs}]
nodes:
  - name: Box
    namespace: Net
    generate_template: true
    attributes: [{name: name, kind: Text, unique: true}]
    relationships: [{name: plugs, peer: NetPlug, kind: Component, identifier: box__plugs}]
  - {name: Socket, namespace: Net, inherit_from: [NetPlug], human_friendly_id: [name__value],
     relationships: [{name: circuits, peer: BuiltinTag, identifier: plug__circuits}]}
  - name: Strip
    namespace: Net
    inherit_from: [NetPlug]
    human_friendly_id: [name__value]
    relationships:
      - {name: sockets, peer: NetSocket, kind: Attribute, identifier: strip__sockets, common_parent: box,
         common_relatives: [circuits]}
"""
OBJECTS = """
apiVersion: infrahub.app/v1
kind: Object
spec: {kind: BuiltinTag, data: [{name: red}]}
---
apiVersion: infrahub.app/v1
kind: Object
spec: {kind: NetBox, data: [{name: left}, {name: right}]}
---
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: NetSocket
  data: [{name: l1, box: left}, {name: l2, box: left, circuits: [red]}, {name: l3, box: left}, {name: r1, box: right}]
---
apiVersion: infrahub.app/v1
kind: Object
spec: {kind: NetStrip, data: [{name: strip, box: left, sockets: [l1]}]}
"""
PARENT = (
    "All the elements of the 'sockets' relationship on node NetStrip must have the same parent as the node at sockets"
)
ALIKE = (
    "All the elements of the 'sockets' relationship on node NetStrip must have the same set of peers for their "
    "'circuits' at sockets"
)


@pytest.fixture
def boxes(write: Write) -> Asker:
    clock = Hands()
    files = [write("boxes.yml", BOXES)], [write("objects.yml", OBJECTS)]
    return Asker(EmbeddedInfrahub.load(*files, now=clock), clock)


def test_what_peers_have_in_common_is_described_of_the_kind_and_not_of_its_profile(write: Write) -> None:
    kinds = load_kinds([write("boxes.yml", BOXES)])

    def common(kind: str) -> list[tuple[Any, Any]]:
        described: Any = rest.describe(kinds[kind])["relationships"]
        found = [each for each in described if each["name"] == "sockets"]
        return [(each["common_parent"], each["common_relatives"]) for each in found]

    assert common("NetStrip") == [("box", ["circuits"])]
    assert common("ProfileNetStrip") == common("TemplateNetStrip") == [(None, None)]


def test_peers_of_the_same_parent_and_with_the_same_others_are_taken(boxes: Asker) -> None:
    boxes('mutation { NetStripUpdate(data: {hfid: ["strip"], sockets: [{hfid: ["l1"]}, {hfid: ["l3"]}]}) { ok } }')

    (strip,) = boxes.nodes("NetStrip", "sockets { edges { node { name { value } } } }")
    assert [each["node"]["name"]["value"] for each in strip["sockets"]["edges"]] == ["l1", "l3"]


@pytest.mark.parametrize(
    ("mutation", "message"),
    [
        ('NetStripUpdate(data: {hfid: ["strip"], sockets: [{hfid: ["r1"]}]}) { ok }', PARENT),
        ('NetStripUpdate(data: {hfid: ["strip"], sockets: [{hfid: ["l1"]}, {hfid: ["l2"]}]}) { ok }', ALIKE),
        (
            'NetStripCreate(data: {name: {value: "x"}, box: {hfid: ["left"]}, sockets: [{hfid: ["r1"]}]}) { ok }',
            PARENT,
        ),
    ],
)
def test_other_peers_are_refused(mutation: str, message: str, boxes: Asker) -> None:
    assert boxes.error(f"mutation {{ {mutation} }}")["message"] == message


def test_a_peer_of_another_parent_cannot_be_added(boxes: Asker) -> None:
    strip, socket = boxes.id("NetStrip", "strip"), boxes.id("NetSocket", "r1")

    added = f'data: {{id: "{strip}", name: "sockets", nodes: [{{id: "{socket}"}}]}}'
    assert boxes.error(f"mutation {{ RelationshipAdd({added}) {{ ok }} }}")["message"] == PARENT


@pytest.mark.parametrize(
    ("said", "instead", "fault"),
    [
        (
            "common_parent: box",
            "common_parent: circuits",
            "NetStrip.sockets: common_parent circuits, expected a relationship of kind Parent of NetSocket",
        ),
        (
            "common_relatives: [circuits]",
            "common_relatives: [cables]",
            "NetStrip.sockets: common_relatives cables, expected a relationship of NetSocket",
        ),
        (
            "kind: Parent, ",
            "",
            "NetStrip.sockets: common_parent box, expected a kind with a relationship of kind Parent",
        ),
    ],
)
def test_what_peers_cannot_have_in_common_is_refused(said: str, instead: str, fault: str, write: Write) -> None:
    path = write("boxes.yml", BOXES.replace(said, instead))

    with pytest.raises(ConfigError) as caught:
        load_kinds([path])
    assert str(caught.value) == f"{path}: {fault}"
