"""Where to push and how: the configuration first, then `OTEL_EXPORTER_OTLP_METRICS_*`, then `OTEL_EXPORTER_OTLP_*`.

Settled here and handed to the package whole, because the package alone would print malformed headers with their values,
refuse the compression `none`, let `..._INSECURE` overrule the scheme `http`, and go on with other roots where a
certificate cannot be read.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import grpc
from msgspec import Struct
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

from infrahub_exporter.domain.errors import ConfigError

DEFAULT_ENDPOINT = "http://localhost:4317"
DEFAULT_TIMEOUT_SECONDS = 10.0
KEYS = "exporters.otlp"
HEADER_NAME = re.compile(r"[a-z0-9_.-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
CHANNEL_OPTIONS: Any = (("grpc.use_local_subchannel_pool", 1),)  # the package's annotation knows text values only
"""Two exporters in one process share no connection, and a new channel inherits no back-off from an old one."""


class Connection(Struct, frozen=True, kw_only=True):
    """A settled destination. Its repr shows no header, they carry credentials."""

    endpoint: str
    insecure: bool
    headers: tuple[tuple[str, str], ...] = ()
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    gzip: bool = False
    interval_seconds: float | None = None
    certificate: str | None = None
    client_key: str | None = None
    client_certificate: str | None = None
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Connection(endpoint={self.endpoint!r}, insecure={self.insecure!r})"

    def redact(self, message: str) -> str:
        """Return a message on one line, cut to a readable length, with no header value in it."""
        for _, value in self.headers:
            for secret in (value, *value.split()[1:]):
                message = message.replace(secret, "***") if secret else message
        return " ".join(message.split())[:300]


def settle(
    *,
    endpoint: str | None,
    timeout_seconds: float | None,
    headers: Mapping[str, str] | None,
    insecure: bool | None,
    certificate: Path | str | None,
    compression: str | None,
    interval_seconds: float | None,
    environment: Mapping[str, str],
) -> Connection:
    """Settle a destination from the configuration and, where that is silent (None), the environment.

    Times in the environment are those of the package: `..._TIMEOUT` in seconds, `OTEL_METRIC_EXPORT_INTERVAL` in
    milliseconds. Raises ConfigError, which names the key or the variable and never a header's value.
    """
    variables = _Variables(environment)
    place, address = _first(f"{KEYS}.endpoint", endpoint, variables.find("ENDPOINT"), DEFAULT_ENDPOINT)
    place_compression, method = _first(f"{KEYS}.compression", compression, variables.find("COMPRESSION"), "none")
    if method.lower() not in ("gzip", "none"):
        raise ConfigError(f"{place_compression}: expected gzip or none, got {method!r}")
    return Connection(
        endpoint=address,
        insecure=_insecure(place, address, configured=insecure, variables=variables),
        headers=_config_headers(headers) if headers is not None else variables.headers(),
        timeout_seconds=timeout_seconds or variables.seconds("TIMEOUT") or DEFAULT_TIMEOUT_SECONDS,
        gzip=method.lower() == "gzip",
        interval_seconds=interval_seconds or variables.interval(),
        certificate=str(certificate) if certificate else variables.find("CERTIFICATE")[1],
        client_key=variables.find("CLIENT_KEY")[1],
        client_certificate=variables.find("CLIENT_CERTIFICATE")[1],
        warnings=(*variables.warnings, *variables.protocol()),
    )


def open_exporter(connection: Connection) -> OTLPMetricExporter:
    """Make the package's exporter, and with it its channel.

    Raises OSError for a certificate that cannot be read, RuntimeError for a credential provider (a variable of the
    package's own) that is not installed.
    """
    credentials = None
    paths = (connection.certificate, connection.client_key, connection.client_certificate)
    if not connection.insecure and any(paths):
        credentials = grpc.ssl_channel_credentials(*(Path(path).read_bytes() if path else None for path in paths))
    return OTLPMetricExporter(
        endpoint=connection.endpoint,
        insecure=connection.insecure,
        credentials=credentials,
        timeout=connection.timeout_seconds,
        compression=grpc.Compression.Gzip if connection.gzip else grpc.Compression.NoCompression,
        channel_options=CHANNEL_OPTIONS,
    )


def _first(key: str, configured: str | None, found: tuple[str, str | None], default: str) -> tuple[str, str]:
    """Return the value that counts, and where it comes from."""
    if configured:
        return key, configured
    variable, value = found
    return (variable, value) if value else (key, default)


def _insecure(place: str, endpoint: str, *, configured: bool | None, variables: "_Variables") -> bool:
    """Decide on TLS: `https` forces it, a configured `insecure` comes next, then `http`, then the environment."""
    expected = f"{place}: expected http://host:port, https://host:port or host:port"
    try:
        url = urlsplit(endpoint)
    except ValueError:  # not shown: there may be a password in it
        raise ConfigError(expected) from None
    if "@" in url.netloc:
        raise ConfigError(f"{place}: expected an address without user and password; credentials go into headers")
    if url.scheme in ("http", "https") and not url.hostname:
        raise ConfigError(f"{expected}, got {endpoint!r}")
    if url.scheme == "https":
        return False
    if configured is not None:
        return configured
    return url.scheme == "http" or (variables.find("INSECURE")[1] or "").lower() == "true"


def _config_headers(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    for name, value in headers.items():
        if not _sendable(name.lower(), value):
            raise ConfigError(f"{KEYS}.headers.{name}: expected a header of printable ASCII (its value is not shown)")
    return tuple((name.lower(), value) for name, value in headers.items())


def _sendable(name: str, value: str) -> bool:
    """Tell whether gRPC takes it as text metadata; `grpc-` is its own, `-bin` wants bytes."""
    reserved = name.startswith("grpc-") or name.endswith("-bin")
    return not reserved and bool(HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value))


class _Variables:
    """The `OTEL_*` variables; an empty one counts as unset (OpenTelemetry specification, environment variables)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.warnings: list[str] = []

    def find(self, name: str) -> tuple[str, str | None]:
        """Return the name and the value of the signal's own variable, else of the generic one (OT-03)."""
        generic = f"OTEL_EXPORTER_OTLP_{name}"
        for variable in (f"OTEL_EXPORTER_OTLP_METRICS_{name}", generic):
            if value := self._environment.get(variable, "").strip():
                return variable, value
        return generic, None

    def seconds(self, name: str) -> float | None:
        """Return a positive number, None where there is no such variable."""
        return self._positive(*self.find(name), "seconds")

    def interval(self) -> float | None:
        """Return the push interval in seconds."""
        variable = "OTEL_METRIC_EXPORT_INTERVAL"
        found = self._positive(variable, self._environment.get(variable, "").strip() or None, "milliseconds")
        return found and found / 1000

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Parse `k=v,k2=v2` with percent-encoded values; what is malformed is reported, not sent (OT-04)."""
        variable, text = self.find("HEADERS")
        found: dict[str, str] = {}
        for position, item in enumerate((text or "").split(","), start=1):
            name, separator, value = (unquote(part).strip() for part in item.partition("="))
            if separator and _sendable(name.lower(), value):
                found[name.lower()] = value
            elif item.strip():
                self.warnings.append(f"{variable}: item {position} is not name=value and is not sent")
        return tuple(found.items())

    def protocol(self) -> tuple[str, ...]:
        """Warn about a protocol that is not spoken."""
        variable, value = self.find("PROTOCOL")
        return (f"{variable}: {value!r} is not spoken, the push uses grpc",) if value not in (None, "grpc") else ()

    @staticmethod
    def _positive(variable: str, value: str | None, unit: str) -> float | None:
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            raise ConfigError(f"{variable}: expected a positive number of {unit}, got {value!r}")
        return number
