"""Whether Infrahub answers just now, as all that is asked of it tells together."""

import logging
import math
from http import HTTPStatus
from typing import TypeAlias

import anyio

from infrahub_exporter.adapters.infrahub.answers import failure, status_of
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Clock, Reply

logger = logging.getLogger("infrahub_exporter.infrahub")

Outcome: TypeAlias = Reply | SourceUnavailableError
PASSING = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""What an Infrahub that is away for a while answers, or what stands before it."""
_QUIET_SECONDS = 5.0
"""How long no try may have failed for an end of the trouble to be told: with some, every other one fails."""


class Reachability:
    """What the outcomes of tries tell. The first failed one is a line in the log.

    `trouble` says how the last try failed, None where it did not. `answered_at` is when Infrahub answered last,
    `returned_at` when it did so after a try that had failed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed_at: float | None = None
        self.trouble: str | None = None
        self.answered_at = -math.inf
        self.returned_at = -math.inf
        self._return = anyio.Event()

    async def wait_for_a_return(self) -> None:
        """Wait until a try goes well after one that had failed."""
        await self._return.wait()

    def note(self, outcome: Outcome) -> None:
        """Learn how a try ended, and say when trouble begins and when it is over."""
        now = self._clock.monotonic()
        before, self.trouble = self.trouble, _trouble(outcome)
        if self.trouble is not None:
            if self._failed_at is None:
                logger.warning("%s; trying again", self.trouble)
            self._failed_at = now
            return
        self.answered_at = now
        if before is not None:
            self.returned_at = now
            self._return.set()
            self._return = anyio.Event()
        if self._failed_at is not None and now - self._failed_at >= _QUIET_SECONDS:
            self._failed_at = None
            logger.info("Infrahub answers again")


def _trouble(outcome: Outcome) -> str | None:
    if isinstance(outcome, Reply):
        return str(failure(outcome)) if status_of(outcome) in PASSING else None
    return str(outcome)
