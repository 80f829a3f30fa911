"""The loops behind an exporter: rounds, and what is read apart, each when it is due or when something has happened."""

import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import anyio
from anyio.abc import TaskGroup

from infrahub_exporter.app.refreshing.debounce import Debounce
from infrahub_exporter.app.refreshing.entries.queried_series import QueriedSeries
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pace import Pace
from infrahub_exporter.app.refreshing.ports import Neighbour
from infrahub_exporter.app.refreshing.roster import Apart
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.pressure import Pressure

logger = logging.getLogger("infrahub_exporter")

_DELAY_SECONDS = 0.5
"""The longest wait before the first read; of short intervals it is a hundredth."""


class Background:
    """Keep an inventory fresh, less often while Infrahub sheds load.

    `rounds_seconds` is how often rows are looked at, None where no entry is made of rows.
    """

    def __init__(
        self,
        inventory: Inventory,
        *,
        clock: Clock,
        rounds_seconds: float | None,
        poll_interval_seconds: float,
        neighbour: Neighbour | None,
    ) -> None:
        self._inventory = inventory
        self._neighbour = neighbour
        self._poll_seconds = poll_interval_seconds
        self._pace = pace = partial(Pace, clock=clock, stretch=self._stretched)
        self._rounds = None if rounds_seconds is None else pace(rounds_seconds, delay_seconds=_delay(rounds_seconds))
        self._runs: dict[Apart, tuple[Pace, anyio.CancelScope]] = {}
        self.pressure = Pressure()
        self.dead: list[str] = []
        self.died = anyio.Event()
        """Set when a loop has ended of an error."""

    @property
    def rounds_seconds(self) -> float | None:
        """How often rows are looked at just now."""
        return None if self._rounds is None else self._rounds.seconds

    def start(self, tasks: TaskGroup, events: Debounce | None) -> None:
        """Start the loops; `events` are those of a webhook."""
        if self._rounds is not None:
            tasks.start_soon(self.live, "rounds", partial(self._rounds.keep, self.round))
        self.run_apart(tasks)
        if events is not None:
            tasks.start_soon(self.live, "webhook", partial(self._heed, events))

    async def live(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run a loop that ends by cancellation only; if it dies of anything else, say so and be unready."""
        try:
            await loop()
        except Exception:
            logger.exception("the %s loop has died, the exporter is no longer ready", name)
            self.dead.append(name)
            self.died.set()

    def run_apart(self, tasks: TaskGroup) -> None:
        """Keep each query and collector fresh, and no longer one that has been forgotten."""
        wanted = self._inventory.entries.apart
        for entry in self._runs.keys() - set(wanted):
            self._runs.pop(entry)[1].cancel()
        for entry in wanted:
            if entry not in self._runs:
                seconds = self._interval(entry)
                delay_seconds = 0.0 if entry.status.on_demand else _delay(seconds)
                pace, scope = self._pace(seconds, delay_seconds=delay_seconds), anyio.CancelScope()
                self._runs[entry] = pace, scope
                name = f"{entry.status.source} {entry.status.name}"
                tasks.start_soon(self.live, name, partial(self._keep, entry, pace, scope))

    def hurry(self, apart: Sequence[Apart], *, rows: bool) -> None:
        """Look at some queries and collectors, and at rows, as soon as may be."""
        if rows and self._rounds is not None:
            self._rounds.hint()
        for entry, (pace, _) in self._runs.items():
            if entry in apart:
                pace.hint()

    async def round(self) -> bool:
        """Look at all that is made of rows; tell whether Infrahub answered."""
        await self._inventory.round()
        self._ease()
        self._hurry_forgiven()
        return self._inventory.is_available

    async def run(self, entry: Apart) -> bool:
        """Look at a query or collector; tell whether Infrahub answered."""
        await self._inventory.run(entry)
        self._ease()
        self._hurry_forgiven()
        return not isinstance(entry.status.error, SourceUnavailableError)

    async def _heed(self, events: Debounce) -> None:
        """Hurry what depends on what an event touched; the probe then tells more. Who sheds load is given time."""
        while True:
            touched = await events.wait()
            if touched.everything:
                self._inventory.doubt_schema()
            if touched and self.pressure.factor == 1.0:
                rows, apart = await self._inventory.depending(touched)
                self.hurry(apart, rows=rows)

    def _interval(self, entry: Apart) -> float:
        return self._poll_seconds if isinstance(entry, QueriedSeries) else entry.spec.refresh_interval_seconds

    async def _keep(self, entry: Apart, pace: Pace, scope: anyio.CancelScope) -> None:
        with scope:
            await pace.keep(partial(self.run, entry))

    def _hurry_forgiven(self) -> None:
        """Have the lists that an outage refused tried again as soon as anything goes well."""
        for entry, (pace, _) in self._runs.items():
            if entry.is_forgiven and self.pressure.factor == 1.0:
                pace.hurry()

    def _stretched(self, seconds: float) -> float:
        return self.pressure.interval(seconds)

    def _ease(self) -> None:
        if self._neighbour is None:
            return
        before = self.pressure
        self.pressure = self._neighbour.after_work(before, base_seconds=self._poll_seconds)
        if self.pressure.factor > before.factor == 1.0:
            seconds = self._rounds.seconds if self._rounds is not None else self.pressure.wait_seconds
            logger.warning("Infrahub sheds load, it is asked less often: the next look comes after %g s", seconds)
        elif before.factor > self.pressure.factor == 1.0:
            logger.info("Infrahub sheds no more load, it is asked as often as before")


def _delay(seconds: float) -> float:
    """Choose how long to wait before the first read."""
    return random.uniform(0.0, min(_DELAY_SECONDS, seconds / 100))  # noqa: S311 - spreads load, guards nothing
