"""The standalone service."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import uvicorn
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.http.webhook import build_webhook
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.plugin import ExporterPlugin
from infrahub_exporter.app.settings import Settings, load_settings, read_webhook_key
from infrahub_exporter.domain.errors import ConfigError

logger = logging.getLogger("infrahub_exporter")

CONFIG_VARIABLE = "INFRAHUB_EXPORTER_CONFIG"
"""Where `create_app` looks for the path of the configuration when it is given none."""

_DRAIN_SECONDS = 2
_LAST_RESORT_SECONDS = 4.5
_ENDING = (signal.SIGTERM, signal.SIGINT)


def create_app(settings: Settings | None = None) -> Litestar:
    """Build the service for any ASGI server: `uvicorn --factory infrahub_exporter.app.server:create_app`.

    Without settings they come from the file that `INFRAHUB_EXPORTER_CONFIG` names and the environment.
    Raises ConfigError.
    """
    if settings is None:
        settings = load_settings(os.environ.get(CONFIG_VARIABLE), os.environ, logger.warning)
    prometheus = settings.exporters.prometheus
    exporter = build_exporter(settings)
    plugin = ExporterPlugin(
        exporter,
        "/",
        metrics_path=prometheus.metrics_path if prometheus.enabled else None,
        handlers=_webhook(settings, exporter),
    )
    return Litestar(plugins=[plugin], openapi_config=None, logging_config=None)


def _webhook(settings: Settings, exporter: Exporter) -> list[HTTPRouteHandler]:
    key = read_webhook_key(settings.webhook)
    if key is None:
        return []
    return [
        build_webhook(exporter.notice, key=key, clock=SystemClock(), window_seconds=settings.webhook.window_seconds)
    ]


def listen(address: str, port: int, *, any_port: bool = False) -> socket.socket:
    """Open the listening socket; where the port is taken, `any_port` takes a free one. Raises ConfigError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for candidate in (port, 0) if any_port else (port,):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, candidate))
        except OSError as error:
            listener.close()
            trouble = error
        else:
            return listener
    raise ConfigError(f"listen_address {address}, listen_port {port}: cannot listen there: {trouble.strerror}")


def serve(app: Litestar, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then end within 5 s, whatever hangs.

    In-flight answers have 2 s, the last push another 2; after 4.5 s the process ends itself, with exit code 0 still.
    """
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = _Server(
        config, release=[plugin.exporter.let_go for plugin in app.plugins if isinstance(plugin, ExporterPlugin)]
    )
    server.run([listener])
    if not server.started:
        raise SystemExit(1)


class _Server(uvicorn.Server):
    """uvicorn that ends with exit code 0 when it is asked to end: by itself it raises the signal again."""

    def __init__(self, config: uvicorn.Config, *, release: Sequence[Callable[[], None]]) -> None:
        super().__init__(config)
        self._release = release

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals while serving."""
        before = {number: signal.signal(number, self._end) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, number: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            timer = threading.Timer(_LAST_RESORT_SECONDS, os._exit, (0,))
            timer.daemon = True
            timer.start()
        self.handle_exit(number, frame)
        for release in self._release:
            release()
