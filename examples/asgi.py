"""The whole service for an ASGI server of one's choice: `uvicorn --factory examples.asgi:service`.

Without settings, `create_app` takes the file that the variable INFRAHUB_EXPORTER_CONFIG names:
`INFRAHUB_EXPORTER_CONFIG=demo/config.yml uvicorn --factory infrahub_exporter:create_app`.
"""

import os
from pathlib import Path

from litestar import Litestar

from infrahub_exporter import create_app, load_settings

CONFIG = Path(__file__).parent.parent / "demo" / "config.yml"


def service() -> Litestar:
    """Build the service from a configuration file and the environment."""
    return create_app(load_settings(CONFIG, os.environ, print))
