"""A real OTLP receiver gets every point, in a process of its own and over gRPC."""

import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e import loopback
from tests.e2e.children import Spawn, StartExporter, StartInfrahub, eventually, free_port
from tests.e2e.otlp.conftest import Receiver, start_receiver

MIB = 1024 * 1024


def _served(url: str) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """Read the inventory's series as they are scraped; an empty label is an absent one."""
    families = text_string_to_metric_families(loopback.get(f"{url}/metrics").text)
    return {
        _series(sample.name, sample.labels)
        for family in families
        for sample in family.samples
        if sample.name.startswith("infrahub_") and not sample.name.startswith("infrahub_exporter_")
    }


def _series(name: str, labels: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset((key, value) for key, value in labels.items() if value)


def _received(points: Iterable[dict[str, Any]]) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    return {_series(point["metric"], point["attributes"]) for point in points}


def test_every_series_is_a_point(
    receiver: Receiver, start_infrahub: StartInfrahub, start_exporter: StartExporter
) -> None:
    infrahub_port, port = free_port(), free_port()
    infrahub = start_infrahub(infrahub_port)
    exporter = start_exporter(
        port,
        infrahub={"address": f"http://127.0.0.1:{infrahub_port}"},
        exporters={
            "otlp": {
                "enabled": True,
                "endpoint": f"http://127.0.0.1:{receiver.port}",
                "interval_seconds": 1,
                "headers": {"x-team": "network"},
                "resource_attributes": {"deployment.environment.name": "e2e"},
            }
        },
    )
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: loopback.get(f"{url}/-/ready").is_success, exporter, infrahub)
    served = _served(url)
    assert len(served) > 200

    points = eventually(
        lambda: points if _received(points := receiver.points()) >= served else None, exporter, receiver.child
    )
    assert _received(points) == served
    assert {point["value"] for point in points if point["metric"].endswith("_info")} == {1}
    assert {point["headers"]["x-team"] for point in points} == {"network"}
    resources = {tuple(sorted(point["resource"].items())) for point in points}
    assert len(resources) == 1
    resource = dict(resources.pop())
    assert resource["service.name"] == "infrahub-exporter"
    assert resource["deployment.environment.name"] == "e2e"
    assert {"service.instance.id", "service.version"} <= set(resource)

    before = len(receiver.points())
    exporter.send(signal.SIGTERM)
    assert exporter.wait(10) == 0
    assert len(receiver.points()) >= before + len(served), "no last push"


def test_points_beyond_a_message_come_in_several(
    receiver: Receiver, start_infrahub: StartInfrahub, start_exporter: StartExporter, tmp_path: Path
) -> None:
    count = 20_000
    data = [{"name": f"tag{number}", "description": f"{number:x<300}"} for number in range(count)]
    objects = {"apiVersion": "infrahub.app/v1", "kind": "Object", "spec": {"kind": "BuiltinTag", "data": data}}
    path = tmp_path / "tags.yml"
    path.write_text(json.dumps(objects), encoding="utf-8")
    infrahub_port, port = free_port(), free_port()
    infrahub = start_infrahub(infrahub_port, path)
    exporter = start_exporter(
        port,
        infrahub={"address": f"http://127.0.0.1:{infrahub_port}"},
        metrics={"kind": [{"kind": "BuiltinTag", "include": ["name", "description"]}]},
        collectors={},
        poll_interval_seconds=60,
        exporters={"otlp": {"enabled": True, "endpoint": f"http://127.0.0.1:{receiver.port}"}},
    )
    points = eventually(
        lambda: points if len(points := receiver.points()) >= count else None, exporter, infrahub, receiver.child
    )
    assert len({point["attributes"]["name"] for point in points}) == count
    assert len({point["request"] for point in points}) > 1
    assert max(point["bytes"] for point in points) < 4 * MIB


def test_a_receiver_that_is_down_does_not_touch_scraping_and_gets_all_when_it_is_back(
    spawn: Spawn, start_infrahub: StartInfrahub, start_exporter: StartExporter, tmp_path: Path
) -> None:
    infrahub_port, port, receiver_port = free_port(), free_port(), free_port()
    infrahub = start_infrahub(infrahub_port)
    exporter = start_exporter(
        port,
        infrahub={"address": f"http://127.0.0.1:{infrahub_port}"},
        exporters={
            "otlp": {
                "enabled": True,
                "endpoint": f"http://127.0.0.1:{receiver_port}",
                "interval_seconds": 1,
                "timeout_seconds": 1,
            }
        },
    )
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: loopback.get(f"{url}/-/ready").is_success, exporter, infrahub)
    served = _served(url)
    late = start_receiver(spawn, receiver_port, tmp_path / "late.jsonl")
    assert eventually(lambda: _received(late.points()) == served, exporter, late.child)


def test_a_handshake_that_fails_is_told_in_the_log_and_nowhere_beside_it(
    start_infrahub: StartInfrahub, start_exporter: StartExporter
) -> None:
    infrahub_port, port = free_port(), free_port()
    infrahub = start_infrahub(infrahub_port)
    exporter = start_exporter(
        port,
        infrahub={"address": f"http://127.0.0.1:{infrahub_port}"},
        log_format="json",
        exporters={"otlp": {"enabled": True, "endpoint": f"https://127.0.0.1:{infrahub_port}", "interval_seconds": 1}},
    )
    failures = 'infrahub_exporter_otlp_failures_total{class="unavailable",destination="default"} 2'
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: failures in loopback.get(f"{url}/metrics").text, exporter, infrahub)
    exporter.send(signal.SIGTERM)
    assert exporter.wait(20) == 0
    lines = [json.loads(line) for line in exporter.output.splitlines()]
    assert len([each for each in lines if "Tls handshake failed" in each["message"]]) == 1
