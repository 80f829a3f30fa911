"""TLS connections that say nothing, over real sockets: they are counted, bounded, and make room for scrapes."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trustme
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from infrahub_exporter.app.serving.bounds import Bounds, Connections, Ending
from infrahub_exporter.app.serving.connections import bounded
from infrahub_exporter.app.serving.hellos import TlsServer

pytestmark = pytest.mark.anyio
GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
MOST = 10


async def app(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"OK"})


class Served:
    def __init__(self, port: int, connections: Connections, trusting: ssl.SSLContext) -> None:
        self.port = port
        self.connections = connections
        self.trusting = trusting

    async def says_nothing(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def is_well(self) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trusting)
        writer.write(GET)
        try:
            return (await reader.read()).endswith(b"\r\n\r\nOK")
        finally:
            writer.close()


@pytest.fixture(params=[3.0, 0.05], ids=["patient", "impatient"])
def seconds(request: pytest.FixtureRequest) -> float:
    return float(request.param)


@pytest.fixture
async def served(seconds: float) -> AsyncIterator[Served]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    config = Config(app, log_config=None, lifespan="off", ws="none")
    config.load()
    state, connections = ServerState(), Connections(MOST)
    class_ = bounded(HttpToolsProtocol, Bounds(connections=MOST), connections)
    listener = socket.create_server(("127.0.0.1", 0))
    server = TlsServer(
        listener, lambda: class_(config, state, {}), context=context, connections=connections, seconds=seconds
    )
    yield Served(listener.getsockname()[1], connections, trusting)
    server.close()
    await server.wait_closed()
    for connection in list(state.connections):
        connection.transport.abort()


@pytest.mark.parametrize("seconds", [3.0], indirect=True)
async def test_connections_that_never_say_hello_are_counted_and_make_room(served: Served) -> None:
    clients = [await served.says_nothing() for _ in range(5 * MOST)]
    assert await served.is_well()
    assert len(served.connections) <= MOST
    assert served.connections.ended[Ending.TOO_MANY] >= 4 * MOST
    for _, writer in clients:
        writer.close()


@pytest.mark.parametrize("seconds", [0.05], indirect=True)
async def test_who_does_not_say_hello_in_time_is_let_go(served: Served) -> None:
    reader, writer = await served.says_nothing()
    assert await reader.read() == b""
    writer.close()
    assert len(served.connections) == 0


@pytest.mark.parametrize("seconds", [3.0], indirect=True)
@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05garbage", b"\x00" * 100])
async def test_what_is_no_tls_ends_its_connection_alone(served: Served, said: bytes) -> None:
    reader, writer = await served.says_nothing()
    writer.write(said)
    try:
        await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.close()
    assert await served.is_well()


@pytest.mark.parametrize("seconds", [3.0], indirect=True)
async def test_who_goes_away_in_the_middle_leaves_its_place(served: Served) -> None:
    _, writer = await served.says_nothing()
    writer.write(b"\x16\x03\x01")
    writer.close()
    assert await served.is_well()
    with anyio.fail_after(5):
        while len(served.connections):
            await anyio.lowlevel.checkpoint()
