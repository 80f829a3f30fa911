"""How long a connection may stay in each phase, how much it may bring, and how many there may be at once."""

import contextlib
import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Protocol

from msgspec import Struct

KEEP_ALIVE_SECONDS = 75
"""How long a connection may rest between two requests: longer than between two scrapes, which are a minute or less."""
_OTHER_FILES = 256
_LOG_SECONDS = 60.0

logger = logging.getLogger("infrahub_exporter")


class Bounds(Struct, frozen=True, kw_only=True):
    """The bounds of each connection, and `connections`, of how many there are; `pipelined` requests wait at most."""

    hello_seconds: float = 3.0
    head_seconds: float = 10.0
    head_bytes: int = 32_768
    body_seconds: float = 30.0
    answer_seconds: float = 300.0
    stall_seconds: float = 30.0
    rest_seconds: float = KEEP_ALIVE_SECONDS + 5.0
    linger_seconds: float = 2.0
    connections: int = 1024
    pipelined: int = 16

    def seconds(self, phase: "Phase") -> float:
        """Return how long a phase may last."""
        return {
            Phase.HELLO: self.hello_seconds,
            Phase.HEAD: self.head_seconds,
            Phase.BODY: self.body_seconds,
            Phase.ANSWER: self.answer_seconds,
            Phase.REST: self.rest_seconds,
        }[phase]


class Phase(Enum):
    """What a connection is doing: it waits for TLS's hello, a request's head, then its body, is answered, and rests."""

    HELLO = "hello"
    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    REST = "rest"


class Ending(Enum):
    """Why a connection was ended."""

    MALFORMED = "malformed"
    TOO_LARGE = "too large"
    TOO_SLOW = "too slow"
    TOO_MANY = "too many"


class Connection(Protocol):
    """What can be ended."""

    def end(self, why: Ending) -> None:
        """End the connection at once."""
        ...


class Connections:
    """All connections of a server, by how long they have been in their phase: the oldest makes room for a new one.

    Those that have proved nothing go first: no hello, no whole request yet. Then those that rest, then those that are
    answered.
    """

    def __init__(self, most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self.ended: Counter[Ending] = Counter()
        self._most = most
        self._now = now
        self._said: Counter[Ending] = Counter()
        self._said_at = -math.inf
        self._unproven: dict[Connection, None] = {}
        self._resting: dict[Connection, None] = {}
        self._answered: dict[Connection, None] = {}

    def __len__(self) -> int:
        return sum(map(len, self._places))

    @property
    def _places(self) -> tuple[dict[Connection, None], ...]:
        return self._unproven, self._resting, self._answered

    def place(self, connection: Connection, phase: Phase) -> None:
        """Put a connection last among those of its phase, and end another one where there are too many."""
        self.discard(connection)
        place = {Phase.ANSWER: self._answered, Phase.REST: self._resting}.get(phase, self._unproven)
        place[connection] = None
        if len(self) > self._most:
            oldest = next(each for place in self._places for each in place if each is not connection)
            oldest.end(Ending.TOO_MANY)

    def discard(self, connection: Connection) -> None:
        """Forget a connection."""
        for place in self._places:
            place.pop(connection, None)

    def count(self, why: Ending) -> None:
        """Count a connection that was ended, and say so once in a while."""
        self.ended[why] += 1
        now = self._now()
        if now - self._said_at >= _LOG_SECONDS:
            new = ", ".join(f"{number} {each.value}" for each, number in (self.ended - self._said).items())
            logger.warning("ended connections: %s", new)
            self._said, self._said_at = self.ended.copy(), now


def affordable(connections: int) -> int:
    """Let the process open as many files as that takes, where it may; return how many connections there can be."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * connections + _OTHER_FILES
    if resource.RLIM_INFINITY != soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return min(connections, max(soft - _OTHER_FILES, soft // 2))
    return connections
