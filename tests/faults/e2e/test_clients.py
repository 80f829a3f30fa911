"""Slow, idle, huge and malformed clients do no harm: scrapes are answered all along."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest

from tests.e2e import loopback
from tests.faults.conftest import StartWatched
from tests.faults.watched import Shown, Watched

IDLE = 1000
ENOUGH_FILES = 4096
GET = b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n"


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    """Let this process open as many files as it takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < ENOUGH_FILES <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (ENOUGH_FILES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def watched(start: StartWatched) -> Watched:
    watched = start()
    watched.eventually(watched.is_well)
    return watched


@pytest.fixture(scope="module")
def shown(watched: Watched) -> Shown:
    return watched.shown()


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connected(watched: Watched, clients: ExitStack, sent: bytes = b"") -> socket.socket:
    client = clients.enter_context(socket.create_connection(("127.0.0.1", watched.port), timeout=30))
    with suppress(ConnectionError):
        client.sendall(sent)
    return client


def first_line(client: socket.socket) -> bytes:
    """Return the first line of an answer, nothing where the connection was ended without one."""
    with suppress(ConnectionError):
        return client.recv(65536).split(b"\r\n")[0]
    return b""


def test_a_thousand_idle_connections_do_not_keep_scrapes_out(
    watched: Watched, shown: Shown, clients: ExitStack
) -> None:
    for _ in range(IDLE):
        connected(watched, clients)
    assert watched.shown() == shown
    assert watched.own().get("ready") == 1


def test_a_thousand_clients_that_send_a_byte_now_and_then_do_not_keep_scrapes_out(
    watched: Watched, shown: Shown, clients: ExitStack
) -> None:
    slow = [connected(watched, clients, GET) for _ in range(IDLE)]
    for piece in (b"X", b"-", b"A", b":"):
        for client in slow:
            with suppress(ConnectionError):
                client.send(piece)
        assert watched.shown() == shown


def test_more_connections_than_there_may_be_cost_the_oldest_ones(
    watched: Watched, shown: Shown, clients: ExitStack
) -> None:
    for _ in range(1500):
        connected(watched, clients)
    assert watched.shown() == shown


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff" * 1000 + b"\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["bytes", "empty lines", "no path", "version", "header", "length", "chunk", "TLS"],
)
def test_malformed_requests_do_no_harm(watched: Watched, shown: Shown, clients: ExitStack, sent: bytes) -> None:
    for _ in range(20):
        client = connected(watched, clients, sent)
        client.shutdown(socket.SHUT_WR)
        assert first_line(client)[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 405", b"HTTP/1.1 505"}
    assert watched.shown() == shown


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 5_000_000 + b" HTTP/1.1\r\n\r\n",
        GET + b"X-Large: " + b"a" * 5_000_000 + b"\r\n\r\n",
        GET + b"".join(b"X-%d: a\r\n" % number for number in range(200_000)) + b"\r\n",
    ],
    ids=["path", "header", "headers"],
)
def test_huge_requests_are_refused_and_do_no_harm(
    watched: Watched, shown: Shown, clients: ExitStack, sent: bytes
) -> None:
    answers = {first_line(connected(watched, clients, sent))[:12] for _ in range(5)}
    assert answers <= {b"", b"HTTP/1.1 431", b"HTTP/1.1 400", b"HTTP/1.1 414"}
    assert watched.shown() == shown


def test_a_huge_body_for_nobody_does_no_harm(watched: Watched, shown: Shown) -> None:
    with suppress(httpx.TransportError):
        answer = loopback.post(f"{watched.url}/metrics", content=b"x" * 50_000_000)
        assert answer.status_code in {405, 413}
    assert watched.shown() == shown
    assert watched.own().get("ready") == 1
    assert "Traceback" not in watched.child.output
