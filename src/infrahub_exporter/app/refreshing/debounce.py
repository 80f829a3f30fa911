"""Many events, one refresh: a change of a hundred nodes comes as a hundred webhooks."""

from collections.abc import Awaitable, Callable

import anyio

from infrahub_exporter.domain.access.webhooks import Event, Touched, touched


class Debounce:
    """Collect events for `seconds` after the first one, then hand out what they touched on a branch.

    What comes while nobody waits is kept for who waits next. One task may wait at a time.
    """

    def __init__(self, *, seconds: float, branch: str, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        self._seconds = seconds
        self._branch = branch
        self._sleep = sleep
        self._touched = Touched()
        self._arrived: anyio.Event | None = None

    def add(self, event: Event) -> None:
        """Take an event; return at once. One that changes nothing on the branch wakes nobody."""
        found = touched([event], branch=self._branch)
        if not found:
            return
        self._touched = Touched(self._touched.kinds | found.kinds, self._touched.everything or found.everything)
        if self._arrived is not None:
            self._arrived.set()

    async def wait(self) -> Touched:
        """Wait for an event and for those that follow it within `seconds`; return what all of them touched."""
        if not self._touched:
            self._arrived = anyio.Event()
            await self._arrived.wait()
        await self._sleep(self._seconds)
        collected, self._touched, self._arrived = self._touched, Touched(), None
        return collected
