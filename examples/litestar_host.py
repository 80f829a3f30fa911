"""Two exporters in a host's Litestar, each below a path of its own: `python -m examples.litestar_host`.

Then look at http://127.0.0.1:8080/lyon/metrics and http://127.0.0.1:8080/paris/sd/devices
"""

import uvicorn
from litestar import Litestar, get

from examples.network import network, settings
from infrahub_exporter import Exporter, ExporterPlugin, build_exporter


@get("/")
async def index() -> dict[str, str]:
    """Be the host's own page."""
    return {"lyon": "/lyon/metrics", "paris": "/paris/metrics"}


def create_host(lyon: Exporter, paris: Exporter) -> Litestar:
    """Build the host; the exporters start and stop with it."""
    return Litestar([index], plugins=[ExporterPlugin(lyon, "/lyon"), ExporterPlugin(paris, "/paris")])


if __name__ == "__main__":
    exporters = [build_exporter(settings(), source=network(site)) for site in ("lyon", "paris")]
    uvicorn.run(create_host(*exporters), host="127.0.0.1", port=8080)
