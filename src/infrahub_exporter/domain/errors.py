"""The errors that the exporter raises.

::

    ExporterError
    ├─ ConfigError              names file, place in the file and expectation
    ├─ UnknownDiscoveryError    no discovery of that name (also a LookupError)
    ├─ SourceError              Infrahub could not be read
    │  ├─ SourceUnavailableError   worth another try: network, timeout, 429, 502-504
    │  └─ SourceRejectedError      not worth one: bad query, unknown kind or branch, 401, 403
    └─ DerivationError          an answer that does not fit its spec

A message is one line without secrets and without the text of a query.
"""


class ExporterError(Exception):
    """Anything that the exporter itself raises."""

    reason = "internal"
    """The value of the label `class` of the error counters."""


class ConfigError(ExporterError):
    """A configuration that cannot be used: one line that names file, place and expectation."""

    reason = "config"


class UnknownDiscoveryError(ExporterError, LookupError):
    """No discovery of this name is configured."""

    reason = "unknown_discovery"


class SourceError(ExporterError):
    """Infrahub could not be read."""

    reason = "source"


class SourceUnavailableError(SourceError):
    """Infrahub cannot answer now: network, timeout, 429, 502, 503, 504.

    `retry_after_seconds` is what the server asked for, where it asked.
    """

    reason = "unavailable"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SourceRejectedError(SourceError):
    """Infrahub refuses this request and will refuse it again: bad query, unknown kind, 401, 403, 404."""

    reason = "rejected"


class DerivationError(ExporterError):
    """An answer of Infrahub that does not fit what was asked of it."""

    reason = "derivation"
