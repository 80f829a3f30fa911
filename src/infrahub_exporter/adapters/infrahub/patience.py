"""Patience with an Infrahub that cannot answer just now: what passes is tried again, what was shed is left alone."""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import TypeAlias

import anyio

from infrahub_exporter.adapters.infrahub.answers import failure, status_of
from infrahub_exporter.adapters.infrahub.told import Request, of_document, of_path
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Clock, Reply, Transport
from infrahub_exporter.domain.publishing.pressure import Pressure

logger = logging.getLogger("infrahub_exporter.infrahub")

_PASSING = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_SHED = HTTPStatus.TOO_MANY_REQUESTS
HANG_SECONDS = 5.0
"""A small question without an answer is asked once more beside: who is slow answers yet, a dead connection never."""
_QUIET_SECONDS = 5.0
"""How long no try may have failed for an end of the trouble to be told: with some, every other one fails."""
_FIRST_SECONDS = 0.5
_DOUBLINGS = 4
"""The longest wait is 8 s: a database that comes back takes some 14 s for its first answer."""


Outcome: TypeAlias = Reply | SourceUnavailableError


class _Tries:
    """The tries of one call."""

    def __init__(self, send: Callable[[], Awaitable[Reply]]) -> None:
        self._send = send
        self.count = 0

    async def once(self) -> Outcome:
        self.count += 1
        try:
            return await self._send()
        except SourceUnavailableError as error:
            return error


class PatientTransport:
    """Try a call again as long as it fails in passing: network, 502, 503, 504, also as stamped on a 200's errors.

    A call has `deadline_seconds` in all, waits included; where they run out, its last reply or error is what comes of
    it. Waits double and are spread by `random`, so that exporters that lost their Infrahub together do not return
    together; a longer `Retry-After` is kept. Nothing else is tried again, 429 neither: that one stretches the interval
    (see `after_work`). What is small and hangs for `hang_seconds` is tried once more beside, as often as it takes, and
    the first outcome counts. Calls may overlap.

    `trouble` says how the last try failed, None where it did not. The first failed try is a line in the log.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock,
        deadline_seconds: float,
        random: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        self._hang_seconds = hang_seconds
        self._failed_at: float | None = None
        self.trouble: str | None = None
        self._transport = transport
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._random = random
        self._sleep = sleep
        self._shed = False
        self._asked_seconds = 0.0
        self._retries = 0

    @property
    def retries(self) -> int:
        """How often a call has been tried again since the start."""
        return self._retries

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        """Post a document (see `Transport`)."""
        request = of_document(document, variables)
        return await self._call(request, lambda: self._transport.graphql(document, variables, at=at))

    async def get(self, path: str) -> Reply:
        """Get a REST path (see `Transport`)."""
        return await self._call(of_path(path), lambda: self._transport.get(path))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transport.close()

    def after_work(self, pressure: Pressure, *, base_seconds: float) -> Pressure:
        """Return what becomes of the pressure: more where anything was shed since the last time, else less in time."""
        now = self._clock.monotonic()
        if not self._shed:
            return pressure.passed(now=now, base_seconds=base_seconds)
        asked, self._shed, self._asked_seconds = self._asked_seconds, False, 0.0
        return pressure.shed(asked or None, now=now, base_seconds=base_seconds)

    async def _call(self, request: Request, send: Callable[[], Awaitable[Reply]]) -> Reply:
        began = self._clock.monotonic()
        ends = began + self._deadline_seconds
        outcome: Outcome = SourceUnavailableError(f"no answer from Infrahub within {self._deadline_seconds:g} s")
        tries = _Tries(send)
        attempt = 0
        try:
            while True:
                with anyio.move_on_after(ends - self._clock.monotonic()) as scope:
                    outcome = await (self._insist(tries) if request.is_small else tries.once())
                if scope.cancelled_caught or not self._passes(outcome):
                    self._note(outcome)
                    return _result(outcome)
                self._note(outcome)
                wait = self._wait(attempt, _asked(outcome))
                if self._clock.monotonic() + wait >= ends:
                    return _result(outcome)
                await self._sleep(wait)
                attempt += 1
        finally:
            self._retries += max(0, tries.count - 1)
            if logger.isEnabledFor(logging.DEBUG):
                _tell(request, outcome, tries=tries.count, seconds=self._clock.monotonic() - began)

    async def _insist(self, tries: _Tries) -> Outcome:
        """Try; while no answer comes, try once more beside, and again in its place: the first outcome counts."""
        found: list[Outcome | Exception] = []
        async with anyio.create_task_group() as under_way:

            async def attempt() -> None:
                try:
                    found.append(await tries.once())
                except Exception as error:  # noqa: BLE001 - raised below, outside of the group
                    found.append(error)
                under_way.cancel_scope.cancel()

            under_way.start_soon(attempt)
            await anyio.sleep(self._hang_seconds)
            while not found:
                self._note(SourceUnavailableError(f"no answer from Infrahub for {self._hang_seconds:g} s"))
                with anyio.move_on_after(self._hang_seconds):
                    await attempt()
        if isinstance(found[0], Reply | SourceUnavailableError):
            return found[0]
        raise found[0]

    def _note(self, outcome: Outcome) -> None:
        """Remember how a try ended, and say when trouble begins and when it is over."""
        now = self._clock.monotonic()
        if isinstance(outcome, Reply):
            self.trouble = str(failure(outcome)) if status_of(outcome) in _PASSING else None
        else:
            self.trouble = str(outcome)
        if self.trouble is not None:
            if self._failed_at is None:
                logger.warning("%s; trying again", self.trouble)
            self._failed_at = now
        elif self._failed_at is not None and now - self._failed_at >= _QUIET_SECONDS:
            self._failed_at = None
            logger.info("Infrahub answers again")

    def _passes(self, outcome: Outcome) -> bool:
        """Tell whether another try may end better; remember what was shed."""
        if isinstance(outcome, SourceUnavailableError):
            return True
        status = status_of(outcome)
        if status == _SHED:
            self._shed = True
            self._asked_seconds = max(self._asked_seconds, _asked(outcome))
        return status in _PASSING

    def _wait(self, attempt: int, asked_seconds: float) -> float:
        """Return how long to wait: half of the doubled time is certain, half is chance."""
        doubled = _FIRST_SECONDS * 2.0 ** min(attempt, _DOUBLINGS)
        return max(doubled * (1.0 + self._random()) / 2.0, asked_seconds)


def _tell(request: Request, outcome: Outcome, *, tries: int, seconds: float) -> None:
    """Log one line of a request that has ended."""
    if isinstance(outcome, Reply):
        ended, size = f"status {outcome.status}", len(outcome.body)
    else:
        ended, size = "no answer", 0
    logger.debug(
        "request %s: %s, %.0f ms, %d bytes, %d %s, variables %s",
        request,
        ended,
        seconds * 1000,
        size,
        tries,
        "try" if tries == 1 else "tries",
        ", ".join(request.variables) or "none",
    )


def _result(outcome: Outcome) -> Reply:
    if isinstance(outcome, SourceUnavailableError):
        raise outcome
    return outcome


def _asked(outcome: Outcome) -> float:
    """Return the seconds that an outcome asks to wait."""
    error = failure(outcome) if isinstance(outcome, Reply) else outcome
    return (error.retry_after_seconds or 0.0) if isinstance(error, SourceUnavailableError) else 0.0
