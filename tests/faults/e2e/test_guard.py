"""The shrink guard at work: held, confirmed, recovered, and not fooled by failures."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.faults.catalogue import always
from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import DEVICES, LIST, Watched

CONFIRMATIONS = 25
LOST = 40


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    watched = start(guard={"confirmations": CONFIRMATIONS})
    watched.eventually(watched.is_well)
    return watched


@pytest.fixture
def names(line: Line) -> Iterator[list[str]]:
    """Name many of the devices; what a test deletes of them does not come back."""
    document = '{"query": "{ DcimDevice(limit: 40) { edges { node { name { value } } } } }"}'
    answer = line.full.handle("POST", "/graphql/main", {"content-type": "application/json"}, document.encode())
    nodes = [edge["node"] for edge in msgspec.json.decode(answer.body)["data"]["DcimDevice"]["edges"]]
    yield [node["name"]["value"] for node in nodes]
    line.mend()


def test_a_loss_is_held_until_it_is_confirmed(line: Line, watched: Watched, names: list[str]) -> None:
    shown, said = watched.shown(), len(watched.lines())
    line.change(*(f'DcimDeviceDelete(data: {{hfid: ["{name}"]}}) {{ ok }}' for name in names))
    watched.eventually(lambda: watched.own().get("held", *DEVICES) == 1)
    watched.eventually(lambda: watched.own().get("held", *LIST) == 1)
    held = watched.own()
    assert held.get("refresh_success", *DEVICES) == 1
    assert held.get("held_items", *DEVICES) == 63 - LOST
    assert watched.shown().series == shown.series
    assert watched.shown().lists[0] == shown.lists[0]

    line.fault = always(503, {}, "")
    watched.eventually(lambda: watched.own().get("refresh_success", *DEVICES) == 0)
    stopped = watched.own()
    failures = ("refresh_errors_total", *DEVICES, "unavailable")
    watched.eventually(lambda: watched.own().count(*failures) >= stopped.count(*failures) + 2)
    assert watched.own().get("held_confirmations", *DEVICES) == stopped.get("held_confirmations", *DEVICES)
    assert watched.shown().series == shown.series

    line.mend()
    watched.eventually(lambda: sum("dcimdevice_info" in each for each in watched.shown().series) == 63 - LOST)
    watched.eventually(lambda: watched.own().get("held", *LIST) == 0)
    assert watched.own().get("held", *DEVICES) == 0
    lines = watched.lines()[said:]
    first = f"{LOST} of 63 are gone, the last good ones stay: confirmed 0 of {CONFIRMATIONS} times"
    assert lines.count(f"WARNING kind DcimDevice is held: {first}") == 1
    assert lines.count("INFO kind DcimDevice is no longer held: confirmed") == 1
