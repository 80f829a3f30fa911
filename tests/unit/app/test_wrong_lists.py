"""A list that is wrong in itself is a failure and says why; one with some bad nodes is served and says which."""

import logging
from collections.abc import Mapping, Sequence

import pytest

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.forms import Form, Written
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceRejectedError
from infrahub_exporter.domain.model import JSON, AttributeSchema, KindSchema, RelationshipSchema, TargetGroup
from tests.unit.app.test_exporter import Ticks

pytestmark = pytest.mark.anyio
DOCUMENT = (
    "{ LabProbe { edges { node { id name { value } url { value } mgmt { ip } port { value } settings { value } "
    "spot { node { name { value } } } "
    "... on LabGauge { unit { value } } } } } }"
)
TEXT = {name: AttributeSchema(name, "Text") for name in ("name", "url", "mgmt", "port")}
SCHEMA = (
    KindSchema("LabProbe", TEXT, {"hall": RelationshipSchema("hall", "GeoSpot", many=False)}),
    KindSchema("GeoSpot", {"name": TEXT["name"]}, {}),
)


@pytest.fixture(autouse=True)
def only_warnings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="infrahub_exporter")


def node(name: str, **fields: JSON) -> dict[str, JSON]:
    found: dict[str, JSON] = {"id": f"id-{name}", "name": {"value": name}, "url": {"value": f"https://{name}.example"}}
    return {**found, "mgmt": {"ip": "10.0.0.9"}, "port": {"value": 9115}, "settings": {"value": {}}, **fields}


def by_file(target: Written = "mgmt.ip", port: Written | None = None, **labels: Written) -> DiscoverySpec:
    return DiscoverySpec(
        name="probes",
        paths=("/sd/probes",),
        target_field=target,
        port_field=port,
        label_mappings=labels,
        document=DOCUMENT,
    )


def by_kind(target: Written, port: Written | None = None) -> DiscoverySpec:
    return DiscoverySpec(name="probes", paths=("/sd/probes",), target_field=target, port_field=port, kind="LabProbe")


def exporter(spec: DiscoverySpec, source: MemorySource) -> Exporter:
    return Exporter(
        metrics=(),
        discoveries=(spec,),
        source=source,
        clock=Ticks(),
        poll_interval_seconds=60.0,
        version="1",
        outline=outline,
    )


def answering(*nodes: Mapping[str, JSON]) -> MemorySource:
    edges: list[JSON] = [{"node": dict(each)} for each in nodes]
    return MemorySource(schema=SCHEMA, answers={DOCUMENT: {"LabProbe": {"edges": edges}}})


def holding(*probes: Mapping[str, object]) -> MemorySource:
    return MemorySource([{"kind": "LabProbe", **each} for each in probes], schema=SCHEMA)


async def refused(spec: DiscoverySpec, source: MemorySource) -> ExporterError:
    subject = exporter(spec, source)
    await subject.refresh()
    with pytest.raises(ExporterError) as caught:
        await subject.discovery("probes")
    (entry,) = subject.status.entries
    assert (entry.success, entry.succeeded_at, entry.error) == (False, None, caught.value)
    assert 'infrahub_exporter_refresh_success{name="probes",source="query"} 0.0' in subject.metrics_text()
    return caught.value


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            by_file("mgnt.ip"),
            "target_field 'mgnt.ip': no node of the query's answer contains it, did you mean 'mgmt'?",
        ),
        (by_file(port="prot"), "port_field 'prot': no node of the query's answer contains it, did you mean 'port'?"),
        (by_file(place="sopt.name"), "label_mappings.place 'sopt.name': no node of the query's answer contains it"),
        (
            by_file(port="prot", place="nmae"),
            (
                "label_mappings.place 'nmae': no node of the query's answer contains it, did you mean 'name'?; "
                "port_field 'prot': no node of the query's answer contains it, did you mean 'port'?"
            ),
        ),
        (by_file(("mgmt.ip", "url.ip")), "target_field 'url.ip': no node of the query's answer contains it"),
        (
            by_file(owner="settings.onwer"),
            "label_mappings.owner 'settings.onwer': no node of the query's answer contains it",
        ),
        (
            by_file("url"),
            (
                "every node is bad: 2 bad_target, such as LabProbe id-shop; a target is a host or an address, "
                "with 'target: url' a URL"
            ),
        ),
        (
            by_file(("mgmt.ip", "spot"), port="spot"),
            (
                "target_field 'spot': expected a path that ends on an attribute, got one that ends on a relation; "
                "port_field 'spot': expected a path that ends on an attribute, got one that ends on a relation"
            ),
        ),
        (by_file(port="name"), "every node is bad: 2 bad_port, such as LabProbe id-shop"),
        (
            by_file(port=Form(path="name", map={"mail": 25})),
            "every node is bad: 2 no_port, such as LabProbe id-shop",
        ),
    ],
)
async def test_a_query_file_that_does_not_fit_is_a_failure(
    spec: DiscoverySpec, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = answering(node("shop", settings={"value": {"owner": "netops"}}), node("wiki"))
    error = await refused(spec, source)
    assert isinstance(error, DerivationError)
    assert str(error) == problem
    assert caplog.messages == [f"query probes cannot be read: {problem}"]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            by_kind("hall"),
            (
                "target_field 'hall': expected a path that ends on an attribute, "
                "got one that ends on the relation to GeoSpot"
            ),
        ),
        (
            by_kind("mgmt", "hall"),
            (
                "port_field 'hall': expected a path that ends on an attribute, "
                "got one that ends on the relation to GeoSpot"
            ),
        ),
        (by_kind("mgmt", "prot"), "'prot': LabProbe has no field 'prot', did you mean 'port'?"),
    ],
)
async def test_a_target_or_port_that_is_no_attribute_is_refused_when_planned(
    spec: DiscoverySpec, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = await refused(spec, holding())
    assert isinstance(error, SourceRejectedError)
    assert str(error) == problem
    assert caplog.messages == [f"query probes cannot be read: {problem}"]


async def test_a_kind_of_which_every_node_is_bad_is_a_failure_and_what_mends_a_node_mends_it() -> None:
    source = holding({"id": "1", "url": "https://shop.example/health"}, {"id": "2"})
    error = await refused(by_kind("url"), source)
    assert str(error) == (
        "every node is bad: 1 no_target, such as LabProbe 2; 1 bad_target, such as LabProbe 1; "
        "a target is a host or an address, with 'target: url' a URL"
    )
    subject = exporter(by_kind("url"), source)
    await subject.refresh()
    source.nodes[0] = {"kind": "LabProbe", "id": "1", "url": "shop.example"}
    await subject.refresh()
    assert [group.targets for group in subject.target_groups("probes")] == [("shop.example",)]


async def test_the_last_good_list_stays_where_the_answer_no_longer_fits(caplog: pytest.LogCaptureFixture) -> None:
    source = answering(node("shop"))
    subject = exporter(by_file(port="port"), source)
    await subject.refresh()
    good = subject.target_groups("probes")
    source.answers = answering(node("shop", port={"value": "many"})).answers
    await subject.refresh()
    assert subject.target_groups("probes") == good
    assert subject.status.entries[0].success is False
    assert caplog.messages == [
        "query probes cannot be read: every node is bad: 1 bad_port, such as LabProbe id-shop; its last good data stays"
    ]


async def test_a_list_without_nodes_is_empty_and_one_whose_nodes_all_have_no_target_is_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = answering()
    subject = exporter(by_file(), source)
    await subject.refresh()
    assert subject.target_groups("probes") == ()
    nameless = node("shop", mgmt={"ip": None})
    source.answers = answering(node("wiki"), nameless).answers
    await subject.refresh()
    good = subject.target_groups("probes")
    assert len(good) == 1
    source.answers = answering(nameless).answers
    await subject.refresh()
    assert subject.target_groups("probes") == good
    assert caplog.messages == [
        "query probes leaves out 1 of 2 nodes: 1 no_target, such as LabProbe id-shop",
        (
            "query probes cannot be read: every node is bad: 1 no_target, such as LabProbe id-shop; "
            "its last good data stays"
        ),
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


async def test_some_bad_nodes_among_good_ones_are_told_once_per_change_of_state(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="infrahub_exporter")
    source = answering()
    subject = exporter(by_file(port="port"), source)

    async def look(*nodes: Mapping[str, JSON]) -> Sequence[str]:
        source.answers = answering(*nodes).answers
        caplog.clear()
        await subject.refresh()
        return [message for message in caplog.messages if "leaves out" in message]

    bad = node("bad", port={"value": "many"})
    nameless: dict[str, JSON] = {"mgmt": {"ip": "http://x"}, "port": {"value": None}}
    assert await look(node("a")) == []
    assert await look(node("a"), bad) == ["query probes leaves out 1 of 2 nodes: 1 bad_port, such as LabProbe id-bad"]
    assert await look(node("b"), bad, bad) == []
    assert await look(bad, nameless, node("a")) == [
        "query probes leaves out 2 of 3 nodes: 1 bad_target, such as a LabProbe; 1 bad_port, such as LabProbe id-bad"
    ]
    assert await look(node("a")) == ["query probes leaves out no node any more"]
    assert await look(node("a")) == []
    shown = node("bad", port={"value": "many"}, display_label="Bad one")
    assert await look(node("a"), shown) == [
        "query probes leaves out 1 of 2 nodes: 1 bad_port, such as LabProbe Bad one"
    ]
    assert await look(node("a")) == ["query probes leaves out no node any more"]
    assert await look(node("a"), {**shown, "hfid": ["lab", "bad"]}) == [
        "query probes leaves out 1 of 2 nodes: 1 bad_port, such as LabProbe__lab__bad"
    ]


async def test_what_is_asked_of_some_kinds_only_may_be_missing() -> None:
    subject = exporter(by_file(unit="unit"), answering(node("shop")))
    await subject.refresh()
    (group,) = subject.target_groups("probes")
    assert group.labels == {"__meta_infrahub_id": "id-shop", "__meta_infrahub_kind": "LabProbe"}


async def test_a_key_of_json_may_be_missing_where_a_default_says_what_is_then() -> None:
    spec = by_file(owner=Form(path="settings.owner", default="nobody"), typo="settings")
    source = answering(node("shop", settings={"value": {"x": 1}}))
    subject = exporter(spec, source)
    await subject.refresh()
    (group,) = subject.target_groups("probes")
    assert group.labels["owner"] == "nobody"
    wrong = by_file(owner=Form(path="setings.owner", default="nobody"))
    assert str(await refused(wrong, source)) == (
        "label_mappings.owner 'setings.owner': no node of the query's answer contains it, did you mean 'settings'?"
    )


@pytest.mark.parametrize("read_by", ["file", "kind"])
async def test_urls_are_passed_on_as_they_are_where_they_are_asked_for(read_by: str) -> None:
    values: dict[str, Written] = {"target_field": "url", "target": "url"}
    name = {"name": "probes", "paths": ("/sd/probes",)}
    if read_by == "file":
        spec = DiscoverySpec(**name, **values, document=DOCUMENT)  # type: ignore[arg-type]
        source = answering(node("shop"), node("wiki", url={"value": "wiki"}))
    else:
        spec = DiscoverySpec(**name, **values, kind="LabProbe")  # type: ignore[arg-type]
        source = holding({"id": "id-shop", "url": "https://shop.example"}, {"id": "2", "url": "wiki"})
    subject = exporter(spec, source)
    await subject.refresh()
    assert subject.target_groups("probes") == (
        TargetGroup(("https://shop.example",), {"__meta_infrahub_id": "id-shop", "__meta_infrahub_kind": "LabProbe"}),
    )
    assert subject.status.entries[0].skipped["bad_target"] == 1
