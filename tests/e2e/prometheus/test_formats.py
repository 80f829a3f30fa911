"""Each Prometheus on the path scrapes each format that it can ask for, its own default order first."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from msgspec import Struct
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.e2e.children import Child, Spawn, StartExporter, StartInfrahub, eventually, free_port

TEXT = ("infrahub_dcimdevice_info", "gauge")
OPENMETRICS = ("infrahub_dcimdevice", "info")
ORDERS: Mapping[str, tuple[Sequence[str], tuple[str, str]]] = {
    "text 0.0.4": (("PrometheusText0.0.4",), TEXT),
    "text 1.0.0": (("PrometheusText1.0.0",), TEXT),
    "text 1.0.0 first": (("PrometheusText1.0.0", "OpenMetricsText1.0.0"), TEXT),
    "openmetrics 0.0.1": (("OpenMetricsText0.0.1",), TEXT),
    "openmetrics 1.0.0": (("OpenMetricsText1.0.0",), OPENMETRICS),
    "protobuf": (("PrometheusProto",), TEXT),
    "protobuf, then text": (("PrometheusProto", "PrometheusText0.0.4"), TEXT),
}
"""What Prometheus 3 can be told to ask for, and what it then knows of a family: that tells the format it was given."""


def found(name: str) -> list[str]:
    """List the programs of a name in the folders of PATH, each of them once."""
    folders = dict.fromkeys(Path(each).resolve() for each in os.environ["PATH"].split(os.pathsep) if each)
    return [str(folder / name) for folder in folders if os.access(folder / name, os.X_OK)]


PROMETHEUSES, PROMTOOLS = found("prometheus"), found("promtool")


class Served(Struct):
    """An exporter that answers."""

    child: Child
    address: str

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(
            f"http://{self.address}{path}", headers={each.replace("_", "-"): headers[each] for each in headers}
        )


@pytest.fixture(scope="module")
def served(start_infrahub: StartInfrahub, start_exporter: StartExporter) -> Served:
    infrahub_port, exporter_port = free_port(), free_port()
    start_infrahub(infrahub_port)
    child = start_exporter(exporter_port, infrahub={"address": f"http://127.0.0.1:{infrahub_port}"})
    subject = Served(child, f"127.0.0.1:{exporter_port}")
    eventually(lambda: subject.get("/-/ready").is_success, child)
    return subject


def test_there_is_a_prometheus_on_the_path() -> None:
    assert PROMETHEUSES, "not installed; on Debian: apt-get install prometheus"
    assert PROMTOOLS, "not installed; on Debian: apt-get install prometheus"


@pytest.mark.parametrize("binary", PROMETHEUSES)
def test_each_format_brings_every_series_with_its_type(
    binary: str, served: Served, spawn: Spawn, tmp_path: Path
) -> None:
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    orders = {"default": ((), OPENMETRICS), **({} if "version 2." in version else ORDERS)}
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [served.address]}]}
        | ({"scrape_protocols": list(protocols)} if protocols else {})
        for name, (protocols, _) in orders.items()
    ]
    config, port = tmp_path / "prometheus.yml", free_port()
    document = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    prometheus = spawn(
        "prometheus",
        *(binary, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
    )
    url = f"http://127.0.0.1:{port}/api/v1"

    def asked(path: str, **parameters: str) -> Any:
        answer = httpx.get(f"{url}/{path}", params=parameters).json()
        assert answer["status"] == "success"
        return answer["data"]

    def number(query: str) -> float:
        return sum(float(each["value"][1]) for each in asked("query", query=query)["result"])

    eventually(lambda: httpx.get(f"{url}/status/buildinfo").is_success, prometheus)
    body = served.get("/metrics").text
    series = sum(
        line.startswith("infrahub_") and not line.startswith("infrahub_exporter_") for line in body.splitlines()
    )
    for name, (_, known) in orders.items():
        inventory = f"{{__name__=~'infrahub_.+', __name__!~'infrahub_exporter_.+', job='{name}'}}"
        assert eventually(lambda all_=inventory: number(f"count({all_})") == series, prometheus)  # type: ignore[misc]
        assert number(f"up{{job='{name}'}}") == 1
        metadata = asked("targets/metadata", match_target=f'{{job="{name}"}}', limit="100000")
        assert known in {(each["metric"], each["type"]) for each in metadata}
        assert ("infrahub_exporter_refresh_duration_seconds", "histogram") in {
            (each["metric"], each["type"]) for each in metadata
        }


@pytest.mark.parametrize("path", ["/metrics", "/-/metrics"])
@pytest.mark.parametrize("tool", PROMTOOLS)
def test_promtool_s_linter_finds_nothing_to_say(tool: str, served: Served, path: str) -> None:
    body = served.get(path).content
    checked = subprocess.run([tool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


@pytest.mark.parametrize("path", ["/metrics", "/-/metrics"])
def test_the_official_parser_reads_openmetrics_whole(served: Served, path: str) -> None:
    answer = served.get(path, accept="application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}

    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert families["infrahub_exporter_build"].type == "info"
    if path == "/metrics":
        text = served.get(path).text
        devices = [line for line in text.splitlines() if line.startswith("infrahub_dcimdevice_info{")]
        assert len(families["infrahub_dcimdevice"].samples) == len(devices) > 0


def test_a_list_is_unchanged_until_it_changes(served: Served) -> None:
    first = served.get("/sd/devices", accept_encoding="gzip")
    again = served.get("/sd/devices", accept_encoding="gzip", if_none_match=first.headers["etag"])

    assert (again.status_code, again.content) == (304, b"")


def test_one_family_is_asked_for_by_name_and_is_unchanged_until_it_changes(served: Served) -> None:
    path = "/metrics?name[]=infrahub_dcimdevice_info"
    first = served.get(path)
    again = served.get(path, if_none_match=first.headers["etag"])

    assert {line.split("{")[0] for line in first.text.splitlines() if line[0] != "#"} == {"infrahub_dcimdevice_info"}
    assert again.status_code == 304
