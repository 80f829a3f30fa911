"""Large answers, which take turns: together in memory they would be too much, whatever each of them may have."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

LARGE_BYTES = 8 << 20
"""From here on an answer comes in its turn."""


class LargeAnswers:
    """Let one large answer come at a time, and be decoded one at a time; what has come is decoded before more comes.

    Share one between what receives and what decodes. Who decodes waits for nobody who receives.
    """

    def __init__(self) -> None:
        self._coming, self._decoding = anyio.Lock(), anyio.Lock()
        self._undecoded = 0
        self._decoded = anyio.Event()

    @asynccontextmanager
    async def coming(self) -> AsyncIterator[None]:
        """Receive one."""
        async with self._coming:
            while self._undecoded:
                await self._decoded.wait()
            yield

    @asynccontextmanager
    async def decoding(self) -> AsyncIterator[None]:
        """Decode one."""
        self._undecoded += 1
        try:
            async with self._decoding:
                yield
        finally:
            self._undecoded -= 1
            self._decoded.set()
            self._decoded = anyio.Event()
