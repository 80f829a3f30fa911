"""Reading what a spec asks for, from an inventory in memory."""

import pytest

from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.domain.collection import Kinds, collect, discover, entry_names
from infrahub_exporter.domain.discovery import Decision, Discovery
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError
from infrahub_exporter.domain.model import KindSchema, Peer, Sample, Section, TargetGroup
from infrahub_exporter.domain.specs import DiscoverySpec, Filters, MetricSpec
from tests.unit.domain.network import KINDS

pytestmark = pytest.mark.anyio
NODES = (
    {
        "id": "1",
        "kind": "InfraDevice",
        "hfid": ["leaf1"],
        "name": "leaf1",
        "height": 0,
        "status": "active",
        "site.region.name": "europe",
        "tags[]": (Peer("8", "BuiltinTag", ("red",)), Peer("7", "BuiltinTag", ("blue",))),
        "address.address.ip": "10.0.0.1",
    },
    {"id": "2", "kind": "InfraDevice", "name": "leaf2", "status": "planned", "address.address.ip": None},
    {"id": "3", "kind": "LocationSite", "name": "paris"},
)
QUERY = "query { InfraDevice { edges { node { ip } } } }"


class CountingSource(MemorySource):
    """An inventory in memory that says which kinds it was asked for."""

    def __init__(self) -> None:
        super().__init__(
            NODES,
            schema=KINDS.values(),
            answers={QUERY: {"InfraDevice": {"edges": [{"node": {"ip": "10.0.0.9"}}]}}},
            page_size=1,
        )
        self.asked: list[str] = []

    async def kind(self, kind: str) -> KindSchema:
        self.asked.append(kind)
        return await super().kind(kind)


@pytest.fixture
def source() -> CountingSource:
    return CountingSource()


def discovery_spec(**asked: object) -> DiscoverySpec:
    return DiscoverySpec(**{"name": "d", "paths": ("/sd/d",), "target_field": "ip", **asked})  # type: ignore[arg-type]


async def test_an_entry_is_read_page_by_page_and_becomes_one_sample_per_node(source: CountingSource) -> None:
    spec = MetricSpec(kind="InfraDevice", include=("name", "height", "site.region.name", "tags[]"))
    assert await collect(spec, nodes=source, kinds=Kinds(source)) == Section(
        ("id", "hfid", "name", "height", "site_region_name", "tags"),
        (
            Sample("1", ("1", "InfraDevice__leaf1", "leaf1", "0", "europe", "BuiltinTag__blue,BuiltinTag__red")),
            Sample("2", ("2", "2", "leaf2", "", "", "")),
        ),
    )


async def test_filters_select_and_what_none_passes_is_empty(source: CountingSource) -> None:
    kinds = Kinds(source)
    planned = MetricSpec(kind="InfraDevice", filters={"status__values": ["planned", "gone"]})
    assert (await collect(planned, nodes=source, kinds=kinds)).samples == (Sample("2", ("2", "2")),)
    none = MetricSpec(kind="InfraDevice", filters={"height__value": "7"})
    assert (await collect(none, nodes=source, kinds=kinds)).samples == ()


async def test_each_kind_is_asked_for_once_and_only_where_a_path_or_filter_needs_it(source: CountingSource) -> None:
    kinds = Kinds(source)
    filters: Filters = {"site__name__value": "paris", "tags__ids": ["7"]}
    for _ in range(2):
        selection = await kinds.select("InfraDevice", ("site.region.name", "tags[]", "address"), filters)
    assert source.asked == ["InfraDevice", "LocationSite", "LocationRegion"]
    assert [each.type for each in selection.filters] == ["String", "[ID]"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (MetricSpec(kind="InfraDevce"), "Infrahub has no kind 'InfraDevce', did you mean 'InfraDevice'?"),
        (
            MetricSpec(kind="InfraDevice", include=("site.nmae",)),
            "'site.nmae': LocationSite has no field 'nmae', did you mean 'name'?",
        ),
        (
            MetricSpec(kind="InfraDevice", filters={"status__valeu": "x"}),
            "filter 'status__valeu': expected status__value or status__values, or status__isnull",
        ),
    ],
)
async def test_unknown_kinds_fields_and_filters_are_reported_by_name(
    source: CountingSource, spec: MetricSpec, message: str
) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        await collect(spec, nodes=source, kinds=Kinds(source))
    assert str(raised.value) == message


async def test_a_discovery_by_kind_reads_rows(source: CountingSource) -> None:
    spec = discovery_spec(
        kind="InfraDevice", target_field="address.address.ip", label_mappings={"name": "name", "tags": "tags[]"}
    )
    assert await discover(spec, nodes=source, queries=source, kinds=Kinds(source)) == Discovery(
        (
            Decision(
                "InfraDevice",
                "1",
                TargetGroup(
                    ("10.0.0.1",),
                    {
                        "name": "leaf1",
                        "tags": "BuiltinTag__blue,BuiltinTag__red",
                        "__meta_infrahub_id": "1",
                        "__meta_infrahub_kind": "InfraDevice",
                    },
                ),
            ),
            Decision("InfraDevice", "2", reason="no_target"),
        )
    )


@pytest.mark.parametrize("target", ["address", "address.node", "interfaces[]", "interfaces[].addresses[]"])
async def test_a_target_that_ends_on_a_relation_is_refused_for_its_nodes_are_no_hosts(
    source: CountingSource, target: str
) -> None:
    spec = discovery_spec(kind="InfraDevice", target_field=target)
    with pytest.raises(SourceRejectedError) as raised:
        await discover(spec, nodes=source, queries=source, kinds=Kinds(source))
    assert str(raised.value) == f"target_field {target!r} ends on a relation, expected an attribute behind it"


async def test_a_discovery_by_document_reads_its_answer_and_no_schema(source: CountingSource) -> None:
    found = await discover(discovery_spec(document=QUERY), nodes=source, queries=source, kinds=Kinds(source))
    assert found.groups == (TargetGroup(("10.0.0.9",), {"__meta_infrahub_kind": "InfraDevice"}),)
    assert source.asked == []


async def test_a_document_that_does_not_fit_its_spec_is_a_failure(source: CountingSource) -> None:
    spec = discovery_spec(document=QUERY, target_field="address")
    with pytest.raises(DerivationError):
        await discover(spec, nodes=source, queries=source, kinds=Kinds(source))


async def test_entries_are_named_by_kind_and_from_the_second_on_by_number() -> None:
    assert entry_names(["A", "B", "A", "A"]) == ("A", "B", "A#2", "A#3")
    assert entry_names([]) == ()
