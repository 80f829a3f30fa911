"""What goes past a limit is refused with a clear error, and the last good data stays."""

import pytest

from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import DEVICES, LIST, RACKS, Watched, metrics

LIMITS = {"max_nodes": 63, "max_series": 84, "max_label_length": 1000, "max_response_bytes": 100_000}
MANDATORY = {
    "DcimDevice": 'role: {value: "leaf"}, site: {hfid: ["paris"]}',
    "LocationRack": 'parent: {hfid: ["paris"]}',
}
NAME = "par1-leaf1"


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    watched = start(limits=LIMITS, metrics=metrics("description"))
    watched.eventually(watched.is_well)
    return watched


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("a" * 1001, "has 1001 characters, limits.max_label_length allows 1000"),
        ("a" * 100_000, "Infrahub's answer has more bytes than limits.max_response_bytes allows (100000)"),
    ],
    ids=["max_label_length", "max_response_bytes"],
)
def test_a_value_that_is_too_long_is_refused(line: Line, watched: Watched, values: str, message: str) -> None:
    shown = watched.shown()
    line.update("DcimDevice", NAME, f'description: {{value: "{values}"}}')
    watched.eventually(lambda: watched.own().get("refresh_success", *DEVICES) == 0)
    assert watched.shown() == shown
    warned = [each for each in watched.lines() if each.startswith("WARNING kind DcimDevice") and message in each]
    watched.eventually(lambda: watched.own().count("refresh_errors_total", *DEVICES, "derivation") > 5)
    assert len(warned) == 1
    assert warned[0].endswith("; its last good data stays")
    assert watched.shown() == shown

    line.update("DcimDevice", NAME, 'description: {value: "short"}')
    watched.eventually(lambda: watched.shows("dcimdevice", 'description="short"'))
    watched.eventually(watched.is_well)


@pytest.mark.parametrize(
    ("kind", "entry", "message"),
    [
        ("DcimDevice", DEVICES, "limits.max_nodes allows 63"),
        ("LocationRack", RACKS, "limits.max_series allows 84"),
    ],
    ids=["max_nodes", "max_series"],
)
def test_too_many_nodes_or_series_are_refused(
    line: Line, watched: Watched, kind: str, entry: tuple[str, str], message: str
) -> None:
    shown = watched.shown()
    names = [f"more-{number}" for number in range(4 if kind == "LocationRack" else 2)]
    line.change(*(f'{kind}Create(data: {{name: {{value: "{name}"}}, {MANDATORY[kind]}}}) {{ ok }}' for name in names))
    failures = ("refresh_errors_total", *entry, "derivation")
    before = watched.own().count(*failures)
    watched.eventually(lambda: watched.own().count(*failures) >= before + 3)
    assert watched.own().get("refresh_success", *entry) == 0
    assert watched.shown().series == shown.series
    assert sum(message in each for each in watched.lines() if each.startswith(f"WARNING kind {kind}")) == 1

    line.change(*(f'{kind}Delete(data: {{hfid: ["{name}"]}}) {{ ok }}' for name in names))
    watched.eventually(watched.is_well)
    assert watched.shown().series == shown.series


def test_what_is_too_much_at_once_is_refused_from_the_start(start: StartWatched) -> None:
    few = start(limits={"max_nodes": 40})
    few.eventually(lambda: few.own().get("refresh_success", *RACKS) == 1)
    few.eventually(lambda: few.own().get("refresh_success", *LIST) == 0)
    assert few.own().get("refresh_success", *DEVICES) == 0
    assert few.statuses() == {"/metrics": 200, "/sd/devices": 503, "/sd/routers": 200, "/-/ready": 200}
    few.end()
