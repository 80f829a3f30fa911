"""Which kinds a GraphQL document reads."""

import msgspec
import pytest

from infrahub_exporter.domain.asking.outlines import EVERYTHING, Field, kinds_read, optional_keys
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema
from tests.unit.domain.network import DEVICE, KINDS, SITE


def nodes(name: str, *fields: Field, arguments: tuple[str, ...] = (), on: str | None = None) -> Field:
    """Write `name { count edges { node { ... } node_metadata { updated_at } } }`."""
    metadata = Field("node_metadata", fields=(Field("updated_at"),))
    edges = Field("edges", fields=(Field("node", fields=fields), metadata))
    return Field(name, arguments, (Field("count"), edges), on)


def one(name: str, *fields: Field, on: str | None = None) -> Field:
    """Write `name { node { ... } }`."""
    return Field(name, (), (Field("node", fields=fields),), on)


NAME = Field("name", fields=(Field("value"),))


@pytest.mark.parametrize(
    ("roots", "kinds"),
    [
        ([], set()),
        ([nodes("InfraDevice", NAME)], {"InfraDevice"}),
        ([Field("InfraDevice", ("limit",), (Field("count"),))], {"InfraDevice"}),
        (
            [nodes("InfraDevice", one("site", NAME, one("region", NAME)), nodes("tags", NAME))],
            {"InfraDevice", "LocationSite", "LocationRegion", "BuiltinTag"},
        ),
        ([nodes("InfraDevice", NAME), nodes("BuiltinTag", NAME)], {"InfraDevice", "BuiltinTag"}),
        (
            [nodes("InfraDevice", NAME, arguments=("tags__name__value", "status__value", "limit"))],
            {"InfraDevice", "BuiltinTag"},
        ),
        (
            [nodes("InfraDevice", nodes("interfaces", NAME, arguments=("addresses__ids",)))],
            {"InfraDevice", "InfraInterface", "IpamIPAddress"},
        ),
        ([nodes("InfraDevice", one("site", NAME, on="InfraDevice"))], {"InfraDevice", "LocationSite"}),
        # a field of a fragment on another kind is that kind's
        ([nodes("BuiltinTag", one("site", NAME, on="InfraDevice"))], {"BuiltinTag", "LocationSite"}),
    ],
)
def test_a_document_reads_the_kinds_of_its_roots_their_filters_and_their_relations(
    roots: list[Field], kinds: set[str]
) -> None:
    assert kinds_read(roots, KINDS) == frozenset(kinds)


@pytest.mark.parametrize(
    "root",
    [
        # the tree above or below a node, what is computed from other nodes, and who a value is from
        nodes("LocationSite", nodes("ancestors", NAME)),
        nodes("IpamIPAddress", Field("utilization")),
        nodes("InfraDevice", Field("name", fields=(Field("value"), Field("owner", fields=(Field("display_label"),))))),
        nodes("InfraDevice", nodes("interfaces", NAME, arguments=("include_descendants",))),
        Field("InfraDevice", (), (Field("permissions", fields=(Field("count"),)),)),
        Field("InfrahubStatus", (), (Field("workers"),)),
    ],
)
def test_a_document_that_reads_what_no_probe_covers_is_not_said_to_be_covered(root: Field) -> None:
    assert kinds_read([nodes("InfraDevice", NAME), root], KINDS, {"InfrahubStatus", "LineageOwner"}) is None


def test_a_filter_along_a_tree_reads_all_of_the_tree() -> None:
    parent = RelationshipSchema("parent", "LocationRegion", many=False, hierarchy="LocationTree")
    site = msgspec.structs.replace(SITE, relationships={"parent": parent})
    roots = [nodes("LocationSite", NAME, arguments=("parent__name__value",))]
    assert kinds_read(roots, {**KINDS, "LocationSite": site}) == frozenset({"LocationSite", "LocationTree"})


def test_a_name_that_crosses_a_relation_is_read_as_well() -> None:
    device = msgspec.structs.replace(DEVICE, human_friendly_id=("site__name__value", "name__value"))
    assert kinds_read([nodes("InfraDevice")], {**KINDS, "InfraDevice": device}) == frozenset(
        {"InfraDevice", "LocationSite"}
    )


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ((), "InfraDevice"),
        (("InfraDevice",), "LocationSite"),
        (("InfraDevice", "LocationSite"), "InfraInterface"),
    ],
)
def test_the_kind_whose_schema_is_needed_to_go_on_is_named(known: tuple[str, ...], missing: str) -> None:
    roots = [nodes("InfraDevice", one("site", NAME), nodes("tags", one("addresses", on="InfraInterface")))]
    kinds = {kind: KINDS[kind] for kind in (*known, *(("BuiltinTag",) if len(known) > 1 else ()))}
    assert kinds_read(roots, kinds) == missing


ROUTER = KindSchema(
    "Router",
    {"name": AttributeSchema("name", "Text"), "code": AttributeSchema("code", "Password")},
    {
        "site": RelationshipSchema("site", "Site", many=False),
        "tags": RelationshipSchema("tags", "Tag", many=True),
        "parent": RelationshipSchema("parent", "Router", many=False, hierarchy="Tree"),
    },
)
SECRETIVE = {
    "Router": ROUTER,
    "Site": KindSchema("Site", {"pin": AttributeSchema("pin", "HashedPassword")}, {}),
    "Tag": KindSchema("Tag", {"name": AttributeSchema("name", "Text")}, {}),
    "Tree": KindSchema("Tree", {"key": AttributeSchema("key", "Password")}, {}),
    "CoreGenericAccount": KindSchema(
        "CoreGenericAccount", {"password": AttributeSchema("password", "HashedPassword")}, {}
    ),
}
UNKNOWN = {"InfrahubStatus", "LineageOwner", "LineageSource", "AccountProfile", "EdgedRouter"}
CODE, PIN, PASSWORD = (Field(name, fields=(Field("value"),)) for name in ("code", "pin", "password"))


@pytest.mark.parametrize(
    ("root", "message"),
    [
        (nodes("Router", CODE), "'code' of Router, a Password"),
        (nodes("Router", Field("unheard_of"), NAME, CODE), "'code' of Router, a Password"),
        (nodes("Router", one("unheard_of", NAME), CODE), "'code' of Router, a Password"),
        (nodes("Router", one("site", PIN)), "'pin' of Site, a HashedPassword"),
        (nodes("Tag", one("name", on="InfrahubStatus"), Field("code", on="Router")), "'code' of Router, a Password"),
        (nodes("CoreNode", Field("code", on="Router")), "'code' of Router, a Password"),
        (nodes("Router", nodes("tags", Field("code", on="Router"))), "'code' of Router, a Password"),
        (nodes("Router", nodes("ancestors", Field("key"))), "'key' of Tree, a Password"),
        (nodes("Router", nodes("ancestors", Field("code", on="Router"))), "'code' of Router, a Password"),
        # by who made, owns or is the source of something
        (
            nodes(
                "Router", Field("name", fields=(Field("value"), Field("owner", fields=(Field("code", on="Router"),))))
            ),
            "'code' of Router, a Password",
        ),
        (
            nodes("Router", Field("node_metadata", fields=(Field("created_by", fields=(PASSWORD,)),))),
            "'password' of CoreGenericAccount, a HashedPassword",
        ),
        (Field("AccountProfile", (), (PASSWORD,)), "'password' of CoreGenericAccount, a HashedPassword"),
        # below what is no kind, a name that is a secret's is taken for one
        (
            Field("InfrahubStatus", (), (Field("x", fields=(Field("code", on="Router"),)),)),
            "'code' of Router, a Password",
        ),
        (Field("InfrahubStatus", (), (Field("x", fields=(CODE,)),)), "'code' of a node, a Password"),
        (Field("InfrahubStatus", (), (Field("x", fields=(CODE,), on="EdgedRouter"),)), "'code' of a node, a Password"),
        # as one of all attributes
        (nodes("Router", NAME, Field(EVERYTHING, ("name",))), "'code' of Router, a Password"),
        # as a question
        (nodes("Router", NAME, arguments=("code__value",)), "'code' of Router, a Password"),
        (nodes("Router", NAME, arguments=("limit", "code__isnull")), "'code' of Router, a Password"),
        (nodes("Router", NAME, arguments=("site__pin__values",)), "'pin' of Site, a HashedPassword"),
        (
            nodes("Router", one("site", NAME), nodes("tags", arguments=("name__value",)), CODE),
            "'code' of Router, a Password",
        ),
    ],
)
@pytest.mark.parametrize("before", [(), (Field("InfrahubStatus"),), (nodes("Router", one("utilization", NAME)),)])
def test_a_document_that_asks_for_a_secret_is_refused_by_the_schemas_kind(
    before: tuple[Field, ...], root: Field, message: str
) -> None:
    kinds = {**SECRETIVE, "CoreNode": KindSchema("CoreNode", {}, {})}
    with pytest.raises(DerivationError) as raised:
        kinds_read((*before, root), kinds, UNKNOWN)
    assert str(raised.value) == f"the query asks for {message}: secrets are never exported"


def test_all_that_a_node_has_may_be_asked_for_without_its_secrets() -> None:
    assert kinds_read([nodes("Router", Field(EVERYTHING, ("code",)))], SECRETIVE) == frozenset({"Router"})
    assert kinds_read([nodes("Tag", one("unheard_of", Field(EVERYTHING)))], SECRETIVE) is None


SPY = KindSchema(
    "Spy",
    {"name": AttributeSchema("name", "Text"), "code": AttributeSchema("code", "Password")},
    {"site": RelationshipSchema("site", "Site", many=False)},
    human_friendly_id=("name__value", "site__pin__value"),
    display_label="{{ name__value }} ({{ code__value }})",
)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hfid", "'hfid' of Spy, made of 'pin' of Site, a HashedPassword"),
        ("display_label", "'display_label' of Spy, made of 'code' of Spy, a Password"),
    ],
)
def test_so_is_one_that_asks_for_a_name_that_is_made_of_a_secret(name: str, message: str) -> None:
    with pytest.raises(DerivationError) as raised:
        kinds_read([nodes("Spy", Field(name))], {**SECRETIVE, "Spy": SPY})
    assert str(raised.value) == f"the query asks for {message}: secrets are never exported"
    assert kinds_read([nodes("Tag", Field(name))], SECRETIVE) == frozenset({"Tag"})


def test_a_relation_named_like_what_no_schema_has_is_that_relation() -> None:
    kind = KindSchema("Thing", {}, {"owner": RelationshipSchema("owner", "Tag", many=False)})
    assert kinds_read([nodes("Thing", one("owner", NAME))], {"Thing": kind, **SECRETIVE}) == frozenset({"Thing", "Tag"})


def test_what_is_asked_of_some_kinds_only_is_optional_under_the_name_that_the_answer_has() -> None:
    alias = Field("speed", on="InfraFastPort", key="rate")
    roots = [nodes("InfraPort", NAME, alias, one("site", Field("serial", on="InfraDevice")), Field("mtu", key="size"))]
    assert optional_keys(roots) == {"rate", "serial"}


def test_a_filter_on_which_infrahub_fails_without_a_word_is_refused_with_one() -> None:
    tagged = KindSchema("Thing", {}, {"tag": RelationshipSchema("tag", "Tag", many=False)})
    tag = KindSchema("Tag", {"main_tag": AttributeSchema("main_tag", "Text")}, {})
    asked = [nodes("Thing", Field("id"), arguments=("tag__main_tag__value",))]
    with pytest.raises(SourceRejectedError) as raised:
        kinds_read(asked, {"Thing": tagged, "Tag": tag})
    assert str(raised.value) == (
        "the query filters by 'tag__main_tag__value': Infrahub cannot filter Thing over 'tag' by 'main_tag', "
        "whose name ends as that of the relation"
    )
    # what it does not have it names itself
    assert kinds_read(asked, {"Thing": tagged, "Tag": KindSchema("Tag", {}, {})}) == frozenset({"Thing", "Tag"})
    assert kinds_read(asked, {"Thing": tagged}) == "Tag"
    assert kinds_read(asked, {"Thing": tagged}, {"Tag"}) == frozenset({"Thing", "Tag"})
