"""Whose turn it is to send: large answers go out in pieces, and those who ask take turns.

A socket takes megabytes at once, so that a thousand answers of 20 MB were seconds of the event loop before it heard of
anybody else. Here a round of the loop sends some pieces and no more. Origins follow one another; of one origin, who
came first is done first. Small answers wait for nobody.
"""

import asyncio
from heapq import heappop, heappush
from itertools import count

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from infrahub_exporter.domain.access.credentials import origin

_PIECE_BYTES = 262_144
_SMALL_BYTES = 65_536
"""What an answer may send without a turn."""
_PIECES = 4
"""How many go out in a round of the loop: some 0.5 ms."""


class Turns:
    """The turns of all answers of a server."""

    def __init__(self, pieces: int = _PIECES) -> None:
        self._pieces = pieces
        self._left = pieces
        self._is_due = False
        self._waiting: dict[str, list[tuple[int, asyncio.Future[None]]]] = {}
        self._arrivals = count()

    def arrive(self) -> int:
        """Number an answer."""
        return next(self._arrivals)

    async def take(self, origin_: str, arrival: int) -> None:
        """Wait until it is the turn of an answer; of one origin the first to arrive comes first."""
        loop = asyncio.get_running_loop()
        if not self._is_due:
            self._is_due = True
            loop.call_soon(self._begin)
        if self._left and not self._waiting:
            self._left -= 1
            return
        turn = loop.create_future()
        heappush(self._waiting.setdefault(origin_, []), (arrival, turn))
        await turn

    def _begin(self) -> None:
        """Begin a round: an origin that had its turn is the last."""
        self._left, self._is_due = self._pieces, False
        while self._left and self._waiting:
            origin_ = next(iter(self._waiting))
            queue = self._waiting.pop(origin_)
            _, turn = heappop(queue)
            if queue:
                self._waiting[origin_] = queue
            if not turn.done():
                turn.set_result(None)
                self._left -= 1
        if self._waiting or self._left < self._pieces:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._begin)


def in_turn(app: ASGIApp, turns: Turns) -> ASGIApp:
    """Wrap an ASGI application: what it sends beyond a small answer waits for its turn."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        arrival: int | None = None
        from_ = ""
        free = _SMALL_BYTES

        async def send_piece(body: bytes, *, more: bool) -> None:
            nonlocal arrival, free, from_
            free -= len(body)
            if free < 0:
                if arrival is None:
                    arrival, from_ = turns.arrive(), origin(client and client[0])
                await turns.take(from_, arrival)
                free = 0
            await send({"type": "http.response.body", "body": body, "more_body": more})

        async def send_in_pieces(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            body = message["body"]
            last = max(0, len(body) - 1) // _PIECE_BYTES * _PIECE_BYTES
            for start in range(0, last, _PIECE_BYTES):
                await send_piece(body[start : start + _PIECE_BYTES], more=True)
            await send_piece(body[last:], more=message["more_body"])

        await app(scope, receive, send_in_pieces if scope["type"] == ScopeType.HTTP else send)

    return wrapped
