"""The `OTEL_*` variables that say where and how to push; the signal's own beat the generic ones (OT-03)."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from infrahub_exporter.domain.errors import ConfigError

PROTOCOLS = ("grpc", "http/protobuf")
RESERVED = frozenset({"connection", "content-encoding", "content-length", "content-type", "transfer-encoding"})
HEADER_NAME = re.compile(r"[a-z0-9_.-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


def is_sendable(name: str, value: str) -> bool:
    """Tell whether either protocol takes it as a header of the user's: `grpc-` is gRPC's own, `-bin` wants bytes."""
    reserved = name in RESERVED or name.startswith("grpc-") or name.endswith("-bin")
    return not reserved and bool(HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value))


class Variables:
    """What the environment says; an empty one counts as unset (OpenTelemetry specification, environment variables).

    `warnings` tells what was passed over.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.warnings: list[str] = []

    def find(self, name: str) -> tuple[str, str | None]:
        """Return the name and the value of the signal's own variable, else of the generic one."""
        generic = f"OTEL_EXPORTER_OTLP_{name}"
        for variable in (f"OTEL_EXPORTER_OTLP_METRICS_{name}", generic):
            if value := self._environment.get(variable, "").strip():
                return variable, value
        return generic, None

    def seconds(self, name: str) -> float | None:
        """Return a positive number, None where there is no such variable. Raises ConfigError."""
        return self._positive(*self.find(name), "seconds")

    def interval(self) -> float | None:
        """Return the push interval in seconds. Raises ConfigError."""
        variable = "OTEL_METRIC_EXPORT_INTERVAL"
        found = self._positive(variable, self._environment.get(variable, "").strip() or None, "milliseconds")
        return found and found / 1000

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Parse `k=v,k2=v2` with percent-encoded values; what is malformed is reported, not sent (OT-04)."""
        variable, text = self.find("HEADERS")
        found: dict[str, str] = {}
        for position, item in enumerate((text or "").split(","), start=1):
            name, separator, value = (unquote(part).strip() for part in item.partition("="))
            if separator and is_sendable(name.lower(), value):
                found[name.lower()] = value
            elif item.strip():
                self.warnings.append(f"{variable}: item {position} is not name=value and is not sent")
        return tuple(found.items())

    def protocol(self) -> str:
        """Return the protocol; one that is not spoken is reported and counts as unset, which is gRPC."""
        variable, value = self.find("PROTOCOL")
        if value not in (None, *PROTOCOLS):
            self.warnings.append(f"{variable}: {value!r} is not spoken, the push uses grpc")
        return value if value in PROTOCOLS else "grpc"

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
