"""Lists of targets that are made of rows, from the configuration to the body that is served."""

import json
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter

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
    assert status.skipped == {"no_target": 1, "bad_target": 0, "bad_port": 0, "no_port": 0, "bad_label": 1}


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
