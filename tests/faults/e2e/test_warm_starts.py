"""What was kept over a restart is whole, or not used: whatever became of the process, and of its file."""

import random
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio
import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.stores import FileStore
from infrahub_exporter.domain.publishing.saved import Saved
from tests.e2e.children import eventually
from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import DEVICES, STORE, Watched

ROUNDS = 20
NOTHING = {"/metrics": 503, "/sd/devices": 503, "/sd/routers": 503, "/-/ready": 503}


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    """Return an exporter that has ended, and what it kept."""
    watched = start(store={"path": STORE}, guard={"confirmations": 1_000_000})
    watched.eventually(watched.is_well)
    watched.stop()
    return watched


@pytest.fixture(scope="module")
def kept(watched: Watched) -> bytes:
    return (watched.store).read_bytes()


def _is_saving(watched: Watched) -> bool:
    return watched.child.ended or any(watched.directory.glob(".last.snapshot.*.tmp"))


def load(path: Path) -> Saved | None:
    return anyio.run(FileStore(path, max_age_seconds=3600, clock=SystemClock()).load)


BAD: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda kept: kept[: len(kept) // 2],
    "cut within its header": lambda kept: kept[:20],
    "empty": lambda _: b"",
    "corrupt": lambda kept: kept[:-100] + bytes(100),
    "foreign": lambda _: b'[{"targets": ["10.0.0.1:9100"]}]',
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_set_aside_and_not_served(
    line: Line, watched: Watched, kept: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    path = watched.store
    bad = spoil(kept)
    path.write_bytes(bad)
    line.cut()
    watched.start()
    watched.eventually(watched.is_up)
    assert watched.statuses() == NOTHING
    aside = max(watched.directory.glob("last.snapshot.bad-*"), key=lambda each: each.stat().st_mtime_ns)
    assert aside.read_bytes() == bad
    assert not path.exists()
    said = [each for each in watched.lines() if each.startswith("ERROR")]
    assert len(said) == 1
    assert f"is not used, it is set aside as {aside.name}: " in said[0]
    watched.end()
    aside.unlink()


def test_what_is_too_old_is_refused(line: Line, watched: Watched, kept: bytes) -> None:
    (watched.store).write_bytes(kept)
    line.cut()
    watched.start(store={"path": str(watched.store), "max_age_seconds": 0.001})
    watched.eventually(watched.is_up)
    assert watched.statuses() == NOTHING
    assert any("4 of 4 entries were read more than 0.001 s ago and are not used" in each for each in watched.lines())
    watched.end()


def test_what_was_read_of_another_infrahub_is_not_used(line: Line, watched: Watched, kept: bytes) -> None:
    (watched.store).write_bytes(kept)
    line.cut()
    watched.start(infrahub={"address": line.address.replace("127.0.0.1", "localhost"), "timeout_seconds": 0.5})
    watched.eventually(watched.is_up)
    assert watched.statuses() == NOTHING
    watched.end()


def test_a_restart_is_no_way_around_the_guard(line: Line, watched: Watched, kept: bytes) -> None:
    (watched.store).write_bytes(kept)
    line.mend()
    line.infrahub = line.empty
    watched.start()
    watched.eventually(lambda: watched.own().get("held", *DEVICES) == 1)
    watched.eventually(lambda: watched.own().get("held", "query", "devices") == 1)
    assert sum("dcimdevice_info" in each for each in watched.shown().series) == 63
    line.mend()
    watched.eventually(watched.is_well)
    watched.end()


def test_a_kill_loses_nothing_that_was_saved_while_infrahub_is_down(line: Line, watched: Watched) -> None:
    path = watched.store
    path.unlink(missing_ok=True)
    line.mend()
    watched.start()
    watched.eventually(lambda: watched.own().count("store_saves_total") >= 1, seconds=60)
    shown = watched.shown()
    line.cut()
    watched.eventually(lambda: watched.own().get("refresh_success", *DEVICES) == 0)
    watched.kill()

    watched.start()
    watched.eventually(watched.is_up)
    assert watched.shown() == shown
    watched.end()


def test_kills_at_any_moment_of_a_save_never_leave_a_file_that_cannot_be_read(line: Line, watched: Watched) -> None:
    path = watched.store
    path.unlink(missing_ok=True)
    line.mend()
    chance = random.Random(5)  # noqa: S311 - moments, not secrets
    serial = "none"
    for number in range(ROUNDS):
        for left in watched.directory.glob(".last.snapshot.*.tmp"):
            left.unlink()
        before, serial = serial, f"round {number}"
        line.update("DcimDevice", "par1-leaf1", f'serial: {{value: "{serial}"}}')
        child = watched.start()
        watched.eventually(partial(watched.shows, "dcimdevice", f'serial="{serial}"'))
        child.send(signal.SIGTERM)
        if number % 2:
            eventually(partial(_is_saving, watched))
        else:
            with suppress(subprocess.TimeoutExpired):
                child.wait(chance.uniform(0.0, 0.2))
        child.end()
        found = load(path)
        if found is None:
            assert not path.exists()
            serial = before
            continue
        serials = [each for kind in found.kinds for block in kind.blocks for sample in block for each in sample.labels]
        assert (serial in serials) != (before in serials)
        serial = serial if serial in serials else before
    assert not list(watched.directory.glob("*.bad-*"))
