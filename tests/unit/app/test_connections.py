"""uvicorn's protocols within bounds, over real sockets. No test waits but for what the server does."""

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from infrahub_exporter.app.serving.bounds import Bounds, Connections, Ending, affordable
from infrahub_exporter.app.serving.connections import bounded

pytestmark = pytest.mark.anyio
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = 8 * 1024 * 1024
SOON = 0.05
Serve = Callable[..., Awaitable["Served"]]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer a path of its own for each way to treat a client."""
    if scope["path"] in {"/body", "/headers"}:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
    if scope["path"] == "/gone":
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    if scope["path"] == "/never":
        await asyncio.Event().wait()
    if scope["path"] == "/headers":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b" ".join(name for name, _ in scope["headers"])})
        return
    size = LARGE if scope["path"] == "/large" else 2
    headers = [(b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(size // 65536):
        await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
    await send({"type": "http.response.body", "body": b"OK" if size == 2 else b"", "more_body": False})


class Served:
    """A server and its connections."""

    def __init__(self, port: int, connections: Connections, state: ServerState) -> None:
        self.port = port
        self.connections = connections
        self.state = state

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, *pieces: bytes) -> bytes:
        """Send pieces and return all that comes back until the server ends the connection."""
        reader, writer = await self.open()
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b"reset"
        finally:
            writer.close()

    async def is_well(self) -> bool:
        return (await self.ask(GET.replace(b"Host", b"Connection: close\r\nHost"))).endswith(b"\r\n\r\nOK")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers = []
    loop = asyncio.get_running_loop()

    async def begin(bounds: Bounds, **options: Any) -> Served:
        config = Config(app, log_config=None, lifespan="off", ws="none", **options)
        config.load()
        state, connections = ServerState(), Connections(bounds.connections)
        class_ = bounded(HttpToolsProtocol, bounds, connections)
        server = await loop.create_server(lambda: class_(config, state, {}), "127.0.0.1", 0)
        servers.append((server, state))
        return Served(server.sockets[0].getsockname()[1], connections, state)

    yield begin
    for server, state in servers:
        server.close()
        for task in state.tasks:
            task.cancel()
        for connection in list(state.connections):
            connection.transport.abort()


async def test_requests_are_answered_on_one_connection(serve: Serve) -> None:
    served = await serve(Bounds())
    reader, writer = await served.open()
    for _ in range(3):
        writer.write(GET)
        assert (await reader.readuntil(b"\r\n\r\nOK")).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()
    await reader.read()
    assert served.connections.ended == {}


async def test_who_connects_and_says_nothing_is_let_go(serve: Serve) -> None:
    served = await serve(Bounds(head_seconds=SOON))
    assert await served.ask() == b""
    assert (len(served.connections), served.connections.ended) == (0, {})


async def test_a_head_that_does_not_end_is_a_408(serve: Serve) -> None:
    served = await serve(Bounds(head_seconds=SOON))
    assert (await served.ask(b"GET / HTTP/1.1\r\nX-")).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert served.connections.ended == {Ending.TOO_SLOW: 1}
    assert await served.is_well()


async def test_what_trickles_in_prolongs_nothing(serve: Serve) -> None:
    served = await serve(Bounds(head_seconds=SOON * 4))
    reader, writer = await served.open()
    writer.write(b"GET / HTTP/1.1\r\n")
    answered = asyncio.ensure_future(reader.read())
    while not answered.done():
        writer.write(b"X: y\r\n")
        await asyncio.wait([answered], timeout=SOON / 4)
    assert answered.result().startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    writer.close()


async def test_a_second_head_has_no_more_time_than_the_first(serve: Serve) -> None:
    served = await serve(Bounds(head_seconds=SOON))
    reader, writer = await served.open()
    writer.write(GET)
    await reader.readuntil(b"\r\n\r\nOK")
    writer.write(b"GET / HT")
    assert (await reader.read()).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    writer.close()


@pytest.mark.parametrize(
    "head", [b"X: " + b"y" * 300_000, b"X: y\r\n" * 60_000, b"\r\n".join(b"X%d: y" % n for n in range(30_000))]
)
async def test_a_head_that_is_too_large_is_a_4xx(serve: Serve, head: bytes) -> None:
    served = await serve(Bounds())
    said = await served.ask(b"GET / HTTP/1.1\r\nHost: x\r\n", head)
    assert said.startswith((b"HTTP/1.1 431 Request Header Fields Too Large\r\n", b"HTTP/1.1 400 Bad Request\r\n"))
    assert await served.is_well()


async def test_so_is_a_path_that_is_too_long(serve: Serve) -> None:
    served = await serve(Bounds())
    said = await served.ask(b"GET /" + b"a" * 300_000)
    assert said.startswith((b"HTTP/1.1 431 Request Header Fields Too Large\r\n", b"HTTP/1.1 400 Bad Request\r\n"))


async def test_the_head_of_the_next_request_is_bounded_while_one_is_answered(serve: Serve) -> None:
    served = await serve(Bounds())
    said = await served.ask(GET.replace(b"/", b"/never", 1), b"GET / HTTP/1.1\r\nX: ", b"y" * 300_000)
    assert said.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400", b"reset"))


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
        b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_a_4xx(serve: Serve, request_: bytes) -> None:
    served = await serve(Bounds(head_seconds=SOON * 10, linger_seconds=SOON))
    assert (await served.ask(request_)).startswith(b"HTTP/1.1 4")
    assert await served.is_well()


SMUGGLED = b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"Content-Length: 0\r\nContent-Length: 37\r\n", b""),
        (b"Content-Length: 0, 37\r\n", b""),
        (b"Content-Length: +0\r\n", b""),
        (b"Content-Length : 37\r\n", b""),
        (b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
        (b"X: y\r\n Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"X: y\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"X: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"1;a\nb\r\na\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"1\r\na0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\n"),
    ],
)
async def test_where_a_request_ends_is_beyond_doubt_or_it_is_the_last(
    serve: Serve, headers: bytes, body: bytes
) -> None:
    served = await serve(Bounds(linger_seconds=SOON, body_seconds=SOON))
    said = await served.ask(b"POST /body HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n" + body + SMUGGLED)
    assert said.startswith(b"HTTP/1.1 4")
    assert said.count(b"HTTP/1.1") == 1


async def test_what_follows_a_last_request_is_not_looked_at(serve: Serve) -> None:
    served = await serve(Bounds(linger_seconds=SOON))
    said = await served.ask(GET.replace(b"Host", b"Connection: close\r\nHost") + SMUGGLED)
    assert said.endswith(b"\r\n\r\nOK")


CHUNKED = b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("trailers", [b"X: y\r\n" * 100_000, b"X: " + b"y" * 600_000, b"X" * 600_000])
@pytest.mark.parametrize("body", [b"", b"5\r\nabcde\r\n" * 1000])
async def test_what_follows_a_body_is_bounded(serve: Serve, body: bytes, trailers: bytes) -> None:
    served = await serve(Bounds(linger_seconds=SOON))
    said = await served.ask(CHUNKED + body + b"0\r\n", trailers)
    assert said.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400", b"reset"))
    assert served.connections.ended.total() == 1


async def test_so_is_what_stands_between_the_chunks_of_a_body(serve: Serve) -> None:
    served = await serve(Bounds(linger_seconds=SOON))
    said = await served.ask(CHUNKED, b"1;" + b"x" * 600_000)
    assert said.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400", b"reset"))


async def test_a_body_in_chunks_of_one_byte_is_well(serve: Serve) -> None:
    served = await serve(Bounds(rest_seconds=SOON))
    said = await served.ask(CHUNKED + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n")
    assert said.endswith(b"\r\n\r\nOK")


async def test_trailers_are_no_headers(serve: Serve) -> None:
    served = await serve(Bounds(rest_seconds=SOON))
    said = await served.ask(CHUNKED.replace(b"/body", b"/headers") + b"0\r\nAuthorization: x\r\n\r\n")
    assert b"host transfer-encoding" in said
    assert b"authorization" not in said


async def test_a_head_after_a_body_that_nobody_read_is_bounded_like_any_other(serve: Serve) -> None:
    served = await serve(Bounds(linger_seconds=SOON))
    reader, writer = await served.open()
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    await reader.readuntil(b"\r\n\r\nOK")
    writer.write(b"ab")
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 60_000)
    assert (await reader.read()).startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))
    writer.close()


async def test_a_connection_rests_after_a_body_that_nobody_read(serve: Serve) -> None:
    served = await serve(Bounds(body_seconds=SOON, rest_seconds=SOON * 4))
    reader, writer = await served.open()
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    await reader.readuntil(b"\r\n\r\nOK")
    writer.write(b"ab")
    assert await reader.read() == b""
    assert served.connections.ended == {}
    writer.close()


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
async def test_nothing_is_upgraded(serve: Serve, upgrade: bytes) -> None:
    served = await serve(Bounds(rest_seconds=SOON))
    head = b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    said = await served.ask(b"GET / HTTP/1.1\r\nHost: x\r\n" + head + b"Upgrade: " + upgrade + b"\r\n\r\n")
    assert said.startswith((b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 400 Bad Request\r\n"))
    assert await served.is_well()


@pytest.mark.parametrize("path", [b"/body", b"/"])
async def test_a_body_that_does_not_end_ends_the_connection(serve: Serve, path: bytes) -> None:
    served = await serve(Bounds(body_seconds=SOON))
    said = await served.ask(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    assert said in {b"", b"reset"} or said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert served.connections.ended == {Ending.TOO_SLOW: 1}
    assert await served.is_well()


async def test_an_answer_that_does_not_end_ends_the_connection(serve: Serve) -> None:
    served = await serve(Bounds(answer_seconds=SOON))
    assert await served.ask(GET.replace(b"/", b"/never", 1)) in {b"", b"reset"}
    assert served.connections.ended == {Ending.TOO_SLOW: 1}


async def test_a_client_that_takes_nothing_is_let_go(serve: Serve) -> None:
    served = await serve(Bounds(stall_seconds=SOON))
    reader, writer = await served.open()
    writer.transport.pause_reading()  # type: ignore[attr-defined] # what open_connection makes can
    writer.write(GET.replace(b"/", b"/large", 1))
    while not served.connections.ended:
        assert await served.is_well()
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    taken = 0
    try:
        while piece := await reader.read(65536):
            taken += len(piece)
    except ConnectionError:
        pass
    assert served.connections.ended == {Ending.TOO_SLOW: 1}
    assert taken < LARGE
    writer.close()


async def test_a_client_that_takes_all_gets_all(serve: Serve) -> None:
    served = await serve(Bounds(rest_seconds=SOON))
    assert len(await served.ask(GET.replace(b"/", b"/large", 1))) > LARGE


async def test_requests_that_wait_for_an_answer_are_bounded(serve: Serve) -> None:
    served = await serve(Bounds(rest_seconds=SOON, head_seconds=SOON))
    assert (await served.ask(GET * 10)).count(b"HTTP/1.1 200 OK\r\n") == 10
    assert (await served.ask(GET * 5000)).count(b"HTTP/1.1 200 OK\r\n") < 5000
    assert served.connections.ended[Ending.TOO_MANY] == 1


async def test_an_answer_that_others_wait_behind_is_told_when_nobody_hears_it(serve: Serve) -> None:
    served = await serve(Bounds())
    reader, writer = await served.open()
    writer.write(GET.replace(b"/", b"/gone", 1))
    while not served.state.tasks:
        assert await served.is_well()
    tasks = set(served.state.tasks)
    writer.write(GET * 40)
    assert await reader.read() == b""
    _, waiting = await asyncio.wait(tasks, timeout=30)
    assert not waiting
    assert served.connections.ended == {Ending.TOO_MANY: 1}
    writer.close()


async def test_idle_connections_make_room(serve: Serve) -> None:
    served = await serve(Bounds(connections=20))
    clients = [await served.open() for _ in range(200)]
    assert await served.is_well()
    assert len(served.connections) <= 20
    assert served.connections.ended[Ending.TOO_MANY] >= 180
    for _, writer in clients:
        writer.close()


async def test_what_is_being_answered_goes_last(serve: Serve) -> None:
    served = await serve(Bounds(connections=5))
    reader, writer = await served.open()
    writer.write(GET.replace(b"/", b"/large", 1).replace(b"Host", b"Connection: close\r\nHost"))
    while not served.state.tasks:
        assert await served.is_well()
    clients = [await served.open() for _ in range(50)]
    assert await served.is_well()
    assert len(await reader.read()) > LARGE
    for _, each in clients:
        each.close()
    writer.close()


async def test_bodies_that_do_not_end_keep_out_neither_who_comes_nor_who_rests(serve: Serve) -> None:
    served = await serve(Bounds(connections=5))
    reader, writer = await served.open()
    writer.write(GET)
    await reader.readuntil(b"\r\n\r\nOK")
    clients = []
    for _ in range(20):
        clients.append(await served.open())
        clients[-1][1].write(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        assert await served.is_well()
    writer.write(GET)
    assert (await reader.readuntil(b"\r\n\r\nOK")).startswith(b"HTTP/1.1 200 OK\r\n")
    for _, each in (*clients, (reader, writer)):
        each.close()


async def test_but_it_goes_where_nothing_else_can(serve: Serve) -> None:
    served = await serve(Bounds(connections=5))
    clients = [await served.open() for _ in range(20)]
    for _, writer in clients:
        writer.write(GET.replace(b"/", b"/never", 1))
    assert await served.is_well()
    assert len(served.connections) <= 5
    for _, writer in clients:
        writer.close()


async def test_endings_are_one_line_a_minute(caplog: pytest.LogCaptureFixture, serve: Serve) -> None:
    caplog.set_level(logging.DEBUG)
    served = await serve(Bounds(linger_seconds=0))
    for _ in range(20):
        await served.ask(b"nonsense distinctive-nonsense\r\n\r\n")
    lines = [record.getMessage() for record in caplog.records if record.name != "asyncio"]
    assert lines == ["ended connections: 1 malformed"]
    assert "distinctive" not in caplog.text


def test_endings_are_said_with_what_was_not_said_before(caplog: pytest.LogCaptureFixture) -> None:
    times = iter([0.0, 1.0, 2.0, 60.0])
    connections = Connections(5, now=lambda: next(times))
    for why in (Ending.TOO_SLOW, Ending.TOO_SLOW, Ending.TOO_LARGE, Ending.TOO_SLOW):
        connections.count(why)
    assert [record.getMessage() for record in caplog.records] == [
        "ended connections: 1 too slow",
        "ended connections: 2 too slow, 1 too large",
    ]


PIECES = st.lists(
    st.binary(max_size=60)
    | st.sampled_from(
        [GET, b"GET ", b"/%ff?a=%00", b" HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n", b"Content-Length: 3\r\n", b"CONNECT "]
    ),
    max_size=8,
)


@given(PIECES)
@settings(max_examples=200)
def test_any_bytes_leave_the_server_well(pieces: list[bytes]) -> None:
    async def exchange() -> None:
        loop = asyncio.get_running_loop()
        bounds, state = Bounds(head_seconds=0.01, body_seconds=0.01, rest_seconds=0.01, linger_seconds=0), ServerState()
        config = Config(app, log_config=None, lifespan="off", ws="none")
        config.load()
        class_ = bounded(HttpToolsProtocol, bounds, Connections(5))
        server = await loop.create_server(lambda: class_(config, state, {}), "127.0.0.1", 0)
        served = Served(server.sockets[0].getsockname()[1], class_.all, state)  # type: ignore[attr-defined]
        said = await served.ask(*pieces)
        assert said in {b"", b"reset"} or said.startswith((b"HTTP/1.1 200", b"HTTP/1.1 4"))
        class_.bounds = Bounds()  # type: ignore[attr-defined] # a busy machine takes longer than 10 ms
        assert await served.is_well()
        server.close()

    asyncio.run(exchange())


def test_the_process_may_open_what_the_connections_take() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        assert affordable(100) == 100
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 456
        assert affordable(20) == 20
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 456
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_where_it_may_not_there_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (300, 1000))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    assert affordable(1024) == 744
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    assert affordable(1024) == 32
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert affordable(1024) == 1024
