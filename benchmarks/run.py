"""Ours and a plain SDK exporter side by side: `make bench`, or `python benchmarks/run.py --quick`.

Each exporter is a process of its own on one core, the canned Infrahub one on the other. CPU is a process' own, from
/proc, latencies are a client's. The table goes into docs/performance.md.
"""

import argparse
import contextlib
import gzip
import importlib.metadata
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
MARKS = "<!-- figures: begin -->", "<!-- figures: end -->"
TICKS = os.sysconf("SC_CLK_TCK")
Row = tuple[str, str, str, str]


class Process:
    """A child on one core."""

    def __init__(self, name: str, arguments: list[str], core: int) -> None:
        self.name = name
        cores = sorted(os.sched_getaffinity(0))
        chosen = {cores[core % len(cores)]}
        self._process = subprocess.Popen(
            [sys.executable, *arguments], stderr=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, chosen)
        )

    @property
    def cpu(self) -> float:
        """Seconds of CPU since the start."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def rss(self) -> float:
        """Resident memory in MiB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def free_port() -> int:
    """Find a port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 600.0) -> float:
    """Wait for something and return the seconds that it took."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        with contextlib.suppress(httpx.TransportError):
            if condition():
                return time.perf_counter() - began
        time.sleep(0.005)
    raise TimeoutError(f"in vain for {seconds} s")


class Stage:
    """A canned Infrahub of a size, and exporters against it."""

    def __init__(self, devices: int) -> None:
        self.devices = devices
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(timeout=600)
        self._infrahub = Process("infrahub", [str(HERE / "canned.py"), str(self.port), str(devices)], 1)
        until(lambda: self.client.get(f"{self.address}/admin/requests").is_success)

    def requests(self) -> int:
        """How many requests Infrahub got."""
        return int(self.client.get(f"{self.address}/admin/requests").text)

    def change(self, what: str) -> None:
        """Change something in Infrahub."""
        self.client.post(f"{self.address}/admin/{what}")

    @contextlib.contextmanager
    def ours(
        self, *, poll: float, site: bool = False, discovery: bool = False, kinds: bool = True, branch: str = "main"
    ) -> Iterator["Exporter"]:
        """Run our exporter."""
        port = free_port()
        include = ["name", "role", "serial", "address"] + (["site.name"] if site else [])
        listed = (
            "[{kind: BenchDevice, name: devices, target_field: address.ip, label_mappings: {name: name, role: role}}]"
        )
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
            config.write(
                f"infrahub: {{address: '{self.address}', token: x, branch: {branch}}}\nlisten_address: 127.0.0.1\nlisten_port: {port}\n"
                f"poll_interval_seconds: {poll}\nlog_level: ERROR\n"
                f"metrics: {{kind: [{f'{{kind: BenchDevice, include: {include}}}' if kinds else ''}]}}\n"
                f"service_discovery: {{enabled: {str(discovery).lower()}, queries: {listed}}}\n"
            )
            config.flush()
            process = Process("ours", ["-m", "infrahub_exporter", "--config", config.name], 0)
            yield from self._run(process, port)

    @contextlib.contextmanager
    def plain(self, *, poll: float, site: bool = False) -> Iterator["Exporter"]:
        """Run the plain exporter."""
        port = free_port()
        arguments = [str(HERE / "plain_sdk.py"), self.address, str(port), str(poll), *(["site"] if site else [])]
        yield from self._run(Process("plain", arguments, 0), port)

    def _run(self, process: Process, port: int) -> Iterator["Exporter"]:
        try:
            yield Exporter(process, f"http://127.0.0.1:{port}", self)
        finally:
            process.end()

    def close(self) -> None:
        """End Infrahub."""
        self._infrahub.end()


class Exporter:
    """An exporter that runs."""

    def __init__(self, process: Process, url: str, stage: Stage) -> None:
        self.process, self.url, self.stage = process, url, stage
        self.client = httpx.Client(timeout=600, base_url=url)

    def listening(self) -> None:
        """Wait until it listens."""
        until(lambda: self.client.get("/").is_success)

    def loaded(self) -> float:
        """Wait until all devices are in its metrics."""
        last = f"BenchDevice__device{self.stage.devices - 1:07}".encode()
        return until(lambda: last in self._metrics())

    def ready(self) -> None:
        """Wait until everything has been read."""
        until(lambda: self.client.get("/-/ready").is_success)

    def shows(self, text: str) -> float:
        """Wait until its metrics hold a text."""
        return until(lambda: text.encode() in self._metrics())

    def polls(self) -> float:
        """How many rounds it has made, by its own requests."""
        return float(self.stage.requests())

    def _metrics(self) -> bytes:
        answer = self.client.get("/metrics")
        return answer.content if answer.is_success else b""


def full_read(stage: Stage, empty: Stage, *, site: bool) -> tuple[dict[str, float], dict[str, int]]:
    """CPU in microseconds per node beyond that of a start over few nodes, and requests, by exporter."""
    cpu: dict[str, float] = {}
    requests: dict[str, int] = {}
    for name in ("ours", "plain"):
        spent = {}
        for chosen in (empty, stage, stage):  # the second run fills what the canned server keeps, the third counts
            run = chosen.ours if name == "ours" else chosen.plain
            with run(poll=3600, site=site) as exporter:
                before = chosen.requests()
                exporter.listening()
                started = exporter.process.cpu
                if name == "ours":
                    exporter.ready()
                else:
                    until(lambda chosen=chosen, before=before: chosen.requests() - before >= chosen.devices // 50)
                    settle(exporter)
                    exporter.client.get("/metrics")
                spent[chosen] = exporter.process.cpu - started
                requests[name] = chosen.requests() - before
            if name == "plain" and chosen is stage:
                break
        cpu[name] = (spent[stage] - spent[empty]) / (stage.devices - empty.devices) * 1e6
    return cpu, requests


def settle(exporter: Exporter) -> None:
    """Wait until a process has stopped working: its CPU stands still for a second."""
    last = exporter.process.cpu
    time.sleep(2)
    while exporter.process.cpu - last > 0.03:
        last = exporter.process.cpu
        time.sleep(1)


def changes(stage: Stage) -> list[Row]:
    """What a poll costs when nothing, one device, a hundredth of them or a peer of a tenth of them has changed."""
    rows: list[Row] = []
    seconds, poll = 20, 1
    with stage.ours(poll=3600, site=True) as idle:
        idle.listening()
        idle.loaded()
        settle(idle)
        before = idle.process.cpu
        time.sleep(seconds)
        resting = idle.process.cpu - before
    with stage.ours(poll=poll, site=True) as exporter:
        exporter.listening()
        exporter.loaded()
        time.sleep(3)
        before, asked = exporter.process.cpu, stage.requests()
        time.sleep(seconds)
        polled = stage.requests() - asked
        quiet = (exporter.process.cpu - before - resting) / polled
        rows.append(
            (
                "nothing changed: requests a poll; CPU",
                f"{polled / seconds:.0f}; {quiet * 1000:.1f} ms",
                "all pages again",
                "1; <= 5 ms",
            )
        )
    names = {
        "one": ("one device changed", "<= 4; <= 20 ms"),
        "percent": ("1 % of the devices changed", "<= 15 us per node + 1 us per node of touched blocks + 20 ms"),
        "peer": ("one peer renamed that a tenth of the devices name", "<= 4; as above"),
    }
    for what, (name, goal) in names.items():
        stage.change("forget")
        with stage.ours(poll=poll, site=True) as exporter:
            exporter.listening()
            exporter.loaded()
            settle(exporter)
            spent, extra = [], []
            for _ in range(3):
                before, asked = exporter.process.cpu, stage.requests()
                stage.change(what)
                time.sleep(2.5)
                spent.append(exporter.process.cpu - before - (quiet + resting / seconds) * 2.5)
                extra.append(stage.requests() - asked)
            rows.append(
                (
                    f"{name}: requests in the 2 or 3 polls around it; CPU beyond idle ones",
                    f"{extra[0]}; {max(0.0, spent[0]) * 1000:.0f} ms",
                    "all pages again, and all rendered",
                    goal,
                )
            )
    return rows


def latency(stage: Stage) -> dict[str, float]:
    """The worst answer time of `/` in ms while everything is read over and over, by exporter."""
    worst = {}
    for name in ("ours", "plain"):
        run = stage.ours(poll=1, branch="other") if name == "ours" else stage.plain(poll=1)
        with run as exporter:
            exporter.listening()
            if name == "ours":
                exporter.ready()
            times, ends = [], time.perf_counter() + 20
            while time.perf_counter() < ends:
                began = time.perf_counter()
                exporter.client.get("/")
                times.append(time.perf_counter() - began)
                time.sleep(0.003)
            worst[name] = max(times) * 1000
    return worst


def scrapes(stage: Stage, repeats: int) -> list[Row]:
    """p50 and CPU of a scrape, and how well it is compressed."""
    found: dict[str, tuple[float, float, int]] = {}
    ratio = 0.0
    for name in ("ours", "plain"):
        run = stage.ours(poll=3600) if name == "ours" else stage.plain(poll=3600)
        with run as exporter:
            exporter.listening()
            if name == "ours":
                exporter.loaded()
            settle(exporter)
            if name == "ours":
                body = exporter.client.get("/metrics").content
                with exporter.client.stream("GET", "/metrics") as answer:
                    packed = sum(len(chunk) for chunk in answer.iter_raw())
                ratio = packed / len(gzip.compress(body, 1))
            times, before = [], exporter.process.cpu
            for _ in range(repeats if name == "ours" else 3):
                began = time.perf_counter()
                with exporter.client.stream("GET", "/metrics") as answer:
                    size = sum(len(chunk) for chunk in answer.iter_raw())
                times.append(time.perf_counter() - began)
            found[name] = (statistics.median(times) * 1000, (exporter.process.cpu - before) / len(times) * 1000, size)
    ours, plain = found["ours"], found["plain"]
    return [
        (
            "scrape with gzip: p50; CPU",
            f"{ours[0]:.1f}; {ours[1]:.1f} ms ({ours[2] / 1e6:.1f} MB)",
            f"{plain[0]:.0f}; {plain[1]:.0f} ms ({plain[2] / 1e6:.1f} MB, not compressed)",
            "<= 10; <= 10 ms",
        ),
        ("gzip body against gzip -1 in one piece", f"{ratio:.3f}x", "none", "<= 1.15x"),
    ]


def memory(stage: Stage, polls: int) -> list[Row]:
    """Resident memory after the first read, and its growth over polls of a changing inventory."""
    found = {}
    for name in ("ours", "plain"):
        count = polls if name == "ours" else 1
        run = stage.ours(poll=1) if name == "ours" else stage.plain(poll=1)
        with run as exporter:
            exporter.listening()
            if name == "ours":
                exporter.loaded()
                time.sleep(3)
            else:
                until(lambda exporter=exporter: exporter._metrics().count(b"BenchDevice__") >= stage.devices)
            first = exporter.process.rss
            for _ in range(count):
                stage.change("one")
                if name == "ours":
                    time.sleep(1.1)
                else:
                    before = stage.requests()
                    until(lambda before=before: stage.requests() - before >= stage.devices // 50)
            found[name] = (first, (exporter.process.rss - first) / count)
    ours, plain = found["ours"], found["plain"]
    return [
        (
            f"resident memory; growth a poll over {polls} polls of a changing inventory",
            f"{ours[0]:.0f} MiB; {ours[1] / ours[0] * 100:+.2f} %",
            f"{plain[0]:.0f} MiB; {plain[1] / plain[0] * 100:+.0f} % (one poll)",
            "<= 350 MiB; < 1 % over 20",
        )
    ]


def discovery(stage: Stage) -> list[Row]:
    """Warm p50, requests per second, and the requests behind 16 cold ones at once."""
    found = {}
    for name in ("ours", "plain"):
        run = stage.ours(poll=3600, discovery=True, kinds=False) if name == "ours" else stage.plain(poll=3600)
        with run as exporter:
            exporter.listening()
            if name == "plain":
                settle(exporter)
            before = stage.requests()
            threads = [
                threading.Thread(target=httpx.get, args=(f"{exporter.url}/sd/devices",), kwargs={"timeout": 600})
                for _ in range(16)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            cold = stage.requests() - before
            times, began = [], time.perf_counter()
            while time.perf_counter() - began < 5:
                one = time.perf_counter()
                with exporter.client.stream("GET", "/sd/devices") as answer:
                    for _ in answer.iter_raw():
                        pass
                times.append(time.perf_counter() - one)
            found[name] = (statistics.median(times) * 1000, len(times) / 5, cold)
    ours, plain = found["ours"], found["plain"]
    return [
        (
            "list of targets: warm p50; answers a second (one client)",
            f"{ours[0]:.1f} ms; {ours[1]:.0f}",
            f"{plain[0]:.0f} ms; {plain[1]:.0f}",
            "<= 3 ms; >= 500",
        ),
        ("16 cold requests at once: requests to Infrahub", f"{ours[2]}", f"{plain[2]}", "one read"),
    ]


def start(stage: Stage) -> Row:
    """CPU from the start to listening."""
    found = {}
    for name in ("ours", "plain"):
        run = stage.ours(poll=3600, kinds=False) if name == "ours" else stage.plain(poll=3600)
        with run as exporter:
            exporter.listening()
            found[name] = exporter.process.cpu
    return ("start to listening: CPU", f"{found['ours']:.2f} s", f"{found['plain']:.2f} s", "<= 1.0 s")


def table(rows: list[Row]) -> str:
    """Write the rows."""
    lines = ["| figure | ours | plain SDK exporter | goal |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _latency(stage: Stage, nodes: int, goal: str) -> Row:
    worst = latency(stage)
    what = f"worst answer of / while {nodes:,} nodes are read over and over"
    return what, f"{worst['ours']:.0f} ms", f"{worst['plain']:.0f} ms", goal


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="sections, as in read,changes; the page is left alone")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size; the page is left alone")
    arguments = parser.parse_args()
    small, large = (1_000, 10_000) if arguments.quick else (10_000, 100_000)
    wanted = set(filter(None, arguments.only.split(",")))
    rows: list[Row] = []

    def section(name: str) -> bool:
        return not wanted or name in wanted

    stage, empty = Stage(small), Stage(10)
    if section("start"):
        rows.append(start(stage))
    if section("read"):
        for site, goal in ((False, "<= 12 us, 30x"), (True, "<= 15 us, 200x; <= 25")):
            cpu, requests = full_read(stage, empty, site=site)
            what = "4 attributes and a peer's name" if site else "4 attributes"
            rows.append(
                (
                    f"full read of {small:,} nodes, {what}: CPU per node; requests",
                    f"{cpu['ours']:.1f} us; {requests['ours']}",
                    f"{cpu['plain']:.0f} us ({cpu['plain'] / cpu['ours']:.0f}x); {requests['plain']:,}",
                    goal,
                )
            )
    if section("discovery"):
        rows += discovery(stage)
    if section("latency"):
        rows.append(_latency(stage, small, "<= 25 ms"))
    stage.close()

    stage = Stage(large)
    if section("read"):
        with stage.ours(poll=3600) as warm:
            warm.listening()
            warm.loaded()
        with stage.ours(poll=3600) as exporter:
            began = time.perf_counter()
            exporter.listening()
            exporter.ready()
            seconds = time.perf_counter() - began
            exporter.loaded()
            spent = exporter.process.cpu
        with empty.ours(poll=3600) as exporter:
            exporter.listening()
            exporter.ready()
            idle = exporter.process.cpu
        rows.append(
            (
                f"start to first full metrics, {large:,} nodes: wall; CPU per node",
                f"{seconds:.1f} s; {(spent - idle) / large * 1e6:.1f} us",
                "",
                "<= 4 s",
            )
        )
    if section("changes"):
        rows += changes(stage)
    if section("scrapes"):
        rows += scrapes(stage, 30)
    if section("latency"):
        rows.append(_latency(stage, large, "<= 50 ms"))
    if section("memory"):
        rows += memory(stage, 20)
    stage.close()
    empty.close()

    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("infrahub-sdk", "litestar", "msgspec")
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, CPython {platform.python_version()}, {versions}"
    text = f"{table(rows)}\n\nMeasured on {machine}."
    print(text)
    if not arguments.quick and not wanted:
        before, _, rest = PAGE.read_text().partition(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}")


if __name__ == "__main__":
    main()
