"""An Infrahub at a port of this machine, over a line that can be made faulty at any time."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import msgspec

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.domain.ports import Reply

Answer = TypeVar("Answer")

_HEADERS = {"content-type": "application/json", "x-infrahub-key": "a-token"}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_OLD = timedelta(days=2)
"""How long before the test its inventory was made: so a clock that is set back by hours still shows it."""


class Exchange:
    """One request, and the connection that its answer goes to."""

    def __init__(
        self,
        infrahub: EmbeddedInfrahub,
        request: tuple[str, str, Mapping[str, str], bytes],
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.method, self.target, self.headers, self.body = request
        self.reader, self.writer = streams
        self._infrahub = infrahub

    @property
    def is_graphql(self) -> bool:
        return self.target.startswith("/graphql")

    @property
    def document(self) -> str:
        return str(self._posted.get("query", ""))

    @property
    def variables(self) -> Mapping[str, Any]:
        return self._posted.get("variables") or {}

    @property
    def _posted(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body, type=dict[str, Any]) if self.body else {}

    def answer(self) -> Reply:
        """Ask Infrahub."""
        return self._infrahub.handle(self.method, self.target, self.headers, self.body)

    async def send(self, reply: Reply, *, length: int | None = None) -> None:
        """Answer, as it is or with a length that is not the body's."""
        headers = {**reply.headers, "content-length": str(len(reply.body) if length is None else length)}
        await self.write(_head(reply.status, headers) + reply.body)

    async def write(self, piece: bytes) -> None:
        self.writer.write(piece)
        await self.writer.drain()

    async def wait_for_the_end(self) -> None:
        """Wait until the client has closed its side."""
        while await self.reader.read(65536):
            pass

    def write_raw(self, piece: bytes) -> None:
        """Write past TLS, where there is TLS."""
        peer = socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno()))
        with peer:
            peer.send(piece)

    def reset(self) -> None:
        """End the connection with a reset instead of a farewell."""
        peer = self.writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.writer.transport.abort()


Fault: TypeAlias = Callable[[Exchange], Awaitable[None]]
"""Answers a request in place of Infrahub; a connection that it does not close goes on."""


class Clock:
    """The time at that Infrahub."""

    def __init__(self) -> None:
        self.ahead = -_OLD

    def __call__(self) -> datetime:
        return datetime.now(timezone.utc) + self.ahead


class Line:
    """What the exporter sees of Infrahub. `fault` is in force from the next request on; None passes all on.

    `asked` counts the requests that came. Safe to use from any thread.
    """

    def __init__(self, schema: Path, objects: Path, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.clock = Clock()
        self.full = EmbeddedInfrahub.load([schema], [objects], now=self.clock)
        self.empty = EmbeddedInfrahub.load([schema], [], now=self.clock)
        self.clock.ahead = timedelta(0)
        self.infrahub = self.full
        self.fault: Fault | None = None
        self.asked = 0
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self) -> Iterator["Line"]:
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        try:
            self.mend()
            yield self
        finally:
            self.cut()
            self._wait(_settle())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def cut(self) -> None:
        """Be gone: refuse new connections, end those that there are."""
        self._wait(self._cut())

    def mend(self) -> None:
        """Be there, at the same port, and answer well."""
        self.fault = None
        self.infrahub = self.full
        self.clock.ahead = timedelta(0)
        if self._server is None:
            self._wait(self._listen())

    def has_been_asked(self, times: int) -> bool:
        return self.asked >= times

    def update(self, kind: str, name: str, values: str) -> None:
        """Change a node, by its name."""
        self.change(f'{kind}Update(data: {{hfid: ["{name}"], {values}}}) {{ ok }}')

    def change(self, *mutations: str) -> None:
        """Change the inventory."""
        mutation = " ".join(f"m{number}: {each}" for number, each in enumerate(mutations))
        body = msgspec.json.encode({"query": f"mutation {{ {mutation} }}"})
        reply = self.full.handle("POST", "/graphql/main", _HEADERS, body)
        assert reply.status == HTTPStatus.OK, reply.body
        assert b'"errors"' not in reply.body, reply.body

    def _wait(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    request = await _request(reader)
                    self.asked += 1
                    exchange = Exchange(self.infrahub, request, (reader, writer))
                    fault = self.fault or pass_on
                    await fault(exchange)
        finally:
            self._writers.discard(writer)
            writer.close()


async def pass_on(exchange: Exchange) -> None:
    """Answer as Infrahub does."""
    await exchange.send(exchange.answer())


async def _settle() -> None:
    """Let the connections that were ended come to their ends."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, Mapping[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return method, target, headers, body


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
