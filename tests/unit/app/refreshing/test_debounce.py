import anyio
import pytest

from infrahub_exporter.app.refreshing.debounce import Debounce
from infrahub_exporter.domain.access.webhooks import Event, Touched

pytestmark = pytest.mark.anyio


def node(kind: str, branch: str = "main") -> Event:
    return Event("infrahub.node.updated", kind, "1", branch)


class Pause:
    """A sleep that lasts until a test ends it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._over = anyio.Event()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self._over.wait()

    def end(self) -> None:
        self._over.set()


async def at_once(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


async def test_events_within_the_time_are_handed_out_together() -> None:
    pause = Pause()
    debounce = Debounce(seconds=2.0, branch="main", sleep=pause)
    handed: list[Touched] = []

    async def follow() -> None:
        handed.append(await debounce.wait())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        await anyio.wait_all_tasks_blocked()
        assert pause.seconds == []
        debounce.add(node("A"))
        await anyio.wait_all_tasks_blocked()
        debounce.add(node("B"))
        debounce.add(node("A"))
        await anyio.wait_all_tasks_blocked()
        assert handed == []
        pause.end()

    assert handed == [Touched(frozenset({"A", "B"}))]
    assert pause.seconds == [2.0]


async def test_what_comes_while_nobody_waits_is_kept() -> None:
    debounce = Debounce(seconds=2.0, branch="main", sleep=at_once)
    debounce.add(node("A"))
    debounce.add(Event("infrahub.branch.merged"))

    assert await debounce.wait() == Touched(frozenset({"A"}), everything=True)


async def test_what_was_handed_out_is_gone() -> None:
    debounce = Debounce(seconds=2.0, branch="main", sleep=at_once)
    debounce.add(Event("infrahub.schema.updated"))
    await debounce.wait()
    debounce.add(node("B"))

    assert await debounce.wait() == Touched(frozenset({"B"}))


async def test_an_event_that_touches_nothing_here_wakes_nobody() -> None:
    debounce = Debounce(seconds=2.0, branch="main", sleep=at_once)
    handed: list[Touched] = []

    async def follow() -> None:
        handed.append(await debounce.wait())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        await anyio.wait_all_tasks_blocked()
        debounce.add(node("A", branch="audit"))
        debounce.add(Event("infrahub.account.logged_in"))
        await anyio.wait_all_tasks_blocked()
        assert handed == []
        debounce.add(node("B"))

    assert handed == [Touched(frozenset({"B"}))]


async def test_who_is_cancelled_loses_no_event() -> None:
    pause = Pause()
    debounce = Debounce(seconds=2.0, branch="main", sleep=pause)
    debounce.add(node("A"))
    with anyio.move_on_after(0):
        await debounce.wait()
    pause.end()

    assert await debounce.wait() == Touched(frozenset({"A"}))


async def test_who_is_cancelled_before_any_event_may_wait_again() -> None:
    debounce = Debounce(seconds=2.0, branch="main", sleep=at_once)
    with anyio.move_on_after(0):
        await debounce.wait()
    debounce.add(node("A"))

    assert await debounce.wait() == Touched(frozenset({"A"}))


def test_it_is_made_and_hears_without_an_event_loop() -> None:
    Debounce(seconds=2.0, branch="main").add(node("A"))
