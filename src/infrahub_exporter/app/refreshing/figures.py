"""What is counted for as long as the process lives, over reloads."""

from collections import Counter
from collections.abc import Awaitable, Callable

import anyio

from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.distribution import Distribution

_LAG_SECONDS = 1.0
"""How often the event loop is asked to be on time."""


class Figures:
    """The lag of the event loop, how old changes were when they became visible, and webhook deliveries by outcome."""

    def __init__(self) -> None:
        self.lag = Distribution((0.001, 0.01, 0.1, 1.0))
        self.change_age = Distribution((1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0))
        self.deliveries: Counter[str] = Counter()

    def note_delivery(self, outcome: str) -> None:
        """Count a delivery of a webhook."""
        self.deliveries[outcome] += 1

    async def watch_lag(self, clock: Clock, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        """Note how much later than asked for the event loop goes on, once a second until cancelled."""
        while True:
            due = clock.monotonic() + _LAG_SECONDS
            await sleep(_LAG_SECONDS)
            self.lag = self.lag.observed(max(0.0, clock.monotonic() - due))
