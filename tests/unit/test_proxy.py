"""The proxy of the tests against a real Infrahub, between two of our own."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.e2e.infrahub.proxy import Proxy


class Answerer(BaseHTTPRequestHandler):
    """Answers when it is let to."""

    let = threading.Event()

    def do_GET(self) -> None:
        self.let.wait()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answerer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_nobody_waited_for_is_told_apart_from_what_was_answered(address: str) -> None:
    Answerer.let.clear()
    proxy = Proxy(address)
    with proxy.serving():
        host, _, port = proxy.address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as asker:
            asker.sendall(b"GET /left HTTP/1.1\r\nhost: here\r\n\r\n")
            while not proxy.asked:
                threading.Event().wait(0.01)
        Answerer.let.set()
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{proxy.address}/stayed").status_code == 204
        while not proxy.given_up:
            threading.Event().wait(0.01)
    assert (proxy.asked, proxy.given_up) == (["/left", "/stayed"], {0})
