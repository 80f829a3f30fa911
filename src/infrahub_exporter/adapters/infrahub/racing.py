"""Tries of one question that are under way at once: the first outcome counts."""

from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskGroup

from infrahub_exporter.adapters.infrahub.reachability import Outcome
from infrahub_exporter.domain.errors import alone

Once = Callable[[], Awaitable[Outcome]]


class Race:
    """The tries that are under way."""

    def __init__(self, once: Once, under_way: TaskGroup) -> None:
        self._once = once
        self._under_way = under_way
        self._found: list[Outcome] = []
        self._errors: list[Exception] = []

    @property
    def is_over(self) -> bool:
        """Tell whether there is an outcome."""
        return bool(self._found or self._errors)

    @property
    def outcome(self) -> Outcome:
        """Return the first outcome; raise what ended the race in its place."""
        if self._found:
            return self._found[0]
        raise self._errors[0]

    def begin(self) -> None:
        """Begin one more try."""
        self._under_way.start_soon(self.attempt)

    async def attempt(self) -> None:
        """Make one more try, and wait for it."""
        try:
            self._found.append(await self._once())
        except Exception as error:  # noqa: BLE001 - raised by `outcome`, outside of the group
            self._errors.append(alone(error))
        self._under_way.cancel_scope.cancel()


async def first_of(once: Once, watch: Callable[[Race], Awaitable[None]]) -> Outcome:
    """Try once, let `watch` begin further tries beside, and return the first outcome; all else is cancelled then.

    What `once` raises is raised.
    """
    async with anyio.create_task_group() as under_way:
        race = Race(once, under_way)
        race.begin()
        await watch(race)
    return race.outcome
