"""Filters: their GraphQL types by the schema (types as Infrahub 1.11 declares them), and their values."""

import pytest
from hypothesis import given, strategies

from infrahub_exporter.domain.asking.filters import argument_type, kinds_needed, typed
from infrahub_exporter.domain.asking.specs import FilterValue
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema
from tests.unit.domain.network import DEVICE, KINDS


@pytest.mark.parametrize(
    ("argument", "type_name"),
    [
        ("ids", "[ID]"),
        ("hfid", "[String]"),
        ("partial_match", "Boolean"),
        ("any__value", "String"),
        ("any__values", "[String]"),
        ("any__owner__id", "ID"),
        ("display_label__value", "String"),
        ("display_label__values", "[String]"),
        ("display_label__isnull", "Boolean"),
        ("node_metadata__updated_at__after", "DateTime"),
        ("node_metadata__created_at__before", "DateTime"),
        ("node_metadata__updated_at", "DateTime"),
        ("node_metadata__created_by__id", "ID"),
        ("node_metadata__updated_by__ids", "[ID]"),
        ("name__value", "String"),
        ("name__values", "[String]"),
        ("name__isnull", "Boolean"),
        ("name__is_protected", "Boolean"),
        ("name__source__id", "ID"),
        ("name__owner__id", "ID"),
        ("status__value", "String"),
        ("height__value", "BigInt"),
        ("height__values", "[BigInt]"),
        ("asn__value", "BigInt"),
        ("bandwidth__value", "Int"),
        ("monitored__value", "Boolean"),
        ("monitored__values", "[Boolean]"),
        ("spare__value", "Boolean"),
        ("aliases__value", "GenericScalar"),
        ("facts__values", "[GenericScalar]"),
        ("anything__value", "GenericScalar"),
        ("installed_at__isnull", "Boolean"),
        ("loopback__value", "String"),
        ("block__values", "[String]"),
        ("gateway__value", "String"),
        ("mac__value", "String"),
        ("site__ids", "[ID]"),
        ("site__isnull", "Boolean"),
        ("site__display_label__value", "String"),
        ("site__display_label__isnull", "Boolean"),
        ("site__name__value", "String"),
        ("site__name__values", "[String]"),
        ("tags__weight__value", "BigInt"),
        ("tags__weight__values", "[BigInt]"),
        ("tags__name__is_protected", "Boolean"),
        ("tags__name__source__id", "ID"),
    ],
)
def test_an_argument_has_the_type_that_infrahub_declares(argument: str, type_name: str) -> None:
    assert argument_type(argument, DEVICE, KINDS) == type_name


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("nmae__value", "filter 'nmae__value': InfraDevice has no such filter, did you mean 'name__value'?"),
        ("name", "filter 'name': expected name__value or name__values, or name__isnull"),
        ("site", "filter 'site': expected one of site__ids, site__isnull, site__<attribute>__value"),
        ("zzzzz", "filter 'zzzzz': InfraDevice has no such filter"),
        ("limit", "filter 'limit': InfraDevice has no such filter"),
        ("", "filter '': InfraDevice has no such filter"),
        ("name__is", "filter 'name__is': expected name__value or name__values, or name__isnull"),
        ("height__gte", "filter 'height__gte': expected height__value or height__values, or height__isnull"),
        ("site__name", "filter 'site__name': expected one of site__ids, site__isnull, site__<attribute>__value"),
        ("site__nmae__value", "filter 'site__nmae__value': LocationSite has no attribute 'nmae', did you mean 'name'?"),
        ("site__xxx__value", "filter 'site__xxx__value': LocationSite has no attribute 'xxx'"),
        (
            "site__region__name__value",
            "filter 'site__region__name__value': LocationSite has no attribute 'region'",
        ),
        # attributes of a peer have no __isnull
        (
            "site__name__isnull",
            "filter 'site__name__isnull': expected site__name__value or site__name__values",
        ),
        # Infrahub's resolver fails on them
        (
            "installed_at__value",
            (
                "filter 'installed_at__value': Infrahub cannot filter by the value of a DateTime, only by"
                " installed_at__isnull"
            ),
        ),
        ("site__opened__values", "filter 'site__opened__values': Infrahub cannot filter by the value of a DateTime"),
        (
            "secret__value",
            "filter 'secret__value': 'secret' of InfraDevice is a Password, secrets are never asked for",
        ),
        (
            "login__isnull",
            "filter 'login__isnull': 'login' of InfraDevice is a HashedPassword, secrets are never asked for",
        ),
        (
            "tags__pin__value",
            "filter 'tags__pin__value': 'pin' of BuiltinTag is a Password, secrets are never asked for",
        ),
    ],
)
def test_what_is_no_filter_is_refused_by_name(argument: str, message: str) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        argument_type(argument, DEVICE, KINDS)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("argument", "needed"),
    [
        ("site__name__value", {"LocationSite"}),
        ("tags__name__source__id", {"BuiltinTag"}),
        ("site__ids", set()),
        ("site__isnull", set()),
        ("site__display_label__value", set()),
        ("site__name", set()),
        ("name__value", set()),
        ("ids", set()),
        ("nonsense__name__value", set()),
        ("site", set()),
    ],
)
def test_only_a_filter_over_a_relation_needs_the_peer_s_schema(argument: str, needed: set[str]) -> None:
    assert kinds_needed(argument, DEVICE, {}) == needed


ENDPOINT = KindSchema(
    kind="NetEndpoint",
    attributes={"name": AttributeSchema("name", "Text")},
    relationships={"device": RelationshipSchema("device", "InfraDevice", many=False)},
    used_by=("NetPort", "NetLag", "NetTunnel", "NetLoop", "NetVlan"),
)
PORT = KindSchema(kind="NetPort", attributes={"speed": AttributeSchema("speed", "Number")}, relationships={})
OTHERS = [
    KindSchema(kind=f"Net{name}", attributes={"mtu": AttributeSchema("mtu", "Number")}, relationships={})
    for name in ("Lag", "Tunnel", "Loop", "Vlan")
]
CABLE = KindSchema(
    kind="NetCable",
    attributes={},
    relationships={"ends": RelationshipSchema("ends", "NetEndpoint", many=True)},
)
ENDPOINTS = {each.kind: each for each in (ENDPOINT, PORT, CABLE, *OTHERS)}


@pytest.mark.parametrize(
    ("argument", "schema", "message"),
    [
        (
            "speed__value",
            ENDPOINT,
            (
                "filter 'speed__value': NetEndpoint has no such filter as a generic, "
                "of the kinds that inherit from it NetPort has it"
            ),
        ),
        (
            "mtu__value",
            ENDPOINT,
            (
                "filter 'mtu__value': NetEndpoint has no such filter as a generic, "
                "of the kinds that inherit from it NetLag, NetLoop, NetTunnel and 1 more have it"
            ),
        ),
        (
            "ends__speed__value",
            CABLE,
            (
                "filter 'ends__speed__value': NetEndpoint has no attribute 'speed' as a generic, "
                "of the kinds that inherit from it NetPort has it"
            ),
        ),
        (
            "ends__nmae__value",
            CABLE,
            "filter 'ends__nmae__value': NetEndpoint has no attribute 'nmae', did you mean 'name'?",
        ),
    ],
)
def test_a_filter_that_a_generic_has_not_names_the_kinds_that_have_it(
    argument: str, schema: KindSchema, message: str
) -> None:
    known = {schema.kind: schema}
    while missing := kinds_needed(argument, schema, known) - known.keys():
        known |= {each: ENDPOINTS[each] for each in missing}
    with pytest.raises(SourceRejectedError) as raised:
        argument_type(argument, schema, known)
    assert str(raised.value) == message


def test_the_schema_of_no_other_kind_is_needed_for_what_a_generic_has() -> None:
    assert kinds_needed("name__value", ENDPOINT, {}) == set()
    assert kinds_needed("ends__name__value", CABLE, ENDPOINTS) == set()


def test_a_filter_on_which_infrahub_fails_without_a_word_is_refused_with_one() -> None:
    platform = KindSchema(
        kind="DcimPlatform",
        attributes={"nornir_platform": AttributeSchema("nornir_platform", "Text")},
        relationships={},
    )
    device = KindSchema(
        kind="DcimDevice",
        attributes={},
        relationships={"platform": RelationshipSchema("platform", "DcimPlatform", many=False)},
    )
    with pytest.raises(SourceRejectedError) as raised:
        argument_type("platform__nornir_platform__value", device, {"DcimPlatform": platform})
    assert str(raised.value) == (
        "filter 'platform__nornir_platform__value': Infrahub cannot filter DcimDevice over 'platform' by "
        "'nornir_platform', whose name ends as that of the relation"
    )


@pytest.mark.parametrize(
    ("type_name", "value", "sent"),
    [
        ("String", "active", "active"),
        ("String", "", ""),
        ("String", 5, "5"),
        ("ID", 5, "5"),
        ("DateTime", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("BigInt", 0, 0),
        ("BigInt", 9007199254740993, 9007199254740993),
        ("BigInt", "5", 5),
        ("BigInt", "-5", -5),
        ("Int", "100000", 100000),
        ("Boolean", False, False),
        ("Boolean", "true", True),
        ("Boolean", "False", False),
        ("GenericScalar", "l1", "l1"),
        ("GenericScalar", 0.5, 0.5),
        ("GenericScalar", True, True),
        ("[String]", ["a", 5], ["a", "5"]),
        ("[String]", "a", ["a"]),
        ("[String]", [], []),
        ("[BigInt]", ["1", 2], [1, 2]),
        ("[Boolean]", [True, "false"], [True, False]),
        ("[ID]", "17ab", ["17ab"]),
        ("[GenericScalar]", [1, "x", 0.5], [1, "x", 0.5]),
    ],
)
def test_a_value_is_brought_to_its_type(type_name: str, value: FilterValue, sent: object) -> None:
    found = typed("x__value", type_name, value)
    assert found == sent
    assert type(found) is type(sent)


@pytest.mark.parametrize(
    ("argument", "type_name", "value", "message"),
    [
        ("height__value", "BigInt", "x", "expected an integer, got 'x'"),
        ("height__value", "BigInt", "", "expected an integer, got ''"),
        ("height__value", "BigInt", 1.5, "expected an integer, got 1.5"),
        ("height__value", "BigInt", 1.0, "expected an integer, got 1.0"),
        ("height__value", "BigInt", True, "expected an integer, got True"),
        ("height__value", "BigInt", "9" * 20, "expected an integer, got '99999999999999999999'"),
        ("height__values", "[BigInt]", [1, "x"], "expected an integer, got 'x'"),
        ("bandwidth__value", "Int", "1e3", "expected an integer, got '1e3'"),
        ("monitored__value", "Boolean", 1, "expected true or false, got 1"),
        ("monitored__value", "Boolean", "yes", "expected true or false, got 'yes'"),
        ("monitored__value", "Boolean", 0.0, "expected true or false, got 0.0"),
        ("name__value", "String", True, "expected text, put it in quotes, got True"),
        # YAML reads 4.30 as 4.3
        ("version__value", "String", 4.3, "expected text, put it in quotes, got 4.3"),
        ("name__value", "String", ["a", "b"], "expected one value, a list goes to 'name__values'"),
        ("name__isnull", "Boolean", [True], "expected one value"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(
    argument: str, type_name: str, value: FilterValue, message: str
) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        typed(argument, type_name, value)
    assert str(raised.value) == f"filter {argument!r}: {message}"


ONE = strategies.text() | strategies.booleans() | strategies.integers() | strategies.floats(allow_nan=False)
TYPES = {
    "String": str,
    "ID": str,
    "DateTime": str,
    "BigInt": int,
    "Int": int,
    "Boolean": bool,
    "GenericScalar": object,
}


@given(strategies.sampled_from(sorted(TYPES)), ONE)
def test_any_value_gets_its_type_and_is_never_null_or_is_refused(scalar: str, value: FilterValue) -> None:
    try:
        found = typed("x__value", scalar, value)
    except SourceRejectedError:
        return
    assert found is not None
    assert isinstance(found, TYPES[scalar])
    assert TYPES[scalar] is not int or type(found) is int


@given(strategies.sampled_from(sorted(TYPES)), strategies.lists(ONE, max_size=3))
def test_a_list_is_refused_or_has_as_many_values_of_its_type(
    scalar: str, values: list[str | bool | int | float]
) -> None:
    try:
        found = typed("x__values", f"[{scalar}]", values)
    except SourceRejectedError:
        return
    assert found == [typed("x__value", scalar, each) for each in values]
