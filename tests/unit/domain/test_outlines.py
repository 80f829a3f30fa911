"""Which kinds a GraphQL document reads."""

import msgspec
import pytest

from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema
from infrahub_exporter.domain.outlines import Field, kinds_read
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
    with pytest.raises(SourceRejectedError, match="no probe covers all that the document reads"):
        kinds_read([nodes("InfraDevice", NAME), root], KINDS, {"InfrahubStatus"})


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


@pytest.mark.parametrize("unknown", [(), (Field("InfrahubStatus"),)])
def test_a_document_that_asks_for_a_secret_is_refused_by_the_schemas_kind(unknown: tuple[Field, ...]) -> None:
    schema = KindSchema(
        "Router", {"name": AttributeSchema("name", "Text"), "code": AttributeSchema("code", "Password")}, {}
    )
    roots = (*unknown, nodes("Router", Field("unheard_of"), Field("name"), Field("code")))

    with pytest.raises(DerivationError) as raised:
        kinds_read(roots, {"Router": schema}, {"InfrahubStatus"})
    assert str(raised.value) == "the query asks for 'code' of Router, a Password: secrets are never exported"
