"""What is built of what: the only module that knows dependency-injector."""

import importlib.metadata
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from dependency_injector import containers, providers
from msgspec import Struct

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.infrahub.large_answers import LargeAnswers
from infrahub_exporter.adapters.infrahub.neighbour import GoodNeighbour
from infrahub_exporter.adapters.infrahub.patience import PatientTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.adapters.stores import FileStore
from infrahub_exporter.app import connecting
from infrahub_exporter.app.configuration.fitting import unanswerable
from infrahub_exporter.app.configuration.settings import Settings
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.debounce import Debounce
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.pool import Source
from infrahub_exporter.app.refreshing.ports import Neighbour, Pusher
from infrahub_exporter.app.refreshing.watched_document import Outline
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import ConfigError, SourceRejectedError
from infrahub_exporter.domain.ports import Transport
from infrahub_exporter.domain.publishing.saved import digest
from infrahub_exporter.domain.publishing.status import ConfigStatus

VERSION = importlib.metadata.version("infrahub-exporter")
logger = logging.getLogger("infrahub_exporter")


def build_exporter(
    settings: Settings, *, source: Source | None = None, environment: Mapping[str, str] | None = None
) -> Exporter:
    """Build an exporter. No I/O but the reading of the files that the settings name; needs no event loop.

    `source` takes the place of the Infrahub that the settings name, `environment` that of the process, whose `OTEL_*`
    variables fill what the settings leave open. Raises ConfigError.
    """
    return Build(settings, source=source, environment=environment).exporter


class Parts(Struct, frozen=True):
    """What of a build has connections, and what each of it depends on: where that is equal, it may be used again."""

    source_of: object
    source: Source
    neighbour: Neighbour | None
    pushed_of: object
    pusher: Pusher | None


class Build:
    """An exporter and what it was built of. Parts of a former build that would be the same are used again.

    `config` tells what became of the configuration, `figures` count on over reloads; the rest as in
    `build_exporter`. Raises ConfigError.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        source: Source | None = None,
        environment: Mapping[str, str] | None = None,
        config: Callable[[], ConfigStatus] | None = None,
        figures: Figures | None = None,
        former: Parts | None = None,
    ) -> None:
        self._container = _Container(
            settings=settings,
            environment=os.environ if environment is None else environment,
            config=providers.Object(config),
            figures=providers.Object(figures),
        )
        with settings.locating():
            self._build(settings, source, former)

    def _build(self, settings: Settings, source: Source | None, former: Parts | None) -> None:
        source_of = connecting.source_of(settings) if source is None else source
        pushed_of = connecting.pushed_of(settings)
        if source is not None:
            self._put(self._container.source, source)
            self._put(self._container.neighbour, None)
        elif former is not None and former.source_of == source_of:
            self._put(self._container.source, former.source)
            self._put(self._container.neighbour, former.neighbour)
        if former is not None and former.pushed_of == pushed_of:
            self._put(self._container.pusher, former.pusher)
        self.exporter: Exporter = self._container.exporter()
        for fault in unanswerable(settings):
            logger.warning("%s", settings.located(fault.place, fault.problem))
        self.parts = Parts(
            source_of=source_of,
            source=self._container.source(),
            neighbour=self._container.neighbour(),
            pushed_of=pushed_of,
            pusher=self._container.pusher(),
        )

    @staticmethod
    def _put(provider: Any, value: object) -> None:
        provider.override(providers.Object(value))


def _patient(settings: Settings, transport: Transport, clock: SystemClock) -> PatientTransport:
    return PatientTransport(transport, clock=clock, deadline_seconds=settings.infrahub.timeout_seconds)


def _exporter(
    settings: Settings,
    source: Source,
    clock: SystemClock,
    *,
    pusher: Pusher | None,
    neighbour: Neighbour | None,
    config: Callable[[], ConfigStatus] | None,
    figures: Figures | None,
) -> Exporter:
    return Exporter(
        metrics=settings.metric_specs,
        series=settings.series_specs,
        collectors=settings.collector_specs,
        prefix=settings.metrics.prefix,
        discoveries=settings.discoveries,
        uncovered=settings.uncovered,
        source=source,
        clock=clock,
        poll_interval_seconds=settings.poll_interval_seconds,
        concurrency=settings.infrahub.concurrency,
        full_refresh_seconds=settings.infrahub.full_refresh_seconds,
        refresh_timeout_seconds=_refresh_timeout(settings),
        version=VERSION,
        pusher=pusher,
        outline=_outline(settings),
        neighbour=neighbour,
        events=_events(settings),
        guard=settings.guard,
        limits=settings.limits,
        store=_store(settings, clock),
        source_id=digest([str(settings.infrahub.address), settings.infrahub.branch]),
        config=config,
        own_metrics=settings.exporters.prometheus.own_metrics,
        figures=figures,
    )


def _refresh_timeout(settings: Settings) -> float:
    """Return how long following may take: the poll interval, but never less than one request may."""
    infrahub = settings.infrahub
    return infrahub.refresh_timeout_seconds or max(settings.poll_interval_seconds, infrahub.timeout_seconds)


def _store(settings: Settings, clock: SystemClock) -> FileStore | None:
    if settings.store is None:
        return None
    return FileStore(settings.store.path, max_age_seconds=settings.store.max_age_seconds, clock=clock)


def _events(settings: Settings) -> Debounce | None:
    webhook = settings.webhook
    if not webhook.enabled:
        return None
    return Debounce(seconds=webhook.debounce_seconds, branch=settings.infrahub.branch)


def _outline(settings: Settings) -> Outline | None:
    """Import the GraphQL parser where there is a query to parse. Raises ConfigError for what is no query."""
    documents: list[tuple[str, DiscoverySpec | QuerySource]] = [
        (f"service_discovery.queries[{index}].file_path", spec)
        for index, spec in enumerate(settings.discoveries)
        if spec.kind is None
    ]
    documents += [
        (f"metrics.series[{index}].query", spec.query)
        for index, spec in enumerate(settings.series_specs)
        if spec.query is not None
    ]
    if not documents:
        return None
    from infrahub_exporter.adapters.infrahub.outline import outline  # noqa: PLC0415 - a tenth of a second

    for place, asked in documents:
        if asked.document is not None:
            try:
                outline(asked.document)
            except SourceRejectedError as error:
                raise ConfigError(f"{place}: {error}") from error
    return outline


class _Container(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)
    environment = providers.Dependency(instance_of=object)
    config = providers.Dependency(instance_of=object)
    figures = providers.Dependency(instance_of=object)
    clock = providers.Singleton(SystemClock)
    large = providers.Singleton(LargeAnswers)
    transport = providers.Singleton(
        connecting.transport,
        settings.provided.infrahub,
        settings.provided.limits,
        version=VERSION,
        large=large,
    )
    patient = providers.Singleton(_patient, settings, transport, clock)
    source = providers.Singleton(
        InfrahubReader,
        patient,
        clock=clock,
        page_size=settings.provided.infrahub.page_size,
        parallel_pages=settings.provided.infrahub.parallel_pages,
        branch=settings.provided.infrahub.branch,
        limits=settings.provided.limits,
        large=large,
    )
    pusher = providers.Singleton(connecting.pusher, settings.provided.exporters.otlp, environment, version=VERSION)
    neighbour = providers.Singleton(GoodNeighbour, patient, source)
    exporter = providers.Singleton(
        _exporter, settings, source, clock, pusher=pusher, neighbour=neighbour, config=config, figures=figures
    )
