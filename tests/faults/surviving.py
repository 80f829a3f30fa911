"""What has to be true of each fault: the last good data stays, the failure is seen, and it passes."""

import itertools
import re
from collections import Counter

from tests.faults.catalogue import Case
from tests.faults.line import Line
from tests.faults.watched import ENTRIES, Watched

POLLS = 2
"""What is refused twice is left alone for a while."""
WAYS = 3
"""How many lines an entry may have for one outage: it may fail at its rows, at what they show, and at their schema."""

_NUMBER = re.compile(r"\d+")
_OF_ITS_OWN = re.compile("the schema has changed|Infrahub answers again|Infrahub sheds no more load")
"""What may be said as often as it happens, and some time after it has."""
_TOUCHES = itertools.count()


def assert_survives(line: Line, watched: Watched, case: Case) -> None:
    """Hold a fault against several failing polls, and the first good one after them."""
    line.mend()
    watched.eventually(watched.is_well)
    shown, said, before = watched.shown(), len(watched.lines()), watched.own()

    def have_failed() -> bool:
        own = watched.own()
        failures = ("refresh_errors_total", case.reason)
        return all(own.count(*failures, *each) >= before.count(*failures, *each) + POLLS for each in case.entries)

    if case.fault is None:
        line.cut()
    line.fault = case.fault
    line.update("DcimDevice", "par1-leaf1", f'description: {{value: "{next(_TOUCHES)}"}}')
    watched.eventually(have_failed)
    own = watched.own()
    assert {each: own.get("refresh_success", *each) for each in case.entries} == dict.fromkeys(case.entries, 0)
    assert all(own.count("data_age_seconds", *each) > 0 for each in ENTRIES)
    assert watched.shown() == shown

    line.mend()
    watched.get_well()
    assert watched.shown() == shown
    _assert_said_once(watched.lines()[said:], case)


def told(lines: list[str]) -> list[str]:
    """Leave out what an earlier fault may have said late."""
    return [line for line in lines if not _OF_ITS_OWN.search(line)]


def _assert_said_once(lines: list[str], case: Case) -> None:
    for source, name in case.entries:
        lost = [line for line in lines if line.startswith(f"WARNING {source} {name} cannot be read: ")]
        assert 1 <= len(lost) <= WAYS, lines
        assert all(line.endswith("; its last good data stays") for line in lost)
        assert sum(line.startswith(f"INFO {source} {name} is read well again: ") for line in lines) == 1, lines
    alike = Counter(_NUMBER.sub("", line) for line in told(lines))
    assert set(alike.values()) == {1}, alike
