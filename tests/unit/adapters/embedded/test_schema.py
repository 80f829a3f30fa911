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
NOWHERE = "leads nowhere, expected attribute__value or relationship__attribute__value"


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


def test_an_id_over_the_parent_makes_a_constraint_of_the_parent_alone(write: Write) -> None:
    path = write(
        "schema.yml",
        """
generics: [{name: Tree, namespace: Kit, hierarchical: true, attributes: [{name: name, kind: Text, unique: true}]}]
nodes:
  - {name: Root, namespace: Kit, inherit_from: [KitTree], parent: "", children: KitLeaf}
  - name: Leaf
    namespace: Kit
    inherit_from: [KitTree]
    parent: KitRoot
    children: ""
    human_friendly_id: [parent__name__value, side__value]
    attributes: [{name: side, kind: Text}]
""",
    )
    leaf = load_kinds([path])["KitLeaf"]

    assert leaf.human_friendly_id == ("parent__name__value", "side__value")
    assert leaf.uniqueness_constraints == (("name__value",), ("parent", "side__value"))


def test_an_end_of_a_hierarchy_that_a_kind_declares_is_as_it_says_but_for_its_peer(write: Write) -> None:
    path = write(
        "schema.yml",
        """
generics: [{name: Tree, namespace: Kit, hierarchical: true}]
nodes:
  - {name: Root, namespace: Kit, inherit_from: [KitTree], parent: "", children: KitLeaf}
  - name: Leaf
    namespace: Kit
    inherit_from: [KitTree]
    parent: KitRoot
    children: ""
    relationships: [{name: parent, peer: KitTree, kind: Hierarchy, cardinality: one, label: Above, direction: outbound}]
  - {name: Pot, namespace: Kit, relationships: [{name: parent, peer: KitRoot, kind: Hierarchy, cardinality: one}]}
""",
    )
    kinds = load_kinds([path])

    parent = kinds["KitLeaf"].relationships["parent"]
    assert (parent.peer, parent.label, parent.optional, parent.hierarchical, parent.identifier, parent.direction) == (
        *("KitRoot", "Above", True, None, "kitleaf__kittree", "outbound"),
    )
    assert kinds["KitPot"].relationships["parent"].identifier == "kitpot__kitroot"
    assert "children" not in kinds["KitPot"].relationships


def test_several_files_and_documents_make_one_schema(write: Write) -> None:
    one = write(
        "one.yml", 'version: "1.0"\nnodes: [{name: Aa, namespace: Kit, attributes: [{name: tone, kind: Text}]}]\n'
    )
    two = write(
        "two.yml",
        """
version: "1.0"
extensions:
  nodes: [{kind: KitAa, attributes: [{name: hue, kind: Number}], relationships: [{name: right, peer: KitAb}]}]
---
version: "1.0"
nodes:
  - name: Ab
    namespace: Kit
    display_labels: [tone__value, hue__value]
    uniqueness_constraints: [[tone__value]]
    attributes:
      - {name: tone, kind: Text, regex: "^x", max_length: 3}
      - {name: hue, kind: Text, optional: true}
      - {name: gone, kind: Text, state: absent}
    relationships: [{name: lost, peer: KitAz, state: absent}]
  - {name: Old, namespace: Kit, state: absent}
""",
    )
    kinds = load_kinds([one, two])

    assert list(kinds["KitAa"].attributes) == ["tone", "hue"]
    assert kinds["KitAa"].relationships["right"].identifier == "kitaa__kitab"
    assert kinds["KitAb"].human_friendly_id == ("tone__value",)
    assert kinds["KitAb"].display_label == "{{ tone__value }} {{ hue__value }}"
    assert list(kinds["KitAb"].attributes) == ["tone", "hue"]
    assert (
        kinds["KitAb"].attributes["tone"].parameters.regex,
        kinds["KitAb"].attributes["tone"].parameters.max_length,
    ) == (
        "^x",
        3,
    )
    assert "KitOld" not in kinds


def node(text: str) -> str:
    """Write a schema with one node of this body."""
    return f'version: "1.0"\nnodes: [{{name: Aa, namespace: Kit, {text}}}]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, expected a schema with `nodes`, `generics` or `extensions`"),
        ("- 1\n", "document: expected `object`, got `array`"),
        (node("icone: red"), "KitAa: unknown field icone, did you mean 'icon'?"),
        (
            node("attributes: [{name: tone, kind: Txt}]"),
            (
                "KitAa.tone.kind: 'Txt', expected one of ID, Dropdown, Text, TextArea, DateTime, Email, Password, "
                "HashedPassword, URL, File, MacAddress, Color, Number, NumberPool, Bandwidth, IPHost, IPNetwork, "
                "IPAddress, Boolean, Checkbox, List, JSON, Any, did you mean 'Text'?"
            ),
        ),
        (node("attributes: [{name: hfid, kind: Text}]"), "KitAa.hfid: taken, expected another name"),
        *(
            (node(f"attributes: [{{name: {name}, kind: Text}}]"), f"KitAa.{name}: taken, expected another name")
            for name in ("tone_from_resource_pool", "any")
        ),
        *(
            (node(f"relationships: [{{name: {name}, peer: KitAa}}]"), f"KitAa.{name}: taken, expected another name")
            for name in ("tone_from_resource_pool", "ids")
        ),
        *(
            (node(said), f"KitAa.{name}: a name that its profile has for something else, expected another name")
            for name, said in (
                ("profile_name", "attributes: [{name: profile_name, kind: Text}]"),
                ("profile_priority", "relationships: [{name: profile_priority, peer: KitAa}]"),
                ("related_nodes", "relationships: [{name: related_nodes, peer: KitAa}]"),
            )
        ),
        ("version: 1.0\nnodes: []\n", "version: expected `str`, got `float`"),
        (
            node("relationships: [{name: tones, peer: KitAa, max_count: null}]"),
            "KitAa.tones.max_count: expected `int`, got `null`",
        ),
        (node("branch: null"), "KitAa.branch: expected `str`, got `null`"),
        (
            node("attributes: [{name: tone, kind: Text}], relationships: [{name: tone, peer: KitAa}]"),
            "KitAa.tone: taken, expected another name",
        ),
        (node("attributes: [{name: tone, kind: Dropdown}]"), "KitAa.tone: a Dropdown, expected `choices`"),
        (
            node("attributes: [{name: tone, kind: Dropdown, state: absent}]"),
            "KitAa.tone: a Dropdown, expected `choices`",
        ),
        (
            node("attributes: [{name: tone, kind: Dropdown, choices: [{name: low}]}]")
            + "extensions: {nodes: [{kind: KitAa, attributes: [{name: tone, kind: Dropdown, label: Hue}]}]}\n",
            "KitAa.tone: a Dropdown, expected `choices`",
        ),
        (
            node("attributes: [{name: tone, kind: Text, state: absent, min_length: 5, max_length: 3}]"),
            "KitAa.tone: min_length 5, expected at most max_length, 3",
        ),
        (
            node("relationships: [{name: member_of_groups, peer: CoreStandardGroup, kind: Group}]"),
            "KitAa.member_of_groups: to CoreStandardGroup, expected CoreGroup, or another name",
        ),
        (
            node("attributes: [{name: profiles, kind: Text}]"),
            "KitAa.profiles: an attribute, and a relationship that Infrahub adds, expected another name",
        ),
        (
            node("inherit_from: [KitTree, KitWood]") + "generics: [{name: Tree, namespace: Kit, hierarchical: true}, "
            "{name: Wood, namespace: Kit, attributes: [{name: parent, kind: Text}]}]\n",
            "KitWood.parent: an attribute, and a relationship that Infrahub adds, expected another name",
        ),
        (
            node("inherit_from: [KitTree, KitWood]")
            + "generics: [{name: Wood, namespace: Kit, attributes: [{name: tone, kind: Text}]}, "
            "{name: Tree, namespace: Kit, relationships: [{name: tone, peer: BuiltinTag}]}]\n",
            "KitAa.tone: a relationship, and an attribute of KitWood, expected another name",
        ),
        (
            node("inherit_from: [KitTree], attributes: [{name: tone, kind: Text}]")
            + "generics: [{name: Tree, namespace: Kit, relationships: [{name: tone, peer: BuiltinTag}]}]\n",
            "KitAa.tone: an attribute, and a relationship of KitTree, expected another name",
        ),
        (
            node("relationships: [{name: circles, peer: CoreStandardGroup, kind: Group, identifier: group_member}]"),
            (
                "KitAa.member_of_groups: identifier group_member of circles and member_of_groups, expected one for "
                "each, or two directions"
            ),
        ),
        (
            node("relationships: [{name: tone, peer: KitAb}]"),
            "KitAa.tone: peer KitAb: not declared in any of these files, did you mean KitAa?",
        ),
        (
            node("relationships: [{name: tone, peer: CoreRepositry}]"),
            "KitAa.tone: peer CoreRepositry: no kind that every Infrahub has, did you mean CoreRepository?",
        ),
        (
            node("relationships: [{name: tone, peer: TemplateKitAa}]"),
            "KitAa.tone: peer TemplateKitAa: KitAa has no template, expected generate_template: true there",
        ),
        (
            node("generate_profile: false, relationships: [{name: tone, peer: ProfileKitAa}]"),
            "KitAa.tone: peer ProfileKitAa: KitAa has no profile, expected generate_profile: true there",
        ),
        (
            node("relationships: [{name: tone, peer: TemplateKitAb}]"),
            ("KitAa.tone: peer TemplateKitAb: KitAb: not declared in any of these files, did you mean KitAa?"),
        ),
        (
            node("relationships: [{name: tone, peer: ProfileBuiltinTaag}]"),
            "KitAa.tone: peer ProfileBuiltinTaag: no kind that every Infrahub has, did you mean ProfileBuiltinTag?",
        ),
        (
            node("inherit_from: [CoreFileObjekt]"),
            "KitAa: inherit_from CoreFileObjekt: no kind that every Infrahub has, did you mean CoreFileObject?",
        ),
        (
            node("inherit_from: [CoreThread]"),
            "KitAa: inherit_from CoreThread: a generic of Core namespace alone, expected another",
        ),
        (node("inherit_from: [BuiltinTag]"), "KitAa: inherit_from BuiltinTag: a node, expected a generic"),
        (
            node("parent: BuiltinTag"),
            "KitAa: parent or children, expected a hierarchical generic in inherit_from",
        ),
        (
            node("inherit_from: [KitTree, KitWood]") + "generics: [{name: Tree, namespace: Kit, hierarchical: true}, "
            "{name: Wood, namespace: Kit, hierarchical: true}]\n",
            "KitAa: inherit_from KitTree and KitWood: expected one hierarchical generic",
        ),
        (
            node("human_friendly_id: [tone__value]"),
            (
                "KitAa: human_friendly_id: tone__value: leads nowhere, expected attribute__value or "
                "relationship__attribute__value"
            ),
        ),
        (
            node("order_by: [tone__hue__value]"),
            f"KitAa: order_by: tone__hue__value: {NOWHERE}",
        ),
        (
            node('display_label: "{{ tone__value }}"'),
            f"KitAa: display_label: tone__value: {NOWHERE}",
        ),
        (
            node('display_label: "{% if x %}"'),
            (
                "KitAa: '{% if x %}': Unexpected end of template. Jinja was looking for the following tags: 'elif' or "
                "'else' or 'endif'. The innermost block that needs to be closed is 'if'., expected a Jinja2 template"
            ),
        ),
        (
            node('display_label: "{{ x | tojson }}"'),
            "KitAa: '{{ x | tojson }}': filter tojson, expected one that Infrahub allows in templates",
        ),
        (
            node("display_label: \"{% include 'x' %}\""),
            (
                "KitAa: \"{% include 'x' %}\": another template, expected texts, {{ paths }}, filters, conditions and "
                "calls"
            ),
        ),
        (
            'version: "1.0"\nextensions: {nodes: [{kind: KitAa}]}\n',
            "extensions: KitAa: not declared in any of these files",
        ),
        (
            (
                "extensions: {nodes: [{kind: BuiltinTag, attributes: "
                "[{name: tone, kind: Text}, {name: tone, kind: Text}]}]}\n"
            ),
            "BuiltinTag.tone: taken, expected another name",
        ),
        (
            node("inherit_from: [BuiltinIPAddress], attributes: [{name: address, kind: Text}]"),
            "KitAa.address: Text, expected IPHost as in BuiltinIPAddress",
        ),
        (
            node("inherit_from: [BuiltinIPAddress], relationships: [{name: ip_prefix, peer: BuiltinIPPrefix}]"),
            "KitAa.ip_prefix: not to be overridden, expected what BuiltinIPAddress has",
        ),
        (
            node("inherit_from: [CoreFileObject], relationships: [{name: subscriber_of_groups, peer: KitAa}]"),
            "KitAa.subscriber_of_groups: to KitAa, expected CoreGroup, or another name",
        ),
        (
            node("attributes: [{name: number, kind: NumberPool}]"),
            "KitAa.number: a NumberPool, expected `optional: false` and `read_only: true`",
        ),
        (node("attributes: [{name: class, kind: Text}]"), "KitAa.class: a word of Python, expected another name"),
        (node("attributes: [{name: attribute, kind: Text}]"), "KitAa.attribute: taken, expected another name"),
        (node("relationships: [{name: save, peer: BuiltinTag}]"), "KitAa.save: taken, expected another name"),
        (
            "generics: [{name: Sort, namespace: Kit, attributes: [{name: type, kind: Text}]}]\n",
            "KitSort.type: taken, expected another name",
        ),
        (
            "generics: [{name: Tree, namespace: Kit, hierarchical: true}]\n"
            + node("inherit_from: [KitTree], attributes: [{name: descendants, kind: Number}]"),
            "KitAa.descendants: taken, expected another name",
        ),
        (
            node(
                "generate_template: true, relationships: "
                "[{name: whole, peer: BuiltinTag, kind: Parent, cardinality: one, optional: false}]"
            ),
            "KitAa.whole: KitAa has a template and its parent BuiltinTag none, expected generate_template there",
        ),
        (
            node("attributes: [{name: left__right, kind: Text}]"),
            "KitAa.left__right: two underscores separate the steps of a path, expected another name",
        ),
        (
            node("relationships: [{name: whole, peer: BuiltinTag, kind: Parent}]"),
            "KitAa.whole: of kind Parent, expected `cardinality: one` and `optional: false`",
        ),
        (
            node(
                "relationships: [{name: left, peer: BuiltinTag, kind: Parent, cardinality: one, optional: false}, "
                "{name: right, peer: BuiltinTag, identifier: right, kind: Parent, cardinality: one, optional: false}]"
            ),
            "KitAa: left and right: expected one relationship of kind Parent",
        ),
        (
            node("relationships: [{name: left, peer: BuiltinTag, cardinality: one, optional: false}]")
            + "extensions: {nodes: [{kind: BuiltinTag, relationships: "
            "[{name: right, peer: KitAa, optional: false}]}]}\n",
            "KitAa.left: cannot be without BuiltinTag, nor the other way round",
        ),
        (
            node("attributes: [{name: ip, kind: Text}]"),
            "KitAa.ip.name: expected `str` of length >= 3",
        ),
        (
            node("attributes: [{name: asNumber, kind: Number}]"),
            "KitAa.asNumber.name: expected `str` matching regex '^[a-z0-9_]+$'",
        ),
        (node(f"label: {'long' * 17}"), "KitAa.label: expected `str` of length <= 64"),
        (node("uniqueness_constraints: [[]]"), "KitAa.uniqueness_constraints[0]: expected `array` of length >= 1"),
        (node("branch: alone"), "KitAa.branch: 'alone', expected one of aware, agnostic, local"),
        (
            'version: "1.0"\nextensions: {generics: [{kind: CoreNode}]}\n',
            "extensions: unknown field generics, expected one of nodes, id, state",
        ),
        (
            node("inherit_from: [KitShut]") + "generics: [{name: Shut, namespace: Kit, restricted_namespaces: []}]\n",
            "KitAa: inherit_from KitShut: a generic of no namespace alone, expected another",
        ),
        (
            node("attributes: [{name: tone, kind: Text, choices: [{name: low}]}]"),
            "KitAa.tone: choices of kind Text, expected kind Dropdown",
        ),
        (
            node("attributes: [{name: tone, kind: Text, computed_attribute: {kind: Jinja2, jinja2_template: hum}}]"),
            "KitAa.tone: computed, expected `read_only: true`",
        ),
        (
            node("attributes: [{name: tone, kind: Number, read_only: true, computed_attribute: {kind: Jinja2}}]"),
            "KitAa.tone: computed, of kind Number, expected Text or URL",
        ),
        (
            node("attributes: [{name: tone, kind: Text, read_only: true, computed_attribute: {kind: Jinja2}}]"),
            "KitAa.tone: computed, expected `jinja2_template`",
        ),
        (
            node(
                "attributes: [{name: tone, kind: Text, read_only: true, computed_attribute: {kind: TransformPython}}]"
            ),
            "KitAa.tone: computed, expected `transform`",
        ),
        (
            node(
                "attributes: [{name: tone, kind: Text, read_only: true, "
                "computed_attribute: {kind: TransformPython, transform: hum}}]"
            ),
            "KitAa.tone: computed by a transform, expected `optional: true`",
        ),
        (
            node(
                "attributes: [{name: tone, kind: Text, read_only: true, "
                "computed_attribute: {kind: Jinja2, jinja2_template: '{{ tone__value }}'}}]"
            ),
            "KitAa: tone: tone__value: the attribute itself, expected others",
        ),
        (
            node("attributes: [{name: tone, kind: Number, default_value: loud}]"),
            "KitAa.tone: default_value: loud is not a valid Number",
        ),
        (
            node("attributes: [{name: tone, kind: Text, enum: [low, high], default_value: loud}]"),
            "KitAa.tone: default_value: loud must be one of ['low', 'high']",
        ),
        (
            node("attributes: [{name: tone, kind: URL, parameters: {regex: a}}]"),
            "KitAa.tone: parameters: regex of kind URL, expected none",
        ),
        (
            node("attributes: [{name: tone, kind: Number, parameters: {max_length: 3}}]"),
            (
                "KitAa.tone: parameters: max_length of kind Number, expected one of min_value, max_value, "
                "excluded_values"
            ),
        ),
        (
            node("attributes: [{name: tone, kind: Text, min_length: 5, parameters: {max_length: 3}}]"),
            "KitAa.tone: min_length 5, expected at most max_length, 3",
        ),
        (
            node("attributes: [{name: tone, kind: NumberPool, parameters: {start_range: 9, end_range: 2}}]"),
            "KitAa.tone: start_range 9, expected at most end_range, 2",
        ),
        (
            node("attributes: [{name: tone, kind: Number, parameters: {excluded_values: '3,9-7'}}]"),
            "KitAa.tone: excluded_values: 9-7, expected the lower number first",
        ),
        (
            node("attributes: [{name: tone, kind: Number, parameters: {excluded_values: '5-7,3,7-9'}}]"),
            "KitAa.tone: excluded_values: 5-7 and 7-9, expected ranges without common numbers",
        ),
        (
            node("relationships: [{name: tags, peer: BuiltinTag, min_count: 3, max_count: 2}]"),
            "KitAa.tags: min_count 3, expected at most max_count, 2",
        ),
        (
            node("relationships: [{name: tags, peer: BuiltinTag, max_count: 1}]"),
            "KitAa.tags: max_count 1, expected `cardinality: one`, or two at least",
        ),
        (
            node("relationships: [{name: tag, peer: BuiltinTag, cardinality: one, optional: false, max_count: 2}]"),
            "KitAa.tag: of cardinality one, expected `min_count: 1` and `max_count: 1`, or neither",
        ),
        (
            node("relationships: [{name: left, peer: BuiltinTag}, {name: right, peer: BuiltinTag}]"),
            "KitAa.right: identifier builtintag__kitaa of left and right, expected one for each, or two directions",
        ),
        (
            node("relationships: [{name: tags, peer: BuiltinTag, identifier: tag__a, direction: outbound}]")
            + "extensions: {nodes: [{kind: BuiltinTag, relationships: "
            "[{name: users, peer: KitAa, identifier: tag__a, direction: outbound}]}]}\n",
            "BuiltinTag.users: outbound, expected the opposite of KitAa.tags, outbound",
        ),
        (
            node("relationships: [{name: parts, peer: KitAa, kind: Component}]"),
            "KitAa: a component of itself, expected a tree of components",
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


TWO = """
version: "1.0"
generics:
  - {name: One, namespace: Kit, attributes: [{name: tone, kind: Text, label: First, order_weight: 7, optional: true}]}
  - {name: Two, namespace: Kit, attributes: [{name: tone, kind: KIND, label: Second, optional: true}]}
nodes: [{name: Aa, namespace: Kit, inherit_from: [KitOne, KitTwo]}]
"""


def test_of_what_two_generics_have_the_later_one_tells_all_but_the_place(write: Write) -> None:
    tone = load_kinds([write("schema.yml", TWO.replace("KIND", "Text"))])["KitAa"].attributes["tone"]
    assert (tone.label, tone.order_weight, tone.inherited) == ("Second", 7, True)

    other = write("other.yml", TWO.replace("KIND", "Number"))
    with pytest.raises(ConfigError) as caught:
        load_kinds([other])
    assert str(caught.value) == f"{other}: KitAa.tone: Text, expected Number as in KitTwo"


def test_a_relationship_of_two_generics_has_to_be_the_same(write: Write) -> None:
    peers = "relationships: [{name: peers, peer: BuiltinTag, identifier: kit_peers, cardinality: CARDINALITY}]"
    generics = f"{{name: One, namespace: Kit, {peers}}}, {{name: Two, namespace: Kit, {peers}}}"
    text = node("inherit_from: [KitOne, KitTwo]") + f"generics: [{generics}]\n"

    same = load_kinds([write("same.yml", text.replace("CARDINALITY", "many"))])
    assert same["KitAa"].relationships["peers"].inherited
    apart = write("apart.yml", text.replace("CARDINALITY", "many", 1).replace("CARDINALITY", "one"))
    with pytest.raises(ConfigError) as caught:
        load_kinds([apart])
    assert str(caught.value) == (
        f"{apart}: KitAa.peers: many differs in KitOne and KitTwo, expected the same relationship in both"
    )


SITE = "{name: Site, namespace: Kit, attributes: [{name: name, kind: Text, unique: true}, {name: size, kind: Number}]}"


def boxed(text: str, relationship: str = "cardinality: one, optional: false") -> str:
    """Write a schema with a site, and a box that is related to one."""
    fields = "attributes: [{name: name, kind: Text}, {name: state, kind: Dropdown, choices: [{name: up}]}]"
    site = f"relationships: [{{name: site, peer: KitSite, identifier: site__box, {relationship}}}]"
    return f'version: "1.0"\nnodes: [{SITE}, {{name: Box, namespace: Kit, {fields}, {site}, {text}}}]\n'


MAY_HAVE_NONE = "cardinality: one, optional: true"
MANY = "cardinality: many, optional: true"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (boxed("human_friendly_id: [name]"), "human_friendly_id: name: names no property, expected name__value"),
        (boxed("human_friendly_id: [site__name]"), f"human_friendly_id: site__name: {NOWHERE}"),
        (boxed("human_friendly_id: [name__label]"), f"human_friendly_id: name__label: {NOWHERE}"),
        (
            boxed("human_friendly_id: [site__name__value, name__value]", MAY_HAVE_NONE),
            (
                "human_friendly_id: site__name__value: site may have no peer, expected a relationship with "
                "`optional: false`"
            ),
        ),
        (
            boxed("human_friendly_id: [site__name__value, name__value]", MANY),
            ("human_friendly_id: site__name__value: site has many peers, expected a relationship of cardinality one"),
        ),
        (
            boxed("human_friendly_id: [site__size__value, name__value]"),
            (
                "human_friendly_id: site__size__value: does not tell one KitSite from another, expected what is "
                "unique there"
            ),
        ),
        (
            boxed("human_friendly_id: [name__value, name__value]"),
            "human_friendly_id: name__value: named twice, expected once",
        ),
        (
            boxed("uniqueness_constraints: [[site__name__value, name__value]]"),
            "uniqueness_constraints: site__name__value: more than the relationship, expected site alone",
        ),
        (
            boxed("uniqueness_constraints: [[site, name__value]]", MAY_HAVE_NONE),
            "uniqueness_constraints: site: site may have no peer, expected a relationship with `optional: false`",
        ),
        (
            boxed("display_labels: [site__name__value]"),
            "display_labels: site__name__value: crosses a relationship, expected attribute__value",
        ),
        (
            boxed("display_label: site__name__value"),
            "display_label: site__name__value: crosses a relationship, expected attribute__value",
        ),
        (boxed('display_label: "{{ name }}"'), "display_label: name: names no property, expected name__value"),
        (
            boxed("default_filter: site__name__value"),
            "default_filter: site__name__value: crosses a relationship, expected attribute__value",
        ),
        (
            boxed("order_by: [name__value__DESC]"),
            "order_by: name__value__DESC: more than a path, expected nothing behind it, or __asc or __desc",
        ),
        (boxed("order_by: [site]"), f"order_by: site: {NOWHERE}"),
        (
            boxed("order_by: [name__value, name__value__desc]"),
            "order_by: name__value: named twice, expected once",
        ),
        (
            boxed("order_by: [node_metadata__created_by]"),
            ("order_by: node_metadata__created_by: expected node_metadata__created_at or node_metadata__updated_at"),
        ),
    ],
)
def test_a_path_that_infrahub_does_not_follow_is_refused(text: str, message: str, write: Write) -> None:
    path = write("schema.yml", text)

    with pytest.raises(ConfigError) as caught:
        load_kinds([path])
    assert str(caught.value) == f"{path}: KitBox: {message}"


def test_paths_that_infrahub_follows_are_taken(write: Write) -> None:
    said = 'display_label: "{{ site__name__value }} {{ state__label }}", default_filter: name__value, '
    said += "order_by: [site__name__value__desc, node_metadata__created_at], human_friendly_id: [site__name__value, "
    said += "name__value], uniqueness_constraints: [[site, name__value]], display_labels: [name]"

    box = load_kinds([write("schema.yml", boxed(said))])["KitBox"]
    assert box.human_friendly_id == ("site__name__value", "name__value")
    assert box.order_by == ("site__name__value__desc", "node_metadata__created_at")


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
    namespace: Kit
    inherit_from: [Elsewhere]
  - name: Two
    namespace: Kit
    attributes: [{name: name, kind: Text}, {name: hfid, kind: Text}]
  - name: Three
    namespace: Kit
    attributes: [{name: name, kind: Text}]
    relationships: [{name: one, peer: KitOne}, {name: gone, peer: Gone}]
""",
    )
    with pytest.raises(ConfigError) as caught:
        load_kinds([first])
    assert str(caught.value).splitlines() == [
        f"{first}: KitOne: inherit_from Elsewhere: not declared in any of these files",
        f"{first}: KitTwo.hfid: taken, expected another name",
        f"{first}: KitThree.gone: peer Gone: not declared in any of these files",
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


def test_all_faults_of_one_document_are_told_with_their_places_and_a_suggestion(write: Write) -> None:
    path = write(
        "schema.yml",
        """
version: "1.0"
genericas: 3
nodes:
  - name: One
    namespace: Kit
    icom: red
    attributes:
      - {name: name, kind: Text, branch: here, optional: often}
      - {name: size}
      - {kind: Text}
      - just text
      - {name: tone, kind: Dropdown, choices: [{name: low, colour: red}, high]}
    relationships: [{name: tags, peer: BuiltinTag, carnality: many}]
  - {namespace: Kit, order_by: 3}
extensions: {nodes: [{kind: KitTwo, attributes: [{name: size, kind: Text, optionel: true}]}]}
""",
    )
    with pytest.raises(ConfigError) as caught:
        load_kinds([path])
    assert [each.removeprefix(f"{path}: ") for each in str(caught.value).splitlines()] == [
        "document: unknown field genericas, did you mean 'generics'?",
        "KitOne: unknown field icom, did you mean 'icon'?",
        "KitOne.name.branch: 'here', expected one of aware, agnostic, local",
        "KitOne.name.optional: expected `bool`, got `str`",
        "KitOne.size.kind: missing, expected a value",
        "KitOne.attributes[2].name: missing, expected a value",
        "KitOne.attributes[3]: expected `object`, got `str`",
        "KitOne.tone.choices[0]: unknown field colour, did you mean 'color'?",
        "KitOne.tone.choices[1]: expected `object`, got `str`",
        "KitOne.tags: unknown field carnality, did you mean 'cardinality'?",
        "nodes[1].name: missing, expected a value",
        "nodes[1].order_by: expected `array | null`, got `int`",
        "extensions.nodes: KitTwo.size: unknown field optionel, did you mean 'optional'?",
    ]


def test_all_faults_of_the_fields_of_one_kind_are_told(write: Write) -> None:
    path = write(
        "schema.yml",
        node(
            "attributes: [{name: hfid, kind: Text}, {name: tone, kind: Dropdown}, {name: size, kind: URL, choices: "
            "[{name: low}]}], relationships: [{name: ids, peer: BuiltinTag}, {name: size, peer: BuiltinTag}]"
        ),
    )
    with pytest.raises(ConfigError) as caught:
        load_kinds([path])
    assert str(caught.value).splitlines() == [
        f"{path}: KitAa.hfid: taken, expected another name",
        f"{path}: KitAa.tone: a Dropdown, expected `choices`",
        f"{path}: KitAa.size: choices of kind URL, expected kind Dropdown",
    ]


def test_texts_that_are_numbers_or_booleans_may_stand_for_them_and_null_for_no_constraints(write: Write) -> None:
    kinds = load_kinds(
        [
            write(
                "schema.yml",
                node(
                    'attributes: [{name: name, kind: Text, order_weight: "5", optional: "true", min_length: "3"}, '
                    "{name: tone, kind: Text, parameters: null}]"
                ),
            )
        ]
    )
    name, tone = (kinds["KitAa"].attributes[each] for each in ("name", "tone"))
    assert (name.order_weight, name.optional, name.parameters.min_length) == (5, True, 3)
    assert tone.parameters.min_length is None


def test_what_is_unique_alone_is_unique_and_constrained(write: Write) -> None:
    kinds = load_kinds(
        [
            write(
                "schema.yml",
                """
generics:
  - name: Thing
    namespace: Kit
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: right, kind: Text}
      - {name: left, kind: Text, unique: true}
nodes:
  - {name: Plain, namespace: Kit, inherit_from: [KitThing]}
  - name: Own
    namespace: Kit
    inherit_from: [KitThing]
    uniqueness_constraints: [[right__value]]
    human_friendly_id: [right__value]
  - name: Part
    namespace: Kit
    human_friendly_id: [whole__name__value, code__value]
    attributes: [{name: code, kind: Text}]
    relationships: [{name: whole, peer: KitPlain, cardinality: one, optional: false}]
""",
            )
        ]
    )

    assert kinds["KitThing"].uniqueness_constraints == (("name__value",), ("left__value",))
    assert kinds["KitPlain"].uniqueness_constraints == kinds["KitThing"].uniqueness_constraints
    assert (kinds["KitOwn"].human_friendly_id, kinds["KitOwn"].uniqueness_constraints) == (
        ("right__value",),
        (("right__value",),),
    )
    assert kinds["KitOwn"].attributes["right"].unique
    assert kinds["KitPart"].uniqueness_constraints == (("whole", "code__value"),)


def test_fields_weigh_what_is_said_or_their_generic_gives_or_their_place(write: Write) -> None:
    kinds = load_kinds(
        [
            write(
                "schema.yml",
                """
generics:
  - {name: Thing, namespace: Kit, attributes: [{name: name, kind: Text}, {name: note, kind: Text, order_weight: 7}]}
nodes:
  - name: Box
    namespace: Kit
    inherit_from: [KitThing]
    generate_template: true
    attributes: [{name: size, kind: Number}]
    relationships: [{name: boxes, peer: KitBox}]
""",
            )
        ]
    )

    def weights(kind: str) -> dict[str, int | None]:
        attributes, relationships = kinds[kind].attributes, kinds[kind].relationships
        return {name: each.order_weight for name, each in attributes.items()} | {
            name: each.order_weight for name, each in relationships.items()
        }

    assert weights("KitBox") == {
        "size": 1000,
        "name": 1000,
        "note": 7,
        "boxes": 4000,
        "object_template": 1,
        "profiles": 99000,
        "member_of_groups": 7000,
        "subscriber_of_groups": 8000,
    }
    assert weights("TemplateKitBox") == {
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
  - {name: Aa, namespace: Kit, attributes: [{name: tone, kind: Text}], display_labels: [tone]}
  - name: Ab
    namespace: Kit
    attributes: [{name: tone, kind: Text}, {name: hue, kind: Text}]
    display_labels: [tone__value, hue]
""",
            )
        ]
    )

    assert (kinds["KitAa"].display_label, kinds["KitAa"].display_labels) == ("tone__value", ("tone",))
    assert kinds["KitAb"].display_label == "{{ tone__value }} {{ hue__value }}"


def test_what_an_export_of_a_schema_writes_is_read(write: Write) -> None:
    written = write(
        "written.yml",
        """
generics:
  - {name: Thing, namespace: Kit, hierarchical: true, attributes: [{name: name, kind: Text, unique: true}]}
nodes:
  - {name: Box, namespace: Kit, inherit_from: [KitThing], generate_template: true}
""",
    )
    exported = write(
        "exported.yml",
        """
version: "1.0"
main: 0a1b
namespaces: [{name: Kit, user_editable: true}]
profiles: []
templates: []
generics:
  - name: Thing
    namespace: Kit
    kind: KitThing
    hash: 0a1b
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
    namespace: Kit
    kind: KitBox
    label: Box
    branch: aware
    inherit_from: [KitThing]
    parent: KitThing
    children: KitThing
    generate_profile: true
    generate_template: true
    include_in_menu: true
    human_friendly_id: [name__value]
    relationships:
      - name: object_template
        peer: TemplateKitBox
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

    assert (kinds["KitAa"].relationships["many"].optional, kinds["KitAa"].relationships["many"].min_count) == (False, 0)


def test_a_field_that_is_deprecated_is_described_so_and_optional(write: Write) -> None:
    old = node(
        "attributes: [{name: tone, kind: Text, deprecation: use y, ordered: false}], "
        "relationships: [{name: peer, peer: KitAa, cardinality: one, optional: false, deprecation: use s}]"
    )
    described: Any = rest.describe(load_kinds([write("old.yml", old)])["KitAa"])

    (attribute,), (relationship, *_) = described["attributes"], described["relationships"]
    assert (attribute["deprecation"], attribute["optional"], attribute["ordered"]) == ("use y", True, False)
    assert (relationship["deprecation"], relationship["optional"], relationship["min_count"]) == ("use s", True, 0)


def test_numbers_that_are_given_are_described_with_their_ends(write: Write) -> None:
    numbers = "{{name: {}, kind: NumberPool, optional: false, read_only: true{}}}"
    some = numbers.format("asn", ", parameters: {start_range: 5, end_range: 60}"), numbers.format("vlan", "")
    described: Any = rest.describe(load_kinds([write("a.yml", node(f"attributes: [{', '.join(some)}]"))])["KitAa"])

    assert [each["parameters"] for each in described["attributes"]] == [
        {"start_range": 5, "end_range": 60, "number_pool_id": None},
        {"start_range": 1, "end_range": 2**63 - 1, "number_pool_id": None},
    ]


def test_what_only_an_answer_of_the_schema_has_may_be_anything(tmp_path: Path) -> None:
    text = node("hash: [x], hierarchy: 1, kind: {}, attributes: [{name: type, kind: Text, inherited: x}]")
    path = tmp_path / "schema.yml"
    path.write_text(text + "generics: [{name: Cc, namespace: Kit, used_by: null}]\n", encoding="utf-8")
    kinds = load_kinds([path])
    assert "KitAa" in kinds
    assert "KitCc" in kinds


def test_a_relationship_that_is_called_profiles_becomes_the_one_to_profiles(tmp_path: Path) -> None:
    path = tmp_path / "schema.yml"
    path.write_text(node("relationships: [{name: profiles, peer: BuiltinTag, label: Mine}]"), encoding="utf-8")
    found = load_kinds([path])["KitAa"].relationships["profiles"]
    assert (found.peer, found.kind, found.identifier, found.label) == (
        "CoreProfile",
        "Profile",
        "node__profile",
        "Mine",
    )
