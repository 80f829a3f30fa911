"""Large answers come, and are decoded, one at a time."""

import anyio
import pytest

from infrahub_exporter.adapters.infrahub.large_answers import LargeAnswers

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


async def test_what_has_come_is_decoded_before_more_comes() -> None:
    large = LargeAnswers()
    there, most = [0], [0]

    async def answer() -> None:
        async with large.coming():
            there[0] += 1
            most[0] = max(most[0], there[0])
            await settle()
        async with large.decoding():
            await settle()
            there[0] -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(answer)

    assert there == [0]
    assert most[0] <= 3


async def test_one_is_decoded_at_a_time_while_one_comes() -> None:
    large = LargeAnswers()
    began = []

    async def decode(name: str) -> None:
        async with large.decoding():
            began.append(name)
            await anyio.sleep_forever()

    async with large.coming(), anyio.create_task_group() as tasks:
        tasks.start_soon(decode, "a")
        tasks.start_soon(decode, "b")
        await settle()
        tasks.cancel_scope.cancel()

    assert began == ["a"]


async def test_who_gives_up_keeps_nobody_waiting() -> None:
    large = LargeAnswers()
    with anyio.CancelScope() as scope:
        async with large.decoding():
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    with pytest.raises(ZeroDivisionError):
        async with large.coming():
            raise ZeroDivisionError
    with anyio.fail_after(5):
        async with large.coming(), large.decoding():
            pass
