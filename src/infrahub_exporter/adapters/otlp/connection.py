"""Where to push and how: the configuration first, then `OTEL_EXPORTER_OTLP_METRICS_*`, then `OTEL_EXPORTER_OTLP_*`.

Settled here and handed on whole, because the packages alone would print malformed headers with their values, refuse the
compression `none`, let `..._INSECURE` overrule the scheme `http`, and go on with other roots where a certificate cannot
be read.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit, urlunsplit

from msgspec import Struct

from infrahub_exporter.adapters.otlp.variables import Variables, is_sendable
from infrahub_exporter.domain.access.redaction import Redactor
from infrahub_exporter.domain.errors import ConfigError

DEFAULT_ENDPOINTS = {"grpc": "http://localhost:4317", "http/protobuf": "http://localhost:4318"}
DEFAULT_TIMEOUT_SECONDS = 10.0
REQUEST_BYTES = 4_000_000
"""The size that a request is kept under: gRPC servers refuse more than 4 MiB unless told otherwise."""
METRICS_PATH = "v1/metrics"
_RESOLVERS = frozenset({"dns", "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds"})
"""What gRPC takes in place of a protocol, to say how a receiver is found."""


class Destination(Struct, frozen=True, kw_only=True):
    """A destination as it is configured; what is None is left to the `OTEL_*` variables. Its repr shows no header.

    `place` is where it is configured; the certificates and the key are paths of PEM files; `interval_seconds` None is a
    push at every new snapshot.
    """

    name: str = "default"
    place: str = "exporters.otlp"
    protocol: str | None = None
    endpoint: str | None = None
    timeout_seconds: float | None = None
    headers: Mapping[str, str] | None = None
    insecure: bool | None = None
    certificate: Path | str | None = None
    client_certificate: Path | str | None = None
    client_key: Path | str | None = None
    compression: str | None = None
    interval_seconds: float | None = None
    max_request_bytes: int = REQUEST_BYTES

    def __repr__(self) -> str:
        return f"Destination(name={self.name!r}, endpoint={self.endpoint!r})"


class Connection(Struct, frozen=True, kw_only=True):
    """A settled destination; over HTTP `endpoint` is the whole URL. Its repr shows no header: credentials."""

    endpoint: str
    insecure: bool
    protocol: str = "grpc"
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
        redactor = Redactor(secret for _, value in self.headers for secret in (value, *value.split()[1:]))
        return " ".join(redactor.redact(message).split())[:300]


def settle(wanted: Destination, environment: Mapping[str, str]) -> Connection:
    """Settle a destination from the configuration and, where that is silent (None), the environment.

    Times in the environment are those of the package: `..._TIMEOUT` in seconds, `OTEL_METRIC_EXPORT_INTERVAL` in
    milliseconds. Raises ConfigError, which names the key or the variable and never a header's value.
    """
    variables = Variables(environment)
    protocol = wanted.protocol or variables.protocol()
    default = DEFAULT_ENDPOINTS[protocol]
    place, address = _first(f"{wanted.place}.endpoint", wanted.endpoint, variables.find("ENDPOINT"), default)
    place_compression, method = _first(
        f"{wanted.place}.compression", wanted.compression, variables.find("COMPRESSION"), "none"
    )
    if method.lower() not in ("gzip", "none"):
        raise ConfigError(f"{place_compression}: expected gzip or none, got {method!r}")
    insecure = _insecure(place, address, configured=wanted.insecure, variables=variables)
    return Connection(
        endpoint=address if protocol == "grpc" else _url(place, address, insecure=insecure),
        insecure=insecure,
        protocol=protocol,
        headers=_config_headers(wanted.place, wanted.headers) if wanted.headers is not None else variables.headers(),
        timeout_seconds=wanted.timeout_seconds or variables.seconds("TIMEOUT") or DEFAULT_TIMEOUT_SECONDS,
        gzip=method.lower() == "gzip",
        interval_seconds=wanted.interval_seconds or variables.interval(),
        certificate=_path(wanted.certificate) or variables.find("CERTIFICATE")[1],
        client_key=_path(wanted.client_key) or variables.find("CLIENT_KEY")[1],
        client_certificate=_path(wanted.client_certificate) or variables.find("CLIENT_CERTIFICATE")[1],
        warnings=tuple(variables.warnings),
    )


def _path(path: Path | str | None) -> str | None:
    return None if path is None else str(path)


def _first(key: str, configured: str | None, found: tuple[str, str | None], default: str) -> tuple[str, str]:
    """Return the value that counts, and where it comes from."""
    if configured:
        return key, configured
    variable, value = found
    return (variable, value) if value else (key, default)


def _split(place: str, endpoint: str) -> SplitResult:
    try:
        url = urlsplit(endpoint)
        _ = url.port
    except ValueError:  # not shown: there may be a password in it
        raise ConfigError(f"{place}: expected http://host:port, https://host:port or host:port") from None
    if "@" in endpoint:
        raise ConfigError(f"{place}: expected an address without user and password; credentials go into headers")
    if url.query or url.fragment:
        raise ConfigError(f"{place}: expected an address without query and fragment; credentials go into headers")
    return url


def _insecure(place: str, endpoint: str, *, configured: bool | None, variables: Variables) -> bool:
    """Decide on TLS: `https` forces it, a configured `insecure` comes next, then `http`, then the environment."""
    url = _split(place, endpoint)
    is_foreign = "://" in endpoint and url.scheme not in ("http", "https", *_RESOLVERS)
    if is_foreign or (url.scheme in ("http", "https") and not url.hostname):
        raise ConfigError(f"{place}: expected http://host:port, https://host:port or host:port, got {endpoint!r}")
    if url.scheme == "https":
        return False
    if configured is not None:
        return configured
    return url.scheme == "http" or (variables.find("INSECURE")[1] or "").lower() == "true"


def _url(place: str, endpoint: str, *, insecure: bool) -> str:
    """Make the URL to post to: only the signal's own variable names the path itself (OT-02).

    A configured address is a base like the generic variable's, unless it ends with the path already.
    """
    url = _split(place, endpoint if "://" in endpoint else f"{'http' if insecure else 'https'}://{endpoint}")
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ConfigError(f"{place}: expected http://host:port, https://host:port or host:port, got {endpoint!r}")
    path = url.path
    is_whole = place.startswith("OTEL_EXPORTER_OTLP_METRICS_")
    if not is_whole and (place.startswith("OTEL_") or not path.endswith(f"/{METRICS_PATH}")):
        path = f"{path.removesuffix('/')}/{METRICS_PATH}"
    return urlunsplit((url.scheme, url.netloc, path or "/", "", ""))


def _config_headers(place: str, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    for index, (name, value) in enumerate(headers.items()):
        if not is_sendable(name.lower(), value):
            raise ConfigError(f"{place}.headers[{index}]: expected printable ASCII, not a header of the protocol's own")
    return tuple((name.lower(), value) for name, value in headers.items())
