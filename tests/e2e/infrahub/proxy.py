"""A proxy that remembers what was asked for."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import msgspec

_TIMEOUT_SECONDS = 60.0
_PASSED = ("content-type", "x-infrahub-key", "x-priority")
_RETURNED = ("content-type", "date", "retry-after")


def _is_left(connection: socket.socket) -> bool:
    """Tell whether who asked has hung up: then there is the end to be read, and else nothing yet."""
    patience = connection.gettimeout()
    connection.settimeout(0.0)
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(patience)


class Proxy:
    """What stands between. `asked` has a path of the REST API or a GraphQL document per request, in their order.

    `given_up` has the places in it of those whose asker had hung up before the answer came.
    """

    def __init__(self, address: str) -> None:
        self.asked: list[str] = []
        self.given_up: set[int] = set()
        self._lock = threading.Lock()
        self._client = httpx.Client(base_url=address, timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make())
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["Proxy"]:
        """Pass on what comes while this lasts."""
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
            self._client.close()

    def _make(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Passing(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 1.0

            def do_GET(self) -> None:
                self._pass(b"")

            def do_POST(self) -> None:
                self._pass(self.rfile.read(int(self.headers["content-length"])))

            def _pass(self, body: bytes) -> None:
                with proxy._lock:
                    place = len(proxy.asked)
                    proxy.asked.append(msgspec.json.decode(body)["query"] if body else self.path)
                headers = {name: self.headers[name] for name in _PASSED if name in self.headers}
                reply = proxy._client.request(self.command, self.path, headers=headers, content=body)
                if _is_left(self.connection):
                    proxy.given_up.add(place)
                    self.close_connection = True
                    return
                self.send_response_only(reply.status_code)
                for name in _RETURNED:
                    if name in reply.headers:
                        self.send_header(name, reply.headers[name])
                self.send_header("content-length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        return Passing
