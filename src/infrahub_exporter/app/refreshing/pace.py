"""When background work is done."""

import math
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.replica.watching import RESOLUTION_SECONDS

_AGAIN_SECONDS = 0.5
"""How soon work is done again, as long as it may have come too early to see what a hint is of."""


class Pace:
    """Work at each interval's start. Work that takes longer is followed by the next at once, never overlapped.

    `stretch` may make an interval longer each time; `delay_seconds` passes before the first, so that exporters that are
    started together do not read together.
    """

    def __init__(
        self, seconds: float, *, clock: Clock, stretch: Callable[[float], float], delay_seconds: float = 0.0
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._stretch = stretch
        self._delay_seconds = delay_seconds
        self._hurried = anyio.Event()
        self._hinted_until = -math.inf

    @property
    def seconds(self) -> float:
        """The interval as it is just now."""
        return self._stretch(self._seconds)

    def hurry(self) -> None:
        """Work again as soon as the work under way, if any, has ended."""
        self._hurried.set()

    def hint(self) -> None:
        """Work at once, for something is known to have happened, and again until that must have been seen.

        What is read is as of an instant that is a little behind. So a hint is used up only by work that begins after
        that little has passed.
        """
        self._hinted_until = self._clock.monotonic() + RESOLUTION_SECONDS
        self.hurry()

    async def keep(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work until cancelled."""
        await anyio.sleep(self._delay_seconds)
        while True:
            began = self._clock.monotonic()
            self._hurried = anyio.Event()
            await work()
            while (left := began + self._after(began) - self._clock.monotonic()) > 0.0 and not self._hurried.is_set():
                with anyio.move_on_after(left):  # another's work may stretch the interval meanwhile
                    await self._hurried.wait()
            await anyio.lowlevel.checkpoint()

    def _after(self, began: float) -> float:
        """Return how long after work that began at a time the next one begins."""
        return self.seconds if began >= self._hinted_until else min(self.seconds, self._stretch(_AGAIN_SECONDS))
