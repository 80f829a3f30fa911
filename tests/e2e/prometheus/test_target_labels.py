"""A real Prometheus 3 takes the special labels of targets as they are meant, over HTTP and from a file."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infrahub_exporter.domain.views.scraping import fault
from tests.e2e import loopback
from tests.e2e.children import ROOT, Child, Spawn, StartExporter, eventually, free_port
from tests.e2e.peers.finding import find_peer

YARD = ROOT / "tests" / "unit" / "app" / "targets"
LABELS: tuple[dict[str, str], ...] = (
    {},
    {"__scheme__": "https"},
    {"__scheme__": ""},
    {"__metrics_path__": "probe"},
    {"__scrape_interval__": "1m30s"},
    {"__scrape_interval__": "2d"},
    {"__scrape_interval__": "0"},
    {"__scrape_interval__": "0s"},
    {"__scrape_interval__": "60"},
    {"__scrape_interval__": "30s1m"},
    {"__scrape_interval__": "-5s"},
    {"__scrape_interval__": "1.5m"},
    {"__scrape_interval__": "often"},
    {"__scrape_interval__": " 30s"},
    {"__scrape_interval__": "300000y"},
    {"__scrape_interval__": "10s", "__scrape_timeout__": "10s"},
    {"__scrape_interval__": "10s", "__scrape_timeout__": "10s1ms"},
    {"__scrape_interval__": "10s", "__scrape_timeout__": "0ms"},
    {"__scrape_interval__": "10s", "__scrape_timeout__": "soon"},
)
"""What targets may say, for the exporter and Prometheus to judge."""


class Reading:
    """An exporter over cranes, and a Prometheus that reads what it offers."""

    def __init__(self, spawn: Spawn, start_exporter: StartExporter, folder: Path) -> None:
        port, self._port, file = free_port(), free_port(), folder / "cranes.json"
        cranes = {
            "name": "cranes",
            "kind": "YardCrane",
            "target_field": ["panel.address.ip", "spare.address.ip"],
            "port_field": {"value": 9},
            "label_mappings": {
                "crane": "label",
                "__scheme__": {"path": "label", "map": {"crane1": "https", "crane4": "http"}},
                "__metrics_path__": {"value": "/probe"},
                "__param_module": "duty",
                "__scrape_interval__": "pace",
                "__scrape_timeout__": {"value": "7s"},
            },
            "file": str(file),
        }
        self.exporter = start_exporter(
            port,
            infrahub={"embedded": {name: [str(YARD / f"{name}.yml")] for name in ("schema", "objects")}},
            metrics={},
            service_discovery={"enabled": True, "queries": [cranes]},
        )
        eventually(lambda: loopback.get(f"http://127.0.0.1:{port}/-/ready").is_success, self.exporter)
        eventually(file.exists, self.exporter)
        (folder / "raw.json").write_text(
            json.dumps(
                [
                    {"targets": ["127.0.0.1:9"], "labels": {**labels, "number": str(number)}}
                    for number, labels in enumerate(LABELS)
                ]
            ),
            encoding="utf-8",
        )
        jobs = [
            {"job_name": "http", "http_sd_configs": [{"url": f"http://127.0.0.1:{port}/sd/cranes"}]},
            {"job_name": "file", "file_sd_configs": [{"files": [str(file)]}]},
            {"job_name": "raw", "file_sd_configs": [{"files": [str(folder / "raw.json")]}]},
        ]
        config = folder / "prometheus.yml"
        document = {"global": {"scrape_interval": "1h", "scrape_timeout": "5s"}, "scrape_configs": jobs}
        config.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.prometheus: Child = spawn(
            "prometheus",
            *(find_peer("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
            f"--web.listen-address=127.0.0.1:{self._port}",
        )
        eventually(lambda: loopback.get(f"{self._url}/-/ready").is_success, self.prometheus)

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def targets(self, job: str) -> list[dict[str, Any]]:
        """Wait for the active targets of a job."""

        def ask() -> list[dict[str, Any]]:
            answer = loopback.get(f"{self._url}/api/v1/targets", params={"state": "active"}).raise_for_status().json()
            return [each for each in answer["data"]["activeTargets"] if each["scrapePool"] == job]

        return eventually(ask, self.exporter, self.prometheus)


@pytest.fixture(scope="module")
def reading(spawn: Spawn, start_exporter: StartExporter, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(spawn, start_exporter, tmp_path_factory.mktemp("labels"))


@pytest.mark.parametrize("job", ["http", "file"])
def test_prometheus_scrapes_as_the_labels_say(reading: Reading, job: str) -> None:
    found = {each["labels"]["crane"]: each for each in reading.targets(job)}
    assert {
        name: (each["scrapeUrl"], each["scrapeInterval"], each["scrapeTimeout"]) for name, each in found.items()
    } == {
        "crane1": ("https://192.0.2.1:9/probe?module=lift", "1m30s", "7s"),
        "crane4": ("http://192.0.2.2:9/probe?module=lift", "1h", "7s"),
    }


def test_what_prometheus_refuses_is_what_the_exporter_refuses(reading: Reading) -> None:
    taken = {int(each["labels"]["number"]) for each in reading.targets("raw")}
    assert taken == {number for number, labels in enumerate(LABELS) if fault(labels) is None}
    assert 0 < len(taken) < len(LABELS)
