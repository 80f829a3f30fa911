"""How a million nodes fare beside a tenth of them: the first read, memory, and the CPU of one change."""

import statistics
import time

from msgspec import Struct
from reading import NEVER_SECONDS, Row
from stage import Stage, until

CHANGES = 5
POLL_SECONDS = 2


class Costs(Struct, frozen=True):
    """CPU of the first read in seconds, MiB after it and at most, CPU of a change in milliseconds."""

    read: float
    memory: float
    peak: float
    change: float


def million(empty: Stage, small: Stage, devices: int) -> list[Row]:
    """Four attributes and the site's name of all devices, in a process of its own each time."""
    start, few = _costs(empty).read, _costs(small)
    stage = Stage(devices)
    try:
        many = _costs(stage)
    finally:
        stage.close()
    less = f"{small.devices:,}"
    each, before = ((costs.read - start) / stage.devices * 1e6 for costs, stage in ((many, stage), (few, small)))
    return [
        (
            f"first read of {devices:,} nodes: CPU per node, whole process",
            "",
            f"{each:.1f} us ({before:.1f} us at {less}; {many.read:.1f} s in all)",
            "",
            "",
        ),
        (
            "... resident memory after it",
            "",
            f"{many.memory:,.0f} MiB, at most {many.peak:,.0f} ({few.memory:,.0f} at {less})",
            "",
            "<= 1,638 MiB",
        ),
        (
            "... CPU of the poll that finds one changed device",
            "",
            f"{many.change / few.change:.1f}x of {less} ({many.change:.1f} ms, {few.change:.1f} ms)",
            "",
            "<= 2x",
        ),
    ]


def _costs(stage: Stage) -> Costs:
    stage.change("forget")
    with stage.ours(poll=POLL_SECONDS, rolling=NEVER_SECONDS, site=True) as exporter:
        until(lambda: exporter.client.get("/-/ready").is_success, seconds=3600)
        exporter.settle()
        read, memory = exporter.process.cpu, exporter.process.rss
        peak = exporter.process.peak

        def poll(*, changed: bool) -> float:
            """Return the CPU of a poll that finds one changed device or none."""
            asked, before = stage.requests(), exporter.process.cpu
            if changed:
                stage.change("one")
            until(lambda: stage.requests() > asked)
            time.sleep(POLL_SECONDS / 2)
            return exporter.process.cpu - before

        idle = statistics.median(poll(changed=False) for _ in range(CHANGES))
        busy = statistics.median(poll(changed=True) for _ in range(CHANGES))
        return Costs(read, memory, peak, (busy - idle) * 1000)
