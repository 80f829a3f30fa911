"""Trouble is told at the first failed try, while the last refresh still counts as a good one."""

from collections.abc import Callable

import pytest

from tests.faults.catalogue import FromThenOn, hanging, hanging_midway, is_of_a_kind, is_stamps
from tests.faults.conftest import StartWatched
from tests.faults.line import Exchange, Fault, Line
from tests.faults.watched import DEVICES, Watched

PATIENT = {"token": "a-token", "timeout_seconds": 600}


@pytest.fixture(scope="module")
def watched(line: Line, start: StartWatched) -> Watched:
    watched = start(infrahub={"address": line.address, **PATIENT})
    watched.eventually(watched.is_well)
    return watched


def test_a_refused_connection_is_told_while_it_is_tried_again(line: Line, watched: Watched) -> None:
    line.cut()
    watched.eventually(lambda: watched.own().get("retrying") == 1)
    assert watched.own().get("refresh_success", *DEVICES) == 1
    assert [each for each in watched.lines() if each.endswith("; trying again")] == [
        "WARNING Infrahub cannot be reached: All connection attempts failed; trying again"
    ]
    line.mend()
    watched.eventually(lambda: watched.own().get("retrying") == 0)
    watched.eventually(lambda: "INFO Infrahub answers again" in watched.lines())


def test_what_hangs_is_told_and_does_not_hold_up_what_comes_after_it(line: Line, watched: Watched) -> None:
    said = len(watched.lines())
    line.fault = hanging
    watched.eventually(lambda: watched.own().get("retrying") == 1)
    assert watched.own().get("refresh_success", *DEVICES) == 1
    assert "WARNING no answer from Infrahub for 5 s; trying again" in watched.lines()[said:]
    line.mend()
    line.update("LocationRack", "par1-r1", "height: {value: 41}")
    watched.eventually(lambda: watched.shows("locationrack", 'height="41"'))
    assert watched.own().get("retrying") == 0


@pytest.mark.parametrize("fault", [hanging, hanging_midway], ids=["silent", "midway"])
@pytest.mark.parametrize(
    "chosen",
    [is_stamps, is_of_a_kind("LocationRack"), lambda exchange: "query Devices" in exchange.document],
    ids=["stamps", "rows", "query file"],
)
def test_what_is_larger_and_hangs_does_not_hold_up_what_comes_after_it_either(
    line: Line, watched: Watched, chosen: Callable[[Exchange], bool], fault: Fault, request: pytest.FixtureRequest
) -> None:
    line.mend()
    watched.eventually(watched.is_well)
    name = f"par1-{request.node.callspec.id}"
    line.fault = outage = FromThenOn(chosen, fault)
    line.update("LocationRack", "par1-r2", f'name: {{value: "{name}"}}')
    line.update("DcimDevice", "par1-leaf1", f'description: {{value: "{name}"}}')
    watched.eventually(lambda: outage.has_begun)
    watched.eventually(lambda: watched.own().get("retrying") == 1)
    assert watched.own().get("refresh_success", *DEVICES) == 1
    line.mend()
    watched.eventually(lambda: watched.shows("locationrack", f'name="{name}"'))
    watched.eventually(lambda: watched.own().get("retrying") == 0)
    line.update("LocationRack", name, 'name: {value: "par1-r2"}')
