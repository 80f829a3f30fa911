"""Ours and a plain SDK exporter side by side: `make bench`, or `python benchmarks/run.py --quick`.

Each exporter is a process of its own on one core, the canned Infrahub one on the other. CPU is a process' own, from
/proc, latencies are a client's. The table goes into docs/performance.md.
"""

import argparse
import os
from collections.abc import Callable

import million
import reading
import serving
import shared
from figures import publish, table
from stage import REST, Stage

HEADS = ("figure", "ours is better by", "ours", "plain SDK exporter", "goal")
SECTIONS = (
    "start",
    "read",
    "shared",
    "changes",
    "bulk",
    "scale",
    "million",
    "latency",
    "scrapes",
    "pushes",
    "memory",
    "discovery",
)


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="With any option, the page is left alone.")
    parser.add_argument("--only", default="", help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--size", type=int, default=100_000, help="how many nodes; a tenth of them where that is said")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, once")
    arguments = parser.parse_args()
    size, repeats = (arguments.size // 10, 1) if arguments.quick else (arguments.size, arguments.repeats)
    wanted = set(filter(None, arguments.only.split(","))) or set(SECTIONS)
    if not wanted <= set(SECTIONS):
        parser.error(f"--only takes {', '.join(SECTIONS)}")

    os.sched_setaffinity(0, {REST})
    empty, small, large = Stage(10), Stage(size // 10), Stage(size)
    fifth = Stage(size // 5)
    steps: list[tuple[str, Callable[[], list[reading.Row]]]] = [
        ("read", lambda: reading.full_read(small, large, empty, repeats, site=False)),
        ("read", lambda: reading.full_read(small, large, empty, repeats, site=True)),
        ("shared", lambda: shared.many(small, repeats)),
        ("changes", lambda: reading.changes(large, repeats)),
        ("bulk", lambda: reading.bulk(fifth, repeats, site=False)),
        ("bulk", lambda: reading.bulk(fifth, repeats, site=True)),
        ("scale", lambda: [reading.scale(size, size * 10)]),
        ("million", lambda: million.million(empty, large, size * 10)),
        ("latency", lambda: [serving.latency(small, 10, repeats, "<= 25 ms")]),
        ("latency", lambda: [serving.latency(large, 20, repeats, "<= 50 ms")]),
        ("scrapes", lambda: serving.scrapes(large, 200)),
        ("pushes", lambda: serving.pushes(large)),
        ("memory", lambda: serving.memory(large, 20)),
        ("discovery", lambda: serving.discovery(small, 5)),
        ("start", lambda: [reading.start(small, repeats)]),
    ]
    rows: list[reading.Row] = []
    try:
        for name, step in steps:
            if name in wanted:
                for row in step():
                    rows.append(row)
                    print(f"| {' | '.join(row)} |", flush=True)
    finally:
        for stage in (empty, small, fifth, large):
            stage.close()
    text = table(HEADS, rows)
    if arguments == parser.parse_args([]):
        publish("figures", text)
    else:
        print(f"\n{text}")


if __name__ == "__main__":
    main()
