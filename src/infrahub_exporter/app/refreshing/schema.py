"""Which schema Infrahub has just now, for all who read from it."""

import math
from collections import deque
from copy import copy

import anyio

from infrahub_exporter.domain.errors import ExporterError
from infrahub_exporter.domain.ports import Clock, SchemaSource

_LONGEST_SECONDS = 60.0
"""How old the answer may be, at most."""
_SHORTEST_SECONDS = 1.0
"""How old an answer is that is asked for again where that is cheap."""
_CHEAP_SECONDS = 0.02
_MEASURED = 3
"""Of how many times the quickest counts: the first one has a connection to make, and machines are busy now and then."""


class SchemaHash:
    """The hash of the schema: asked for once a minute, and where that is cheap whenever there is nothing else to do."""

    def __init__(self, source: SchemaSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._asked_at = -math.inf
        self._took: deque[float] = deque(maxlen=_MEASURED)
        self._asking = anyio.Lock()
        self._failed: ExporterError | None = None
        self.known: str | None = None
        """What was answered last, None before."""

    def doubt(self) -> None:
        """Have it asked for again at once: the schema may be another one."""
        self._asked_at = -math.inf

    async def check(self) -> None:
        """Ask where the last answer is too old. Raises SourceError."""
        await self._ask(_LONGEST_SECONDS)

    async def check_if_cheap(self) -> None:
        """Ask, where that takes no longer than 20 ms; that it fails is of no matter then."""
        if len(self._took) < _MEASURED or min(self._took) <= _CHEAP_SECONDS:
            try:
                await self._ask(_SHORTEST_SECONDS)
            except Exception:  # noqa: BLE001 - who has to know asks in time
                self._took.clear()

    async def _ask(self, seconds: float) -> None:
        """Ask, unless that has been done so lately. Who waits for another's answer has it, be it a failure."""
        failed = self._failed
        async with self._asking:
            began = self._clock.monotonic()
            if began - self._asked_at < seconds:
                return
            if self._failed is not failed and self._failed is not None:
                raise self._failed
            try:
                self.known = await self._source.fingerprint()
            except ExporterError as error:
                self._failed = copy(error)  # without the answer that its traceback holds on to
                raise
            self._asked_at = began
            self._took.append(self._clock.monotonic() - began)
