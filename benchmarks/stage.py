"""The stage: a canned Infrahub on one core, an exporter on the other, and a client that watches both."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
from figures import cpu_of

HERE = Path(__file__).parent
QUIET_SECONDS = 1.0
CORES = sorted(os.sched_getaffinity(0))
EXPORTER, REST = CORES[0], CORES[-1]
"""The exporter has a core of its own; Infrahub, the collector and the client share another."""


class Process:
    """A child on one core."""

    def __init__(self, arguments: list[str], core: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stderr=None if os.environ.get("BENCH_STDERR") else subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )

    @property
    def cpu(self) -> float:
        """Seconds of CPU since the start, of all its threads."""
        return cpu_of(self._process.pid)

    @property
    def rss(self) -> float:
        """Resident memory in MiB."""
        return self._memory("VmRSS")

    @property
    def peak(self) -> float:
        """The most that it has been, in MiB."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> float:
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def free_port() -> int:
    """Find a port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 600.0) -> float:
    """Wait for something and return the seconds that it took."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        with contextlib.suppress(httpx.TransportError):
            if condition():
                return time.perf_counter() - began
        time.sleep(0.005)
    raise TimeoutError(f"in vain for {seconds} s")


class Exporter:
    """An exporter that runs."""

    def __init__(self, process: Process, url: str, stage: "Stage") -> None:
        self.process, self.stage = process, stage
        self.client = httpx.Client(timeout=600, base_url=url)
        self.url = url

    def listening(self) -> None:
        """Wait until it listens."""
        until(lambda: self.client.get("/").is_success)

    def ready(self) -> None:
        """Wait until our exporter has read everything."""
        until(lambda: self.client.get("/-/ready").is_success)

    def read(self, before: int) -> None:
        """Wait until the plain exporter, which does not say when it is ready, has read all since `before` requests."""
        until(lambda: self.stage.requests() - before >= self.stage.devices // 50)
        self.settle()

    def loaded(self) -> None:
        """Wait until all devices are in its metrics."""
        until(lambda: self.metrics().count(b"BenchDevice__") >= self.stage.devices)

    def metrics(self) -> bytes:
        """Scrape."""
        answer = self.client.get("/metrics")
        return answer.content if answer.is_success else b""

    def settle(self) -> None:
        """Wait until it has stopped working: its CPU stands still for a second."""
        last = -1.0
        while self.process.cpu - last > 0.025:
            last = self.process.cpu
            time.sleep(QUIET_SECONDS)


class Stage:
    """A canned Infrahub of a size, and exporters against it."""

    def __init__(self, devices: int) -> None:
        self.devices = devices
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(timeout=600)
        self._infrahub = Process([str(HERE / "canned.py"), str(port), str(devices)], REST)
        until(lambda: self.client.get(f"{self.address}/admin/requests").is_success)

    def requests(self) -> int:
        """How many requests Infrahub got."""
        return int(self.client.get(f"{self.address}/admin/requests").text)

    def change(self, what: str) -> None:
        """Change something in Infrahub."""
        httpx.post(f"{self.address}/admin/{what}", timeout=600)

    @contextlib.contextmanager
    def ours(
        self,
        *,
        poll: float = 3600,
        rolling: float = 3600,
        site: bool = False,
        discovery: bool = False,
        kinds: bool = True,
        branch: str = "main",
        otlp: str | None = None,
        protocol: str = "grpc",
        metrics: Sequence[str] = (),
        lists: Sequence[str] = (),
    ) -> Iterator[Exporter]:
        """Run our exporter as it is installed; `metrics` and `lists` are entries as the file has them."""
        port = free_port()
        include = ["name", "role", "serial", "address"] + (["site.name"] if site else [])
        lines = [
            f"infrahub: {{address: '{self.address}', token: x, branch: {branch}, full_refresh_seconds: {rolling}}}",
            "listen_address: 127.0.0.1",
            f"listen_port: {port}",
            f"poll_interval_seconds: {poll}",
            "log_level: ERROR",
        ]
        if metrics:
            lines.append(f"metrics: {{kind: [{', '.join(metrics)}]}}")
        elif kinds:
            lines.append(f"metrics: {{kind: [{{kind: BenchDevice, include: {include}}}]}}")
        if lists:
            lines.append(f"service_discovery: {{enabled: true, queries: [{', '.join(lists)}]}}")
        elif discovery:
            query = (
                f"{{kind: BenchDevice, name: devices, target_field: address.ip, refresh_interval_seconds: {poll}, "
                "label_mappings: {name: name, role: role}}"
            )
            lines.append(f"service_discovery: {{enabled: true, queries: [{query}]}}")
        if otlp is not None:
            push = f"enabled: true, protocol: {protocol}, endpoint: '{otlp}', interval_seconds: 5"
            lines.append(f"exporters: {{otlp: {{{push}}}}}")
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
            config.write("\n".join(lines))
            config.flush()
            yield from self._run(Process(["-m", "infrahub_exporter", "--config", config.name], EXPORTER), port)

    @contextlib.contextmanager
    def plain(self, *, poll: float = 3600, site: bool = False, otlp: str | None = None) -> Iterator[Exporter]:
        """Run the plain exporter."""
        port = free_port()
        arguments = [str(HERE / "plain_sdk.py"), self.address, str(port), str(poll)]
        arguments += (["site"] if site else []) + ([otlp] if otlp else [])
        yield from self._run(Process(arguments, EXPORTER), port)

    def _run(self, process: Process, port: int) -> Iterator[Exporter]:
        try:
            yield Exporter(process, f"http://127.0.0.1:{port}", self)
        finally:
            process.end()

    def close(self) -> None:
        """End Infrahub."""
        self._infrahub.end()
