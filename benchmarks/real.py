"""Ours and a plain SDK exporter against a real Infrahub: `make bench-infrahub`, or `python benchmarks/real.py --help`.

Starts a real one as `make e2e-infrahub` does, makes the device of objects.yml many, and reads them with both: what
each read takes on the clock, at the server (Infrahub and its database) and here. The table goes into docs/performance.md.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from figures import cpu_of, publish, spread, table
from infrahub_sdk import Config, InfrahubClient
from msgspec import Struct
from plain_sdk import ATTRIBUTES, read

from infrahub_exporter import Exporter, build_exporter, load_settings

HERE = Path(__file__).parent
SERVER = HERE.parent / "tests" / "e2e" / "infrahub" / "server"
STATE = Path(os.environ.get("INFRAHUB_E2E_DIR", Path.home() / ".cache" / "infrahub-exporter-e2e"))
WARM_DEVICES = 10
CHANGE = (
    "mutation($id: String!, $serial: String!) { BenchDeviceUpdate(data: {id: $id, serial: {value: $serial}}) { ok } }"
)


class Cost(Struct):
    """What a read takes: seconds on the clock, of the server's CPU and of ours, and requests."""

    wall: float
    server: float
    own: float
    requests: float


class Server:
    """The real Infrahub that runs."""

    def __init__(self) -> None:
        lines = (STATE / "run" / "server.env").read_text().split()
        found = dict(line.split("=", 1) for line in lines)
        self.address, self.token = found["INFRAHUB_E2E_ADDRESS"], found["INFRAHUB_E2E_TOKEN"]
        self._pids = [int((STATE / "run" / f"{name}.pid").read_text().split()[0]) for name in ("neo4j", "infrahub")]
        self._log = STATE / "run" / "infrahub.log"
        self.client = httpx.Client(base_url=self.address, headers={"X-INFRAHUB-KEY": self.token}, timeout=600)

    def cpu(self) -> float:
        """Seconds of CPU of Infrahub and its database."""
        return sum(map(cpu_of, self._pids))

    def requests(self) -> int:
        """How many requests it has logged."""
        with self._log.open("rb") as log:
            return sum(b" HTTP/1.1" in line for line in log)

    def grow(self, devices: int) -> None:
        """Bring the devices to a number."""
        port = (STATE / "run" / "neo4j.log").read_text().rpartition("127.0.0.1:")[2].split()[0]
        subprocess.run([STATE / "venv" / "bin" / "python", HERE / "grow.py", port, str(devices)], check=True)

    def version(self) -> str:
        """Tell which Infrahub it is."""
        return str(self._ask("{ InfrahubInfo { version } }")["InfrahubInfo"]["version"])

    def change(self, number: int, serial: str) -> None:
        """Give a device another serial number."""
        found = self._ask(
            "query($n: String) { BenchDevice(name__value: $n) { edges { node { id } } } }", n=_name(number)
        )
        self._ask(CHANGE, id=found["BenchDevice"]["edges"][0]["node"]["id"], serial=serial)

    def _ask(self, query: str, **variables: str) -> Any:
        return self.client.post("/graphql/main", json={"query": query, "variables": variables}).json()["data"]

    async def cost(self, work: Callable[[], Awaitable[object]]) -> Cost:
        """Do something and tell what it took."""
        server, requests, own, began = self.cpu(), self.requests(), time.process_time(), time.perf_counter()
        await work()
        wall, own = time.perf_counter() - began, time.process_time() - own
        await asyncio.sleep(1)  # what the server does after its answer is part of it
        return Cost(wall, self.cpu() - server, own, self.requests() - requests)

    def ours(self) -> Exporter:
        """Build our exporter; it is run read by read."""
        config = Path(STATE / "run" / "bench.yml")
        include = [*ATTRIBUTES, "site.name"]
        config.write_text(
            f"infrahub: {{address: '{self.address}', token: {self.token}, timeout_seconds: 120}}\n"
            f"metrics: {{kind: [{{kind: BenchDevice, include: {include}}}]}}\n"
        )
        return build_exporter(load_settings(config, {}, print))

    def plain(self) -> InfrahubClient:
        """Make the plain exporter's client."""
        return InfrahubClient(config=Config(address=self.address, api_token=self.token, timeout=600))


def _name(number: int) -> str:
    return f"device{number:07}"


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the median of some costs, field by field."""
    return Cost(*(statistics.median(getattr(each, name) for each in costs) for name in Cost.__struct_fields__))


def text(costs: Sequence[Cost], digits: int) -> str:
    """Write costs for the table."""
    clock = spread([each.wall for each in costs], digits)
    return f"{clock} s; {middle(costs).server:.{digits}f} s; {middle(costs).requests:,.0f}"


async def measure(server: Server, devices: int) -> list[tuple[str, ...]]:
    """Read in full, look for changes where there are none, and read one changed device."""
    client = server.plain()
    # the database plans each document anew when there are more nodes: that is no one's cost
    await server.ours().refresh()
    await client.filters("BenchDevice", include=["site"], limit=50)
    full = []
    for _ in range(3):
        exporter = server.ours()
        full.append(await server.cost(exporter.refresh))
        assert exporter.snapshot.series == devices, exporter.status
    await exporter.refresh()
    quiet = [await server.cost(exporter.refresh) for _ in range(5)]
    changed = []
    for turn in range(3):
        serial = f"SN-{time.time_ns()}"
        server.change(2 + turn, serial)
        await asyncio.sleep(2)  # a read is at an instant up to a second behind the server's clock
        changed.append(await server.cost(exporter.refresh))
        assert serial in exporter.metrics_text(), exporter.status
    plain = await server.cost(lambda: read(client, with_site=True))

    def row(name: str, costs: Sequence[Cost], digits: int, other: str) -> tuple[str, ...]:
        own = middle(costs)
        ratios = (plain.wall / own.wall, plain.server / own.server, plain.requests / own.requests)
        return name, "; ".join(f"{ratio:,.0f}x" for ratio in ratios), text(costs, digits), other

    return [
        row(f"full read of {devices:,} devices, 4 attributes and the site's name", full, 1, text([plain], 1)),
        row("... nothing changed", quiet, 2, "all of it again"),
        row("... one changed", changed, 2, "all of it again"),
    ]


def main() -> None:
    """Start Infrahub, measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="2000,10000", help="how many devices, smallest first")
    parser.add_argument(
        "--running",
        action="store_true",
        help="use the server that runs, with no more than benchmarks/objects.yml in it",
    )
    arguments = parser.parse_args()
    if not arguments.running:
        if subprocess.run([SERVER / "setup"], check=False).returncode != 0:
            raise SystemExit("NOT RUN: there is no real Infrahub to measure")
        subprocess.run([SERVER / "up", "--fresh"], check=True)
    try:
        if not arguments.running:
            schema, objects = HERE / "schema.yml", HERE / "objects.yml"
            subprocess.run([SERVER / "load", "--schema", schema, "--objects", objects], check=True)
        server = Server()
        server.grow(WARM_DEVICES)
        asyncio.run(measure(server, WARM_DEVICES))
        rows: list[tuple[str, ...]] = []
        for devices in map(int, arguments.sizes.split(",")):
            server.grow(devices)
            rows += asyncio.run(measure(server, devices))
        against = f", against Infrahub {server.version()}"
    finally:
        if not arguments.running:
            subprocess.run([SERVER / "down"], check=True)
    heads = ("clock; server's CPU; requests", "ours is better by", "ours", "plain SDK exporter")
    written = table(heads, rows, against=against)
    print(written)
    publish("real", written)


if __name__ == "__main__":
    main()
