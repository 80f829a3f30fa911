"""Patience with an Infrahub that cannot answer just now: what passes is tried again, what was shed is left alone."""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus

import anyio

from infrahub_exporter.adapters.infrahub.answers import failure, status_of
from infrahub_exporter.adapters.infrahub.probes import PING
from infrahub_exporter.adapters.infrahub.racing import Race, first_of
from infrahub_exporter.adapters.infrahub.reachability import PASSING, Outcome, Reachability
from infrahub_exporter.adapters.infrahub.request_names import Request, of_document, of_path
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Clock, Reply, Transport
from infrahub_exporter.domain.publishing.pressure import Pressure

logger = logging.getLogger("infrahub_exporter.infrahub")

_SHED = HTTPStatus.TOO_MANY_REQUESTS
HANG_SECONDS = 5.0
"""A small question without an answer is asked once more beside: who is slow answers yet, a dead connection never."""
_OVERDUE_SECONDS = 10.0
_OVERDUE = 3.0
"""How many times as long as is usual a larger question may take before it is taken for lost, those seconds at least."""
_FADING = 0.9
"""How much of the longest time stays when a shorter one is seen."""
_FIRST_SECONDS = 0.5
_DOUBLINGS = 4
"""The longest wait is 8 s: a database that comes back takes some 14 s for its first answer."""


class _Tries:
    """The tries of one call; `seconds` is what the last one to end took."""

    def __init__(self, send: Callable[[], Awaitable[Reply]], clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self.count = 0
        self.seconds = 0.0

    async def once(self) -> Outcome:
        self.count += 1
        began = self._clock.monotonic()
        try:
            return await self._send()
        except SourceUnavailableError as error:
            return error
        finally:
            self.seconds = self._clock.monotonic() - began


class PatientTransport:
    """Try a call again as long as it fails in passing: network, 502, 503, 504, also as stamped on a 200's errors.

    A call has `deadline_seconds` in all, waits included; where they run out, its last reply or error is what comes of
    it. Waits double and are spread by `random`, so that exporters that lost their Infrahub together do not return
    together; a longer `Retry-After` is kept. Nothing else is tried again, 429 neither: that one stretches the interval
    (see `after_work`). Calls may overlap.

    What is small and hangs for `hang_seconds` is tried once more beside, as often as it takes, and the first outcome
    counts. What is larger may be slow. While it hangs, next to nothing is asked now and then, and it is tried once more
    beside where it must have been lost: Infrahub answers again, which it had not, or answers that, but takes for this
    thrice as long as usual.
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
        self._reachability = Reachability(clock)
        self._transport = transport
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._random = random
        self._sleep = sleep
        self._shed = False
        self._asked_seconds = 0.0
        self._retries = 0
        self._usual: dict[str, float] = {}
        self._is_looking = False

    @property
    def trouble(self) -> str | None:
        """How the last try failed, None where it did not."""
        return self._reachability.trouble

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
        tries = _Tries(send, self._clock)
        watch = self._insist if request.is_small else partial(self._outlast, self._overdue(request))
        attempt = 0
        try:
            while True:
                with anyio.move_on_after(ends - self._clock.monotonic()) as scope:
                    outcome = await first_of(tries.once, watch)
                self._reachability.note(outcome)
                if scope.cancelled_caught:
                    return _result(outcome)
                if not self._passes(outcome):
                    self._learn(request, tries.seconds)
                    return _result(outcome)
                wait = self._wait(attempt, _asked(outcome))
                if self._clock.monotonic() + wait >= ends:
                    return _result(outcome)
                await self._sleep(wait)
                attempt += 1
        finally:
            self._retries += max(0, tries.count - 1)
            self._tell(request, outcome, tries=tries.count, seconds=self._clock.monotonic() - began)

    async def _insist(self, race: Race) -> None:
        """While no answer comes to a small question, try once more beside, and again in the place of that."""
        await anyio.sleep(self._hang_seconds)
        while not race.is_over:
            self._reachability.note(self._hangs())
            with anyio.move_on_after(self._hang_seconds):
                await race.attempt()

    async def _outlast(self, overdue_seconds: float, race: Race) -> None:
        """While no answer comes to a larger question, try once more beside where it must have been lost."""
        asked, is_repeated = self._clock.monotonic(), False
        await anyio.sleep(self._hang_seconds)
        while not race.is_over:
            next_look = anyio.current_time() + self._hang_seconds
            await self._look()
            passed = self._clock.monotonic() - asked
            is_lost = passed >= self._hang_seconds and self._reachability.returned_at > asked
            is_overdue = not is_repeated and passed >= overdue_seconds and self._answers(within=self._hang_seconds)
            if is_lost or is_overdue:
                asked, is_repeated = asked + passed, is_repeated or is_overdue
                race.begin()
            with anyio.move_on_after(next_look - anyio.current_time()):
                await self._reachability.wait_for_a_return()

    async def _look(self) -> None:
        """Ask next to nothing where nothing was answered of late, so that it shows whether Infrahub is there."""
        if self._is_looking or self._answers(within=self._hang_seconds / 2):
            return
        self._is_looking = True
        outcome: Outcome = self._hangs()
        tries = _Tries(partial(self._transport.graphql, PING, {}), self._clock)
        try:
            with anyio.move_on_after(self._hang_seconds):
                outcome = await tries.once()
            self._reachability.note(outcome)
        finally:
            self._is_looking = False
            self._tell(of_document(PING, {}), outcome, tries=1, seconds=tries.seconds)

    def _answers(self, *, within: float) -> bool:
        """Tell whether Infrahub has answered of late, and is in no trouble since."""
        return self.trouble is None and self._clock.monotonic() - self._reachability.answered_at < within

    def _hangs(self) -> SourceUnavailableError:
        return SourceUnavailableError(f"no answer from Infrahub for {self._hang_seconds:g} s")

    def _overdue(self, request: Request) -> float:
        """Return after which seconds a request is late."""
        return max(_OVERDUE_SECONDS, _OVERDUE * self._usual.get(request.sort, 0.0))

    def _learn(self, request: Request, seconds: float) -> None:
        """Learn how long an answer to a sort of request takes, the longest of late."""
        self._usual[request.sort] = max(seconds, _FADING * self._usual.get(request.sort, 0.0))

    def _passes(self, outcome: Outcome) -> bool:
        """Tell whether another try may end better; remember what was shed."""
        if isinstance(outcome, SourceUnavailableError):
            return True
        status = status_of(outcome)
        if status == _SHED:
            self._shed = True
            self._asked_seconds = max(self._asked_seconds, _asked(outcome))
        return status in PASSING

    def _wait(self, attempt: int, asked_seconds: float) -> float:
        """Return how long to wait: half of the doubled time is certain, half is chance."""
        doubled = _FIRST_SECONDS * 2.0 ** min(attempt, _DOUBLINGS)
        return max(doubled * (1.0 + self._random()) / 2.0, asked_seconds)

    @staticmethod
    def _tell(request: Request, outcome: Outcome, *, tries: int, seconds: float) -> None:
        """Log one line of a request that has ended."""
        if not logger.isEnabledFor(logging.DEBUG):
            return
        if isinstance(outcome, Reply):
            ended, size = f"status {outcome.status}", len(outcome.body)
        else:
            ended, size = "no answer", 0
        logger.debug(
            "request %s: %s, %.0f ms, %d %s, %d %s, variables %s",
            request,
            ended,
            seconds * 1000,
            size,
            noun(size, "byte"),
            tries,
            noun(tries, "try", "tries"),
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
