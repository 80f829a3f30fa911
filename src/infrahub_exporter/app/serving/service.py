"""The standalone service: an exporter behind its routes, which a reload exchanges while it serves."""

import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskStatus
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Struct

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.http.admin import build_admin
from infrahub_exporter.adapters.http.headers import with_security_headers
from infrahub_exporter.adapters.http.missing import missing
from infrahub_exporter.adapters.http.routes import build_router, paths_of
from infrahub_exporter.adapters.http.webhook import build_webhook
from infrahub_exporter.app.configuration.files import Stamp, files_of, stamp
from infrahub_exporter.app.configuration.hashing import hash_of
from infrahub_exporter.app.configuration.settings import Settings
from infrahub_exporter.app.configuration.webhook import read_webhook_key
from infrahub_exporter.app.container import VERSION, Build, Parts
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.entries.handover import Handover
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.pool import Source
from infrahub_exporter.app.serving.locks import Lock, lock_of, locked
from infrahub_exporter.domain.access.webhooks import Event
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.publishing.status import ConfigStatus

logger = logging.getLogger("infrahub_exporter")

_WATCH_SECONDS = 2.0
"""How often files are looked at for a reload on change."""


class Origin(Struct, frozen=True):
    """Where settings come from: how to load them again (raises ConfigError), and the configuration file among them."""

    load: Callable[[], Settings]
    path: Path | None = None
    apply: Callable[[Settings], None] | None = None
    """Called, in a thread, with settings that take the place of others, for what lies outside of the service."""


class _Generation(Struct, frozen=True):
    """What one configuration was built to, and what tells that its files have changed since they were read."""

    settings: Settings
    stamps: Mapping[Path, Stamp | None]
    build: Build
    app: ASGIApp
    lock: Lock | None

    @property
    def exporter(self) -> Exporter:
        return self.build.exporter


class _Ask(Struct):
    """Someone who waits for a reload."""

    done: anyio.Event
    error: ConfigError | None = None
    hears_of_it: bool = True
    """Whether the outcome is told to who asks; else the log has it each time."""


class Service(Litestar):
    """The service of one exporter at a time.

    It is a Litestar only to be run like one: its own routes are not looked at. Without `origin` it cannot be reloaded.
    `ended` is called when a loop has died and `exit_on_dead_loop` is set. Raises ConfigError.
    """

    def __init__(self, settings: Settings, origin: Origin | None = None) -> None:
        self._origin = origin
        self._clock = SystemClock()
        self._figures = Figures()
        self._config = ConfigStatus(loaded_at=self._clock.wall(), hash=hash_of(settings))
        self._asks: list[_Ask] = []
        self._asked = anyio.Event()
        self._hooked: tuple[str, float, HTTPRouteHandler] | None = None
        self._operated = build_admin(
            reload=self.reload, release=self._release, refresh=self._refresh, clock=self._clock
        )
        self._generation = self._build(settings)
        self.has_died = False
        self.ended: Callable[[], None] | None = None
        super().__init__(lifespan=[self._living], openapi_config=None, logging_config=None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request to what serves by now (ASGI)."""
        await (super().__call__ if scope["type"] == "lifespan" else self._generation.app)(scope, receive, send)

    @property
    def settings(self) -> Settings:
        """Return the settings in use."""
        return self._generation.settings

    @property
    def exporter(self) -> Exporter:
        """Return the exporter that serves by now."""
        return self._generation.exporter

    @property
    def source(self) -> Source:
        """Return what is read by now."""
        return self._generation.build.parts.source

    def let_go(self) -> None:
        """Let go of all who wait for something: the end is near."""
        self.exporter.let_go()

    async def reload(self) -> None:
        """Load the configuration again, and go on with it; what it leaves as it was keeps its data.

        Raises ConfigError for one that cannot be used: the old one stays.
        """
        ask = self._ask()
        await ask.done.wait()
        if ask.error is not None:
            raise ask.error

    def reload_soon(self) -> None:
        """Ask for a reload whose outcome the log tells. To be called in the event loop's thread."""
        self._ask(hears_of_it=False)

    def _ask(self, *, hears_of_it: bool = True) -> _Ask:
        ask = _Ask(anyio.Event(), hears_of_it=hears_of_it)
        self._asks.append(ask)
        self._asked.set()
        return ask

    @asynccontextmanager
    async def _living(self, _app: Litestar) -> AsyncIterator[None]:
        try:
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._live)
                tasks.start_soon(self._watch)
                yield
                tasks.cancel_scope.cancel()
        except Exception:  # a server may go on without its lifespan, which would look well
            self.has_died = True
            if self.ended is not None:
                logger.critical("what keeps the service alive has died, so the process ends")
                self.ended()
            raise

    async def _live(self, *, task_status: TaskStatus[None]) -> None:
        """Run one generation after the other, each as long as it is not replaced."""
        generation, asks = self._generation, list[_Ask]()
        left: Handover | None = None
        while True:
            if left is not None:
                with anyio.CancelScope(shield=True):
                    await generation.exporter.resume(left)
                left = None
            async with generation.exporter as exporter:
                self._generation = generation
                if asks:
                    self._config = ConfigStatus(loaded_at=self._clock.wall(), hash=hash_of(generation.settings))
                    logger.info("the configuration has been reloaded")
                _answer(asks)
                task_status.started()
                task_status = anyio.TASK_STATUS_IGNORED
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._mourn, exporter)
                    if asks:
                        gc.collect()  # the former generation, which is in circles, before others pile up beside it
                    generation, asks = await self._next()
                    exporter.retire(generation.exporter.parts)
                    tasks.cancel_scope.cancel()
            left = exporter.handover()

    async def _mourn(self, exporter: Exporter) -> None:
        await exporter.died.wait()
        if self.settings.exit_on_dead_loop and self.ended is not None:
            logger.critical("a loop has died, so the process ends (exit_on_dead_loop)")
            self.has_died = True
            self.ended()

    async def _next(self) -> tuple[_Generation, list[_Ask]]:
        """Wait until a configuration can take the place of the one in use; return it with those who asked for it."""
        while True:
            await self._asked.wait()
            asks, self._asks, self._asked = self._asks, [], anyio.Event()
            try:
                generation = await self._loaded()
            except ConfigError as error:
                self._refuse(asks, error)
            except Exception as error:  # whatever it is, what serves goes on
                logger.exception("the reload has failed")
                self._refuse(asks, ConfigError(f"it cannot be used: {type(error).__name__}"))
            else:
                return generation, asks

    def _refuse(self, asks: Sequence[_Ask], error: ConfigError) -> None:
        """Say why the old configuration stays; of a file that is looked at again and again only when that changes."""
        if str(error) != self._config.error or not all(each.hears_of_it for each in asks):
            logger.error("the configuration cannot be reloaded, the old one stays: %s", error)
        self._config = msgspec.structs.replace(self._config, error=str(error))
        _answer(asks, error)

    async def _loaded(self) -> _Generation:
        """Load and build anew. Raises ConfigError."""
        if self._origin is None:
            raise ConfigError(
                "there is no configuration file to load again: the settings were handed over by a program"
            )
        before = self._generation
        stamps = self._stamps(before.stamps)
        settings = await anyio.to_thread.run_sync(self._origin.load, abandon_on_cancel=True)
        build = partial(self._build, settings, before.build.parts, before.lock)  # a thread may hold on to what it gets
        generation = await anyio.to_thread.run_sync(build, abandon_on_cancel=True)
        for what in ("listen_address", "listen_port"):
            if getattr(settings, what) != getattr(before.settings, what):
                logger.warning("%s has changed: that takes a restart", what)
        if settings.web.tls != before.settings.web.tls:
            logger.warning("web.tls has changed: that takes a restart")
        if self._origin.apply is not None:
            await anyio.to_thread.run_sync(self._origin.apply, settings, abandon_on_cancel=True)
        # what changes while it is read has to be read again
        stamps = {path: stamps.get(path, found) for path, found in generation.stamps.items()}
        return msgspec.structs.replace(generation, stamps=stamps)

    def _build(self, settings: Settings, former: Parts | None = None, lock: Lock | None = None) -> _Generation:
        with settings.locating():
            return self._built(settings, former, lock)

    def _built(self, settings: Settings, former: Parts | None, lock: Lock | None) -> _Generation:
        build = Build(settings, config=lambda: self._config, figures=self._figures, former=former)
        prometheus = settings.exporters.prometheus
        metrics_path = prometheus.metrics_path if prometheus.enabled else None
        router = build_router(
            build.exporter,
            page_is_open=not settings.web.is_authenticated,
            version=VERSION,
            now=self._clock.wall,
            metrics_path=metrics_path,
            handlers=[*self._webhook(settings), *(self._operated if settings.web.admin.enabled else ())],
        )
        there = missing(paths_of(build.exporter.discoveries, metrics_path))
        app: ASGIApp = Litestar([router], exception_handlers=there, openapi_config=None, logging_config=None)
        lock = lock_of(settings.web, lock, self._clock)
        if lock is not None:
            app = locked(app, lock)
        return _Generation(settings, self._stamps(files_of(settings)), build, with_security_headers(app), lock)

    def _webhook(self, settings: Settings) -> tuple[HTTPRouteHandler, ...]:
        """Return the webhook's route; with the same key it is the same, and still knows what it has seen."""
        key, window_seconds = read_webhook_key(settings.webhook), settings.webhook.window_seconds
        if key is None:
            return ()
        if self._hooked is None or self._hooked[:2] != (key, window_seconds):
            route = build_webhook(
                self._notice,
                key=key,
                clock=self._clock,
                window_seconds=window_seconds,
                note=self._figures.note_delivery,
            )
            self._hooked = key, window_seconds, route
        return (self._hooked[2],)

    def _notice(self, event: Event) -> None:
        self.exporter.notice(event)

    async def _release(self, name: str) -> bool:
        return await self.exporter.release(name)

    def _refresh(self) -> None:
        self.exporter.hurry()

    async def _watch(self) -> None:
        """Reload when a file of the configuration has changed, where that is wanted."""
        while True:
            await anyio.sleep(_WATCH_SECONDS)
            stamps = self._generation.stamps
            is_refused = self._config.error is not None  # by a file, perhaps, that only the new configuration names
            if self.settings.reload_on_change and (is_refused or self._stamps(stamps) != stamps):
                with suppress(ConfigError):  # the log has told
                    await self.reload()

    def _stamps(self, files: Iterable[Path]) -> dict[Path, Stamp | None]:
        own = [] if self._origin is None or self._origin.path is None else [self._origin.path]
        return {path: stamp(path) for path in (*own, *files)}


def _answer(asks: Iterable[_Ask], error: ConfigError | None = None) -> None:
    for ask in asks:
        ask.error = error
        ask.done.set()
