"""How an Infrahub that sheds load is given room: the poll interval stretches at once and relaxes step by step."""

import math

from msgspec import Struct, structs

MOST = 8.0
"""How many times the interval may become, at most."""
LONGEST_WAIT_SECONDS = 300.0
"""What is made of a longer `Retry-After`: Infrahub asks for 1 to 10 s, a proxy's hour would be an outage."""
_FACTOR = 2.0
_QUIET_SECONDS = 5.0
"""How long nothing may have been shed before intervals of some seconds relax."""
_QUIET_INTERVALS = 1.5
"""The same of longer ones, so that a list that is shed each time does not count as none by what passes before it."""


class Pressure(Struct, frozen=True):
    """What shedding has made of the interval: `factor` times as long, and at least `wait_seconds`.

    Lists and rounds come to their ends many times within one interval, and count as one cycle. `shed_at` is when
    something was shed last, `grew_at` and `fell_at` are when the factor did, all on the monotonic clock.
    """

    factor: float = 1.0
    wait_seconds: float = 0.0
    shed_at: float = -math.inf
    grew_at: float = -math.inf
    fell_at: float = -math.inf

    def shed(self, retry_after_seconds: float | None, *, now: float, base_seconds: float) -> "Pressure":
        """Return the pressure after work of which Infrahub shed something, with what it asked for, if anything."""
        asked = retry_after_seconds or 0.0
        asked = min(asked, LONGEST_WAIT_SECONDS) if asked > 0 and not math.isnan(asked) else 0.0
        grows = now - self.grew_at >= self.interval(base_seconds) / 2
        factor = min(self.factor * _FACTOR, MOST) if grows else self.factor
        return Pressure(factor, max(self.wait_seconds, asked), now, now if grows else self.grew_at, self.fell_at)

    def passed(self, *, now: float, base_seconds: float) -> "Pressure":
        """Return the pressure after work that passed: where that went on, half of it each interval, none in the end."""
        interval = self.interval(base_seconds)
        quiet = max(interval * _QUIET_INTERVALS, _QUIET_SECONDS)
        if now - self.shed_at < quiet or now - self.fell_at < interval / 2:
            return self
        factor, wait = self.factor / _FACTOR, self.wait_seconds / _FACTOR
        return structs.replace(self, factor=factor, wait_seconds=wait, fell_at=now) if factor > 1.0 else Pressure()

    def interval(self, base_seconds: float) -> float:
        """Stretch an interval."""
        return max(base_seconds * self.factor, self.wait_seconds)
