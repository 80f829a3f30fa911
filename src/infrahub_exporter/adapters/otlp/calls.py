"""An export: bytes out, an outcome back, with the retries that OTLP allows. Each protocol brings its single call."""

import random
from typing import Protocol

import anyio
from msgspec import Struct

DEFAULT_BACKOFF_SECONDS = 1.0
ANSWER_BYTES = 4 * 1024 * 1024
"""How much of an answer is read (OT-07)."""


class Accepted(Struct, frozen=True):
    """The collector took the request, but for `rejected` points; `message` says why, or is its warning."""

    rejected: int = 0
    message: str = ""


class Failed(Struct, frozen=True, kw_only=True):
    """A call came to nothing. `code` is gRPC's in lower case, or the HTTP status.

    `passing` where OTLP allows another try, `hopeless` where the sender is refused rather than the request;
    `asked_seconds` is how long the collector asks to be left alone.
    """

    code: str
    message: str
    passing: bool = False
    hopeless: bool = False
    asked_seconds: float | None = None


class Refused(Struct, frozen=True):
    """The request was not taken, and is not tried again: `code` and `message` are the last call's.

    `hopeless` where others need not be tried either; `asked_seconds` is how long the collector asks to be left alone.
    """

    code: str
    message: str
    hopeless: bool
    asked_seconds: float | None = None


class Call(Protocol):
    """One request to one collector, by one protocol. What goes wrong is a value, nothing is raised for it."""

    async def once(self, body: bytes, timeout_seconds: float) -> Accepted | Failed:
        """Send a serialized `ExportMetricsServiceRequest`, once; cancelling ends the call."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


async def deliver(
    call: Call, body: bytes, *, timeout_seconds: float, backoff_seconds: float = DEFAULT_BACKOFF_SECONDS
) -> Accepted | Refused:
    """Send a request and, while time is left and the failure allows it, send it again. Cancelling ends it."""
    deadline = anyio.current_time() + timeout_seconds
    attempt = 0
    while True:
        answer = await call.once(body, max(deadline - anyio.current_time(), 0.0))
        if isinstance(answer, Accepted):
            return answer
        delay = retry_delay(answer, attempt, backoff_seconds)
        if delay is None:
            return Refused(answer.code, answer.message, answer.hopeless)
        if anyio.current_time() + delay >= deadline:
            return Refused(answer.code, answer.message, hopeless=True, asked_seconds=answer.asked_seconds)
        await anyio.sleep(delay)
        attempt += 1


def retry_delay(failed: Failed, attempt: int, backoff_seconds: float) -> float | None:
    """Tell in how many seconds to try again: what the collector asks for, else exponential with jitter; None is never.

    A collector that asks for next to nothing gets a tenth of the back-off at least, which grows with each attempt.
    """
    if not failed.passing:
        return None
    growing: float = backoff_seconds * 2**attempt
    if failed.asked_seconds:
        return max(failed.asked_seconds, growing / 10)
    return growing * random.uniform(0.5, 1.5)  # noqa: S311 (jitter is no secret)
