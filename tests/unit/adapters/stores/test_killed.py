"""A process that is killed while it writes, again and again, loses nothing that it had saved."""

import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path

from infrahub_exporter.adapters.stores import FileStore
from infrahub_exporter.domain.publishing.saved import Saved
from tests.unit.adapters.stores.conftest import StandingClock, load, save

WRITER = """
import sys, time
from pathlib import Path
import anyio
from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.stores import FileStore
from infrahub_exporter.domain.model import Sample
from infrahub_exporter.domain.publishing.saved import Saved, SavedKind

def block(prefix, text, size):
    return tuple(Sample(f"{prefix}-{each}", (f"{prefix}-{each}", text)) for each in range(size))

async def main():
    store = FileStore(Path(sys.argv[1]), max_age_seconds=3600, clock=SystemClock())
    steady = tuple(block(number, "x" * 40, 250) for number in range(40))
    for number in range(int(sys.argv[2]), 10**9):
        blocks = (block("changing", str(number), 100), *steady)
        await store.save(Saved(str(number), "h", (SavedKind("A", "f", time.time(), ("id", "n"), blocks),)))
        print(number, flush=True)

anyio.run(main)
"""


def test_what_was_saved_before_a_kill_is_there_after_it(store: FileStore, path: Path, clock: StandingClock) -> None:
    clock.now = 0.0  # nothing is too old
    chance = random.Random(5)  # noqa: S311 - moments, not secrets
    last = 0
    for _ in range(12):
        with subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-c", WRITER, str(path), str(last + 1)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            last = int(child.stdout.readline())
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=chance.uniform(0.0, 0.03))
            child.kill()
            last = max([last, *map(int, child.stdout)])
        found = load(store)
        assert found is not None
        assert int(found.source) in (last, last + 1)  # the last one may be in place before it is reported
        assert {sample.labels[1] for sample in found.kinds[0].blocks[0]} == {found.source}
        last = int(found.source)
    for left in path.parent.glob(".snapshot.*.tmp"):
        os.utime(left, (1_000_000_000, 1_000_000_000))
    save(store, Saved("s", "h"))
    assert [each.name for each in path.parent.iterdir()] == ["snapshot"]
