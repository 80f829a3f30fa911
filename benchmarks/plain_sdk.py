"""What an engineer writes in an afternoon: the SDK as its documentation shows it, rendered per scrape.

`python benchmarks/plain_sdk.py ADDRESS PORT POLL_SECONDS [site] [COLLECTOR]`: polls `BenchDevice` with `client.all`, with
`site` also the peer's name by a `fetch()` per relation, serves `/metrics` and `/sd/devices` (run per request, kept for a
minute), and pushes every 5 s where a collector is named.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from infrahub_sdk import Config, InfrahubClient
from litestar import Litestar, MediaType, get
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

ATTRIBUTES = ("name", "role", "serial", "address")
KEPT_SECONDS = 60.0


class Devices(Collector):
    """Expose the nodes of the last poll."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.with_site = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Name the labels."""
        return ("id", "hfid", *ATTRIBUTES, *(("site",) if self.with_site else ()))

    def values(self, node: Any) -> list[str]:
        """Take a node's labels."""
        values = [node.id, node.get_human_friendly_id_as_string(include_kind=True) or node.id]
        values += [str(getattr(node, name).value) for name in ATTRIBUTES]
        if self.with_site:
            values.append(node.site.peer.name.value)
        return values

    def collect(self) -> Iterator[Metric]:
        """Make the family from the nodes, at each scrape."""
        family = GaugeMetricFamily("infrahub_benchdevice_info", "Devices", labels=self.labels)
        for node in self.nodes:
            family.add_metric(self.values(node), 1)
        yield family

    def push(self, endpoint: str) -> None:
        """Observe the nodes at each push, every 5 s."""
        exporter = OTLPMetricExporter(endpoint=endpoint, insecure=True, timeout=30)
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=5000)

        def observe(options: CallbackOptions) -> Iterator[Observation]:
            del options
            for node in self.nodes:
                yield Observation(1, dict(zip(self.labels, self.values(node), strict=True)))

        meter = MeterProvider(metric_readers=[reader]).get_meter("plain")
        meter.create_observable_gauge("infrahub_benchdevice_info", callbacks=[observe])


async def read(client: InfrahubClient, *, with_site: bool) -> list[Any]:
    """Read all devices, and the site of each where it is wanted."""
    nodes: list[Any] = await client.all("BenchDevice", include=["site"] if with_site else None)
    if with_site:
        for node in nodes:
            await node.site.fetch()
    return nodes


def build(address: str, poll_seconds: float, *, with_site: bool, collector: str | None) -> Litestar:
    """Build the application."""
    client = InfrahubClient(config=Config(address=address))
    devices = Devices()
    registry = CollectorRegistry()
    registry.register(devices)
    kept: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    async def poll() -> None:
        while True:
            devices.nodes, devices.with_site = await read(client, with_site=with_site), with_site
            await asyncio.sleep(poll_seconds)

    async def start() -> None:
        if collector is not None:
            devices.push(collector)
        app.state.task = asyncio.create_task(poll())

    @get("/", media_type=MediaType.TEXT)
    async def root() -> str:
        return "OK"

    @get("/metrics", media_type="text/plain; version=0.0.4")
    async def metrics() -> bytes:
        return generate_latest(registry)

    @get("/sd/devices")
    async def discovery() -> list[dict[str, Any]]:
        made, targets = kept.get("devices", (0.0, []))
        if time.monotonic() - made > KEPT_SECONDS:
            nodes: list[Any] = await client.all("BenchDevice")
            targets = [
                {"targets": [str(node.address.value.ip)], "labels": {"name": node.name.value, "role": node.role.value}}
                for node in nodes
            ]
            kept["devices"] = (time.monotonic(), targets)
        return targets

    app = Litestar([root, metrics, discovery], on_startup=[start], openapi_config=None, logging_config=None)
    return app


if __name__ == "__main__":
    uvicorn.run(
        build(
            sys.argv[1],
            float(sys.argv[3]),
            with_site="site" in sys.argv[4:],
            collector=next(iter(set(sys.argv[4:]) - {"site"}), None),
        ),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="error",
    )
