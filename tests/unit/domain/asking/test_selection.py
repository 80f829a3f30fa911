"""Paths and filters resolved against the kinds' schema."""

import pytest
from hypothesis import given

from infrahub_exporter.domain.asking.selection import Column, Filter, Hop, Selection, missing_kinds, select
from infrahub_exporter.domain.errors import SourceRejectedError
from tests.unit.domain.anything import PATHS
from tests.unit.domain.network import DEVICE, KINDS, REGION, SITE

TO_SITE = Hop("site", many=False, peer="LocationSite")
TO_REGION = Hop("region", many=False, peer="LocationRegion")
TO_TAGS = Hop("tags", many=True, peer="BuiltinTag")
TO_ADDRESS = Hop("address", many=False, peer="IpamIPAddress")
TO_INTERFACES = Hop("interfaces", many=True, peer="InfraInterface")
TO_ADDRESSES = Hop("addresses", many=True, peer="IpamIPAddress")


def column(path: str) -> Column:
    return select("InfraDevice", [path], {}, KINDS).columns[0]


@pytest.mark.parametrize(
    ("path", "hops", "attribute", "subfield", "many"),
    [
        ("name", (), "name", "value", False),
        ("name.value", (), "name", "value", False),
        ("status.label", (), "status", "label", False),
        ("loopback.ip", (), "loopback", "ip", False),
        ("block.broadcast_address", (), "block", "broadcast_address", False),
        ("gateway.version", (), "gateway", "version", False),
        ("mac.eui48", (), "mac", "eui48", False),
        ("name.updated_at", (), "name", "updated_at", False),
        ("name.is_from_profile", (), "name", "is_from_profile", False),
        ("facts", (), "facts", "value", False),
        ("id", (), "id", None, False),
        ("hfid", (), "hfid", None, False),
        ("display_label", (), "display_label", None, False),
        ("__typename", (), "__typename", None, False),
        ("site", (TO_SITE,), None, None, False),
        ("site.node", (TO_SITE,), None, None, False),
        ("site.name", (TO_SITE,), "name", "value", False),
        ("site.display_label", (TO_SITE,), "display_label", None, False),
        ("site.region", (TO_SITE, TO_REGION), None, None, False),
        ("site.region.name", (TO_SITE, TO_REGION), "name", "value", False),
        ("site.node.region.node.name.value", (TO_SITE, TO_REGION), "name", "value", False),
        ("address.address.ip", (TO_ADDRESS,), "address", "ip", False),
        ("tags", (TO_TAGS,), None, None, True),
        ("tags[]", (TO_TAGS,), None, None, True),
        ("tags[].name", (TO_TAGS,), "name", "value", True),
        ("tags.edges[].node.name.value", (TO_TAGS,), "name", "value", True),
        ("interfaces[].addresses[].address.ip", (TO_INTERFACES, TO_ADDRESSES), "address", "ip", True),
    ],
)
def test_a_path_becomes_hops_and_what_to_take_at_their_end(
    path: str, hops: tuple[Hop, ...], attribute: str | None, subfield: str | None, *, many: bool
) -> None:
    found = column(path)
    assert found == Column(path, hops, attribute, subfield)
    assert found.many is many


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nmae", "'nmae': InfraDevice has no field 'nmae', did you mean 'name'?"),
        ("stie.name", "'stie.name': InfraDevice has no field 'stie', did you mean 'site'?"),
        ("xyz", "'xyz': InfraDevice has no field 'xyz'"),
        ("xyz[]", "'xyz[]': InfraDevice has no field 'xyz'"),
        ("site.nmae", "'site.nmae': LocationSite has no field 'nmae', did you mean 'name'?"),
        ("site.region.nmae", "'site.region.nmae': LocationRegion has no field 'nmae', did you mean 'name'?"),
        ("tags[].nmae", "'tags[].nmae': BuiltinTag has no field 'nmae', did you mean 'name'?"),
        ("site[].name", "'site[].name': 'site' of InfraDevice leads to one node, write it without []"),
        ("name[]", "'name[]': 'name' of InfraDevice is an attribute, write it without []"),
        ("id[]", "'id[]': InfraDevice has no field 'id'"),
        ("id.value", "'id.value': InfraDevice has no field 'id'"),
        (
            "status.lable",
            (
                "'status.lable': 'status' of InfraDevice is an attribute of kind Dropdown and has no 'lable'"
                ", did you mean 'label'?"
            ),
        ),
        ("name.ip", "'name.ip': 'name' of InfraDevice is an attribute of kind Text and has no 'ip'"),
        # it overflows in Infrahub's GraphQL
        (
            "block.num_addresses",
            (
                "'block.num_addresses': 'block' of InfraDevice is an attribute of kind IPNetwork and has no"
                " 'num_addresses'"
            ),
        ),
    ],
)
def test_what_the_schema_does_not_have_is_refused_by_name_with_a_suggestion(path: str, message: str) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        column(path)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("secret", "'secret': 'secret' of InfraDevice is a Password, secrets are never exported"),
        ("secret.value", "'secret.value': 'secret' of InfraDevice is a Password, secrets are never exported"),
        ("login", "'login': 'login' of InfraDevice is a HashedPassword, secrets are never exported"),
        ("tags[].pin", "'tags[].pin': 'pin' of BuiltinTag is a Password, secrets are never exported"),
    ],
)
def test_a_secret_is_refused_wherever_a_path_reaches_it(path: str, message: str) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        column(path)
    assert str(raised.value) == message


@given(PATHS)
def test_any_path_is_resolved_or_refused_and_nothing_else_is_raised(path: str) -> None:
    try:
        found = column(path)
    except SourceRejectedError:
        return
    assert found.path == path


def test_a_selection_keeps_the_order_of_paths_and_filters_and_gives_the_filters_as_variables() -> None:
    found = select("InfraDevice", ["site.name", "name"], {"status__values": ["active"], "height__value": "1"}, KINDS)
    assert found == Selection(
        "InfraDevice",
        (Column("site.name", (TO_SITE,), "name", "value"), Column("name", (), "name", "value")),
        (Filter("status__values", "[String]", ["active"]), Filter("height__value", "BigInt", 1)),
    )
    assert found.variables == {"status__values": ["active"], "height__value": 1}


def test_equal_selections_without_filter_values_are_one_key() -> None:
    first, second = (select("InfraDevice", ["tags[].name"], {}, KINDS) for _ in range(2))
    assert {first: "document"}[second] == "document"


def test_the_kinds_that_a_selection_needs_are_asked_for_as_they_become_known() -> None:
    include = ["name", "site.region.name", "tags[]", "site.name"]
    filters = {"tags__name__value": "x", "site__ids": ["1"], "height__value": 1, "nonsense__a__b": 1}
    asked = missing_kinds("InfraDevice", include, filters, {})
    assert asked == {"InfraDevice"}
    asked = missing_kinds("InfraDevice", include, filters, {"InfraDevice": DEVICE})
    assert asked == {"LocationSite", "BuiltinTag"}
    known = {"InfraDevice": DEVICE, "LocationSite": SITE}
    assert missing_kinds("InfraDevice", include, filters, known) == {"LocationRegion", "BuiltinTag"}
    assert missing_kinds("InfraDevice", include, {}, {**known, "LocationRegion": REGION}) == {"BuiltinTag"}
    assert missing_kinds("InfraDevice", include, {}, KINDS) == frozenset()


def test_a_bare_relation_needs_its_kind_which_tells_what_it_is_named_by_and_a_wrong_path_none() -> None:
    known = {"InfraDevice": DEVICE, "LocationSite": SITE}
    assert missing_kinds("InfraDevice", ["site", "nonsense.name", "name.value"], {}, known) == frozenset()
    assert missing_kinds("InfraDevice", ["site.region"], {}, known) == {"LocationRegion"}
