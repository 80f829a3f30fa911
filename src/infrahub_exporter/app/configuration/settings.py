"""What can be set, the rules between settings, and how they are loaded.

The rules hold however a `Settings` is made, from a file or in Python; types and ranges are checked in what is loaded.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from infrahub_exporter.app.configuration.collecting import CollectorsSettings
from infrahub_exporter.app.configuration.decoding import ExistingPath, FilesPath, decode, exists, matches
from infrahub_exporter.app.configuration.document import parse_document
from infrahub_exporter.app.configuration.environment import Overrides, override, variable_name
from infrahub_exporter.app.configuration.places import Place, SettingError, at, written
from infrahub_exporter.app.configuration.pushing import DestinationSettings, OtlpSettings
from infrahub_exporter.app.configuration.queries import SEGMENT, QuerySettings, check_served
from infrahub_exporter.app.configuration.secret import Secret, read_secret
from infrahub_exporter.app.configuration.series import SeriesSettings, check_series
from infrahub_exporter.app.configuration.web import (
    AdminSettings,
    ListenerTlsSettings,
    WebSettings,
    read_bearer_tokens,
    read_users,
)
from infrahub_exporter.app.configuration.wording import describe, shown
from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.paths import label_names, parse
from infrahub_exporter.domain.asking.series import SeriesSpec, warnings
from infrahub_exporter.domain.asking.specs import Booleans, DiscoverySpec, MetricSpec, Seconds, UncoveredSpec
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits

__all__ = [
    "AdminSettings",
    "CollectorsSettings",
    "CompatSettings",
    "DestinationSettings",
    "EmbeddedSettings",
    "ExportersSettings",
    "InfrahubSettings",
    "ListenerTlsSettings",
    "MetricsSettings",
    "OtlpSettings",
    "PrometheusSettings",
    "QuerySettings",
    "Secret",
    "ServiceDiscoverySettings",
    "Settings",
    "StoreSettings",
    "TlsSettings",
    "WebSettings",
    "WebhookSettings",
    "load_settings",
    "parse_settings",
    "read_bearer_tokens",
    "read_token",
    "read_users",
    "read_webhook_key",
]

logger = logging.getLogger("infrahub_exporter")

DEFAULT_PATH = Path("config.yml")
"""The configuration file that is read where none is named."""
DEFAULT_ADDRESS = "http://localhost:8000"
"""Where an Infrahub listens unless told otherwise, and what the earlier exporter assumed."""

_EXCLUSIVE = (
    ("infrahub", "address", "embedded"),
    ("infrahub", "token", "token_file"),
    ("webhook", "key", "key_file"),
)
Address = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?\Z", description="an http:// or https:// URL without user and query"
    ),
]
UrlPath = Annotated[str, Meta(pattern=rf"^(/{SEGMENT})+/?\Z", description="a path such as /metrics")]
Prefix = Annotated[
    str,
    Meta(pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?\Z", description="the beginning of a metric's name, such as org_"),
]
NonEmpty = Annotated[str, Meta(pattern=r"^\S+\Z", description="text without spaces")]


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of the configuration file."""


class TlsSettings(_Section, frozen=True):
    """How Infrahub's certificate is checked, and which one is shown to it."""

    ca_file: ExistingPath | None = None
    client_certificate: ExistingPath | None = None
    client_key: ExistingPath | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        if self.client_key is not None and self.client_certificate is None:
            raise SettingError(("client_key",), "expected client_certificate beside it, got nothing")
        if self.insecure and self.ca_file is not None:
            raise SettingError(("insecure",), "expected false with ca_file, got true")


class EmbeddedSettings(_Section, frozen=True):
    """The files of the Infrahub inside."""

    schema: tuple[FilesPath, ...]
    objects: tuple[FilesPath, ...] = ()

    def __post_init__(self) -> None:
        if not self.schema:
            raise SettingError(("schema",), "expected at least one file, got an empty list")


class InfrahubSettings(_Section, frozen=True):
    """Which Infrahub is read, and how."""

    address: Address | None = None
    token: Secret | None = None
    token_file: Path | None = None
    branch: NonEmpty = "main"
    page_size: Annotated[int, Meta(ge=1, le=1000)] = 500
    concurrency: Annotated[int, Meta(ge=1, le=16)] = 4
    timeout_seconds: Seconds = 30.0
    refresh_timeout_seconds: Seconds | None = None
    full_refresh_seconds: Seconds = 3600.0
    tls: TlsSettings | None = None
    embedded: EmbeddedSettings | None = None

    @property
    def is_anonymous(self) -> bool:
        """Tell whether no token is given."""
        return self.token is None and self.token_file is None

    def __post_init__(self) -> None:
        if (self.address is None) == (self.embedded is None):
            got = "neither" if self.address is None else "both"
            raise SettingError(("address",), f"expected one of address and embedded, got {got}")
        if self.token is not None and self.token_file is not None:
            raise SettingError(("token_file",), "expected one of token and token_file, got both")
        if self.token is not None and not self.token.fits_a_header:
            raise SettingError(("token",), "expected printable ASCII text without spaces around it")
        if self.embedded is not None and self.branch != "main":
            raise SettingError(("branch",), f"expected main with an embedded Infrahub, got {self.branch!r}")


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


class WebhookSettings(_Section, frozen=True):
    """Whether Infrahub's webhooks start a refresh, and how they are checked."""

    enabled: bool = False
    key: Secret | None = None
    key_file: Path | None = None
    window_seconds: Seconds = 300.0
    debounce_seconds: Annotated[float, Meta(ge=1)] = 1.0

    def __post_init__(self) -> None:
        if self.key is not None and self.key_file is not None:
            raise SettingError(("key_file",), "expected one of key and key_file, got both")
        if self.enabled and self.key is None and self.key_file is None:
            raise SettingError(("key",), "expected one of key and key_file with enabled, got neither")
        if self.key is not None and not self.key.fits_a_header:
            raise SettingError(("key",), "expected printable ASCII text without spaces around it")


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
        for index, entry in enumerate(self.metrics.kind):
            with at("metrics", "kind", index, "include"):
                label_names(entry.include)
            with at("metrics", "kind", index, "labels"):
                label_names(entry.include, entry.labels)
        with at("metrics"):
            check_series(
                self.metrics.series, kinds=[entry.kind for entry in self.metrics.kind], prefix=self.metrics.prefix
            )
        _ = self.series_specs
        prometheus = self.exporters.prometheus
        for index, spec in enumerate(self.uncovered):
            with at("service_discovery", "uncovered", index):
                for path in spec.paths:
                    parse(path)
        check_served(self.discoveries, prometheus.metrics_path if prometheus.enabled else None)

    @property
    def metric_specs(self) -> tuple[MetricSpec, ...]:
        """The entries of `metrics.kind`, with what `compat` says of all."""
        return tuple(
            msgspec.structs.replace(entry, booleans=self._booleans(entry.booleans)) for entry in self.metrics.kind
        )

    @cached_property
    def series_specs(self) -> tuple[SeriesSpec, ...]:
        """The entries of `metrics.series`, with the text of their files."""
        specs = []
        for index, entry in enumerate(self.metrics.series):
            with at("metrics", "series", index):
                specs.append(entry.resolved())
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
        specs = []
        for index, query in enumerate(self.service_discovery.queries if self.service_discovery.enabled else ()):
            with at("service_discovery", "queries", index):
                spec = query.resolved()
                specs.append(msgspec.structs.replace(spec, booleans=self._booleans(spec.booleans)))
        return tuple(specs)


def read_token(infrahub: InfrahubSettings) -> str | None:
    """Return the token, from its file where one is named; None for an anonymous read. Raises ConfigError."""
    with at("infrahub", "token_file"):
        return _revealed(infrahub.token, infrahub.token_file)


def read_webhook_key(webhook: WebhookSettings) -> str | None:
    """Return the key, from its file where one is named; None where webhooks are not enabled. Raises ConfigError."""
    with at("webhook", "key_file"):
        return _revealed(webhook.key, webhook.key_file) if webhook.enabled else None


def _revealed(secret: Secret | None, file: Path | None) -> str | None:
    secret = secret if file is None else read_secret(file)
    return None if secret is None else secret.reveal()


def load_settings(
    path: Path | str | None = None, env: Mapping[str, str] | None = None, warn: Callable[[str], None] | None = None
) -> Settings:
    """Read a configuration file and the environment over it, as the command does.

    Without a path that is `config.yml` where there is one here, else the environment alone; without `env` that of the
    process. `warn` hears one line for whatever works but is hardly meant; without it the log does. Raises ConfigError:
    one line that names the file or variable, the place in it and what was expected there.
    """
    env = os.environ if env is None else env
    warn = partial(logger.warning, "%s") if warn is None else warn
    if path is None and not DEFAULT_PATH.exists():
        return _load({}, None, Path(), env, warn)
    path = DEFAULT_PATH if path is None else path
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: expected a configuration file ({error.strerror})") from None
    except ValueError:
        raise ConfigError(f"{path}: expected a configuration file in UTF-8") from None
    try:
        tree = parse_document(text)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return _load({} if tree is None else tree, str(path), Path(path).parent, env, warn)


def parse_settings(
    tree: object, *, source: str = "settings", directory: Path = Path(), warn: Callable[[str], None] | None = None
) -> Settings:
    """Make settings of plain values such as YAML or JSON give; `source` stands where a message names the file.

    Relative paths are looked for in `directory`, then in the working directory. Raises ConfigError.
    """
    return _load(tree, source, directory, {}, warn or _unheard)


def _unheard(_line: str) -> None:
    """Let a warning pass."""


def _load(
    tree: object, source: str | None, directory: Path, env: Mapping[str, str], warn: Callable[[str], None]
) -> Settings:
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{source}: expected {describe(Settings)}, got {shown(tree, hidden=True)}")
    overrides = override(tree, Settings, env, warn)
    _drop_overridden(overrides)

    def find(path: Path) -> Path:
        beside = directory / path
        there = (each.absolute() for each in (beside, path) if exists(each) or matches(each))
        return next(there, path)

    def located(place: Place, problem: str) -> str:
        variable = overrides.variable(place)
        if variable is not None:
            name, rest = variable
            return f"{name}: {written(rest)}: {problem}" if rest else f"{name}: {problem}"
        return f"{source}: {SettingError(place, problem)}" if source else f"{variable_name(place)}: {problem}"

    if source is None and "infrahub" not in overrides.tree:
        address = variable_name(("infrahub", "address"))
        raise ConfigError(f"expected a configuration: a config.yml here, --config FILE, or {address} and others")
    infrahub = overrides.tree.get("infrahub")
    if isinstance(infrahub, dict) and all(infrahub.get(key) in (None, "") for key in ("address", "embedded")):
        infrahub["address"] = DEFAULT_ADDRESS
        warn(located(("infrahub", "address"), f"not set, {DEFAULT_ADDRESS} is read"))
    try:
        settings = _with_written_in(directory, decode(overrides.tree, Settings, find=find))
    except SettingError as error:
        raise ConfigError(located(error.place, error.problem)) from None
    for place, problem in _odd(settings, overrides.tree):
        warn(located(place, problem))
    return settings


def _odd(settings: Settings, tree: Mapping[object, object]) -> Iterator[tuple[Place, str]]:
    """Yield what works but is hardly meant."""
    if settings.infrahub.address is not None and settings.infrahub.is_anonymous:
        yield ("infrahub", "token"), "not set, Infrahub is read anonymously"
    discovery = tree.get("service_discovery")
    if settings.service_discovery.queries and isinstance(discovery, dict) and "enabled" not in discovery:
        yield ("service_discovery", "enabled"), "not set, the queries are not served"
    for index, entry in enumerate(settings.metrics.series):
        for warning in warnings(entry):
            yield ("metrics", "series", index, "name"), warning


def _with_written_in(directory: Path, settings: Settings) -> Settings:
    """Put a store that is not there yet, and the files of lists, beside the configuration."""
    store, discovery = settings.store, settings.service_discovery
    if store is not None:
        store = msgspec.structs.replace(store, path=(directory / store.path).absolute())
    queries = tuple(
        each if each.file is None else msgspec.structs.replace(each, file=(directory / each.file).absolute())
        for each in discovery.queries
    )
    discovery = msgspec.structs.replace(discovery, queries=queries)
    return msgspec.structs.replace(settings, store=store, service_discovery=discovery)


def _drop_overridden(overrides: Overrides) -> None:
    """Take out what the file says where the environment says the other of two that exclude each other."""
    for section, *pair in _EXCLUSIVE:
        tree = overrides.tree.get(section)
        for wins, loses in (pair, pair[::-1]):
            said = (section, wins) in overrides.variables and (section, loses) not in overrides.variables
            if said and isinstance(tree, dict) and tree[wins] not in (None, ""):
                tree.pop(loses, None)
