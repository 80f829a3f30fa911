"""SIGTERM ends the process well, within its own limit, though everything around it hangs."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.faults.catalogue import hanging
from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import DEVICES, LIMIT_SECONDS, STORE, TOKEN, Watched, metrics

LARGE = 60_000
CLIENTS = 20


@pytest.fixture(scope="module")
def collector() -> Iterator[int]:
    """Listen, accept, never answer."""
    accepted: list[socket.socket] = []

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                accepted.append(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,))
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in accepted:
        connection.close()


def hanging_client(watched: Watched) -> socket.socket:
    """Ask for more than fits between two processes, and read nothing of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", watched.port))
    client.sendall(f"GET /metrics HTTP/1.1\r\nHost: exporter\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    return client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_infrahub_a_collector_and_scrapes_hang(
    line: Line, start: StartWatched, collector: int, number: signal.Signals
) -> None:
    line.mend()
    text = "x" * LARGE
    names = [f"par1-leaf{each}" for each in range(1, 4)] + [f"par1-access{each}" for each in range(1, 6)]
    line.change(
        *(f'DcimDeviceUpdate(data: {{hfid: ["{name}"], description: {{value: "{text}"}}}}) {{ ok }}' for name in names)
    )
    otlp = {"enabled": True, "endpoint": f"http://127.0.0.1:{collector}", "timeout_seconds": 60}
    watched = start(exporters={"otlp": otlp}, store={"path": STORE}, metrics=metrics("description"))
    watched.eventually(watched.is_well)
    watched.eventually(lambda: sum(map(len, watched.shown().series)) > LARGE * len(names))
    line.fault = hanging
    asked = line.asked
    watched.eventually(lambda: line.asked > asked)
    with ExitStack() as clients:
        for _ in range(CLIENTS):
            clients.enter_context(hanging_client(watched))
        watched.eventually(lambda: watched.own().get("refresh_success", *DEVICES) == 0)
        watched.child.send(number)
        assert watched.child.wait(LIMIT_SECONDS) == 0
    assert "Traceback" not in watched.child.output
    assert watched.store.exists()
