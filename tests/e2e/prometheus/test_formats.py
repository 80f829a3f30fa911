"""Each Prometheus on the path, or built for these tests, scrapes each format that it can ask for."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from msgspec import Struct
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from infrahub_exporter.adapters.prometheus import render
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section
from infrahub_exporter.domain.publishing.formats import Format
from tests.e2e import loopback
from tests.e2e.children import Child, Spawn, StartExporter, StartInfrahub, eventually, free_port
from tests.e2e.peers.finding import folder_of_peers

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
    """List the programs of a name in the folders of PATH, and where the peers are built, each of them once."""
    named = [Path(each) for each in os.environ["PATH"].split(os.pathsep) if each]
    folders = dict.fromkeys(each.resolve() for each in (*named, folder_of_peers()))
    return [str(folder / name) for folder in folders if os.access(folder / name, os.X_OK)]


PROMETHEUSES, PROMTOOLS = found("prometheus"), found("promtool")


class Served(Struct):
    """An exporter that answers."""

    child: Child
    address: str

    def get(self, path: str, **headers: str) -> httpx.Response:
        return loopback.get(
            f"http://{self.address}{path}", headers={each.replace("_", "-"): headers[each] for each in headers}
        )


class Scraping:
    """A Prometheus that scrapes some jobs once a second."""

    def __init__(self, spawn: Spawn, binary: str, folder: Path, jobs: Sequence[Mapping[str, object]]) -> None:
        config, port = folder / "prometheus.yml", free_port()
        document = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": list(jobs)}
        config.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.child = spawn(
            "prometheus",
            *(binary, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
            *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
        )
        self._url = f"http://127.0.0.1:{port}/api/v1"
        eventually(lambda: loopback.get(f"{self._url}/status/buildinfo").is_success, self.child)

    def asked(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer."""
        answer = loopback.get(f"{self._url}/{path}", params=parameters).raise_for_status().json()
        assert answer["status"] == "success"
        return answer["data"]

    def values(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and values of an instant query."""
        return [(each["metric"], float(each["value"][1])) for each in self.asked("query", query=query)["result"]]

    def number(self, query: str) -> float:
        """Return the sum of an instant query's values."""
        return sum(value for _, value in self.values(query))


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
    prometheus = Scraping(spawn, binary, tmp_path, jobs)
    body = served.get("/metrics").text
    series = sum(
        line.startswith("infrahub_") and not line.startswith("infrahub_exporter_") for line in body.splitlines()
    )
    for name, (_, known) in orders.items():
        inventory = f"{{__name__=~'infrahub_.+', __name__!~'infrahub_exporter_.+', job='{name}'}}"
        assert eventually(lambda all_=inventory: prometheus.number(f"count({all_})") == series, prometheus.child)  # type: ignore[misc]
        assert prometheus.number(f"up{{job='{name}'}}") == 1
        metadata = prometheus.asked("targets/metadata", match_target=f'{{job="{name}"}}', limit="100000")
        assert known in {(each["metric"], each["type"]) for each in metadata}
        assert ("infrahub_exporter_refresh_duration_seconds", "histogram") in {
            (each["metric"], each["type"]) for each in metadata
        }


@pytest.fixture
def every_type() -> Iterator[str]:
    """Serve a body with a family of each type as OpenMetrics; return its address."""
    states = (Sample("1", ("1", "active"), 1.0), Sample("1", ("1", "drained"), 0.0))
    families = (
        Family("x_device_info", FamilyType.INFO, "I.", (Section(("id", "l"), (Sample("1", ("1", '"\\\n é')),)),)),
        Family("x_device_status", FamilyType.STATESET, "S.", (Section(("id", "x_device_status"), states),)),
        Family("x_height_meters", FamilyType.GAUGE, "H.", (Section(("id",), (Sample("1", ("1",), 0.5),)),), "meters"),
    )
    body = render(families, Format.OPENMETRICS)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"{Format.OPENMETRICS.value}; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.05)
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
    server.server_close()


@pytest.mark.parametrize("binary", PROMETHEUSES)
def test_state_sets_units_and_any_text_arrive(binary: str, every_type: str, spawn: Spawn, tmp_path: Path) -> None:
    prometheus = Scraping(spawn, binary, tmp_path, [{"job_name": "x", "static_configs": [{"targets": [every_type]}]}])

    states = eventually(lambda: prometheus.values("x_device_status"), prometheus.child)
    (info,) = prometheus.values("x_device_info")
    metadata = prometheus.asked("targets/metadata", match_target='{job="x"}')

    assert {(labels["x_device_status"], value) for labels, value in states} == {("active", 1.0), ("drained", 0.0)}
    assert info[0]["l"] == '"\\\n é'
    assert {(each["metric"], each["type"], each["unit"]) for each in metadata} == {
        ("x_device", "info", ""),
        ("x_device_status", "stateset", ""),
        ("x_height_meters", "gauge", "meters"),
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
