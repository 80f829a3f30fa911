"""The system's clock."""

import time


class SystemClock:
    """The `Clock` of the machine."""

    def wall(self) -> float:
        """Return unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()
