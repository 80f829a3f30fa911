"""What a change makes anew of what is published: its own block, however much there is."""

import gc
import threading
from collections.abc import Mapping
from typing import ClassVar

import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.adapters.prometheus.exposition import Block
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, Section, Snapshot
from infrahub_exporter.domain.publishing.limits import Limits

pytestmark = pytest.mark.anyio
DEVICES = 3000
BLOCKS = 8


def device(number: int, name: str | None = None) -> Mapping[str, object]:
    return {"id": f"id{number}", "kind": "Device", "name": name or f"device{number}"}


class Noted(Limits, frozen=True):
    """Limits that note the threads in which series are held against them."""

    threads: ClassVar[set[int]] = set()

    def check_series(self, count: int, *, others: int = 0) -> None:
        self.threads.add(threading.get_ident())
        super().check_series(count, others=others)


async def published(limits: Limits | None = None) -> tuple[Exporter, MemorySource]:
    schema = [KindSchema("Device", {"name": AttributeSchema("name", "Text")}, {})]
    source = MemorySource(map(device, range(DEVICES)), schema=schema)
    exporter = Exporter(
        metrics=[MetricSpec(kind="Device", include=("name",))],
        discoveries=(),
        source=source,
        clock=SystemClock(),
        poll_interval_seconds=60.0,
        version="1",
        limits=limits,
    )
    await exporter.refresh()
    return exporter, source


def chunks(exporter: Exporter) -> tuple[list[int], list[int]]:
    """Identify the chunks of the inventory's body, plain and compressed; the last are the exporter's own metrics."""
    exposition = exporter.exposition()
    assert exposition is not None
    assert len(exposition.plain) == len(exposition.deflated) == 1 + BLOCKS + 1
    return list(map(id, exposition.plain[:-1])), list(map(id, exposition.deflated[:-1]))


async def test_one_changed_node_among_many_makes_one_block_of_text_and_gzip_anew() -> None:
    exporter, source = await published()
    before, kept = chunks(exporter), exporter.exposition()
    source.nodes[1234] = device(1234, "renamed")
    await exporter.refresh()
    after = chunks(exporter)
    assert kept is not None
    assert [sum(map(int.__ne__, *pair)) for pair in zip(before, after, strict=True)] == [1, 1]
    assert exporter.metrics_text().count('name="renamed"') == 1


async def test_nothing_changed_makes_nothing_anew() -> None:
    exporter, _ = await published()
    before, kept = chunks(exporter), exporter.exposition()
    await exporter.refresh()
    assert kept is not None
    assert chunks(exporter) == before


async def test_an_unchanged_body_is_compressed_once_for_all_who_ask() -> None:
    exporter, _ = await published()
    first, second = exporter.exposition(), exporter.exposition()
    assert first is not None
    assert second is not None
    assert [one is other for one, other in zip(first.gzip[1:-2], second.gzip[1:-2], strict=True)] == [True] * 9


async def test_one_changed_node_among_many_is_one_new_section_of_the_snapshot() -> None:
    exporter, source = await published()
    sections = {id(section) for family in exporter.snapshot.families for section in family.sections}
    source.nodes[1234] = device(1234, "renamed")
    await exporter.refresh()
    after = [section for family in exporter.snapshot.families for section in family.sections]
    assert sum(id(section) not in sections for section in after) == 1


async def test_what_was_read_whole_is_held_against_the_limits_beside_the_event_loop() -> None:
    limits = Noted()
    await published(limits)
    assert limits.threads
    assert threading.get_ident() not in limits.threads


async def test_nothing_is_kept_of_what_was_published_before() -> None:
    exporter, source = await published()

    async def churn() -> int:
        for number in range(20):
            source.nodes[number * 50] = device(number * 50, f"renamed{number}")
            await exporter.refresh()
        gc.collect()
        return sum(isinstance(each, (Section, Block)) for each in gc.get_objects())

    await churn()
    held = await churn()
    assert held >= BLOCKS
    assert await churn() == held


class Slow(SystemClock):
    """A clock that a snapshot takes a second of."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Showing:
    """A sink that takes a second for each snapshot, and notes the families of each."""

    def __init__(self, clock: Slow) -> None:
        self._clock = clock
        self.families: list[list[str]] = []

    def observe(self, families: object) -> None:
        """Show nothing of the exporter's own."""

    async def run(self) -> None:
        """Push nothing by itself."""

    async def close(self, timeout_seconds: float) -> None:
        """Have nothing open."""

    @property
    def statuses(self) -> tuple[()]:
        """Tell nothing."""
        return ()

    async def publish(self, snapshot: Snapshot) -> None:
        """Take a second."""
        self._clock.seconds += 1.0
        self.families.append([family.name for family in snapshot.families])


async def test_of_many_entries_that_are_read_for_the_first_time_not_each_has_a_snapshot_of_its_own() -> None:
    kinds = [f"Kind{number}" for number in range(30)]
    nodes = [{"id": kind, "kind": kind, "name": kind} for kind in kinds]
    schema = [KindSchema(kind, {"name": AttributeSchema("name", "Text")}, {}) for kind in kinds]
    clock = Slow()
    shown = Showing(clock)
    exporter = Exporter(
        metrics=[MetricSpec(kind=kind, include=("name",)) for kind in kinds],
        discoveries=(),
        source=MemorySource(nodes, schema=schema),
        clock=clock,
        poll_interval_seconds=60.0,
        version="1",
        pusher=shown,
    )
    await exporter.refresh()
    assert [len(each) for each in shown.families] == [1, 30]
