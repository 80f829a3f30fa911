"""The faults that are rarer, or much like another one."""

import pytest

from tests.faults.catalogue import MORE, Case
from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.surviving import assert_survives
from tests.faults.watched import OPERATED, Watched


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    watched = start(web=OPERATED)
    watched.eventually(watched.is_well)
    return watched


@pytest.mark.parametrize("case", MORE.values(), ids=MORE.keys())
def test_the_last_good_data_survives(line: Line, watched: Watched, case: Case) -> None:
    assert_survives(line, watched, case)
