"""What keeps one connection within its bounds: slow, idle and huge requests do no harm.

uvicorn bounds the time between two requests, and nothing else: not the time or the size of a request's head, not that
of a body nobody reads nor of what follows one (trailers), not how slowly an answer is taken. Its `limit_concurrency`
counts idle connections and would refuse scrapes because of them. The bounds are laid over its protocol by subclassing:
the parser's callbacks (`on_...`) tell how far a request is, `cycle` how far its answer.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from infrahub_exporter.app.serving.bounds import Bounds, Connections, Ending, Phase

_PIECE_BYTES = 16_384
_FRAMING = 8
"""How many bytes there may be to say that there is one byte of a body: chunks of one byte take six."""
_PLAIN = "content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\ncache-control: no-store"


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
    _cycles: tuple[RequestResponseCycle, ...] = ()
    """The answers that are not done yet."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self.logger = _uvicorns()
        super().connection_made(cast("asyncio.Transport", transport))
        self._enter(Phase.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._let_go()
        self._tell_answers()
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
        self._cycles = (*(each for each in self._cycles if not each.response_complete), self.cycle)

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
        self._abort()

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
            self._time(self.bounds.linger_seconds, self._abort)
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
                self._abort()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        text = status.phrase
        head = f"HTTP/1.1 {status.value} {text}\r\n{_PLAIN}\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        self.transport.write(f"{head}{text}".encode("ascii"))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._time(self.bounds.linger_seconds, self._abort)

    def _time(self, seconds: float, then: Callable[..., None], *arguments: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, then, *arguments)

    def _abort(self) -> None:
        self._tell_answers()
        self.transport.abort()

    def _tell_answers(self) -> None:
        """Tell all answers under way that nobody hears them: uvicorn tells the last of a pipeline alone."""
        for each in self._cycles:
            each.disconnected = True
            each.message_event.set()

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


def _uvicorns() -> logging.Logger:
    """Return a logger for uvicorn's complaints: its line for each malformed request is here one a minute."""
    quiet = logging.getLogger("infrahub_exporter.uvicorn")
    quiet.setLevel(logging.ERROR)
    return quiet
