"""What an engineer writes in an afternoon: the SDK as its documentation shows it, rendered per scrape.

`python benchmarks/plain_sdk.py ADDRESS PORT POLL_SECONDS [site]`: polls `BenchDevice` with `client.all`, with `site` also the
peer's name by a `fetch()` per relation, and serves `/metrics` and `/sd/devices` (run per request, kept for a minute).
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from infrahub_sdk import Config, InfrahubClient
from litestar import Litestar, MediaType, get
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

    def collect(self) -> Iterator[Metric]:
        """Make the family from the nodes, at each scrape."""
        labels = ("id", "hfid", *ATTRIBUTES, *(("site",) if self.with_site else ()))
        family = GaugeMetricFamily("infrahub_benchdevice_info", "Devices", labels=labels)
        for node in self.nodes:
            values = [node.id, node.get_human_friendly_id_as_string(include_kind=True) or node.id]
            values += [str(getattr(node, name).value) for name in ATTRIBUTES]
            if self.with_site:
                values.append(node.site.peer.name.value)
            family.add_metric(values, 1)
        yield family


def build(address: str, poll_seconds: float, *, with_site: bool) -> Litestar:
    """Build the application."""
    client = InfrahubClient(config=Config(address=address))
    devices = Devices()
    registry = CollectorRegistry()
    registry.register(devices)
    kept: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    async def poll() -> None:
        while True:
            nodes = await client.all("BenchDevice", include=["site"] if with_site else None)
            if with_site:
                for node in nodes:
                    await node.site.fetch()
            devices.nodes, devices.with_site = nodes, with_site
            await asyncio.sleep(poll_seconds)

    async def start() -> None:
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
            nodes = await client.all("BenchDevice")
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
        build(sys.argv[1], float(sys.argv[3]), with_site="site" in sys.argv[4:]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="error",
    )
