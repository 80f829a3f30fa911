"""The transport against real sockets on loopback."""

import asyncio
import gzip
import os
import socket
import ssl
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import anyio
import anyio.abc
import msgspec
import pytest
import trustme

from infrahub_exporter.adapters.infrahub import client as sdk_client
from infrahub_exporter.adapters.infrahub.sdk import SdkTransport
from infrahub_exporter.domain.errors import DerivationError, SourceUnavailableError

pytestmark = pytest.mark.anyio
TOKEN = "s3cret"
Answer = Callable[[anyio.abc.SocketStream, bytes], Awaitable[None]]


class Wire:
    """A server of raw bytes that keeps each connection's requests."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.connections: list[list[bytes]] = []


@asynccontextmanager
async def wire(answer: Answer) -> AsyncIterator[Wire]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio's, not Django's
    server = Wire(f"http://127.0.0.1:{port}/")

    async def serve(stream: anyio.abc.SocketStream) -> None:
        requests: list[bytes] = []
        server.connections.append(requests)
        async with stream:
            try:
                while True:
                    requests.append(await _request(stream))
                    await answer(stream, requests[-1])
            except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
                pass

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield server
        tasks.cancel_scope.cancel()
    await listener.aclose()


async def _request(stream: anyio.abc.SocketStream) -> bytes:
    """Read one request, body included."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += await stream.receive()
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += await stream.receive()
    return head + b"\r\n\r\n" + body


def http(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(response: bytes) -> Answer:
    async def answer(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        await stream.send(response)

    return answer


def transport(
    address: str,
    *,
    token: str | None = TOKEN,
    branch: str = "main",
    seconds: float = 5,
    most: int | None = None,
    values: int | None = None,
    impatient: float = 5,
) -> SdkTransport:
    return SdkTransport(
        address=address,
        token=token,
        branch=branch,
        timeout_seconds=seconds,
        tls=True,
        version="1.2.3",
        max_response_bytes=most,
        max_response_values=values,
        stall_seconds=impatient,
        connect_seconds=impatient,
    )


async def test_a_document_goes_out_with_its_branch_instant_variables_and_priority() -> None:
    async with wire(says(http(200, b'{"data": {}}'))) as server:
        client = transport(server.address, branch="feature/a b")
        await client.graphql("query infrahub_exporter($x: Int) { a }", {"x": 1}, at="2026-11-24T12:00:00.000000Z")
        await client.close()

    head, _, body = server.connections[0][0].partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    sent = {line.split(": ")[0].lower(): line.split(": ")[1] for line in headers}
    assert first == "POST /graphql/feature%2Fa%20b?at=2026-11-24T12%3A00%3A00.000000Z HTTP/1.1"
    assert sent["x-infrahub-key"] == "s3cret"
    assert sent["x-priority"] == "low"
    assert sent["user-agent"] == "infrahub-exporter/1.2.3"
    assert msgspec.json.decode(body) == {
        "query": "query infrahub_exporter($x: Int) { a }",
        "variables": {"x": 1},
        "operationName": "infrahub_exporter",
    }


async def test_a_users_document_keeps_its_own_operation() -> None:
    async with wire(says(http(200, b'{"data": {}}'))) as server:
        client = transport(server.address, token=None)
        await client.graphql("query theirs { a }", {})
        await client.close()

    head, _, body = server.connections[0][0].partition(b"\r\n\r\n")
    assert msgspec.json.decode(body) == {"query": "query theirs { a }"}
    assert b"x-infrahub-key" not in head.lower()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with (
        wire(says(http(200, b"{}"))) as other,
        wire(says(http(status, b"", f"Location: {other.address}"))) as server,
    ):
        client = transport(server.address)
        replies = [await client.graphql("{ a }", {}), await client.get("/api/schema/summary")]
        await client.close()

    assert [reply.status for reply in replies] == [status, status]
    assert other.connections == []


async def test_a_rest_path_is_asked_for_on_the_branch() -> None:
    async with wire(says(http(200, b"{}", "X-Test: yes"))) as server:
        client = transport(server.address, branch="a/b")
        reply = await client.get("/api/schema/summary")
        await client.close()

    assert server.connections[0][0].startswith(b"GET /api/schema/summary?branch=a%2Fb HTTP/1.1")
    assert (reply.status, reply.headers["x-test"], reply.body) == (200, "yes", b"{}")


@pytest.mark.parametrize("status", [200, 401, 403, 404, 422, 429, 500, 502, 503])
async def test_every_status_comes_back_as_it_is(status: int) -> None:
    async with wire(says(http(status, b"not json", "Retry-After: 3"))) as server:
        client = transport(server.address)
        reply = await client.graphql("{ a }", {})
        await client.close()

    assert (reply.status, reply.headers["retry-after"], reply.body) == (status, "3", b"not json")
    assert [len(requests) for requests in server.connections] == [1]


async def test_requests_share_a_connection() -> None:
    async with wire(says(http(200, b'{"data": {}}'))) as server:
        client = transport(server.address)
        for _ in range(3):
            await client.graphql("{ a }", {})
        await client.get("/api/schema/summary")
        await client.close()

    assert [len(requests) for requests in server.connections] == [4]


async def test_a_kept_connection_that_the_server_closed_meanwhile_is_replaced_at_once() -> None:
    answered = 0

    async def once_each(stream: anyio.abc.SocketStream, request: bytes) -> None:
        nonlocal answered
        del request
        answered += 1
        if answered == 2:  # the second request of the first connection: closed unannounced
            await stream.aclose()
            return
        await stream.send(http(200, b'{"data": {}}'))

    async with wire(once_each) as server:
        client = transport(server.address)
        await client.graphql("{ a }", {})
        reply = await client.graphql("{ b }", {})
        await client.close()

    assert reply.status == 200
    assert [len(requests) for requests in server.connections] == [2, 1]


async def test_a_server_that_keeps_closing_is_unavailable_after_a_second_try() -> None:
    async def close(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        await stream.aclose()

    async with wire(close) as server:
        client = transport(server.address)
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub cannot be reached: "):
            await client.graphql("{ a }", {})
        await client.close()

    assert len(server.connections) == 2


async def test_a_refused_connection_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: nobody else gets it, nobody answers
        client = transport(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub cannot be reached: "):
            await client.get("/api/schema/summary")
        await client.close()


async def test_a_hanging_server_is_unavailable_after_the_timeout() -> None:
    async def hang(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del stream, request
        await anyio.sleep_forever()

    async with wire(hang) as server:
        client = transport(server.address, seconds=0.2)
        with pytest.raises(SourceUnavailableError, match=r"^no answer from Infrahub within 0.2 s$"):
            await client.graphql("{ a }", {})
        await client.close()


async def test_a_handshake_that_is_given_up_leaves_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = transport(f"https://127.0.0.1:{listener.getsockname()[1]}", seconds=0.2)
        with pytest.raises(SourceUnavailableError, match=r"^no answer from Infrahub within 0.2 s$"):
            await client.graphql("{ a }", {})
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(10)
            while peer.recv(65536):  # until the end of what came
                pass
        await client.close()


async def test_a_trickling_server_has_the_same_time_in_all() -> None:
    async def trickle(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            await stream.send(b" ")
            await anyio.sleep(0.02)

    async with wire(trickle) as server:
        client = transport(server.address, seconds=0.3)
        with pytest.raises(SourceUnavailableError, match=r"^no answer from Infrahub within 0.3 s$"):
            await client.graphql("{ a }", {})
        await client.close()


async def test_an_answer_that_stops_in_the_middle_is_given_up_before_the_timeout() -> None:
    async with wire(says(http(200, b"{" * 1000)[:-1])) as server:
        client = transport(server.address, seconds=60, impatient=0.05)
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub's answer stopped in the middle for 0\.05 s$"):
            await client.graphql("{ a }", {})
        await client.close()


async def test_a_connection_that_does_not_come_about_is_given_up_before_the_timeout() -> None:
    async def silent(stream: anyio.abc.SocketStream, request: bytes) -> None:
        """Take the client's hello, and say nothing."""

    async with wire(silent) as server:
        client = transport(server.address.replace("http:", "https:"), seconds=60, impatient=0.05)
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub cannot be reached: ConnectTimeout$"):
            await client.graphql("{ a }", {})
        await client.close()


async def test_a_truncated_answer_is_unavailable() -> None:
    async def truncate(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        await stream.send(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"data"')
        await stream.aclose()

    async with wire(truncate) as server:
        client = transport(server.address)
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub cannot be reached: "):
            await client.graphql("{ a }", {})
        await client.close()


TOO_LARGE = r"^Infrahub's answer has more bytes than limits.max_response_bytes allows \(1000\)$"


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
async def test_an_answer_that_is_not_too_large_comes_whole(size: int) -> None:
    async with wire(says(http(200, b"x" * size))) as server:
        client = transport(server.address, most=1000)
        assert len((await client.graphql("{ a }", {})).body) == size
        assert len((await client.get("/api/schema")).body) == size
        await client.close()


async def test_an_answer_whose_length_is_too_large_is_not_read() -> None:
    async def announce(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")

    async with wire(announce) as server:
        client = transport(server.address, most=1000)
        with pytest.raises(DerivationError, match=TOO_LARGE):
            await client.graphql("{ a }", {})
        with pytest.raises(DerivationError, match=TOO_LARGE):
            await client.get("/api/schema")
        await client.close()

    assert [len(requests) for requests in server.connections] == [1, 1]


async def test_an_answer_that_never_ends_is_given_up_when_it_is_too_large() -> None:
    async def pour(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        await stream.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await stream.send(b"100\r\n" + b" " * 256 + b"\r\n")

    async with wire(pour) as server:
        client = transport(server.address, seconds=30, most=1000)
        with pytest.raises(DerivationError, match=TOO_LARGE):
            await client.graphql("{ a }", {})
        await client.close()


@pytest.mark.parametrize("status", [200, 500])
async def test_of_a_large_answer_with_errors_nothing_else_is_kept(status: int) -> None:
    body = b'{"errors": ["no"], "data": {"a": "' + b"x" * 2_000_000 + b'"}}'
    async with wire(says(http(status, body))) as server:
        client = transport(server.address)
        reply = await client.graphql("{ a }", {})
        await client.close()
    assert (reply.status, reply.body) == (status, b'{"errors": ["no"]}' if status == 200 else body)


async def test_the_error_holds_on_to_no_answer_that_was_given_up() -> None:
    async with wire(says(http(200, gzip.compress(b"x" * 10_000_000), "Content-Encoding: gzip"))) as server:
        client = transport(server.address, most=5_000_000)
        with pytest.raises(DerivationError) as raised:
            await client.graphql("{ a }", {})
        await client.close()

    held = [each for frame, _ in traceback.walk_tb(raised.tb) for each in frame.f_locals.values()]
    assert [each.closed for each in held if isinstance(each, BytesIO)] == [True]
    assert max(len(each) for each in held if isinstance(each, bytes | bytearray)) <= 1 << 20


@pytest.mark.parametrize(("values", "whole"), [(1001, True), (1000, False)])
async def test_an_answer_of_too_many_values_is_given_up_before_its_end(*, values: int, whole: bool) -> None:
    async def pour(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        await stream.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await stream.send(b"3e9\r\n[" + b"1," * 500 + b"\r\n")
        await stream.send(b"1f5\r\n[" + b" " * 500 + b"\r\n")
        if not whole:
            await anyio.sleep_forever()
        await stream.send(b"3e8\r\n" + b",1" * 499 + b"]]\r\n0\r\n\r\n")

    async with wire(pour) as server:
        client = transport(server.address, seconds=30, values=values if whole else 501)
        if whole:
            assert len((await client.graphql("{ a }", {})).body) == 1001 + 501 + 1000
        else:
            with pytest.raises(DerivationError) as raised:
                await client.graphql("{ a }", {})
            assert str(raised.value) == (
                "Infrahub's answer has more values than limits.max_response_values allows (501), some 502"
            )
        await client.close()


async def test_an_answer_is_measured_decompressed() -> None:
    small, bomb = gzip.compress(b"x" * 1000), gzip.compress(b"x" * 1_000_000)

    async def answer(stream: anyio.abc.SocketStream, request: bytes) -> None:
        await stream.send(http(200, bomb if b"bomb" in request else small, "Content-Encoding: gzip"))

    async with wire(answer) as server:
        client = transport(server.address, most=1000)
        assert (await client.graphql("{ a }", {})).body == b"x" * 1000
        with pytest.raises(DerivationError, match=TOO_LARGE):
            await client.graphql("{ bomb }", {})
        await client.close()


async def test_interim_answers_without_end_are_given_up() -> None:
    async def answer(stream: anyio.abc.SocketStream, request: bytes) -> None:
        del request
        while True:
            await stream.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    async with wire(answer) as server:
        client = transport(server.address, seconds=60, impatient=60)
        with pytest.raises(SourceUnavailableError) as caught:
            await client.graphql("query { a }", {})
        await client.close()

    assert str(caught.value) == "Infrahub's answer does not begin: only interim answers come"
    assert len(server.connections) == 1


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_more_than_a_hundred_interim_answers_are_given_up(version: bytes) -> None:
    early = b"HTTP/" + version + b" 103 Early Hints\r\n\r\n"
    early *= 101
    async with wire(says(early + http(200, b"{}"))) as server:
        client = transport(server.address, seconds=60, impatient=60)
        with pytest.raises(SourceUnavailableError) as caught:
            await client.graphql("query { a }", {})
        await client.close()

    assert str(caught.value) == "Infrahub's answer does not begin: only interim answers come"


async def test_some_interim_answers_do_no_harm_at_each_request_of_a_connection() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100
    async with wire(says(early + http(200, b"{}"))) as server:
        client = transport(server.address, seconds=60, impatient=60)
        bodies = [(await client.graphql("query { a }", {})).body for _ in range(5)]
        await client.close()

    assert bodies == [b"{}"] * 5
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    ("size", "times", "whole"), [(1, 10_000, True), (1, 11_000, False), (64, 12_000, True), (8, 12_000, False)]
)
async def test_an_answer_in_too_many_pieces_is_given_up(*, size: int, times: int, whole: bool) -> None:
    piece = f"{size:x}\r\n".encode() + b" " * size + b"\r\n"
    body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + piece * times + b"0\r\n\r\n"
    async with wire(says(body)) as server:
        client = transport(server.address, seconds=60, impatient=60)
        if whole:
            assert len((await client.graphql("query { a }", {})).body) == size * times
        else:
            with pytest.raises(SourceUnavailableError, match=f"^Infrahub's answer comes in pieces of {size} bytes$"):
                await client.graphql("query { a }", {})
        await client.close()


async def test_the_next_request_goes_well_after_one_that_was_given_up() -> None:
    async def answer(stream: anyio.abc.SocketStream, request: bytes) -> None:
        await stream.send(http(200, b"x" * (5000 if b"large" in request else 10)))

    async with wire(answer) as server:
        client = transport(server.address, most=1000)
        with pytest.raises(DerivationError, match=TOO_LARGE):
            await client.graphql("{ large }", {})
        assert (await client.graphql("{ a }", {})).body == b"x" * 10
        await client.close()


async def test_an_answer_that_is_coded_twice_is_refused() -> None:
    twice = gzip.compress(gzip.compress(b"{}"))
    async with wire(says(http(200, twice, "Content-Encoding: gzip, gzip"))) as server:
        client = transport(server.address)
        with pytest.raises(DerivationError, match=r"is coded as 'gzip, gzip', which was not asked for$"):
            await client.graphql("{ a }", {})
        await client.close()
    assert b"Accept-Encoding: gzip\r\n" in server.connections[0][0]


async def test_the_token_does_not_come_back_in_any_answer() -> None:
    echo = http(401, b'{"errors": [{"message": "no s3cret"}], "data": {"s3cret": 1}}', "WWW-Authenticate: s3cret")
    async with wire(says(echo)) as server:
        client = transport(server.address)
        reply = await client.graphql("{ a }", {})
        await client.close()
    assert b"s3cret" in server.connections[0][0]
    assert reply.body == b'{"errors": [{"message": "no ***"}], "data": {"***": 1}}'
    assert "s3cret" not in str(reply.headers)


async def test_garbage_in_the_middle_of_tls_is_unavailable() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await writer.drain()
        os.write(writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x20" + b"garbage!" * 4)

    server = await asyncio.start_server(garble, "127.0.0.1", 0, ssl=context)
    async with server:
        client = SdkTransport(
            address=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}",
            token=None,
            branch="main",
            timeout_seconds=5,
            tls=trusting,
        )
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub cannot be reached: "):
            await client.get("/api/schema/summary")
        await client.close()


async def test_a_server_that_wants_a_certificate_is_unavailable() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def never(*_: object) -> None:
        raise AssertionError("nobody gets so far")

    server = await asyncio.start_server(never, "127.0.0.1", 0, ssl=context)
    async with server:
        client = SdkTransport(
            address=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}",
            token=None,
            branch="main",
            timeout_seconds=5,
            tls=trusting,
        )
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub cannot be reached: "):
            await client.get("/api/schema/summary")
        await client.close()


async def test_stray_environment_variables_of_the_sdk_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFRAHUB_ADDRESS", "http://192.0.2.1:1")
    monkeypatch.setenv("INFRAHUB_USERNAME", "someone")
    monkeypatch.setenv("INFRAHUB_PASSWORD", "else")
    monkeypatch.setenv("INFRAHUB_API_TOKEN", "another")

    async with wire(says(http(200, b'{"data": {}}'))) as server:
        client = transport(server.address)
        await client.graphql("{ a }", {})
        await client.close()

    assert b"s3cret" in server.connections[0][0]


async def test_however_many_requests_are_given_up_meanwhile_the_sdk_is_opened_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_open, opened, open_client = threading.Event(), list[str](), sdk_client.open_client

    def slowly(**given: Any) -> Any:
        opened.append(given["address"])
        may_open.wait(30)
        return open_client(**given)

    monkeypatch.setattr(sdk_client, "open_client", slowly)
    async with wire(says(http(200, b"{}"))) as server:
        client = transport(server.address)
        try:
            for _ in range(4):
                with anyio.move_on_after(0.1) as given_up:
                    await client.get("/api/schema")
                assert given_up.cancelled_caught
        finally:
            may_open.set()
        assert (await client.get("/api/schema")).status == 200
        await client.close()
    assert len(opened) == 1


async def test_a_closed_transport_opens_again_when_it_is_used() -> None:
    async with wire(says(http(200, b'{"data": {}}'))) as server:
        client = transport(server.address)
        await client.close()
        await client.graphql("{ a }", {})
        await client.close()
        await client.graphql("{ a }", {})
        await client.close()

    assert len(server.connections) == 2
