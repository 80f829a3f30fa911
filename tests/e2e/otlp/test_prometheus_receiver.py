"""A real Prometheus 3 receives what is pushed by OTLP over HTTP, under the names of `/metrics`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
import yaml
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from infrahub_exporter.adapters.otlp import Destination, OtlpSink
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot
from tests.e2e import loopback
from tests.e2e.children import Child, Spawn, StartExporter, StartInfrahub, eventually, free_port
from tests.e2e.peers.finding import find_peer

pytestmark = pytest.mark.anyio

RESOURCE = {"service.namespace": "network", "deployment.environment.name": "e2e", "rack": "a1"}
PROMOTED = ["service.version", "deployment.environment.name"]


class Prometheus(Struct):
    """A Prometheus with its OTLP receiver on, that scrapes nothing."""

    child: Child
    url: str

    def series(self, query: str) -> list[dict[str, str]]:
        """Return the labels of the series that a query finds just now."""
        answer = loopback.get(f"{self.url}/api/v1/query", params={"query": query}).raise_for_status().json()
        assert answer["status"] == "success", answer
        return [dict(each["metric"]) for each in answer["data"]["result"]]

    def value(self, query: str) -> float:
        """Return the value of a query with one result."""
        answer: Any = loopback.get(f"{self.url}/api/v1/query", params={"query": query}).raise_for_status().json()
        ((_, value),) = [each["value"] for each in answer["data"]["result"]]
        return float(value)


@pytest.fixture
def prometheus(spawn: Spawn, tmp_path: Path) -> Prometheus:
    port = free_port()
    path = tmp_path / "prometheus.yml"
    path.write_text(yaml.safe_dump({"otlp": {"promote_resource_attributes": PROMOTED}}), encoding="utf-8")
    child = spawn(
        "prometheus",
        find_peer("prometheus"),
        f"--config.file={path}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-otlp-receiver",
    )
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: loopback.get(f"{url}/-/ready").is_success, child)
    return Prometheus(child, url)


def _scraped(url: str) -> Iterator[tuple[str, frozenset[tuple[str, str]]]]:
    for family in text_string_to_metric_families(loopback.get(f"{url}/metrics").text):
        for sample in family.samples:
            if not sample.name.startswith(("infrahub_exporter_", "process_", "python_")):
                yield sample.name, frozenset((key, value) for key, value in sample.labels.items() if value)


def test_every_series_is_there_under_its_name_with_job_instance_and_what_is_promoted(
    prometheus: Prometheus, start_infrahub: StartInfrahub, start_exporter: StartExporter
) -> None:
    infrahub_port, port = free_port(), free_port()
    infrahub = start_infrahub(infrahub_port)
    exporter = start_exporter(
        port,
        infrahub={"address": f"http://127.0.0.1:{infrahub_port}"},
        exporters={
            "otlp": {
                "enabled": True,
                "resource_attributes": RESOURCE,
                "own_metrics": True,
                "destinations": [
                    {"name": "away", "endpoint": f"http://127.0.0.1:{free_port()}", "timeout_seconds": 1},
                    {
                        "name": "prometheus",
                        "protocol": "http/protobuf",
                        "endpoint": f"{prometheus.url}/api/v1/otlp",
                        "compression": "gzip",
                    },
                ],
            }
        },
    )
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: loopback.get(f"{url}/-/ready").is_success, exporter, infrahub)
    scraped = set(_scraped(url))
    assert len(scraped) > 200

    everything = '{__name__=~"infrahub_.+",__name__!~"infrahub_exporter_.+"}'
    series = eventually(
        lambda: found if len(found := prometheus.series(everything)) >= len(scraped) else None,
        exporter,
        prometheus.child,
    )
    added = {"job": "network/infrahub-exporter", "deployment_environment_name": "e2e"}
    received = set()
    for labels in series:
        assert {key: labels.pop(key) for key in added} == added
        assert labels.pop("instance")
        assert labels.pop("service_version")
        received.add((labels.pop("__name__"), frozenset(labels.items())))
    assert received == scraped

    (target,) = prometheus.series("target_info")
    assert (target["job"], target["rack"], target["deployment_environment_name"]) == (added["job"], "a1", "e2e")
    pushed = 'infrahub_exporter_otlp_pushes_total{destination="prometheus"} > 3'
    eventually(lambda: prometheus.series(pushed), exporter, prometheus.child)
    assert prometheus.value('infrahub_exporter_otlp_pushes_total{destination="away"}') == 0.0
    assert prometheus.value('infrahub_exporter_otlp_points_total{destination="prometheus",outcome="dropped"}') == 0.0
    own = '{__name__=~"(infrahub_exporter|process|python)_.+"}'
    eventually(lambda: {each["__name__"] for each in prometheus.series(own)} >= _own_names(url), exporter)
    assert {each["job"] for each in prometheus.series(own)} == {added["job"]}


def _own_names(url: str) -> set[str]:
    """Name the own metrics as they are scraped."""
    families = text_string_to_metric_families(loopback.get(f"{url}/-/metrics").text)
    return {sample.name for family in families for sample in family.samples if not sample.name.endswith("_created")}


UNITS = {
    "x_seconds": "seconds",
    "x_timestamp_seconds": "",
    "x_bytes": "bytes",
    "x_ratio": "ratio",
    "x_celsius": "celsius",
    "x_volts": "volts",
    "x_watts": "watts",
    "x_rack_units": "rack_units",
    "x_count": "",
}


def pushed(*states: str) -> Snapshot:
    gauges = [
        Family(name, FamilyType.GAUGE, "Help", (Section(("id",), (Sample("a", ("a",), 2.5),)),), unit)
        for name, unit in UNITS.items()
    ]
    samples = tuple(Sample(each, (each, each), float(each == "up")) for each in states)
    state = Family("x_state", FamilyType.STATESET, "State", (Section(("id", "x_state"), samples),))
    info = Family("x_device_info", FamilyType.INFO, "Info", (Section(("id",), (Sample("a", ("a",)),)),))
    return Snapshot((*gauges, state, info), time.time())


async def test_units_are_not_doubled_and_what_vanishes_is_stale(prometheus: Prometheus) -> None:
    destination = Destination(endpoint=f"{prometheus.url}/api/v1/otlp", protocol="http/protobuf")
    sink = OtlpSink(destination, version="1", environment={}, instance_id="one")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await sink.publish(pushed("up", "down"))
        await anyio.to_thread.run_sync(_found, prometheus, "x_state", 2)
        names = {each["__name__"] for each in prometheus.series('{__name__=~"x_.+"}')}
        assert names == {*UNITS, "x_state", "x_device_info"}
        assert prometheus.value('x_state{x_state="up"}') == 1.0
        assert prometheus.value('x_state{x_state="down"}') == 0.0
        assert prometheus.value("x_fill_ratio or x_ratio") == 2.5
        await sink.publish(pushed("up"))
        await anyio.to_thread.run_sync(_found, prometheus, "x_state", 1)
        await sink.close(30.0)
    assert sink.status.failures == {}


def _found(prometheus: Prometheus, query: str, count: int) -> bool:
    return eventually(lambda: len(prometheus.series(query)) == count, prometheus.child)
