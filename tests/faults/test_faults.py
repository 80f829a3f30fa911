"""Whatever fails between the exporter and its Infrahub, the last good data stays, and the failure is seen."""

from functools import partial

import pytest

from tests.faults.catalogue import CASES, Case, blind
from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.surviving import POLLS, assert_survives, told
from tests.faults.watched import DEVICES, ENTRIES, OPERATED, RACKS, Watched


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    watched = start(guard={"confirmations": 1_000_000}, web=OPERATED)
    watched.eventually(watched.is_well)
    return watched


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_last_good_data_survives(line: Line, watched: Watched, case: Case) -> None:
    assert_survives(line, watched, case)


def test_where_nothing_tells_what_has_changed_everything_is_read_and_that_is_said_once(
    line: Line, watched: Watched
) -> None:
    line.mend()
    watched.eventually(watched.is_well)
    said = len(watched.lines())
    line.fault = blind
    watched.eventually(lambda: any("what changed cannot be told" in each for each in watched.lines()[said:]))
    for number in range(POLLS):
        line.update("LocationRack", "par1-r1", f"height: {{value: {30 + number}}}")
        watched.eventually(partial(watched.shows, "locationrack", f'height="{30 + number}"'))
    line.mend()
    watched.eventually(lambda: "INFO what changed can be told again" in watched.lines()[said:])
    assert [line.split()[0] for line in told(watched.lines()[said:])] == ["WARNING", "INFO"]
    assert watched.is_well()


def test_a_valid_empty_answer_is_data_where_the_guard_is_off(line: Line, watched: Watched) -> None:
    line.mend()
    watched.eventually(watched.is_well)
    shown = watched.shown()
    line.infrahub = line.empty
    watched.eventually(lambda: watched.own().get("series", RACKS[1]) == 0)
    watched.eventually(lambda: all(watched.own().get("held", *each) == 1 for each in ENTRIES if each != RACKS))
    assert watched.shown().lists == shown.lists
    assert watched.shown().series == tuple(each for each in shown.series if "rack_info" not in each)
    assert watched.own().get("refresh_success", *DEVICES) == 1
    line.mend()
    watched.eventually(lambda: watched.shown() == shown)
