"""What reading costs: in full, where nothing or something has changed, and among ten times as many nodes."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from figures import spread
from stage import HERE, Exporter, Stage, until

Row = tuple[str, str, str, str, str]
"""A figure, ours against the plain exporter, ours, the plain exporter's, and the goal."""

POLL_SECONDS = 5
"""A change comes half of it before a poll: reads are at an instant that is up to two seconds behind."""
POLLS = 20
NEVER_SECONDS = 10_000_000
"""How far the rolling read is spread where it would fall into one poll and not into another."""


def start(stage: Stage, repeats: int) -> Row:
    """CPU from the start to listening."""

    def spent(run: Callable[[], AbstractContextManager[Exporter]]) -> float:
        with run() as exporter:
            exporter.listening()
            return exporter.process.cpu

    ours = [spent(lambda: stage.ours(kinds=False)) for _ in range(repeats)]
    plain = [spent(stage.plain) for _ in range(repeats)]
    ratio = statistics.median(plain) / statistics.median(ours)
    return "start to listening: CPU", f"{ratio:.1f}x", f"{spread(ours, 2)} s", f"{spread(plain, 2)} s", "<= 1.0 s"


def full_read(small: Stage, large: Stage, empty: Stage, repeats: int, *, site: bool) -> list[Row]:
    """CPU per node beyond that of a start over few nodes; the plain exporter's over fewer nodes, since it takes minutes."""

    def ours(stage: Stage) -> tuple[float, float, int]:
        before, began = stage.requests(), time.perf_counter()
        with stage.ours(site=site) as exporter:
            exporter.ready()
            seconds = time.perf_counter() - began
            exporter.settle()
            return exporter.process.cpu, seconds, stage.requests() - before

    def plain(stage: Stage) -> tuple[float, int]:
        before = stage.requests()
        with stage.plain(site=site) as exporter:
            exporter.read(before)
            exporter.metrics()
            return exporter.process.cpu, stage.requests() - before

    for stage in (small, large):
        ours(stage)  # what the canned server encodes but once
    _, _, requests = ours(small)
    idle = statistics.median(ours(empty)[0] for _ in range(repeats))
    runs = [ours(large) for _ in range(repeats)]
    own = [(cpu - idle) / large.devices * 1e6 for cpu, _, _ in runs]
    theirs, asked = plain(small)
    other = (theirs - plain(empty)[0]) / small.devices * 1e6
    what = "4 attributes and a peer's name" if site else "4 attributes"
    goal = ("<= 9 us, 200x", "<= 25") if site else ("<= 12 us, 30x", "")
    rows = [
        (
            f"full read, {what}: CPU per node, whole process",
            f"{other / statistics.median(own):.0f}x",
            f"{spread(own)} us",
            f"{other:.0f} us",
            goal[0],
        ),
        (f"... requests for {small.devices:,} nodes", f"{asked / requests:.0f}x", f"{requests}", f"{asked:,}", goal[1]),
    ]
    if not site:
        seconds = [seconds for _, seconds, _ in runs]
        began, before = time.perf_counter(), large.requests()
        with large.plain() as exporter:
            until(lambda: large.requests() - before >= large.devices // 50)
            exporter.loaded()
            slow = time.perf_counter() - began
        name = f"start to first full metrics, {large.devices:,} nodes"
        rows.append(
            (name, f"{slow / statistics.median(seconds):.0f}x", f"{spread(seconds)} s", f"{slow:.0f} s", "<= 4 s")
        )
    return rows


def changes(stage: Stage, repeats: int) -> list[Row]:
    """What a poll costs when nothing, one device, a hundredth of them or a peer of a tenth of them has changed."""
    nodes = stage.devices
    again = f"{nodes // 50:,} (all pages again)"
    quiet, rested = _quiet(stage)
    rows: list[Row] = [
        (f"nothing changed, {nodes:,} nodes: requests a poll", f"{nodes // 50:,}x", f"{quiet[0]:.0f}", again, "1"),
        (
            "... CPU a poll above an idle server's",
            "",
            f"{quiet[1] * 1000:.1f} ms",
            "a full read and rendering",
            "<= 5 ms",
        ),
    ]
    hundredth = nodes // 100
    figures = {
        "one": (f"1 of {nodes:,} nodes changed", "<= 4, then <= 2", "<= 20 ms"),
        "percent": ("1 % changed", "", f"<= {(15 * hundredth + nodes) / 1000 + 20:.0f} ms"),
        "peer": (
            f"a peer renamed that {nodes // 10:,} nodes name",
            "<= 4",
            f"<= {(15 * nodes / 10 + nodes) / 1000 + 20:.0f} ms",
        ),
    }
    for what, (name, requests_goal, cpu_goal) in figures.items():
        measured = [_change(stage, what, rested) for _ in range(repeats)]
        asked, after = measured[0][0], measured[0][2]
        cpu = [each[1] * 1000 for each in measured]
        rows += [
            (
                f"{name}: requests; in the next poll",
                f"{nodes / 50 / asked:.0f}x",
                f"{asked}; {after}",
                again,
                requests_goal,
            ),
            (
                "... CPU from probe to new text and gzip",
                "",
                f"{spread(cpu, 0)} ms",
                "a full read and rendering",
                cpu_goal,
            ),
        ]
    return rows


def bulk(stage: Stage, repeats: int, *, site: bool) -> list[Row]:
    """What a poll costs that finds every node changed."""
    with stage.ours(site=site) as idle:
        rested = rest(idle)
    measured = [_change(stage, "all", rested, seconds=2 * POLL_SECONDS, site=site) for _ in range(repeats)]
    what = "4 attributes and a peer's name" if site else "4 attributes"
    nodes = stage.devices
    return [
        (
            f"all of {nodes:,} nodes changed, {what}: CPU per node from probe to new text and gzip",
            "",
            f"{spread([each[1] / nodes * 1e6 for each in measured])} us",
            "a full read and rendering",
            "<= 14 us",
        ),
        (
            "... requests",
            f"{nodes / 50 / measured[0][0]:.0f}x",
            f"{measured[0][0]}",
            f"{nodes // 50:,} (all pages again)",
            "",
        ),
    ]


def _quiet(stage: Stage) -> tuple[tuple[float, float], float]:
    """Requests and CPU of a poll, and the CPU a second of a server that does not poll."""
    with stage.ours(site=True) as idle:
        rested = rest(idle)
    stage.change("forget")
    with stage.ours(poll=1, site=True) as exporter:
        exporter.ready()
        exporter.settle()
        before, asked, began = exporter.process.cpu, stage.requests(), time.perf_counter()
        time.sleep(POLLS)
        seconds, polled = time.perf_counter() - began, stage.requests() - asked
        return (polled / POLLS, (exporter.process.cpu - before - rested * seconds) / POLLS), rested


def rest(idle: Exporter) -> float:
    """Return the CPU a second of a server that does not poll."""
    idle.ready()
    idle.settle()
    before = idle.process.cpu
    time.sleep(POLLS / 2)
    return (idle.process.cpu - before) / (POLLS / 2)


def _change(
    stage: Stage, what: str, rested: float, *, seconds: float = POLL_SECONDS, site: bool = True
) -> tuple[int, float, int]:
    """Requests and CPU of the poll that finds a change, and the requests of the poll after it."""
    stage.change("forget")
    with stage.ours(poll=seconds, rolling=NEVER_SECONDS, site=site) as exporter:
        exporter.ready()
        exporter.settle()

        def poll() -> tuple[int, float]:
            asked = stage.requests()
            spent, began = exporter.process.cpu, time.perf_counter()
            until(lambda: stage.requests() > asked)
            time.sleep(seconds / 2)
            cpu = exporter.process.cpu - spent - rested * (time.perf_counter() - began)
            return stage.requests() - asked, cpu

        poll()
        poll()
        stage.change(what)
        found, cpu = poll()
        after, _ = poll()
        return found, cpu, after


def scale(small: int, large: int) -> Row:
    """The cost of one changed node among ten times as many."""
    costs = []
    for devices in (small, large):
        run = subprocess.run(
            [sys.executable, HERE / "scale.py", str(devices)], check=True, capture_output=True, text=True
        )
        costs.append(float(run.stdout))
    return (
        f"one changed node among {large:,}, against {small:,} (in one process, without sockets)",
        "",
        f"{costs[1] / costs[0]:.1f}x ({costs[1]:.1f} ms, {costs[0]:.1f} ms)",
        "10x",
        "<= 2x",
    )
