"""Several questions at once."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from infrahub_exporter.domain.errors import alone

Work = Callable[[], Awaitable[None]]


async def at_once(works: Sequence[Work], *, most: int) -> None:
    """Do all works, `most` of them at a time, each to its end. Raise the error of the first one that has failed."""
    if len(works) == 1:
        await works[0]()
        return
    errors: dict[int, Exception] = {}
    left = iter(enumerate(works))

    async def work_off() -> None:
        for position, work in left:
            await attempt(position, work)

    async def attempt(position: int, work: Work) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised below, when all have ended
            errors[position] = alone(error)

    async with anyio.create_task_group() as workers:
        for _ in works[:most]:
            workers.start_soon(work_off)
    if errors:
        raise errors[min(errors)]
