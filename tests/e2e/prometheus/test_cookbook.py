"""The queries of docs/cookbook.md, asked of a real Prometheus that scrapes what the page's configurations bring."""

import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from tests import cookbook
from tests.cookbook import Query
from tests.e2e import loopback
from tests.e2e.children import Spawn, eventually, free_port
from tests.e2e.prometheus.test_formats import Scraping

SILENT = frozenset({"par1-leaf1", "nyc1-edge1"})
"""The devices that do not answer."""
NOW = 1_797_000_000
"""What is put in the place of `time()`: the contracts of the demo end at fixed times."""
TASKS = cookbook.tasks()
QUERIES = [(task.title, query) for task in TASKS for query in cookbook.queries(task)]


class Devices(BaseHTTPRequestHandler):
    """All devices, and the exporter that tells what they see."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        is_silent = path.removeprefix("/device/") in SILENT
        self.send_response(500 if is_silent else 200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(cookbook.seen().encode() if path == "/seen" else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Say nothing."""


@pytest.fixture(scope="module")
def devices() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Devices)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.05)
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
    server.server_close()


def jobs(exporter: str, devices: str, lists: Sequence[str]) -> list[dict[str, Any]]:
    """Scrape the exporter, what devices say, and in the place of every target a device that answers or does not."""
    stand_in = [
        {"source_labels": ["device"], "target_label": "__metrics_path__", "replacement": "/device/$1"},
        {"source_labels": ["__address__"], "target_label": "instance"},
        {"target_label": "__address__", "replacement": devices},
        {"target_label": "__scheme__", "replacement": "http"},
    ]
    return [
        {"job_name": "infrahub", "static_configs": [{"targets": [exporter]}]},
        {"job_name": "seen", "metrics_path": "/seen", "static_configs": [{"targets": [devices]}]},
        *(
            {
                "job_name": name,
                "http_sd_configs": [{"url": f"http://{exporter}/sd/{name}", "refresh_interval": "1s"}],
                "relabel_configs": stand_in,
            }
            for name in lists
        ),
    ]


@pytest.fixture(scope="module")
def prometheus(spawn: Spawn, command: str, devices: str, tmp_path_factory: pytest.TempPathFactory) -> Scraping:
    binary = shutil.which("prometheus")
    assert binary, "not installed; on Debian: apt-get install prometheus"
    folder, port = tmp_path_factory.mktemp("cookbook"), free_port()
    whole = cookbook.together([task.configuration for task in TASKS]) | {"listen_port": port}
    (folder / "config.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    exporter = spawn("exporter", command, "--config", str(folder / "config.yml"))
    eventually(lambda: loopback.get(f"http://127.0.0.1:{port}/-/ready").is_success, exporter)
    lists = [each["name"] for each in whole["service_discovery"]["queries"]]
    return Scraping(spawn, binary, folder, jobs(f"127.0.0.1:{port}", devices, lists))


def found(prometheus: Scraping, query: Query) -> list[str]:
    """Ask a query; write labels and value of each series, without what tells where it was scraped."""
    values = prometheus.values(re.sub(r"\btime\(\)", str(NOW), query.text))
    lines = []
    for labels, value in values:
        own = sorted((name, text) for name, text in labels.items() if name not in {"__name__", "instance", "job"})
        written = ", ".join([f'{name}="{text}"' for name, text in own])
        lines.append(f"{{{written}}} {value:.6g}")
    return sorted(lines)


def test_there_is_a_query_for_each_task() -> None:
    assert {title for title, _ in QUERIES} == {task.title for task in TASKS}


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[f"{title}: {query.text[:30]}" for title, query in QUERIES])
def test_prometheus_finds_what_the_page_shows(title: str, query: Query, prometheus: Scraping) -> None:
    del title
    assert query.found
    assert eventually(lambda: found(prometheus, query) == sorted(query.found), prometheus.child, seconds=60)
