"""A real Prometheus that discovers its targets from the exporter, and scrapes it."""

import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from tests.e2e import loopback
from tests.e2e.children import Child, Spawn, StartExporter, StartInfrahub, eventually, free_port

DEVICES, ROUTERS = 59, 12


class Stack(Struct):
    """An Infrahub, an exporter on it, a Prometheus on that; the latter two by address."""

    infrahub: Child
    exporter: Child
    prometheus: Child
    exporter_url: str
    prometheus_url: str
    infrahub_url: str

    def series(self, query: str) -> list[dict[str, Any]]:
        """Return the labels and values of an instant query."""
        answer = loopback.get(f"{self.prometheus_url}/api/v1/query", params={"query": query}).raise_for_status().json()
        assert answer["status"] == "success"
        return list(answer["data"]["result"])

    def number(self, query: str) -> float:
        """Return the value of a query with one result, 0 where it has none."""
        return sum(float(each["value"][1]) for each in self.series(query))

    def targets(self, job: str) -> list[dict[str, Any]]:
        """Return the active targets of a job."""
        answer = (
            loopback.get(f"{self.prometheus_url}/api/v1/targets", params={"state": "active"}).raise_for_status().json()
        )
        return [each for each in answer["data"]["activeTargets"] if each["scrapePool"] == job]

    def refreshes(self) -> float:
        """Return how often Prometheus has asked for lists."""
        lines = loopback.get(f"{self.prometheus_url}/metrics").text.splitlines()
        counts = [line for line in lines if line.startswith("prometheus_sd_refresh_duration_seconds_count")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in counts)


StartStack = Callable[[], Stack]


@pytest.fixture(scope="module")
def start_stack(
    spawn: Spawn, start_infrahub: StartInfrahub, start_exporter: StartExporter, tmp_path_factory: pytest.TempPathFactory
) -> StartStack:
    def start() -> Stack:
        infrahub_port, exporter_port, prometheus_port = free_port(), free_port(), free_port()
        infrahub = start_infrahub(infrahub_port)
        exporter = start_exporter(exporter_port, infrahub={"address": f"http://127.0.0.1:{infrahub_port}"})
        exporter_url = f"http://127.0.0.1:{exporter_port}"
        eventually(lambda: loopback.get(f"{exporter_url}/-/ready").is_success, exporter)
        directory = tmp_path_factory.mktemp("prometheus")
        prometheus = _start_prometheus(spawn, directory, prometheus_port, exporter_port)
        prometheus_url = f"http://127.0.0.1:{prometheus_port}"
        eventually(lambda: loopback.get(f"{prometheus_url}/-/ready").is_success, prometheus)
        return Stack(infrahub, exporter, prometheus, exporter_url, prometheus_url, f"http://127.0.0.1:{infrahub_port}")

    return start


def _start_prometheus(spawn: Spawn, directory: Path, port: int, exporter_port: int) -> Child:
    binary = shutil.which("prometheus")
    assert binary, "not installed; on Debian: apt-get install prometheus"
    exporter = f"127.0.0.1:{exporter_port}"
    # The devices of the demo do not exist: the exporter's own metrics stand in for theirs.
    stand_in = [
        {"source_labels": ["__address__"], "target_label": "target"},
        {"action": "labelmap", "regex": "__meta_(infrahub_.+)"},
        {"target_label": "__address__", "replacement": exporter},
    ]
    jobs: list[dict[str, object]] = [{"job_name": "exporter", "static_configs": [{"targets": [exporter]}]}]
    jobs += [
        {
            "job_name": name,
            "metrics_path": "/-/metrics",
            "scrape_interval": "5s",
            "http_sd_configs": [{"url": f"http://{exporter}/sd/{name}", "refresh_interval": "1s"}],
            "relabel_configs": stand_in,
        }
        for name in ("devices", "routers")
    ]
    config = directory / "prometheus.yml"
    document = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return spawn(
        "prometheus",
        *(binary, f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
    )


@pytest.fixture(scope="module")
def stack(start_stack: StartStack) -> Stack:
    return start_stack()


def _addresses(stack: Stack, job: str) -> set[str]:
    return {target["labels"]["target"] for target in stack.targets(job)}


def test_prometheus_discovers_every_target_with_its_labels(stack: Stack) -> None:
    assert eventually(lambda: len(stack.targets("devices")) == DEVICES, stack.exporter, stack.prometheus)
    labels = (target["labels"] for target in stack.targets("devices"))
    found = next(each for each in labels if each["target"] == "10.10.0.11:9100")
    assert len(found.pop("infrahub_id")) == 36
    assert found == {
        "infrahub_kind": "DcimDevice",
        "instance": stack.exporter_url.removeprefix("http://"),
        "job": "devices",
        "name": "par1-edge1",
        "platform": "junos",
        "region": "europe",
        "role": "Edge router",
        "site": "paris",
        "tags": "critical,dual-power,internet",
        "target": "10.10.0.11:9100",
    }


def test_prometheus_discovers_ipv6_targets(stack: Stack) -> None:
    assert eventually(lambda: len(stack.targets("routers")) == ROUTERS, stack.exporter, stack.prometheus)
    assert _addresses(stack, "routers") == {
        f"[2001:db8:{site}::{host}]:9100" for site in (10, 20, 30) for host in (1, 2, 3, 4)
    }


def test_prometheus_scrapes_what_it_discovered(stack: Stack) -> None:
    assert eventually(
        lambda: {target["health"] for target in stack.targets("devices")} == {"up"}, stack.exporter, stack.prometheus
    )


def test_prometheus_scrapes_every_series(stack: Stack) -> None:
    body = loopback.get(f"{stack.exporter_url}/metrics").text
    families = {
        line.split()[2] for line in body.splitlines() if line.startswith("# TYPE infrahub_") and "_info" in line
    }
    assert len(families) > 5
    for family in families:
        served = sum(line.startswith(f"{family}{{") for line in body.splitlines())
        assert eventually(lambda name=family, n=served: stack.number(f"count({name}{{job='exporter'}})") == n)  # type: ignore[misc]


def test_series_carry_the_labels_of_the_configuration(stack: Stack) -> None:
    query = "infrahub_dcimdevice_info{job='exporter', name='par1-edge1', role='edge'}"
    labels = dict(eventually(lambda: stack.series(query), stack.prometheus)[0]["metric"])
    assert len(labels.pop("id")) == 36
    assert labels == {
        "__name__": "infrahub_dcimdevice_info",
        "hfid": "DcimDevice__par1-edge1",
        "instance": stack.exporter_url.removeprefix("http://"),
        "job": "exporter",
        "monitored": "true",
        "name": "par1-edge1",
        "platform_manufacturer_name": "Juniper",
        "primary_address_address_ip": "10.10.0.11",
        "rack": "LocationRack__par1-r1",
        "role": "edge",
        "serial": "JN10A1",
        "site_name": "paris",
        "site_parent_name": "europe",
        "status": "active",
        "tags": "BuiltinTag__critical,BuiltinTag__dual-power,BuiltinTag__internet",
    }


@pytest.mark.parametrize("path", ["/metrics", "/-/metrics"])
def test_promtool_finds_nothing_to_say(stack: Stack, path: str) -> None:
    body = loopback.get(f"{stack.exporter_url}{path}").content
    checked = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_what_changes_in_infrahub_reaches_prometheus(stack: Stack) -> None:
    eventually(lambda: "10.10.0.31:9100" in _addresses(stack, "devices"), stack.exporter, stack.prometheus)
    change = """mutation { DcimDeviceUpdate(data: {hfid: ["par1-leaf1"], status: {value: "maintenance"}}) { ok } }"""
    answer = loopback.post(f"{stack.infrahub_url}/graphql/main", json={"query": change}).json()
    assert answer == {"data": {"DcimDeviceUpdate": {"ok": True}}}
    eventually(lambda: "10.10.0.31:9100" not in _addresses(stack, "devices"), stack.exporter, stack.prometheus)
    changed = "infrahub_dcimdevice_info{name='par1-leaf1', status='maintenance'}"
    assert eventually(lambda: stack.series(changed), stack.exporter, stack.prometheus)


def test_targets_and_series_outlive_the_source(start_stack: StartStack) -> None:
    stack = start_stack()
    eventually(lambda: len(stack.targets("devices")) == DEVICES, stack.exporter, stack.prometheus)
    devices = "count(infrahub_dcimdevice_info{job='exporter'})"
    series = eventually(lambda: stack.number(devices), stack.prometheus)
    lists = {name: loopback.get(f"{stack.exporter_url}/sd/{name}").content for name in ("devices", "routers")}
    before = _addresses(stack, "devices")

    stack.infrahub.end()
    refused = "sum(infrahub_exporter_refresh_errors_total)"
    failures = stack.number(refused)
    eventually(lambda: stack.number(refused) >= failures + 5, stack.exporter, stack.prometheus)
    refreshes = stack.refreshes()
    eventually(lambda: stack.refreshes() >= refreshes + 4, stack.exporter, stack.prometheus)

    assert _addresses(stack, "devices") == before
    assert stack.number(devices) == series
    assert stack.number("up{job='exporter'}") == 1
    assert {name: loopback.get(f"{stack.exporter_url}/sd/{name}").content for name in lists} == lists
    stack.exporter.send(signal.SIGTERM)
    assert stack.exporter.wait(10) == 0


def test_before_the_first_answer_of_infrahub_nothing_is_an_empty_list(
    start_infrahub: StartInfrahub, start_exporter: StartExporter
) -> None:
    infrahub_port, exporter_port = free_port(), free_port()
    exporter = start_exporter(exporter_port, infrahub={"address": f"http://127.0.0.1:{infrahub_port}"})
    url = f"http://127.0.0.1:{exporter_port}"
    eventually(lambda: loopback.get(f"{url}/-/healthy").is_success, exporter)
    statuses = {path: loopback.get(f"{url}{path}").status_code for path in ("/metrics", "/sd/devices", "/-/ready")}
    assert statuses == {"/metrics": 503, "/sd/devices": 503, "/-/ready": 503}

    infrahub = start_infrahub(infrahub_port)
    for path in statuses:
        assert eventually(lambda path=path: loopback.get(f"{url}{path}").is_success, exporter, infrahub)  # type: ignore[misc]
    assert len(loopback.get(f"{url}/sd/devices").json()) == DEVICES
