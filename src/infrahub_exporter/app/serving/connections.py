"""What one connection may cost: how long, how much, how many. Slow, idle and huge requests do no harm.

uvicorn bounds the time between two requests, and nothing else: not the time or the size of a request's head, not that
of a body nobody reads nor of what follows one (trailers), not how slowly an answer is taken. Its `limit_concurrency`
counts idle connections and would refuse scrapes because of them. The bounds are laid over its protocol by subclassing:
the parser's callbacks (`on_...`) tell how far a request is, `cycle` how far its answer.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import ClassVar, Protocol, cast

from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

KEEP_ALIVE_SECONDS = 75
"""How long a connection may rest between two requests: longer than between two scrapes, which are a minute or less."""
_PIECE_BYTES = 16_384
_FRAMING = 8
"""How many bytes there may be to say that there is one byte of a body: chunks of one byte take six."""
_OTHER_FILES = 256
_LOG_SECONDS = 60.0
_PLAIN = "content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\ncache-control: no-store"

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


class BoundedConnection(HttpToolsProtocol):
    """One connection within its bounds, see `bounded`."""

    bounds: ClassVar[Bounds]
    all: ClassVar[Connections]

    _state: tuple[Phase, RequestResponseCycle | None] | None = None
    _reads: Phase | None = None
    """Which part of a request is being received, None between two requests."""
    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _loose_bytes = 0
    """How much has come that is neither a whole head nor a body."""
    _is_refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self.logger = _uvicorns()
        super().connection_made(cast("asyncio.Transport", transport))
        self._enter(Phase.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what a client sends in pieces, so that no bound is passed by more than one."""
        for start in range(0, len(data), _PIECE_BYTES):
            if self._is_refused or self.transport.is_closing():
                return
            self._take(data[start : start + _PIECE_BYTES])

    def on_message_begin(self) -> None:
        """Begin with a head (the parser calls this)."""
        super().on_message_begin()
        self._reads = Phase.HEAD

    def on_headers_complete(self) -> None:
        """Go on with a body (the parser calls this)."""
        super().on_headers_complete()
        self._reads, self._loose_bytes = Phase.BODY, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, but none after the body: they would join those that the request has been judged by."""
        if self._reads is Phase.HEAD:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body (the parser calls this)."""
        super().on_body(body)
        self._loose_bytes = max(0, self._loose_bytes - _FRAMING * len(body))

    def on_message_complete(self) -> None:
        """End a request (the parser calls this)."""
        super().on_message_complete()
        self._reads, self._loose_bytes = None, 0

    def on_response_complete(self) -> None:
        """Go on to the next request (uvicorn calls this)."""
        super().on_response_complete()
        self._settle()

    def send_400_response(self, _message: str) -> None:
        """Refuse what is no request (uvicorn calls this)."""
        self._refuse(HTTPStatus.BAD_REQUEST, Ending.MALFORMED)

    def pause_writing(self) -> None:
        """Give the client some time to take what is there."""
        super().pause_writing()
        self._stall = self.loop.call_later(self.bounds.stall_seconds, self.end, Ending.TOO_SLOW)

    def resume_writing(self) -> None:
        """Go on: the client has taken most of it."""
        if self._stall is not None:
            self._stall.cancel()
        super().resume_writing()

    def end(self, why: Ending) -> None:
        """End the connection at once."""
        self._let_go()
        self.all.count(why)
        self.transport.abort()

    def _take(self, piece: bytes) -> None:
        self._loose_bytes += len(piece)
        super().data_received(piece)
        if self._loose_bytes > self.bounds.head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, Ending.TOO_LARGE)
        elif len(self.pipeline) > self.bounds.pipelined:
            self.end(Ending.TOO_MANY)
        else:
            self._settle()

    def _settle(self) -> None:
        """Find out what the connection is doing now."""
        if self._is_refused:
            return
        if self.transport.is_closing():
            self._enter(Phase.REST)
        elif self._reads is Phase.BODY:
            self._enter(Phase.BODY)
        elif self._is_answering:
            self._enter(Phase.ANSWER)
        else:
            self._enter(Phase.HEAD if self._reads or self.cycle is None else Phase.REST)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _enter(self, phase: Phase) -> None:
        """Start the time of a phase, once for each request: what trickles in does not prolong it."""
        if self._state == (phase, self.cycle):
            return
        self._state = (phase, self.cycle)
        self._time(self.bounds.seconds(phase), self._expire, phase)
        self.all.place(self, phase)

    def _expire(self, phase: Phase) -> None:
        if phase is Phase.HEAD and self._reads:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, Ending.TOO_SLOW)
        elif phase in {Phase.HEAD, Phase.REST} and not self.transport.is_closing():
            self.transport.close()
            self._time(self.bounds.linger_seconds, self.transport.abort)
        else:
            self.end(Ending.TOO_SLOW)

    def _refuse(self, status: HTTPStatus, why: Ending) -> None:
        """Answer, and hear the client out for a while: closed at once, the answer might never reach it."""
        if self._is_refused:
            return
        self._is_refused = True
        self.all.count(why)
        if self._is_answering:
            if self.cycle.response_started or len(self.pipeline):
                self.transport.abort()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        text = status.phrase
        head = f"HTTP/1.1 {status.value} {text}\r\n{_PLAIN}\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        self.transport.write(f"{head}{text}".encode("ascii"))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._time(self.bounds.linger_seconds, self.transport.abort)

    def _time(self, seconds: float, then: Callable[..., None], *arguments: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, then, *arguments)

    def _let_go(self) -> None:
        for timer in (self._timer, self._stall):
            if timer is not None:
                timer.cancel()
        self.all.discard(self)


def bounded(protocol: type[HttpToolsProtocol], bounds: Bounds, connections: Connections) -> type[HttpToolsProtocol]:
    """Lay bounds over uvicorn's HTTP protocol, for one server."""
    attributes = {"bounds": bounds, "all": connections}
    made = type(f"Bounded{protocol.__name__}", (BoundedConnection, protocol), attributes)
    return cast("type[HttpToolsProtocol]", made)


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


def _uvicorns() -> logging.Logger:
    """Return a logger for uvicorn's complaints: its line for each malformed request is here one a minute."""
    quiet = logging.getLogger("infrahub_exporter.uvicorn")
    quiet.setLevel(logging.ERROR)
    return quiet
