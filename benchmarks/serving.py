"""What serving costs: scrapes, lists of targets, pushes, and how little reading is in the way."""

import gzip
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
from figures import spread
from reading import Row
from stage import HERE, REST, Exporter, Process, Stage, free_port, until

PUSHES_SECONDS = 20.0


def latency(stage: Stage, seconds: float, repeats: int, goal: str) -> Row:
    """The worst answer time of `/` while everything is read over and over and a hundredth of it changes each second."""

    def worst(run: AbstractContextManager[Exporter]) -> float:
        before = stage.requests()
        with run as exporter:
            exporter.listening()
            until(lambda: stage.requests() - before > stage.devices // 500)
            ends, slowest, changes = time.perf_counter() + seconds, 0.0, time.perf_counter()
            while time.perf_counter() < ends:
                if time.perf_counter() > changes:
                    threading.Thread(target=stage.change, args=("percent",)).start()
                    changes += 1
                began = time.perf_counter()
                exporter.client.get("/")
                slowest = max(slowest, time.perf_counter() - began)
                time.sleep(0.003)
        return slowest * 1000

    # beside the default branch there is nothing to follow: it reads
    ours = [worst(stage.ours(poll=1, branch="other")) for _ in range(repeats)]
    plain = worst(stage.plain(poll=1))
    what = f"worst answer of `/` while {stage.devices:,} nodes are read over and over"
    return what, f"{plain / statistics.median(ours):.0f}x", f"{spread(ours, 0)} ms", f"{plain:.0f} ms", goal


def scrapes(stage: Stage, repeats: int) -> list[Row]:
    """p50 and CPU of a scrape, and how well it is compressed."""

    def scrape(exporter: Exporter, count: int) -> tuple[list[float], float, int]:
        times, size, before = [], 0, exporter.process.cpu
        for _ in range(count):
            began = time.perf_counter()
            with exporter.client.stream("GET", "/metrics") as answer:
                size = sum(len(chunk) for chunk in answer.iter_raw())
            times.append((time.perf_counter() - began) * 1000)
        return times, (exporter.process.cpu - before) / count * 1000, size

    with stage.ours() as exporter:
        exporter.ready()
        exporter.settle()
        scrape(exporter, 3)
        times, cpu, size = scrape(exporter, repeats)
        whole = len(gzip.compress(exporter.metrics(), 1))
    before = stage.requests()
    with stage.plain() as exporter:
        exporter.read(before)
        slow, burnt, plain_size = scrape(exporter, 3)
    ours, plain = statistics.median(times), statistics.median(slow)
    body = f"{size / 1e6:.1f} MB"
    return [
        (
            f"scrape of {stage.devices:,} series: p50",
            f"{plain / ours:.0f}x",
            f"{spread(times)} ms",
            f"{spread(slow, 0)} ms",
            "<= 10 ms",
        ),
        ("... CPU", f"{burnt / cpu:.0f}x", f"{cpu:.1f} ms", f"{burnt:.0f} ms", "<= 10 ms"),
        (
            "... gzip body, against gzip -1 in one piece",
            f"{plain_size / size:.0f}x",
            f"{size / whole:.2f}x ({body})",
            f"not compressed ({plain_size / 1e6:.1f} MB)",
            "<= 1.15x",
        ),
    ]


def memory(stage: Stage, polls: int) -> list[Row]:
    """Resident memory after some polls that each find a thousandth changed, and its growth over as many more."""

    def poll() -> None:
        for _ in range(polls):
            stage.change("few")
            time.sleep(1.1)

    stage.change("forget")
    with stage.ours(poll=1) as exporter:
        exporter.ready()
        poll()
        first = exporter.process.rss
        poll()
        ours = first, exporter.process.rss - first
    before = stage.requests()
    with stage.plain(poll=1) as exporter:
        until(lambda: stage.requests() - before > stage.devices // 50)  # the first request of the second poll
        first = exporter.process.rss
        until(lambda: stage.requests() - before > stage.devices // 25)
        plain = first, exporter.process.rss - first
    return [
        (
            f"resident memory at {stage.devices:,} nodes",
            f"{plain[0] / ours[0]:.1f}x",
            f"{ours[0]:.0f} MiB",
            f"{plain[0]:.0f} MiB",
            "<= 350 MiB",
        ),
        (
            f"... growth over {polls} polls, a thousandth changed in each",
            "",
            f"{ours[1] / ours[0] * 100:+.1f} % ({ours[1]:+.1f} MiB)",
            f"{plain[1]:+.0f} MiB in one poll",
            "< 1 %",
        ),
    ]


def discovery(stage: Stage, seconds: float) -> list[Row]:
    """Warm p50, answers a second, and the requests behind 16 cold ones at once."""

    def asked(run: AbstractContextManager[Exporter], *, settled: bool) -> tuple[int, list[float], float]:
        before = stage.requests()
        with run as exporter:
            exporter.listening()
            if settled:
                exporter.read(before)
            before = stage.requests()
            url = f"{exporter.url}/sd/devices"
            cold = [threading.Thread(target=httpx.get, args=(url,), kwargs={"timeout": 600}) for _ in range(16)]
            for thread in cold:
                thread.start()
            for thread in cold:
                thread.join()
            behind = stage.requests() - before
            times, began = [], time.perf_counter()
            while time.perf_counter() - began < seconds:
                one = time.perf_counter()
                with exporter.client.stream("GET", "/sd/devices") as answer:
                    for _ in answer.iter_raw():
                        pass
                times.append((time.perf_counter() - one) * 1000)
            return behind, times, len(times) / seconds

    behind, times, rate = asked(stage.ours(discovery=True, kinds=False), settled=False)
    plain_behind, slow, plain_rate = asked(stage.plain(), settled=True)
    ours, plain = statistics.median(times), statistics.median(slow)
    pages = stage.devices // 500
    return [
        (
            f"list of {stage.devices:,} targets: warm p50",
            f"{plain / ours:.0f}x",
            f"{ours:.1f} ms",
            f"{plain:.1f} ms",
            "<= 3 ms",
        ),
        (
            "... answers a second to one client",
            f"{rate / plain_rate:.0f}x",
            f"{rate:.0f}",
            f"{plain_rate:.0f}",
            ">= 500",
        ),
        (
            "... requests behind 16 cold ones at once",
            f"{plain_behind / behind:.0f}x",
            f"{behind} (one read of {pages} pages, and the schema)",
            f"{plain_behind:,} (16 reads)",
            "1 read",
        ),
    ]


def pushes(stage: Stage) -> list[Row]:
    """CPU of a push from an unchanged snapshot, and the points that arrive in each."""

    def pushed(
        run: Callable[[str], AbstractContextManager[Exporter]], *, plain: bool = False, http: bool = False
    ) -> tuple[float, float]:
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            counted = Path(folder) / "points"
            arguments = [str(HERE / "collector.py"), str(port), str(counted), *(["http"] if http else [])]
            collector = Process(arguments, REST)
            try:
                until(lambda: counted.exists() and " " in counted.read_text())
                before = stage.requests()
                with run(f"http://127.0.0.1:{port}") as exporter:
                    until(lambda: stage.requests() - before >= stage.devices // (50 if plain else 500))
                    until(lambda: counted.read_text() != "0 0")
                    time.sleep(5)
                    spent, (points, count) = exporter.process.cpu, map(int, counted.read_text().split())
                    time.sleep(PUSHES_SECONDS)
                    spent = exporter.process.cpu - spent
                    more_points, more = map(int, counted.read_text().split())
                    return spent / (more - count), (more_points - points) / (more - count)
            finally:
                collector.end()

    ours = pushed(lambda endpoint: stage.ours(otlp=endpoint))
    over_http = pushed(lambda endpoint: stage.ours(otlp=endpoint, protocol="http/protobuf"), http=True)
    plain = pushed(lambda endpoint: stage.plain(otlp=endpoint), plain=True)
    return [
        (
            f"OTLP push of {stage.devices:,} points, nothing changed: CPU",
            f"{plain[0] / ours[0]:.1f}x",
            f"{ours[0]:.2f} s",
            f"{plain[0]:.2f} s",
            "<= 0.1 s",
        ),
        ("... points delivered", "", f"{ours[1]:,.0f}", f"{plain[1]:,.0f}", f"{stage.devices:,}"),
        ("... over HTTP: CPU", "", f"{over_http[0]:.2f} s", "", "<= 0.1 s"),
        ("... over HTTP: points delivered", "", f"{over_http[1]:,.0f}", "", f"{stage.devices:,}"),
    ]
