"""The exporter inside a host's Litestar."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import InitPlugin

from infrahub_exporter.adapters.http.routes import build_router
from infrahub_exporter.app.container import VERSION
from infrahub_exporter.app.exporter import Exporter


class ExporterPlugin(InitPlugin):
    """Serve an exporter below `path`, started and stopped with the host's lifespan.

    Several may live in one host, each with its own exporter and path. `metrics_path` None leaves the inventory's
    metrics out; the exporter's own are always at `<path>/-/metrics`. A browser gets the status page at `<path>`; who
    may see it is the host's to say. `handlers` join the routes below `path`.
    """

    def __init__(
        self,
        exporter: Exporter,
        path: str = "/",
        *,
        metrics_path: str | None = "/metrics",
        handlers: Sequence[HTTPRouteHandler] = (),
    ) -> None:
        self.exporter = exporter
        self._path = path
        self._metrics_path = metrics_path
        self._handlers = tuple(handlers)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the routes and the lifespan (Litestar calls this)."""
        router = build_router(
            self.exporter,
            path=self._path,
            metrics_path=self._metrics_path,
            handlers=self._handlers,
            page_is_open=True,
            version=VERSION,
        )
        app_config.route_handlers.append(router)
        app_config.lifespan.append(self._lifespan)
        return app_config

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncIterator[None]:
        del app
        async with self.exporter:
            yield
