"""What many entries over one kind cost beside one that names all their paths."""

import statistics
import time
from collections.abc import Sequence

from reading import NEVER_SECONDS, Row, rest
from stage import Stage, until

CHANGES = 5
POLL_SECONDS = 2
PATHS = ("name", "role", "serial", "address", "site.name")
ROLE = "filters: {role__value: leaf}"
ONE = (f"{{kind: BenchDevice, include: [{', '.join(PATHS)}]}}",)
METRICS = (
    "{kind: BenchDevice, include: [name, site.name]}",
    "{kind: BenchDevice, include: [serial, address]}",
    *(f"{{kind: BenchDevice, include: [{', '.join(PATHS[:number])}], {ROLE}}}" for number in (2, 3, 4)),
)
LISTS = tuple(
    f"{{name: list{number}, kind: BenchDevice, target_field: address.ip, refresh_interval_seconds: SECONDS, "
    f"label_mappings: {{{', '.join(f'l{each}: {path}' for each, path in enumerate(PATHS[:number]))}}}"
    + (f", {ROLE}}}" if number < 3 else "}")
    for number in range(8)
)


def many(stage: Stage, repeats: int) -> list[Row]:
    """Five metrics and eight lists, three of each with equal filters, against one metric with all paths."""
    with stage.ours(site=True) as idle:
        rested = rest(idle)
    runs = [(_costs(stage, ONE, (), rested), _costs(stage, METRICS, LISTS, rested)) for _ in range(repeats)]
    rows: list[Row] = []
    for position, (what, unit, goal) in enumerate(
        (
            ("requests of the first read", "", "<= 1.2x"),
            ("memory after it", " MiB", "<= 1.5x"),
            ("CPU of the poll that finds one changed device", " ms", "<= 2x"),
        )
    ):
        one = statistics.median(alone[position] for alone, _ in runs)
        all_ = statistics.median(together[position] for _, together in runs)
        text = f"{all_:.1f}{unit} of 13 entries, {one:.1f}{unit} of one"
        rows.append((f"13 entries over {stage.devices:,} devices: {what}", f"{all_ / one:.2f}x of one", text, "", goal))
    return rows


def _costs(stage: Stage, metrics: Sequence[str], lists: Sequence[str], rested: float) -> tuple[float, float, float]:
    """Requests and memory of the first read, and the CPU of the poll that finds a change in milliseconds."""
    stage.change("forget")
    asked = stage.requests()
    own = [each.replace("SECONDS", str(POLL_SECONDS)) for each in lists]
    with stage.ours(poll=POLL_SECONDS, rolling=NEVER_SECONDS, metrics=metrics, lists=own) as exporter:
        exporter.ready()
        first = stage.requests() - asked
        exporter.settle()
        memory = exporter.process.rss

        def poll() -> float:
            """Return the CPU of a poll, without what a server costs that does not poll."""
            asked, spent, began = stage.requests(), exporter.process.cpu, time.perf_counter()
            until(lambda: stage.requests() > asked)
            time.sleep(POLL_SECONDS / 2)
            return exporter.process.cpu - spent - rested * (time.perf_counter() - began)

        def changed() -> float:
            stage.change("one")
            return poll()

        poll()
        return first, memory, statistics.median(changed() for _ in range(CHANGES)) * 1000
