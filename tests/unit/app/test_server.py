"""The standalone service as a process: what it says, how it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

DEADLINE_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(config: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INFRAHUB_")}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "infrahub_exporter", "--config", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def await_answer(url: str, process: "subprocess.Popen[str]") -> httpx.Response:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return httpx.get(url, timeout=DEADLINE_SECONDS)
        except httpx.TransportError:  # noqa: PERF203 - trying is the point
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)  # a process is starting: there is nothing to wait on but its port


@pytest.fixture
def hanging_address() -> Iterator[str]:
    """An Infrahub that accepts and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def write_config(folder: Path, address: str, port: int) -> Path:
    path = folder / "config.yml"
    path.write_text(
        f"infrahub: {{address: '{address}', token: x}}\n"
        f"listen_address: 127.0.0.1\nlisten_port: {port}\n"
        f"metrics: {{kind: [{{kind: BuiltinTag}}]}}\n"
        f"exporters: {{otlp: {{enabled: true, insecure: true, endpoint: '{address}'}}}}\n"
    )
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_ends_with_exit_code_0_while_a_read_hangs(
    tmp_path: Path, hanging_address: str, number: signal.Signals
) -> None:
    port = free_port()
    with running(write_config(tmp_path, hanging_address, port)) as process:
        url = f"http://127.0.0.1:{port}"
        assert await_answer(f"{url}/", process).text == "OK"
        assert httpx.get(f"{url}/metrics").status_code == 503
        assert httpx.get(f"{url}/-/ready").json()["detail"] == "not read yet: kind BuiltinTag"

        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=10)  # the service promises 5 s; a busy machine gets twice that

    assert process.returncode == 0
    assert stdout == ""
    assert "Traceback" not in stderr
    assert f"serving http://127.0.0.1:{port}/metrics" in stderr


def test_a_taken_port_is_one_line_and_exit_code_2_or_another_port(tmp_path: Path, hanging_address: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        config = write_config(tmp_path, hanging_address, port)

        with running(config) as refused:
            stdout, stderr = refused.communicate(timeout=DEADLINE_SECONDS)
        assert (refused.returncode, stdout) == (2, "")
        assert stderr.splitlines()[-1] == (
            f"infrahub-exporter: listen_address 127.0.0.1, listen_port {port}: cannot listen there: "
            "Address already in use"
        )

        with running(config, "--any-port", "--log-format", "json") as moved:
            assert moved.stderr is not None
            lines = [moved.stderr.readline() for _ in range(2)]
            assert any(f"port {port} is taken, listening on " in line for line in lines)
            assert all(line.startswith('{"time":"') for line in lines)
