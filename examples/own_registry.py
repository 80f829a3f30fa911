"""The inventory among a host's own metrics, in the host's registry: `python -m examples.own_registry`."""

import anyio
from prometheus_client import CollectorRegistry, Counter, generate_latest

from examples.network import network, settings
from infrahub_exporter import build_exporter


async def main() -> None:
    """Register the exporter's collector beside a counter and print what a scrape would get."""
    registry = CollectorRegistry()
    Counter("host_jobs", "Jobs that this service has done.", registry=registry).inc(3)
    async with build_exporter(settings(), source=network("lyon")) as exporter:
        registry.register(exporter.collector())
        await exporter.refresh()
        print(generate_latest(registry).decode(), end="")


if __name__ == "__main__":
    anyio.run(main)
