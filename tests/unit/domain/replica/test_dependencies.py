"""What an entry depends on beside its own nodes."""

import msgspec
import pytest

from infrahub_exporter.domain.asking.selection import select
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.model import KindSchema
from infrahub_exporter.domain.replica.dependencies import Dependencies, Link, dependencies
from infrahub_exporter.domain.replica.plan import plan
from tests.unit.domain.asking.test_resolving import KINDS as GENERICS
from tests.unit.domain.network import DEVICE, INTERFACE, KINDS


def found(*include: str, filters: Filters | None = None, **replaced: KindSchema) -> Dependencies:
    """Find what a selection of devices depends on, with some kinds replaced by others."""
    kinds = {**KINDS, **replaced}
    return dependencies(plan(select("InfraDevice", include, filters or {}, kinds)), kinds)


def test_attributes_alone_depend_on_nothing_else() -> None:
    assert found("name", "status", filters={"status__value": "active"}) == Dependencies(frozenset({"InfraDevice"}), ())


def test_each_relation_that_a_path_crosses_is_reached_over_by_peers_that_are_new() -> None:
    assert found("site.region.name", "tags[]", "site.name") == Dependencies(
        frozenset({"InfraDevice", "LocationSite", "LocationRegion", "BuiltinTag"}),
        (
            Link("InfraDevice", "site", "LocationSite", only_new=True),
            Link("InfraDevice", "tags", "BuiltinTag", only_new=True),
            Link("LocationSite", "region", "LocationRegion", only_new=True),
        ),
    )


def test_a_filter_over_a_relation_is_reached_over_by_every_change_of_a_peer() -> None:
    filters: Filters = {"site__name__value": "paris", "tags__ids": ["t1"], "name__value": "x"}
    assert found("name", filters=filters) == Dependencies(
        frozenset({"InfraDevice", "LocationSite", "BuiltinTag"}),
        (),
        (
            Link("InfraDevice", "site", "LocationSite", only_new=False),
            Link("InfraDevice", "tags", "BuiltinTag", only_new=False),
        ),
    )


def test_a_name_that_crosses_a_relation_changes_with_the_peer() -> None:
    device = msgspec.structs.replace(DEVICE, human_friendly_id=("site__name__value", "name__value"))
    interface = msgspec.structs.replace(
        INTERFACE, display_label="{{ name__value }} of {{ addresses__address__value }} {{ addresses }} {{ x__y }}"
    )
    assert found("interfaces[]", InfraDevice=device, InfraInterface=interface) == Dependencies(
        frozenset({"InfraDevice", "LocationSite", "InfraInterface", "IpamIPAddress"}),
        (
            Link("InfraDevice", "interfaces", "InfraInterface", only_new=True),
            Link("InfraDevice", "site", "LocationSite", only_new=False),
            Link("InfraInterface", "addresses", "IpamIPAddress", only_new=False),
        ),
    )


def test_a_peer_whose_kind_is_not_described_is_watched_all_the_same() -> None:
    known = {kind: KINDS[kind] for kind in ("InfraDevice",)}
    assert dependencies(plan(select("InfraDevice", ("site",), {}, KINDS)), known) == Dependencies(
        frozenset({"InfraDevice", "LocationSite"}), (Link("InfraDevice", "site", "LocationSite", only_new=True),)
    )


def over(kind: str, *include: str, **replaced: KindSchema) -> tuple[Link, ...]:
    """Find the links of a selection over generics, with some kinds replaced by others."""
    kinds = {**GENERICS, **replaced}
    return dependencies(plan(select(kind, include, {}, kinds)), kinds).links


def test_a_relation_that_some_kinds_of_a_generic_have_is_reached_over_under_those() -> None:
    assert over("NetBox", "place.staff.name") == (
        Link("NetBox", "place", "GeoHousing", only_new=True),
        Link("GeoHousing", "staff", "BoxMaker", only_new=True, under=("GeoShelter",)),
    )


def test_a_hierarchy_is_reached_over_from_each_of_its_levels() -> None:
    assert over("GeoCampus", "ancestors[].code") == (
        Link("GeoCampus", "parent", "GeoPlace", only_new=True),
        Link("GeoPlace", "parent", "GeoPlace", only_new=True),
    )


NAMED = msgspec.structs.replace(GENERICS["NetTunnel"], human_friendly_id=("cable__name__value", "name__value"))
BY_CABLE = Link("NetPort", "cable", "NetCable", only_new=False, under=("NetTunnel",))


@pytest.mark.parametrize(
    "path", ["ports[]", "ports[].hfid", "ports[].display_label", "ports[NetTunnel]", "ports[display_label=x].name"]
)
def test_a_name_that_one_kind_of_a_generic_makes_of_a_peer_changes_with_the_peer(path: str) -> None:
    tunnel = msgspec.structs.replace(NAMED, relationships=GENERICS["NetPort"].relationships)
    assert BY_CABLE in over("NetBox", path, NetTunnel=tunnel)
    assert BY_CABLE in over("NetPort", "name", NetTunnel=tunnel)


@pytest.mark.parametrize("path", ["ports[].name", "ports[NetCopper]", "ports[name=x].name", "ports[].speed"])
def test_a_name_that_nobody_sees_depends_on_no_peer(path: str) -> None:
    tunnel = msgspec.structs.replace(NAMED, relationships=GENERICS["NetPort"].relationships)
    assert BY_CABLE not in over("NetBox", path, NetTunnel=tunnel)


def test_a_name_that_a_generic_makes_of_a_peer_itself_is_asked_for_under_the_generic_alone() -> None:
    named = {"human_friendly_id": ("cable__name__value",), "relationships": GENERICS["NetPort"].relationships}
    kinds = {kind: msgspec.structs.replace(GENERICS[kind], **named) for kind in ("NetPort", "NetTunnel")}
    found = [link for link in over("NetBox", "ports[]", **kinds) if link.relation == "cable"]
    assert found == [Link("NetPort", "cable", "NetCable", only_new=False)]
