"""Infrahub's clock may jump: nothing is lost while it is wrong, nothing is overlooked after it."""

from datetime import timedelta
from functools import partial

import pytest

from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import Watched

REQUESTS = 12


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    watched = start()
    watched.eventually(watched.is_well)
    return watched


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_loses_nothing_and_hides_nothing(line: Line, watched: Watched, hours: int) -> None:
    shown, said = watched.shown(), len(watched.lines())
    for ahead in (hours, 0):
        line.clock.ahead = timedelta(hours=ahead)
        watched.eventually(partial(line.has_been_asked, line.asked + REQUESTS))
        assert watched.shown() == shown
        assert watched.is_well()

    line.update("DcimDevice", "par1-leaf2", f'serial: {{value: "after {hours}"}}')
    watched.eventually(lambda: watched.shows("dcimdevice", f'serial="after {hours}"'))
    lines = watched.lines()[said:]
    assert not [each for each in lines if "cannot be read" in each]
    assert len(lines) == len(set(lines)), lines
