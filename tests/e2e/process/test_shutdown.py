"""The process ends when it is told to, whatever hangs."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.e2e import loopback
from tests.e2e.children import DEMO, StartExporter, StartInfrahub, eventually, free_port

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
EMBEDDED = {"embedded": {"schema": [str(DEMO / "schema.yml")], "objects": [str(DEMO / "objects.yml")]}}


@pytest.fixture
def hanging_port() -> Iterator[int]:
    """Listen, accept, never answer."""
    accepted: list[socket.socket] = []

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                accepted.append(listener.accept()[0])

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=accept, args=(listener,))
    thread.start()
    yield int(listener.getsockname()[1])
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for connection in accepted:
        connection.close()


@SIGNALS
def test_a_signal_ends_the_exporter_well(start_exporter: StartExporter, number: signal.Signals) -> None:
    port = free_port()
    exporter = start_exporter(port, infrahub=EMBEDDED)
    eventually(lambda: loopback.get(f"http://127.0.0.1:{port}/-/ready").is_success, exporter)
    exporter.send(number)
    assert exporter.wait(10) == 0
    assert "Traceback" not in exporter.output


@SIGNALS
def test_a_signal_ends_the_exporter_while_infrahub_hangs(
    start_exporter: StartExporter, hanging_port: int, number: signal.Signals
) -> None:
    port = free_port()
    exporter = start_exporter(port, infrahub={"address": f"http://127.0.0.1:{hanging_port}"})
    eventually(lambda: loopback.get(f"http://127.0.0.1:{port}/-/healthy").is_success, exporter)
    with httpx.Client(verify=loopback.CONTEXT) as client, suppress(httpx.HTTPError):
        # A client that waits for the very first list is no reason to stay, either.
        client.get(f"http://127.0.0.1:{port}/sd/devices", timeout=0.5)
    exporter.send(number)
    assert exporter.wait(10) == 0
    assert "Traceback" not in exporter.output


@SIGNALS
def test_a_signal_ends_the_exporter_while_a_push_hangs(
    start_exporter: StartExporter, hanging_port: int, number: signal.Signals
) -> None:
    port = free_port()
    exporter = start_exporter(
        port,
        infrahub=EMBEDDED,
        exporters={"otlp": {"enabled": True, "endpoint": f"http://127.0.0.1:{hanging_port}", "timeout_seconds": 60}},
    )
    eventually(lambda: loopback.get(f"http://127.0.0.1:{port}/-/ready").is_success, exporter)
    exporter.send(number)
    assert exporter.wait(10) == 0
    assert "Traceback" not in exporter.output


@SIGNALS
def test_a_signal_ends_the_served_infrahub_well(start_infrahub: StartInfrahub, number: signal.Signals) -> None:
    infrahub = start_infrahub(free_port())
    infrahub.send(number)
    assert infrahub.wait(10) == 0
    assert "Traceback" not in infrahub.output
