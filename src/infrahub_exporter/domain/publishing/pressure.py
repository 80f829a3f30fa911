"""How an Infrahub that sheds load is given room: the poll interval stretches at once and relaxes step by step."""

import math

from msgspec import Struct

MOST = 8.0
"""How many times the interval may become, at most."""
LONGEST_WAIT_SECONDS = 300.0
"""What is made of a longer `Retry-After`: Infrahub asks for 1 to 10 s, a proxy's hour would be an outage."""
_FACTOR = 2.0


class Pressure(Struct, frozen=True):
    """What shedding has made of the interval: `factor` times as long, and at least `wait_seconds`."""

    factor: float = 1.0
    wait_seconds: float = 0.0

    def shed(self, retry_after_seconds: float | None) -> "Pressure":
        """Return the pressure after a cycle of which Infrahub shed something, with what it asked for, if anything."""
        asked = retry_after_seconds or 0.0
        asked = min(asked, LONGEST_WAIT_SECONDS) if asked > 0 and not math.isnan(asked) else 0.0
        return Pressure(min(self.factor * _FACTOR, MOST), max(self.wait_seconds, asked))

    def relaxed(self) -> "Pressure":
        """Return the pressure after a cycle that passed: half of it, none in the end."""
        factor = self.factor / _FACTOR
        return Pressure(factor, self.wait_seconds / _FACTOR) if factor > 1.0 else Pressure()

    def interval(self, base_seconds: float) -> float:
        """Stretch an interval."""
        return max(base_seconds * self.factor, self.wait_seconds)
