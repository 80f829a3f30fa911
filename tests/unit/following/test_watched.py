"""A document is run when it has to be, and not otherwise."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.app.refreshing.watched_document import WatchedDocument
from infrahub_exporter.domain.errors import SourceUnavailableError
from tests.unit.following.test_corners import SUMMARY
from tests.unit.following.world import Line, World

pytestmark = pytest.mark.anyio
NAMES = "{ NetRouter { edges { node { name { value } city { node { name { value } } } } } } }"
VERSION = "{ InfrahubInfo { version } }"


class Watching:
    """A document over a world."""

    def __init__(self, document: str = NAMES) -> None:
        self.world = World()
        self.world.populate()
        self.line = Line(self.world)
        self.document = WatchedDocument(
            document,
            source=InfrahubReader(self.line, clock=self.world.times, page_size=500),
            clock=self.world.times,
            outline=outline,
            overlap_seconds=300.0,
            full_refresh_seconds=3600.0,
        )

    async def run(self) -> None:
        await self.document.began()
        self.document.ended_well()

    async def is_due(self, apart: float = 10.0) -> bool:
        self.world.times.wait(apart)
        return await self.document.is_due()


@pytest.fixture
async def watching() -> Watching:
    """A document that was run when nothing was new any more."""
    subject = Watching()
    for _ in range(3):
        await subject.run()
        subject.world.times.wait(400.0)
    await subject.run()
    subject.line.asked.clear()
    return subject


async def test_it_is_run_at_first_and_then_only_when_something_that_it_reads_has_changed(watching: Watching) -> None:
    assert await Watching().is_due()
    assert [await watching.is_due() for _ in range(3)] == [False] * 3
    assert watching.line.asked == ["probe", SUMMARY] * 3
    watching.world.save("NetCity", watching.world.pick("NetCity", 0), name="renamed")
    assert await watching.is_due()
    await watching.run()
    assert not await watching.is_due()
    watching.world.save("BuiltinTag", watching.world.pick("BuiltinTag", 0), name="renamed")
    assert not await watching.is_due()


async def test_it_is_run_now_and_then_though_nothing_changed(watching: Watching) -> None:
    assert await watching.is_due(3600.0)
    assert watching.line.asked == []


async def test_it_is_run_when_the_schema_has_changed_which_is_asked_when_nothing_else_has(watching: Watching) -> None:
    watching.world.infrahub._bodies[SUMMARY] = msgspec.json.encode({"main": "another"})
    assert await watching.is_due()
    assert watching.line.asked == ["probe", SUMMARY]
    await watching.run()
    assert not await watching.is_due()


async def test_where_the_schema_s_hash_costs_much_it_is_asked_for_once_a_minute(watching: Watching) -> None:
    watching.line.seconds = 0.1
    for _ in range(3):
        await watching.is_due()
    watching.world.infrahub._bodies[SUMMARY] = msgspec.json.encode({"main": "another"})
    watching.line.asked.clear()
    assert [await watching.is_due(29.0) for _ in range(3)] == [False, False, True]
    assert watching.line.asked == ["probe", "probe", SUMMARY]


async def test_where_nobody_can_tell_what_it_reads_it_is_run_each_time() -> None:
    subject = Watching(VERSION)
    await subject.run()
    assert await subject.is_due()


async def test_while_a_probe_is_refused_it_is_run_and_while_infrahub_is_away_it_is_not(watching: Watching) -> None:
    watching.line.refused = frozenset({"probe"})
    assert await watching.is_due()
    await watching.run()
    watching.line.refused, watching.line.lost = frozenset(), frozenset({"probe"})
    refused: list[Callable[[], Awaitable[object]]] = [watching.is_due, watching.run]
    for each in refused:
        with pytest.raises(SourceUnavailableError):
            await each()


async def test_when_the_clock_was_set_back_it_is_run_once(watching: Watching) -> None:
    watching.world.times.server -= 900.0
    assert not await watching.is_due()  # the answer to this probe tells the time
    assert await watching.is_due()
    await watching.run()
    assert not await watching.is_due()


async def test_a_source_that_cannot_tell_what_changed_has_it_run_each_time() -> None:
    world = World()
    subject = WatchedDocument(
        NAMES,
        source=MemorySource(),
        clock=world.times,
        outline=outline,
        overlap_seconds=300.0,
        full_refresh_seconds=3600.0,
    )
    await subject.began()
    subject.ended_well()
    assert await subject.is_due()
