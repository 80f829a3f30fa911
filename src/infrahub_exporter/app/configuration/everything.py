"""All that can be set, and the rules between its parts.

The rules hold however a `Settings` is made, from a file or in Python; types and ranges are checked in what is loaded.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from infrahub_exporter.app.configuration.collecting import CollectorsSettings
from infrahub_exporter.app.configuration.infrahub import (
    InfrahubSettings,
    NonEmpty,
)
from infrahub_exporter.app.configuration.places import Faults, Place, SettingError, at, place_of
from infrahub_exporter.app.configuration.pushing import OtlpSettings
from infrahub_exporter.app.configuration.queries import SEGMENT, QuerySettings, check_served
from infrahub_exporter.app.configuration.series import SeriesSettings, check_series
from infrahub_exporter.app.configuration.web import (
    WebSettings,
)
from infrahub_exporter.app.configuration.webhook import WebhookSettings
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.paths import label_names, parse
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import Booleans, DiscoverySpec, MetricSpec, Seconds, UncoveredSpec
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits

UrlPath = Annotated[str, Meta(pattern=rf"^(/{SEGMENT})+/?\Z", description="a path such as /metrics")]
Prefix = Annotated[
    str,
    Meta(pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?\Z", description="the beginning of a metric's name, such as org_"),
]


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of the configuration file."""


def _is_ipv6(address: str) -> bool:
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True


class PrometheusSettings(_Section, frozen=True):
    """How metrics are scraped."""

    enabled: bool = True
    metrics_path: UrlPath = "/metrics"
    own_metrics: bool = True


class ExportersSettings(_Section, frozen=True):
    """Where metrics go."""

    prometheus: PrometheusSettings = field(default_factory=PrometheusSettings)
    otlp: OtlpSettings = field(default_factory=OtlpSettings)


class ServiceDiscoverySettings(_Section, frozen=True):
    """The lists of targets. Like the earlier exporter, none is served unless `enabled` says so."""

    enabled: bool = False
    queries: tuple[QuerySettings, ...] = ()
    uncovered: UncoveredSpec | tuple[UncoveredSpec, ...] = ()


class MetricsSettings(_Section, frozen=True):
    """What is measured."""

    kind: tuple[MetricSpec, ...] = ()
    series: tuple[SeriesSettings, ...] = ()
    prefix: Prefix = "infrahub_"


class StoreSettings(_Section, frozen=True):
    """Where the last good data outlives the process."""

    path: Path
    type: Literal["file"] = "file"
    max_age_seconds: Seconds = 86400.0


class CompatSettings(_Section, frozen=True):
    """What is as the earlier exporter had it, for as long as it takes to swap."""

    booleans: Booleans = "true"


class Settings(_Section, frozen=True, dict=True):
    """Everything that can be set. Making one reads the query files that it names; raises ConfigError."""

    infrahub: InfrahubSettings
    exporters: ExportersSettings = field(default_factory=ExportersSettings)
    service_discovery: ServiceDiscoverySettings = field(default_factory=ServiceDiscoverySettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    collectors: CollectorsSettings = field(default_factory=CollectorsSettings)
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    guard: GuardSpec = field(default_factory=GuardSpec)
    limits: Limits = field(default_factory=Limits)
    store: StoreSettings | None = None
    web: WebSettings = field(default_factory=WebSettings)
    compat: CompatSettings = field(default_factory=CompatSettings)
    poll_interval_seconds: Annotated[float, Meta(ge=1)] = 60.0
    listen_address: NonEmpty = "0.0.0.0"  # noqa: S104 - an exporter is scraped from elsewhere
    listen_port: Annotated[int, Meta(ge=1, le=65535)] = 8001
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    reload_on_change: bool = False
    exit_on_dead_loop: bool = True

    def __post_init__(self) -> None:
        if ":" in self.listen_address and not _is_ipv6(self.listen_address):
            expected = "expected an address without port, such as 0.0.0.0 or ::"
            raise SettingError(("listen_address",), f"{expected}, got {self.listen_address!r}")
        faults = Faults()
        for index, entry in enumerate(self.metrics.kind):
            with faults.gathered():
                with at("metrics", "kind", index, "include"):
                    label_names(entry.include)
                with at("metrics", "kind", index, "labels"):
                    label_names(entry.include, entry.labels)
        with faults.gathered(), at("metrics"):
            check_series(
                self.metrics.series, kinds=[entry.kind for entry in self.metrics.kind], prefix=self.metrics.prefix
            )
        with faults.gathered():
            _ = self.series_specs
        prometheus = self.exporters.prometheus
        for index, spec in enumerate(self.uncovered):
            with faults.gathered(), at("service_discovery", "uncovered", index):
                for path in spec.paths:
                    parse(path)
        with faults.gathered():
            check_served(self.discoveries, prometheus.metrics_path if prometheus.enabled else None)
        faults.check()

    @cached_property
    def located(self) -> Callable[[Place, str], str]:
        """Write a problem with its place; of what was loaded also with the file or variable it comes from."""
        return lambda place, problem: str(SettingError(place, problem))

    @contextmanager
    def locating(self) -> Iterator[None]:
        """Tell of complaints about what the settings lead to where those were written. Raises ConfigError."""
        try:
            yield
        except ConfigError as error:
            place, problem = place_of(str(error))
            if not place or place[0] not in self.__struct_fields__:
                raise
            raise ConfigError(self.located(place, problem)) from error

    @property
    def metric_specs(self) -> tuple[MetricSpec, ...]:
        """The entries of `metrics.kind`, with what `compat` says of all."""
        return tuple(
            msgspec.structs.replace(entry, booleans=self._booleans(entry.booleans)) for entry in self.metrics.kind
        )

    @cached_property
    def series_specs(self) -> tuple[SeriesSpec, ...]:
        """The entries of `metrics.series`, with the text of their files."""
        specs, faults = [], Faults()
        for index, entry in enumerate(self.metrics.series):
            with faults.gathered(), at("metrics", "series", index):
                specs.append(entry.resolved())
        faults.check()
        return tuple(specs)

    @property
    def collector_specs(self) -> tuple[CollectorSpec, ...]:
        """The collectors that are on."""
        return tuple(self.collectors.specs(interval_seconds=self.poll_interval_seconds))

    @property
    def measures(self) -> bool:
        """Tell whether anything is measured."""
        return bool(self.metrics.kind or self.metrics.series or self.collector_specs)

    def _booleans(self, own: Booleans | None) -> Booleans | None:
        """Return how an entry writes booleans, None where it does as usual."""
        return "True" if (own or self.compat.booleans) == "True" else None

    @property
    def uncovered(self) -> tuple[UncoveredSpec, ...]:
        """The kinds whose nodes should all be in some list, where lists are served."""
        section = self.service_discovery
        listed = section.uncovered if isinstance(section.uncovered, tuple) else (section.uncovered,)
        return listed if section.enabled else ()

    @cached_property
    def discoveries(self) -> tuple[DiscoverySpec, ...]:
        """The queries as they are served: with names, paths and the text of their files."""
        specs, faults = [], Faults()
        for index, query in enumerate(self.service_discovery.queries if self.service_discovery.enabled else ()):
            with faults.gathered(), at("service_discovery", "queries", index):
                spec = query.resolved()
                specs.append(msgspec.structs.replace(spec, booleans=self._booleans(spec.booleans)))
        faults.check()
        return tuple(specs)
