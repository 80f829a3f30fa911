"""What is counted for as long as the process lives."""

import pytest

from infrahub_exporter.app.refreshing.figures import Figures

pytestmark = pytest.mark.anyio


class Late:
    """A clock of an event loop that goes on later than asked for, by as much as is left to be late."""

    def __init__(self, *late: float) -> None:
        self.now = 5.0
        self.left = list(late)

    def wall(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if not self.left:
            raise InterruptedError
        self.now += seconds + self.left.pop(0)


async def test_the_event_loop_s_lag_is_noted_each_time() -> None:
    figures, clock = Figures(), Late(0.0, 0.25, -0.125, 4.0)
    with pytest.raises(InterruptedError):
        await figures.watch_lag(clock, clock.sleep)

    assert [count for _, count in figures.lag.cumulative()] == [2, 2, 2, 3, 4]
    assert figures.lag.sum == 4.25
