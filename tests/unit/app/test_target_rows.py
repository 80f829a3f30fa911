"""Lists of targets that are made of rows, from the configuration to the body that is served."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from infrahub_exporter.adapters.http.routes import build_router
from infrahub_exporter.app.configuration.fitting import misfits
from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.container import Build, build_exporter
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.errors import BadParameterError, SourceRejectedError

pytestmark = pytest.mark.anyio
YARD = Path(__file__).parent / "targets"
ROUNDS = {
    "name": "rounds",
    "kind": "YardRound",
    "rows": "teams[].members[YardBox]",
    "match": {"duty": "^^only_duty"},
    "target_field": ["panel.address.ip", "spare.address.ip"],
    "port_field": {"path": "__typename", "map": {"YardCrane": 6030, "YardScale": 7000}},
    "distinct": ["box", "seconds"],
    "label_mappings": {
        "box": "label",
        "sort": "__typename",
        "seconds": "^^seconds",
        "rounds": "^^label",
        "probes": "^^probes[].label",
        "team": "^name",
    },
}


def yard(*queries: dict[str, Any]) -> Exporter:
    files = {"schema": [str(YARD / "schema.yml")], "objects": [str(YARD / "objects.yml")]}
    tree = {"infrahub": {"embedded": files}, "service_discovery": {"enabled": True, "queries": list(queries)}}
    return build_exporter(parse_settings(tree, directory=YARD))


async def served(subject: Exporter, name: str) -> list[Any]:
    """Return a list without the labels that are ids, sorted."""
    groups = json.loads(await subject.discovery(name))
    for group in groups:
        del group["labels"]["__meta_infrahub_id"]
    return sorted(groups, key=lambda group: (group["targets"], group["labels"].get("seconds", "")))


async def test_members_of_groups_that_rounds_name_are_targets_united_by_what_they_are_alike_in() -> None:
    subject = yard(ROUNDS)
    await subject.refresh()
    crane = {"sort": "YardCrane", "__meta_infrahub_kind": "YardCrane"}
    scale = {"box": "scale1", "sort": "YardScale", "team": "south", "__meta_infrahub_kind": "YardScale"}
    assert await served(subject, "rounds") == [
        {
            "targets": ["192.0.2.1:6030"],
            "labels": {
                "box": "crane1",
                "seconds": "30",
                "rounds": "all,lifts",
                "probes": "load,wind",
                "team": "north",
                **crane,
            },
        },
        {
            "targets": ["192.0.2.2:6030"],
            "labels": {
                "box": "crane2",
                "seconds": "30",
                "rounds": "all",
                "probes": "load,wind",
                "team": "north,south",
                **crane,
            },
        },
        {
            "targets": ["192.0.2.2:6030"],
            "labels": {
                "box": "crane2",
                "seconds": "3600",
                "rounds": "hourly",
                "probes": "wind",
                "team": "south",
                **crane,
            },
        },
        {
            "targets": ["[2001:db8::3]:7000"],
            "labels": {"seconds": "30", "rounds": "all", "probes": "load,wind", **scale},
        },
        {
            "targets": ["[2001:db8::3]:7000"],
            "labels": {"seconds": "3600", "rounds": "hourly", "probes": "wind", **scale},
        },
    ]
    (status,) = subject.status.entries
    assert (status.published, status.skipped["no_target"]) == (5, 1)
    assert list(status.examples.items()) == [("no_target", ("YardCrane__crane3",))]


async def test_elements_of_json_that_a_condition_takes_are_targets() -> None:
    channels = {
        "kind": "YardScale",
        "rows": "channels[]",
        "where": {"live": True},
        "exclude": {"port": {"above": 7002}},
        "target_field": "^panel.address.ip",
        "port_field": "port",
        "label_mappings": {"box": "^label", "unit": "unit"},
    }
    subject = yard(channels)
    await subject.refresh()
    assert await served(subject, "yardscale") == [
        {
            "targets": ["[2001:db8::3]:7001"],
            "labels": {"box": "scale1", "unit": "kg", "__meta_infrahub_kind": "YardScale"},
        }
    ]


async def test_conditions_choose_among_nodes_and_a_label_that_prometheus_refuses_skips_one() -> None:
    cranes = {
        "kind": "YardCrane",
        "where": {"label": {"matches": "crane[1-3]"}},
        "target_field": ["panel.address.ip", "spare.address.ip"],
        "label_mappings": {"__scrape_interval__": "pace", "__scrape_timeout__": {"value": "10s"}},
    }
    subject = yard(cranes)
    await subject.refresh()
    assert await served(subject, "yardcrane") == [
        {
            "targets": ["192.0.2.1"],
            "labels": {
                "__scrape_interval__": "1m30s",
                "__scrape_timeout__": "10s",
                "__meta_infrahub_kind": "YardCrane",
            },
        }
    ]
    (status,) = subject.status.entries
    assert status.skipped == {
        "no_target": 1,
        "bad_target": 0,
        "bad_port": 0,
        "no_port": 0,
        "bad_label": 1,
        "bad_content": 0,
    }


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"rows": "teams[].nobody"}, "'teams[].nobody': CoreStandardGroup has no field 'nobody'"),
        ({"target_field": "panel"}, "target_field 'panel': expected a path that ends on an attribute"),
        ({"match": {"dutty": "^^only_duty"}}, "'dutty': YardBox has no field 'dutty', did you mean 'duty'?"),
        ({"label_mappings": {"box": "^^^label", "seconds": "label"}}, "'^^^label': "),
    ],
)
async def test_a_list_of_rows_that_is_wrong_in_itself_is_a_failure(change: dict[str, Any], problem: str) -> None:
    subject = yard({**ROUNDS, **change})
    await subject.refresh()
    (status,) = subject.status.entries
    assert status.succeeded_at is None
    assert problem in str(status.error)


GNMIC = {**ROUNDS, "formats": {"gnmic": {"name": "box", "subscriptions": "probes", "tags": ["team"]}}}


async def test_the_same_list_is_offered_as_the_map_that_gnmic_reads() -> None:
    subject = yard(GNMIC, {"kind": "YardCrane", "target_field": "panel.address.ip"})
    await subject.refresh()
    assert json.loads(await subject.discovery("rounds", [("format", "gnmic")])) == {
        "crane1": {
            "address": "192.0.2.1:6030",
            "subscriptions": ["load", "wind"],
            "event-tags": {"team": "north"},
        },
        "crane2": {
            "address": "192.0.2.2:6030",
            "subscriptions": ["load", "wind"],
            "event-tags": {"team": "north,south"},
        },
        "scale1": {
            "address": "[2001:db8::3]:7000",
            "subscriptions": ["load", "wind"],
            "event-tags": {"team": "south"},
        },
    }
    with pytest.raises(BadParameterError, match=r"^format: expected one of gnmic, got 'yaml'$"):
        await subject.discovery("rounds", [("format", "yaml")])
    with pytest.raises(BadParameterError, match=r"^'format' is no parameter of this list$"):
        await subject.discovery("yardcrane", [("format", "gnmic")])


async def test_a_format_of_a_list_that_was_never_read_well_is_its_error() -> None:
    subject = yard({**GNMIC, "rows": "nobody"})
    with pytest.raises(SourceRejectedError, match="nobody"):
        await subject.discovery("rounds", [("format", "gnmic")])


async def test_a_reload_that_adds_a_format_goes_on_from_the_list_that_is_there() -> None:
    before = yard(ROUNDS)
    await before.refresh()
    list_before = await before.discovery("rounds")
    after = yard(GNMIC)
    left = before.handover()
    await after.resume(msgspec.structs.replace(left, source=after._source))
    assert await after.discovery("rounds") == list_before
    assert json.loads(await after.discovery("rounds", [("format", "gnmic")])).keys() == {"crane1", "crane2", "scale1"}


async def test_a_format_has_a_tag_of_its_own_over_http() -> None:
    subject = yard(GNMIC)
    await subject.refresh()
    async with AsyncTestClient(Litestar([build_router(subject)])) as client:
        first = await client.get("/sd/rounds?format=gnmic")
        assert (first.status_code, first.headers["content-type"]) == (200, "application/json")
        again = await client.get("/sd/rounds?format=gnmic", headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        plain = await client.get("/sd/rounds", headers={"If-None-Match": first.headers["etag"]})
        assert (plain.status_code, plain.json()[0].keys()) == (200, {"targets", "labels"})
        wrong = await client.get("/sd/rounds?format=yaml")
        assert (wrong.status_code, wrong.json()["detail"]) == (400, "format: expected one of gnmic, got 'yaml'")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"rows": "teams[].nobody"}, "'teams[].nobody': CoreStandardGroup has no field 'nobody'"),
        ({"exclude": {"^^labl": "x"}}, "'^^labl': YardRound has no field 'labl', did you mean 'label'?"),
        (
            {"target_field": ["panel.address.ip", "panel"]},
            (
                "target_field 'panel': expected a path that ends on an attribute, "
                "got one that ends on the relation to IpamIPAddress"
            ),
        ),
    ],
)
async def test_rows_and_what_is_read_there_are_looked_up_before_anything_is_served(
    change: dict[str, Any], problem: str | None
) -> None:
    files = {"schema": [str(YARD / "schema.yml")]}
    queries = {"enabled": True, "queries": [{**ROUNDS, **change}]}
    settings = parse_settings({"infrahub": {"embedded": files}, "service_discovery": queries})
    found = await misfits(settings, Build(settings).parts.source)
    assert [str(each) for each in found] == ([f"service_discovery.queries[0]: {problem}"] if problem else [])


async def test_rows_that_are_no_targets_are_told_to_whom_the_page_is_shown() -> None:
    subject = yard(ROUNDS, {**ROUNDS, "name": "wrong", "rows": "nobody"})
    await subject.refresh()
    async with AsyncTestClient(Litestar([build_router(subject, page_is_open=True)])) as client:
        found = (await client.get("/sd/rounds/explain")).json()
        assert [(each["kind"], each["reason"], len(each["id"])) for each in found.pop("skipped")] == [
            ("YardCrane", "no_target", 36)
        ]
        assert found == {"name": "rounds"}
        wrong = await client.get("/sd/wrong/explain")
        assert (wrong.status_code, "nobody" in wrong.json()["detail"]) == (503, True)
    async with AsyncTestClient(Litestar([build_router(subject)])) as client:
        assert (await client.get("/sd/rounds/explain")).status_code == 403
    assert [each.reason for each in subject.explain("rounds")] == ["no_target"]
