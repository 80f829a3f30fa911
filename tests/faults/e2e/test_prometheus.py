"""A real Prometheus keeps every target and every series, whatever becomes of Infrahub."""

import shutil
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e import loopback
from tests.e2e.children import Child, clean_environment, eventually, free_port
from tests.faults.catalogue import CASES, MORE, Case
from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import OPERATED, STORE, TOKEN, Watched

TARGETS = {"devices": 59, "routers": 12}
REFRESHES = 3
ASKED = {
    name: {**CASES, **MORE}[name]
    for name in (
        *("refused", "hanging", "truncated JSON", "garbage", "empty body", "data is null"),
        *("errors without data", "401", "429", "503", "second page lost"),
    )
}


class Prometheus:
    """A Prometheus that discovers its targets from an exporter, and asks again every second."""

    def __init__(self, watched: Watched) -> None:
        binary = shutil.which("prometheus")
        assert binary, "not installed; on Debian: apt-get install prometheus"
        exporter, port = f"127.0.0.1:{watched.port}", free_port()
        self.url = f"http://127.0.0.1:{port}"
        allowed = {"type": "Bearer", "credentials": TOKEN}  # without its type, 2.42 leaves that out for lists
        jobs: list[dict[str, object]] = [
            {"job_name": "exporter", "static_configs": [{"targets": [exporter]}], "authorization": dict(allowed)}
        ]
        jobs += [
            {
                "job_name": name,
                "metrics_path": "/-/healthy",  # the devices do not exist, nor is this a page of metrics
                "scrape_interval": "1h",
                "http_sd_configs": [
                    {"url": f"http://{exporter}/sd/{name}", "refresh_interval": "1s", "authorization": dict(allowed)}
                ],
            }
            for name in TARGETS
        ]
        config = watched.directory / "prometheus.yml"
        document = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
        config.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.child = Child(
            "prometheus",
            (
                *(binary, f"--config.file={config}", f"--storage.tsdb.path={watched.directory / 'data'}"),
                *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"),
            ),
            watched.directory / "prometheus.log",
            clean_environment(),
        )

    def targets(self) -> dict[str, list[str]]:
        """Return what it would scrape, by job."""
        answer = loopback.get(f"{self.url}/api/v1/targets", params={"state": "active"}).raise_for_status().json()
        found: dict[str, list[str]] = {name: [] for name in TARGETS}
        for each in answer["data"]["activeTargets"]:
            found.get(each["scrapePool"], []).append(each["discoveredLabels"]["__address__"])
        return {name: sorted(addresses) for name, addresses in found.items()}

    def are_all_there(self) -> bool:
        return {name: len(addresses) for name, addresses in self.targets().items()} == TARGETS

    def series(self) -> float:
        """Return how many devices the last scrapes have shown."""
        query = 'count(infrahub_dcimdevice_info{job="exporter"})'
        answer = loopback.get(f"{self.url}/api/v1/query", params={"query": query}).raise_for_status().json()
        return sum(float(each["value"][1]) for each in answer["data"]["result"])

    def own(self, name: str) -> float:
        """Return the sum of one of its own metrics."""
        lines = loopback.get(f"{self.url}/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def have_refreshed(self) -> None:
        """Wait until it has asked for the lists, and has scraped, some more times."""
        names = ("prometheus_sd_refresh_duration_seconds_count", "prometheus_tsdb_head_samples_appended_total")
        before = [self.own(name) for name in names]
        wanted = (REFRESHES * len(TARGETS), REFRESHES * 60)
        eventually(
            lambda: all(self.own(name) >= then + more for name, then, more in zip(names, before, wanted, strict=True)),
            self.child,
        )


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    watched = start(store={"path": STORE}, web=OPERATED)
    watched.eventually(watched.is_well)
    return watched


@pytest.fixture(scope="module")
def prometheus(watched: Watched) -> Iterator[Prometheus]:
    prometheus = Prometheus(watched)
    try:
        eventually(prometheus.are_all_there, prometheus.child)
        eventually(lambda: prometheus.series() == 63, prometheus.child)
        yield prometheus
    finally:
        prometheus.child.end()


@pytest.mark.parametrize("case", ASKED.values(), ids=ASKED.keys())
def test_targets_and_series_stay(line: Line, watched: Watched, prometheus: Prometheus, case: Case) -> None:
    targets, before = prometheus.targets(), watched.own()
    failed = prometheus.own("prometheus_sd_http_failures_total")
    if case.fault is None:
        line.cut()
    line.fault = case.fault
    failures = ("refresh_errors_total", *case.entries[0], case.reason)
    watched.eventually(lambda: watched.own().count(*failures) > before.count(*failures))
    prometheus.have_refreshed()
    assert prometheus.targets() == targets
    assert prometheus.are_all_there()
    assert prometheus.series() == 63
    assert prometheus.own("prometheus_sd_http_failures_total") == failed
    line.mend()
    watched.get_well()


def test_targets_and_series_stay_over_a_restart_while_infrahub_is_gone(
    line: Line, watched: Watched, prometheus: Prometheus
) -> None:
    line.mend()
    watched.eventually(watched.is_well)
    targets = prometheus.targets()
    line.cut()
    watched.stop()
    watched.start()
    watched.eventually(watched.is_up)
    prometheus.have_refreshed()
    assert prometheus.targets() == targets
    assert prometheus.series() == 63
