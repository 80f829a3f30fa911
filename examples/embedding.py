"""The exporter inside a service of one's own, without HTTP: `python -m examples.embedding`."""

import anyio

from examples.network import network, settings
from infrahub_exporter import build_exporter


async def main() -> None:
    """Read an inventory, print what became of it, change it and read it again."""
    source = network("lyon")
    async with build_exporter(settings(), source=source) as exporter:  # reads every 30 s from here on
        await exporter.refresh()  # and now
        print(exporter.snapshot.series, "series; ready:", exporter.status.ready)

        source.nodes.pop()
        await exporter.refresh()
        for line in exporter.metrics_text().splitlines():
            if line.startswith("infrahub_infradevice_info"):
                print(line)
        for group in exporter.target_groups("devices"):
            print(group.targets, group.labels["site"])


if __name__ == "__main__":
    anyio.run(main)
