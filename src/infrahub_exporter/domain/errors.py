"""The errors that the exporter raises.

::

    ExporterError
    ├─ ConfigError              names file, place in the file and expectation
    ├─ UnknownDiscoveryError    no discovery of that name (also a LookupError)
    ├─ SourceError              Infrahub could not be read
    │  ├─ SourceUnavailableError   worth another try: network, timeout, 429, 502-504
    │  └─ SourceRejectedError      not worth one: bad query, unknown branch, 401, 403
    │     └─ UnknownKindError         the schema has no such kind
    ├─ DerivationError          an answer that does not fit its spec
    ├─ UnexpectedError          a read that ended in what nobody foresaw
    └─ BadParameterError        a list is asked for by a parameter that it does not take

A message is one line without secrets and without the text of a query.
"""

from typing import TypeVar

Raised = TypeVar("Raised", bound=Exception)


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

    `retry_after_seconds` is what the server asked for, where it asked; `is_shed` says that it is overloaded (429), and
    is to be left alone for a while.
    """

    reason = "unavailable"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, is_shed: bool = False) -> None:
        super().__init__(message)
        self.is_shed = is_shed
        self.retry_after_seconds = retry_after_seconds


class SourceRejectedError(SourceError):
    """Infrahub refuses this request and will refuse it again: bad query, unknown kind, 401, 403, 404."""

    reason = "rejected"


class UnknownKindError(SourceRejectedError):
    """Infrahub's schema has no kind of this name, which is not to say that it could not be asked."""


class DerivationError(ExporterError):
    """An answer of Infrahub that does not fit what was asked of it."""

    reason = "derivation"


class UnexpectedError(ExporterError):
    """A read that ended in what nobody foresaw; that is its cause."""

    reason = "unexpected"

    @classmethod
    def of(cls, error: Exception) -> ExporterError:
        """Return what a read ended in, as an error of ours; what it says of itself is for the log alone."""
        if isinstance(error, ExporterError):
            return error
        unexpected = cls(f"an error that was not foreseen, {type(error).__name__}")
        unexpected.__cause__ = error
        return unexpected


def alone(error: Raised) -> Raised:
    """Return an error that is to be kept, or raised by somebody else, without what it came of.

    The frames of a traceback hold on to whole answers. One that nobody foresaw keeps them for the log.
    """
    if isinstance(error, ExporterError) and not isinstance(error, UnexpectedError):
        error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


class BadParameterError(ExporterError):
    """A list is asked for by a parameter that it does not take, or with a value that does not fit."""

    reason = "parameter"
