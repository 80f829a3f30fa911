"""When background work is done."""

from collections.abc import Iterator, Sequence

import anyio
import pytest

from infrahub_exporter.app.refreshing.pace import Pace

pytestmark = pytest.mark.anyio
AN_INSTANT, FOR_EVER = 1e-6, 1e6


class Steps:
    """A clock that shows an instant more each time that it is looked at."""

    def __init__(self) -> None:
        self._shown = 0.0

    def wall(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        self._shown += AN_INSTANT
        return self._shown


class Work:
    """What counts how often it was done, and can be waited for."""

    def __init__(self) -> None:
        self.times = 0
        self._done = anyio.Event()

    async def __call__(self) -> None:
        self.times += 1
        self._done.set()
        self._done = anyio.Event()

    async def wait(self) -> None:
        with anyio.fail_after(5):
            await self._done.wait()


class Stretch:
    """Intervals, one after another; the last one stays. `asked` is set when that is reached."""

    def __init__(self, *seconds: float) -> None:
        self._seconds: Iterator[float] = iter(seconds[:-1])
        self._last = seconds[-1]
        self.asked = anyio.Event()

    def __call__(self, _: float) -> float:
        stretched = next(self._seconds, None)
        if stretched is None:
            self.asked.set()
            return self._last
        return stretched


@pytest.mark.parametrize("seconds", [(AN_INSTANT,), (3 * AN_INSTANT, AN_INSTANT)])
async def test_work_is_done_again_and_again(seconds: Sequence[float]) -> None:
    pace, work = Pace(1.0, clock=Steps(), stretch=Stretch(*seconds)), Work()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep, work)
        for _ in range(3):
            await work.wait()
        tasks.cancel_scope.cancel()


async def test_who_hurries_does_not_wait_for_the_interval() -> None:
    pace, work = Pace(FOR_EVER, clock=Steps(), stretch=lambda seconds: seconds), Work()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep, work)
        await work.wait()
        await anyio.wait_all_tasks_blocked()
        pace.hurry()
        await work.wait()
        tasks.cancel_scope.cancel()
    assert work.times == 2


async def test_an_interval_that_is_stretched_while_it_passes_is_waited_for_to_its_new_end() -> None:
    stretch = Stretch(3 * AN_INSTANT, FOR_EVER)
    pace, work = Pace(1.0, clock=Steps(), stretch=stretch), Work()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep, work)
        await stretch.asked.wait()
        await anyio.wait_all_tasks_blocked()
        assert work.times == 1
        pace.hurry()
        await work.wait()
        tasks.cancel_scope.cancel()
    assert work.times == 2


class Given(Steps):
    """A clock that work sets forward; it fails as often as is said."""

    def __init__(self, step: float, fails: int = 0) -> None:
        super().__init__()
        self.now = 0.0
        self.begun: list[float] = []
        self._step = step
        self._fails = fails

    def monotonic(self) -> float:
        return self.now

    async def work(self) -> bool:
        self.begun.append(self.now)
        self.now += self._step
        return len(self.begun) == 1 or len(self.begun) > self._fails + 1


async def begun_after_a_hint(clock: Given, *, at_once: bool = True) -> list[float]:
    """Return when work began, once before a hint and then until the hint is used up."""
    pace = Pace(FOR_EVER, clock=clock, stretch=lambda seconds: seconds if seconds == FOR_EVER else AN_INSTANT)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep, clock.work)
        await anyio.wait_all_tasks_blocked()
        pace.hint(at_once=at_once)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    return clock.begun


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_hint_is_used_up_only_by_work_that_begins_late_enough_to_see_what_it_is_of(*, at_once: bool) -> None:
    assert await begun_after_a_hint(Given(0.75), at_once=at_once) == [0.75 * each for each in range(13)]


async def test_work_that_fails_does_not_use_a_hint_up() -> None:
    assert await begun_after_a_hint(Given(0.75, fails=14)) == [0.75 * each for each in range(16)]


async def test_a_hint_is_waited_for_a_minute_where_work_fails() -> None:
    begun = await begun_after_a_hint(Given(10.0, fails=1000))
    assert begun == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]


async def test_after_a_hint_that_is_not_to_be_followed_at_once_the_stretched_interval_is_kept() -> None:
    clock = Given(0.25)
    pace = Pace(FOR_EVER, clock=clock, stretch=lambda seconds: FOR_EVER + seconds)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep, clock.work)
        await anyio.wait_all_tasks_blocked()
        pace.hint(at_once=False)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert clock.begun == [0.0]


async def test_an_interval_shorter_than_the_looks_after_a_hint_stays() -> None:
    pace, work = Pace(AN_INSTANT, clock=Steps(), stretch=lambda seconds: seconds), Work()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep, work)
        pace.hint()
        for _ in range(5):
            await work.wait()
        tasks.cancel_scope.cancel()
