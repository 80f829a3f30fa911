"""What is read within a time, and what is said of a long read."""

import logging

import anyio
import anyio.lowlevel
import pytest

from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.app.refreshing.entries import derivation
from infrahub_exporter.app.refreshing.entries.derivation import Derivation
from infrahub_exporter.app.refreshing.pool import Limit, Turn
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, Row
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.views import Delta
from tests.unit.rows import rows_of

pytestmark = pytest.mark.anyio
THING = KindSchema("Thing", {"name": AttributeSchema("name", "Text")}, {})


async def test_a_time_that_runs_out_is_doubled_until_the_read_comes_through() -> None:
    limit, messages = Limit(), []
    for _ in range(2):
        with pytest.raises(SourceUnavailableError) as caught, limit.on(-2.0):
            await anyio.sleep_forever()
        messages.append(str(caught.value))
    with limit.on(100.0):
        await anyio.lowlevel.checkpoint()
    with pytest.raises(SourceUnavailableError) as caught, limit.on(-2.0):
        await anyio.sleep_forever()
    messages.append(str(caught.value))
    assert messages == [f"reading what changed took more than {seconds} s" for seconds in (-2, -4, -2)]


def by_id(delta: Delta) -> dict[str, Row]:
    return {row.id: row for row in rows_of(delta)}


def things(number: int) -> MemorySource:
    nodes = [{"id": str(each), "kind": "Thing", "name": f"n{each}"} for each in range(number)]
    return MemorySource(nodes, schema=[THING])


async def test_a_long_read_says_how_far_it_is_and_is_derived_off_the_loop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(derivation, "_TOLD_NODES", 10)
    monkeypatch.setattr(derivation, "_FEW", 3)
    source = things(12)
    subject: Derivation[Row] = Derivation("Thing", ["name"], {}, derive=by_id)
    assert subject.reading is None
    with caplog.at_level(logging.INFO):
        refreshed = await subject.refresh(
            Turn(Kinds(source), Following(source), 0.0, 0.0, followed=False, in_pieces=True)
        )
    assert (refreshed.whole, len(subject.blocks), subject.reading) == (True, 12, None)
    assert caplog.messages == ["Thing: 12 nodes read so far"]


async def test_what_was_never_read_agrees_with_nothing_and_is_not_rolled() -> None:
    subject: Derivation[Row] = Derivation("Thing", ["name"], {}, derive=by_id)
    assert not await subject.agrees(at=0.0)
    assert not await subject.roll(at=0.0)
