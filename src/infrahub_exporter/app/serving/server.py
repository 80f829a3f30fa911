"""The standalone service."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import cast

import msgspec
import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infrahub_exporter.adapters.http.turns import Turns, in_turn
from infrahub_exporter.app.configuration.settings import Settings, load_settings
from infrahub_exporter.app.serving.bounds import KEEP_ALIVE_SECONDS, Bounds, Connections, affordable
from infrahub_exporter.app.serving.connections import bounded
from infrahub_exporter.app.serving.hellos import TlsServer
from infrahub_exporter.app.serving.listener import ListenerContext
from infrahub_exporter.app.serving.service import Origin, Service
from infrahub_exporter.domain.errors import ConfigError

logger = logging.getLogger("infrahub_exporter")

CONFIG_VARIABLE = "INFRAHUB_EXPORTER_CONFIG"
"""Where `create_app` looks for the path of the configuration when it is given none."""

_DRAIN_SECONDS = 2
_LAST_RESORT_SECONDS = 4.5
_ENDING = (signal.SIGTERM, signal.SIGINT)


def create_app(settings: Settings | None = None) -> Service:
    """Build the service for any ASGI server: `uvicorn --factory infrahub_exporter:create_app`.

    Without settings they come from the file that `INFRAHUB_EXPORTER_CONFIG` names and the environment, and from there
    again at a reload. TLS and the bounds of connections are `serve`'s. Raises ConfigError.
    """
    if settings is not None:
        return Service(settings)
    path = os.environ.get(CONFIG_VARIABLE)
    load = partial(load_settings, path, os.environ, logger.warning)
    return Service(load(), Origin(load, None if path is None else Path(path)))


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


def listener_context(settings: Settings) -> ListenerContext | None:
    """Read the certificates of `web.tls`, None where there are none. Raises ConfigError."""
    tls = settings.web.tls
    if tls is None:
        return None
    with settings.locating():
        return ListenerContext.load(tls.certificate, tls.key, tls.client_ca)


def serve(app: Litestar, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then end within 5 s, whatever hangs; a service is reloaded at SIGHUP.

    In-flight answers have 2 s, the last push another 2; after 4.5 s the process ends itself, with exit code 0 still.
    Raises SystemExit with 1 where it cannot start, and where a loop has died.
    """
    context = listener_context(app.settings) if isinstance(app, Service) else None
    bounds = Bounds()
    bounds = msgspec.structs.replace(bounds, connections=affordable(bounds.connections))
    connections = Connections(bounds.connections)
    config = uvicorn.Config(
        in_turn(app, Turns()),
        http=bounded(HttpToolsProtocol, bounds, connections),
        ws="none",
        access_log=False,
        log_config=None,
        proxy_headers=False,  # who asks is who is connected: that counts for wrong credentials
        server_header=False,
        lifespan="on",
        ssl_context_factory=None if context is None else lambda *_: context,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = _Server(config, app if isinstance(app, Service) else None)
    if context is not None:
        server.secure = partial(TlsServer, context=context, connections=connections, seconds=bounds.hello_seconds)
    server.run([listener])
    if not server.started or server.has_died:
        raise SystemExit(1)


class _Server(uvicorn.Server):
    """uvicorn that ends with exit code 0 when it is asked to end: by itself it raises the signal again."""

    def __init__(self, config: uvicorn.Config, service: Service | None) -> None:
        super().__init__(config)
        self._service = service
        self.secure: Callable[[socket.socket, Callable[[], asyncio.Protocol]], TlsServer] | None = None
        """Makes the server of a socket where there is TLS."""
        self._loop: asyncio.AbstractEventLoop | None = None
        if service is not None:
            service.ended = self._end

    @property
    def has_died(self) -> bool:
        """Tell whether a loop has died, which ended all."""
        return self._service is not None and self._service.has_died

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app and listen (uvicorn calls this)."""
        self._loop = asyncio.get_running_loop()
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            self.should_exit = True
            return
        protocol = partial(
            cast("type[HttpToolsProtocol]", self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        self.servers = []
        for each in sockets or ():
            if self.secure is None:
                self.servers.append(await self._loop.create_server(protocol, sock=each, backlog=self.config.backlog))
            else:
                self.servers.append(cast("asyncio.Server", self.secure(each, protocol)))
        self.started = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals while serving."""
        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = dict.fromkeys(
            _ENDING, self._signalled
        )
        if self._service is not None and hasattr(signal, "SIGHUP"):  # not on Windows
            handlers[signal.SIGHUP] = self._reload
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.handle_exit(number, frame)
        else:
            self._end()

    def _end(self) -> None:
        """End well, or by the last resort."""
        self.should_exit = True
        timer = threading.Timer(_LAST_RESORT_SECONDS, os._exit, (int(self.has_died),))
        timer.daemon = True
        timer.start()
        if self._service is not None:
            self._service.let_go()

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        if self._loop is not None and self._service is not None:
            self._loop.call_soon_threadsafe(self._service.reload_soon)
