"""Paths over generics, hierarchies and selectors, resolved against the schema."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from infrahub_exporter.domain.asking.columns import Column, Condition, Hop, Meeting, OfKinds
from infrahub_exporter.domain.asking.paths import Other, Predicate, Step
from infrahub_exporter.domain.asking.selection import missing_kinds, select
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import KindSchema, RelationshipSchema
from tests.unit.domain.network import kind

REGION = kind("GeoRegion", {"code": "Text", "title": "Text", "area": "Number"})
CAMPUS = kind("GeoCampus", {"code": "Text", "title": "Text", "area": "Text", "door": "Password"})
CABINET = kind("GeoCabinet", {"code": "Text", "units": "Number", "state": "Dropdown"}, one={"title": "BoxMaker"})
SHELTER = kind("GeoShelter", {"code": "Text", "state": "Text"}, many={"staff": "BoxMaker"})
PLACE = kind("GeoPlace", {"code": "Text"})
HOUSING = kind("GeoHousing", {"code": "Text"}, one={"owner": "BoxMaker"})
MAKER = kind("BoxMaker", {"name": "Text"}, one={"home": "GeoPlace"})
COPPER = kind("NetCopper", {"name": "Text", "speed": "Number"})
TUNNEL = kind("NetTunnel", {"name": "Text", "ip": "IPHost", "speed": "Text", "token": "Text"})
PORT = kind("NetPort", {"name": "Text", "token": "Text"}, one={"cable": "NetCable", "box": "NetBox"})
CABLE = kind("NetCable", {"name": "Text", "facts": "JSON", "marks": "List"}, many={"ends": "NetPort"})
BOX = kind("NetBox", {"name": "Text"}, one={"place": "GeoHousing"}, many={"ports": "NetPort", "members": "CoreNode"})
NODE = kind("CoreNode", {})


def in_tree(schema: KindSchema, parent: str, children: str) -> KindSchema:
    """Put a kind into the hierarchy of places."""
    ends = {
        "parent": RelationshipSchema("parent", parent, many=False, hierarchy="GeoPlace"),
        "children": RelationshipSchema("children", children, many=True, hierarchy="GeoPlace"),
    }
    return structs.replace(schema, relationships={**schema.relationships, **ends})


KINDS: Mapping[str, KindSchema] = {
    each.kind: each
    for each in (
        in_tree(structs.replace(PLACE, used_by=("GeoCabinet", "GeoCampus", "GeoRegion")), "GeoPlace", "GeoPlace"),
        structs.replace(HOUSING, used_by=("GeoCabinet", "GeoCampus", "GeoShelter")),
        in_tree(REGION, "GeoPlace", "GeoCampus"),
        in_tree(CAMPUS, "GeoRegion", "GeoCabinet"),
        in_tree(CABINET, "GeoCampus", "GeoPlace"),
        SHELTER,
        MAKER,
        COPPER,
        TUNNEL,
        structs.replace(PORT, used_by=("NetCopper", "NetTunnel")),
        CABLE,
        BOX,
        structs.replace(NODE, used_by=("NetBox", "NetCable", "NetCopper")),
    )
}
PLACED = Hop("place", many=False, peer="GeoHousing")
PORTS = Hop("ports", many=True, peer="NetPort")
CABLED = Hop("cable", many=False, peer="NetCable")
ENDS = Hop("ends", many=True, peer="NetPort")


def column(path: str, of: str = "NetBox", kinds: Mapping[str, KindSchema] = KINDS) -> Column:
    return select(of, [path], {}, kinds).columns[0]


def test_a_field_of_a_generic_itself_is_that_of_all_its_kinds() -> None:
    assert column("place.code") == Column("place.code", (PLACED,), "code", "value")
    assert column("code", "GeoPlace") == Column("code", (), "code", "value")


def test_a_field_that_some_kinds_have_is_asked_of_those() -> None:
    assert column("place.units") == Column("place.units", (PLACED,), "units", "value", on=("GeoCabinet",))
    assert column("title", "GeoPlace", without("GeoCabinet")) == Column(
        "title", (), "title", "value", on=("GeoCampus", "GeoRegion")
    )
    assert column("ports[].ip.prefixlen").hops == (PORTS,)


def test_a_field_that_kinds_have_with_other_types_has_a_way_for_each() -> None:
    path = "ports[].speed"
    number = Column(path, (PORTS,), "speed", "value", on=("NetCopper",))
    words = Column(path, (PORTS,), "speed", "value", on=("NetTunnel",))
    assert column(path) == structs.replace(number, also=(words,))
    assert column(path).ways == (structs.replace(number, also=(words,)), words)


def test_a_property_is_that_of_the_kinds_whose_attribute_has_it() -> None:
    path = "place.state.label"
    assert column(path) == Column(path, (PLACED,), "state", "label", on=("GeoCabinet",))
    with pytest.raises(SourceRejectedError) as raised:
        column("place.state.lable")
    assert str(raised.value) == (
        "'place.state.lable': 'state' of GeoCabinet is an attribute of kind Dropdown and has no 'lable'"
        ", did you mean 'label'?"
    )


def test_relations_that_lead_to_other_kinds_are_ways_of_their_own() -> None:
    path = "place.parent.code"
    up = {
        kind: Hop("parent", many=False, peer=peer, on=(kind,))
        for kind, peer in (("GeoCabinet", "GeoCampus"), ("GeoCampus", "GeoRegion"))
    }
    assert column(path) == Column(
        path,
        (PLACED, up["GeoCabinet"]),
        "code",
        "value",
        also=(Column(path, (PLACED, up["GeoCampus"]), "code", "value"),),
    )
    assert column("place.parent").also == (Column("place.parent", (PLACED, up["GeoCampus"])),)
    assert column("place.parent.id").also == (Column("place.parent.id", (PLACED, up["GeoCampus"]), "id"),)


def test_a_hierarchy_is_followed_up_and_down_to_its_ends() -> None:
    up = Hop("parent", many=True, peer="GeoPlace", on=("GeoCabinet", "GeoCampus"), closure=True)
    assert column("place.ancestors[].code") == Column("place.ancestors[].code", (PLACED, up), "code", "value")
    down = Hop("parent", many=True, peer="GeoPlace", closure=True)
    assert column("ancestors[]", "GeoCampus") == Column("ancestors[]", (down,))
    assert (up.field, structs.replace(up, closure=False).field) == ("ancestors", "parent")
    below = Hop("children", many=True, peer="GeoPlace", keep=OfKinds(("GeoCabinet",)), closure=True)
    path = "descendants[GeoCabinet].units"
    assert column(path, "GeoPlace") == Column(path, (below,), "units", "value", on=("GeoCabinet",))
    assert below.field == "descendants"


def test_a_kind_between_brackets_narrows_what_a_relation_leads_to() -> None:
    housed = structs.replace(PLACED, keep=OfKinds(("GeoCampus",)))
    assert column("place[GeoCampus].code") == Column("place[GeoCampus].code", (housed,), "code", "value")
    path = "place[GeoCampus].title"
    assert column(path) == Column(path, (housed,), "title", "value", on=("GeoCampus",))
    # of the places some are houses: those are kept, and what places have is asked of them as places
    path = "place[GeoPlace].parent.code"
    placed = structs.replace(PLACED, keep=OfKinds(("GeoCabinet", "GeoCampus")))
    up = Hop("parent", many=False, peer="GeoPlace", on=("GeoPlace",))
    assert column(path) == Column(path, (placed, up), "code", "value")
    path = "place[GeoPlace].units"
    assert column(path) == Column(path, (placed,), "units", "value", on=("GeoCabinet",))


def test_a_kind_between_brackets_that_says_nothing_new_narrows_nothing() -> None:
    assert column("place[GeoHousing].code").hops == (PLACED,)
    assert column("ports[].cable[NetCable].name").hops == (PORTS, CABLED)


def test_the_peers_of_any_kind_are_those_of_the_kind_between_brackets() -> None:
    hop = Hop("members", many=True, peer="CoreNode", keep=OfKinds(("NetBox",)))
    path = "members[NetBox].name"
    assert column(path) == Column(path, (hop,), "name", "value", on=("NetBox",))
    hop = structs.replace(hop, keep=OfKinds(("NetCopper", "NetTunnel")))
    path = "members[NetPort].name"
    assert column(path) == Column(path, (hop,), "name", "value", on=("NetPort",))


def test_other_peers_and_those_that_fit_are_kept() -> None:
    path = "cable.ends[other].name"
    far = structs.replace(ENDS, keep=Other())
    assert column(path, "NetPort") == Column(path, (CABLED, far), "name", "value")
    path = "ports[name=a|b,box.place.code!=c].name"
    name, code = (Predicate((Step("name"),), ("a", "b")), structs.replace(CODE, negated=True))
    boxed = (Hop("box", many=False, peer="NetBox"), PLACED)
    kept = Meeting(
        (
            Condition(Column(path, (), "name", "value"), name),
            Condition(Column(path, boxed, "code", "value"), code),
        )
    )
    assert column(path) == Column(path, (structs.replace(PORTS, keep=kept),), "name", "value")


CODE = Predicate((Step("box"), Step("place"), Step("code")), ("c",))


def test_every_node_has_the_instants_of_its_metadata() -> None:
    path = "place.node_metadata.updated_at"
    assert column(path) == Column(path, (PLACED,), "node_metadata", "updated_at")
    assert column("node_metadata.created_at") == Column("node_metadata.created_at", (), "node_metadata", "created_at")


@pytest.mark.parametrize(
    ("path", "subfield", "inner", "many"),
    [
        ("facts", "value", (), False),
        ("facts.snmp.module", "value", (Step(""), Step("snmp"), Step("module")), False),
        ("facts.tables[].name", "value", (Step(""), Step("tables", many=True), Step("name")), True),
        ("facts[]", "value", (Step("", many=True),), True),
        ("facts[].id", "value", (Step("", many=True), Step("id")), True),
        ("facts.value", "value", (), False),
        ("facts.value.id", "value", (Step(""), Step("id")), False),
        ("facts.node.edges[].node", "value", (Step(""), Step("node"), Step("edges", many=True), Step("node")), True),
        ("facts.node.value", "value", (Step(""), Step("node"), Step("value")), False),
        ("facts.updated_at", "updated_at", (), False),
        ("marks", "value", (), False),
        ("marks[]", "value", (Step("", many=True),), True),
        ("marks.value[]", "value", (Step("", many=True),), True),
    ],
)
def test_a_path_leads_on_into_a_list_or_json(path: str, subfield: str, inner: tuple[Step, ...], *, many: bool) -> None:
    found = column(path, "NetCable")
    assert found == Column(path, (), path.partition(".")[0].removesuffix("[]"), subfield, inner=inner)
    assert found.many is many


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("place.nmae", "GeoHousing has no field 'nmae'"),
        ("place.unit", "GeoHousing has no field 'unit', did you mean 'units'?"),
        ("place[GeoCampus].titel", "GeoCampus has no field 'titel', did you mean 'title'?"),
        ("place.parent.untis", "GeoCampus and GeoRegion have no field 'untis'"),
        ("place.descendents[]", "GeoHousing has no field 'descendents'"),
        ("ports[].ancestors[]", "NetPort has no field 'ancestors'"),
        (
            "place.title",
            "'title' is an attribute of GeoCampus and a relation of GeoCabinet, say which: place[GeoCampus].title",
        ),
        (
            "place.title.name",
            "'title' is an attribute of GeoCampus and a relation of GeoCabinet, say which: place[GeoCabinet].title",
        ),
        ("place.door", "'door' of GeoCampus is a Password, secrets are never exported"),
        ("members[].name", "CoreNode is any kind of node, say which: members[Kind].name"),
        ("place[NetBox].code", "'place' of NetBox leads to GeoHousing, and no NetBox is one of those"),
        ("place[].code", "'place' of NetBox leads to one node, write it without []"),
        ("name[other]", "'name' of NetBox is an attribute, and [...] chooses among the peers of a relation"),
        ("place[owner.home.children.code=x]", "what stands between [ and ] has to lead to one value"),
        ("ports[nmae=x]", "NetPort has no field 'nmae', did you mean 'name'?"),
        ("node_metadata", "expected node_metadata.created_at or node_metadata.updated_at"),
        ("place.node_metadata.created_by", "expected node_metadata.created_at or node_metadata.updated_at"),
        ("ports[].cable.facts.a[other]", None),
        ("ports[].cable.marks.a", "'marks' of NetCable is an attribute of kind List and has no 'a'"),
    ],
)
def test_what_no_kind_has_is_refused(path: str, message: str | None) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        column(path)
    chosen = "'facts' of NetCable is an attribute, and [...] chooses among the peers of a relation"
    assert str(raised.value) == f"{path!r}: {message or chosen}"


def test_a_generic_of_profiles_has_profiles_alone() -> None:
    profile = structs.replace(kind("ProfileNetBox", {"mtu": "Number"}), inherit_from=("CoreProfile", "CoreNode"))
    kinds = {
        **KINDS,
        "BoxShelf": kind("BoxShelf", {}, many={"profiles": "CoreProfile"}),
        "CoreProfile": structs.replace(kind("CoreProfile", {}), used_by=("ProfileNetBox",)),
        "ProfileNetBox": profile,
    }
    only = Hop("profiles", many=True, peer="CoreProfile", keep=OfKinds(("ProfileNetBox",)))
    assert column("profiles[ProfileNetBox].mtu", "BoxShelf", kinds).hops == (only,)
    with pytest.raises(SourceRejectedError) as raised:
        column("profiles[NetBox].name", "BoxShelf", kinds)
    assert str(raised.value) == (
        "'profiles[NetBox].name': 'profiles' of BoxShelf leads to CoreProfile, and no NetBox is one of those"
    )


def test_the_entry_s_own_kind_is_a_generic_like_any_other() -> None:
    with pytest.raises(SourceRejectedError) as raised:
        column("title", "GeoPlace")
    assert str(raised.value) == (
        "'title': 'title' is an attribute of GeoCampus and a relation of GeoCabinet, read them by entries of their own"
    )
    with pytest.raises(SourceRejectedError) as raised:
        column("name", "CoreNode")
    assert str(raised.value) == (
        "'name': CoreNode has no field 'name', any kind of node is one: read a kind that has it"
    )


def test_an_attribute_that_one_inheriting_kind_makes_a_secret_is_refused_over_the_generic() -> None:
    secret = {**KINDS, "NetTunnel": kind("NetTunnel", {"name": "Text", "token": "Password"})}
    assert column("ports[].token").attribute == "token"
    with pytest.raises(SourceRejectedError) as raised:
        column("ports[].token", kinds=secret)
    assert str(raised.value) == "'ports[].token': 'token' of NetTunnel is a Password, secrets are never exported"


@pytest.mark.parametrize("path", ["ports[]", "ports[].hfid", "ports[].cable.ends[other]"])
def test_a_peer_that_one_inheriting_kind_names_by_a_secret_is_refused_over_the_generic(path: str) -> None:
    tunnel = structs.replace(
        kind("NetTunnel", {"name": "Text", "token": "Password"}), human_friendly_id=("token__value",)
    )
    with pytest.raises(SourceRejectedError, match="the hfid of NetTunnel is made of 'token' of NetTunnel, a Password"):
        column(path, kinds={**KINDS, "NetTunnel": tunnel})


def without(*kinds: str) -> Mapping[str, KindSchema]:
    """Leave kinds out, also of the generics that they inherit from."""
    return {
        name: structs.replace(each, used_by=tuple(kind for kind in each.used_by if kind not in kinds))
        for name, each in KINDS.items()
        if name not in kinds
    }


def test_the_kinds_of_a_generic_are_asked_for_together_where_it_has_not_the_field_itself() -> None:
    known = {name: KINDS[name] for name in ("NetBox", "GeoHousing")}
    houses = {"GeoCabinet", "GeoCampus", "GeoShelter"}
    assert missing_kinds("NetBox", ["place.units", "place.owner.name"], {}, known) == {*houses, "BoxMaker"}
    assert missing_kinds("NetBox", ["place"], {}, known) == houses
    assert missing_kinds("NetBox", ["place[GeoCampus].code"], {}, known) == {"GeoCampus"}
    assert missing_kinds("NetBox", ["members[].name", "members[].display_label"], {}, KINDS) == frozenset()
    assert missing_kinds("NetPort", ["name"], {}, {"NetPort": KINDS["NetPort"]}) == {"NetCopper", "NetTunnel"}


CLUSTER = {
    "AppCluster": kind("AppCluster", {"name": "Text", "count": "Number"}, one={"pool": "AppPool", "home": "CoreNode"}),
    "AppPool": kind("AppPool", {"name": "Text", "value": "Text"}, one={"node": "AppNode"}, many={"edges": "AppNode"}),
    "AppNode": kind("AppNode", {"name": "Text", "properties": "Text"}, one={"box": "AppBox"}),
    "AppBox": kind("AppBox", {"name": "Text", "node": "Number"}),
    "CoreNode": structs.replace(NODE, used_by=("AppNode", "AppPool")),
}


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("pool.node", ["pool", "node"]),
        ("pool.node.name", ["pool", "node", "name.value"]),
        ("pool.node.node", ["pool", "node"]),
        ("pool.node.box.node", ["pool", "node", "box", "node.value"]),
        ("pool.node.node.box.node.node.value", ["pool", "node", "box", "node.node"]),
        ("pool.node.node.name.value", ["pool", "node", "name.value"]),
        ("pool.edges[].node.name.value", ["pool", "edges", "name.value"]),
        ("pool.edges[].edges.name", ["pool", "edges", "name.value"]),
        ("pool.edges.edges[name=a].name", ["pool", "edges", "name.value"]),
        ("pool.value", ["pool", "value.value"]),
        ("pool.node.properties", ["pool", "node", "properties.value"]),
        ("node.pool.name.value", ["pool", "name.value"]),
        ("pool.node.display_label", ["pool", "node", "display_label.None"]),
        ("home.node", ["home"]),
        ("home.node[AppNode].name", ["home", "name.value"]),
        ("home[AppPool].node.name", ["home", "node", "name.value"]),
        ("node.pool.edges.id", ["pool", "edges", "id.None"]),
    ],
)
def test_a_field_that_is_called_node_or_edges_comes_before_graphqls_own(path: str, plain: list[str]) -> None:
    if plain[-1] == "node.node":
        with pytest.raises(SourceRejectedError, match="'node' of AppBox is an attribute of kind Number"):
            column(path, "AppCluster", CLUSTER)
        return
    found = column(path, "AppCluster", CLUSTER)
    end = [f"{found.attribute}.{found.subfield}"] if found.attribute is not None else []
    assert [*(hop.name for hop in found.hops), *end] == plain


def test_brackets_of_a_wrapper_choose_among_the_peers_before_it() -> None:
    keep = column("pool.edges.edges[name=a].node.name", "AppCluster", CLUSTER).hops[1].keep
    assert isinstance(keep, Meeting)
    assert [each.predicate for each in keep.conditions] == [Predicate((Step("name"),), ("a",))]


def test_a_path_of_nothing_but_graphqls_own_is_no_field() -> None:
    with pytest.raises(SourceRejectedError, match="AppPool has no field 'edges'"):
        column("node.edges", "AppPool", {**CLUSTER, "AppPool": kind("AppPool", {"name": "Text"})})
