"""Processes, and patience with them: what every end-to-end test needs."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"

Found = TypeVar("Found")


class Child:
    """A process of its own, with its output in a file."""

    def __init__(self, name: str, arguments: tuple[str, ...], log: Path, environment: dict[str, str]) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
            )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Return the exit code; raises subprocess.TimeoutExpired."""
        return self._process.wait(seconds)

    def end(self) -> None:
        if not self.ended:
            self.send(signal.SIGKILL)
        self.wait(10)


class Spawn(Protocol):
    """Start a child; what is said by keyword comes into its environment."""

    def __call__(self, name: str, *arguments: str, **environment: str) -> Child: ...


class StartInfrahub(Protocol):
    """Serve the demo's network, or other objects of its schema, as an Infrahub; return when it answers."""

    def __call__(self, port: int, *objects: Path) -> Child: ...


class StartExporter(Protocol):
    """Start the exporter with the demo's configuration, changed as said, at a port."""

    def __call__(self, port: int, **changes: object) -> Child: ...


def clean_environment() -> dict[str, str]:
    """Return the environment without what would change what is tested."""
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("INFRAHUB_", "OTEL_")) and not key.lower().endswith("_proxy")
    }


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def eventually(ask: Callable[[], Found | None], *children: Child, seconds: float = 30) -> Found:
    """Ask until the answer is true and return it; fail with what the children said when one ends or time is out."""
    deadline = time.monotonic() + seconds
    trouble: Exception | None = None
    while time.monotonic() < deadline and not any(child.ended for child in children):
        try:
            if found := ask():
                return found
        except (httpx.HTTPError, AssertionError, LookupError) as exc:
            trouble = exc
        time.sleep(0.1)
    said = "\n".join(f"--- {child.name}{' (ended)' * child.ended}\n{child.output[-4000:]}" for child in children)
    pytest.fail(f"in vain for {seconds} s; last: {trouble!r}\n{said}")
