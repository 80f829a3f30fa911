"""When background work is done."""

import math
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

from infrahub_exporter.domain.ports import Clock

_AGAIN_SECONDS = 0.5
"""How soon work is done again, as long as it may have come too early to see what a hint is of; later more seldom."""
_SEEN_SECONDS = 8.0
"""After how long that must have been seen: a `Date` is up to 2 s behind, of an Infrahub that is very busy some more."""
_WAITED_SECONDS = 60.0
"""How long that may take, where work fails meanwhile."""


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
        self._woken = anyio.Event()
        self._is_hurried = False
        self._hinted_until: float | None = None
        self._hinted_at = -math.inf

    @property
    def seconds(self) -> float:
        """The interval as it is just now."""
        return self._stretch(self._seconds)

    def hurry(self) -> None:
        """Work again as soon as the work under way, if any, has ended."""
        self._is_hurried = True
        self._woken.set()

    def hint(self, *, at_once: bool = True) -> None:
        """Work at once, for something is known to have happened, and again until that must have been seen.

        What is read is as of an instant that is a little behind. So a hint is used up only by work that goes well and
        begins after that little has passed; for a minute it is waited for. Not `at_once` it is as soon as `stretch`
        allows.
        """
        now = self._clock.monotonic()
        self._hinted_at, self._hinted_until = now, now + _SEEN_SECONDS
        if at_once:
            self.hurry()
        self._woken.set()

    async def keep(self, work: Callable[[], Awaitable[object]]) -> None:
        """Work until cancelled. What returns False has not gone well."""
        await anyio.sleep(self._delay_seconds)
        while True:
            began = self._clock.monotonic()
            self._is_hurried = False
            went_well = await work() is not False
            if went_well and self._hinted_until is not None and began >= self._hinted_until:
                self._hinted_until = None
            while (left := began + self._after() - self._clock.monotonic()) > 0.0 and not self._is_hurried:
                self._woken = anyio.Event()
                with anyio.move_on_after(left):  # another's work may stretch the interval meanwhile
                    await self._woken.wait()
            await anyio.lowlevel.checkpoint()

    def _after(self) -> float:
        """Return how long after one work's beginning the next one begins."""
        passed = self._clock.monotonic() - self._hinted_at
        if self._hinted_until is None or passed >= _WAITED_SECONDS:
            return self.seconds
        return min(self.seconds, self._stretch(max(_AGAIN_SECONDS, passed / 2)))
