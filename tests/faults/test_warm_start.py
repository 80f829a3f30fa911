"""A restart while Infrahub is down serves the last good data at once, marked as such."""

from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import ENTRIES, STORE, Watched


def flags(watched: Watched, name: str) -> set[float | None]:
    """Return the values of a metric over all entries."""
    own = watched.own()
    return {own.get(name, *entry) for entry in ENTRIES}


def test_a_restart_while_infrahub_is_down_serves_the_last_good_data_at_once(line: Line, start: StartWatched) -> None:
    watched = start(store={"path": STORE})
    watched.eventually(watched.is_well)
    shown, read_at = watched.shown(), watched.own().count("last_success_timestamp_seconds", *ENTRIES[0])
    watched.stop()
    line.cut()

    watched.start()
    watched.eventually(watched.is_up)
    assert watched.shown() == shown
    assert watched.statuses() == {"/metrics": 200, "/sd/devices": 200, "/sd/routers": 200, "/-/ready": 200}
    assert flags(watched, "restored") == {1}
    watched.eventually(lambda: flags(watched, "refresh_success") == {0})
    assert watched.shown() == shown
    assert watched.own().count("last_success_timestamp_seconds", *ENTRIES[0]) >= read_at
    assert "INFO served from before the restart until read again: 4 kinds and queries" in watched.lines()

    line.mend()
    watched.eventually(watched.is_well)
    assert flags(watched, "restored") == {0}
    assert watched.shown() == shown
