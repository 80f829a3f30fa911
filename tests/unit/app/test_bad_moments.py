"""What comes at a bad moment: a limit at the first read, an end or an heir within a read, a slow last save."""

import gc
import threading
import weakref

import anyio
import pytest

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.adapters.stores import MemoryStore
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.entries import derivation
from infrahub_exporter.app.refreshing.ports import Store
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, Snapshot
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import Saved
from infrahub_exporter.domain.publishing.status import PushStatus
from tests.unit.following.world import Line, World

pytestmark = pytest.mark.anyio
ROUTERS = MetricSpec(kind="NetRouter", include=("name",))
THINGS = DiscoverySpec(name="things", paths=("/sd/things",), kind="Thing", target_field="name")


class Source(MemorySource):
    """One thing; `closed` counts."""

    def __init__(self) -> None:
        schema = [KindSchema("Thing", {"name": AttributeSchema("name", "Text")}, {})]
        super().__init__([{"id": "1", "kind": "Thing", "name": "a"}], schema=schema)
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


class Pushes:
    """A push that waits, when it is closed, until it may."""

    def __init__(self) -> None:
        self.statuses = (PushStatus(),)
        self.closed = 0
        self.closing, self.may = anyio.Event(), anyio.Event()
        self.may.set()

    def observe(self, own: object) -> None:
        del own

    async def publish(self, snapshot: Snapshot) -> None:
        """Take it."""

    async def run(self) -> None:
        await anyio.sleep_forever()

    async def close(self, _timeout_seconds: float) -> None:
        self.closing.set()
        await self.may.wait()
        self.closed += 1


class HangingStore(MemoryStore):
    """A store that never comes to an end, of loading or of saving."""

    def __init__(self) -> None:
        super().__init__()
        self.loading = anyio.Event()
        self.hangs = True

    async def load(self) -> Saved | None:
        self.loading.set()
        if self.hangs:
            await anyio.sleep_forever()
        return await super().load()

    async def save(self, _saved: Saved) -> None:
        await anyio.sleep_forever()


def following(world: World, **limits: int) -> Exporter:
    made = Limits(**limits)
    reader = InfrahubReader(Line(world), clock=world.times, page_size=500, limits=made)
    return Exporter(
        metrics=[ROUTERS],
        discoveries=[],
        source=reader,
        clock=world.times,
        poll_interval_seconds=3600,
        version="1",
        limits=made,
        source_id="here",
    )


def over(
    source: Source, pushes: Pushes, *, metrics: tuple[MetricSpec, ...] = (), store: Store | None = None
) -> Exporter:
    return Exporter(
        metrics=metrics,
        discoveries=[THINGS],
        source=source,
        clock=World().times,
        poll_interval_seconds=3600,
        version="1",
        pusher=pushes,
        store=store,
        source_id="here",
    )


def routers(exporter: Exporter) -> int:
    return sum(line.startswith("infrahub_netrouter_info{") for line in exporter.metrics_text().splitlines())


async def test_a_first_read_that_a_limit_refuses_recovers_when_infrahub_is_mended() -> None:
    world = World()
    router = world.create("NetRouter", "a-name-that-is-much-too-long-for-the-limit-that-is-set-here")
    world.create("NetRouter", "b")
    world.times.wait(10)
    exporter = following(world, max_label_length=40)
    await exporter.refresh()
    assert exporter.status.entries[0].success is False
    world.times.wait(10)
    world.save("NetRouter", router, name="c")
    world.times.wait(10)
    await exporter.refresh()
    assert exporter.status.entries[0].success
    assert routers(exporter) == 2


async def test_an_heir_that_comes_while_a_first_read_is_derived_publishes_it_and_sees_later_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside, go, put = threading.Event(), threading.Event(), derivation.Derivation._put

    def waits(self: derivation.Derivation[object], delta: object) -> bool:
        inside.set()
        assert go.wait(10)
        return put(self, delta)  # type: ignore[arg-type]

    monkeypatch.setattr(derivation, "_FEW", 1)
    monkeypatch.setattr(derivation.Derivation, "_put", waits)
    world = World()
    world.create("NetRouter", "a")
    world.create("NetRouter", "b")
    world.times.wait(10)
    former = following(world)
    reader = former._source
    heir = Exporter(
        metrics=[ROUTERS],
        discoveries=[],
        source=reader,
        clock=world.times,
        poll_interval_seconds=3600,
        version="1",
        source_id="here",
    )
    async with former:
        await anyio.to_thread.run_sync(inside.wait)
        former.retire(heir.parts)
        assert former._tasks is not None
        former._tasks.cancel_scope.cancel()
        go.set()
    await heir.resume(former.handover())
    await heir.refresh()
    assert routers(heir) == 2
    world.times.wait(10)
    world.create("NetRouter", "c")
    world.times.wait(10)
    await heir.refresh()
    assert routers(heir) == 3


async def test_who_holds_on_to_an_exporter_that_has_ended_does_not_hold_on_to_its_heirs() -> None:
    source = Source()
    former, heir = over(source, Pushes()), over(source, Pushes())
    async with former:
        former.retire(heir.parts)
    await heir.resume(former.handover())
    kept = weakref.ref(heir)
    del heir
    gc.collect()
    assert kept() is None


async def test_a_save_that_hangs_at_the_end_costs_neither_the_last_push_nor_the_farewell() -> None:
    source, pushes, store = Source(), Pushes(), HangingStore()
    store.hangs = False
    exporter = over(source, pushes, store=store)
    async with exporter:
        await exporter.refresh()
    assert (pushes.closed, source.closed) == (1, 1)


async def test_an_end_while_the_store_is_loaded_closes_all_the_same() -> None:
    source, pushes, store = Source(), Pushes(), HangingStore()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:

            async def end() -> None:
                await store.loading.wait()
                scope.cancel()

            tasks.start_soon(end)
            async with over(source, pushes, store=store):
                raise AssertionError("it never comes to this")
    assert (pushes.closed, source.closed) == (1, 1)


async def test_who_asks_while_it_ends_for_what_was_never_read_starts_no_read() -> None:
    source, pushes = Source(), Pushes()
    exporter, heir = over(source, pushes), over(source, Pushes())
    pushes.may = anyio.Event()
    asked: list[Exception] = []

    async def ask() -> None:
        await pushes.closing.wait()
        try:
            await exporter.discovery("things")
        except SourceUnavailableError as error:
            asked.append(error)
        pushes.may.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        async with exporter:
            exporter.retire(heir.parts)
    assert [str(error) for error in asked] == ["discovery 'things' has not been read yet"]


async def test_what_did_not_change_is_not_saved_again_but_now_and_then_and_for_the_last_time() -> None:
    saves: list[Saved] = []

    class Noting(MemoryStore):
        async def save(self, saved: Saved) -> None:
            saves.append(saved)

    world = World()
    world.create("NetRouter", "a")
    world.times.wait(10)
    exporter = following(world)
    keeper = exporter._warm_start
    keeper._store = Noting()
    for _ in range(3):
        await exporter.refresh()
        await keeper.save(exporter._inventory)
        world.times.wait(30)
    assert len(saves) == 1
    await exporter.refresh()
    await keeper.save(exporter._inventory, last=True)
    assert len(saves) == 2
    world.times.wait(700)
    await exporter.refresh()
    await keeper.save(exporter._inventory)
    assert len(saves) == 3
