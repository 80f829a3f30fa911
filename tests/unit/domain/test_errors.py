"""The error tree."""

import pytest

from infrahub_exporter.domain.errors import (
    ConfigError,
    DerivationError,
    ExporterError,
    SourceError,
    SourceRejectedError,
    SourceUnavailableError,
    UnexpectedError,
    UnknownDiscoveryError,
)


@pytest.mark.parametrize(
    ("error", "parents", "reason"),
    [
        (ExporterError, (Exception,), "internal"),
        (ConfigError, (ExporterError,), "config"),
        (UnknownDiscoveryError, (ExporterError, LookupError), "unknown_discovery"),
        (SourceError, (ExporterError,), "source"),
        (SourceUnavailableError, (SourceError,), "unavailable"),
        (SourceRejectedError, (SourceError,), "rejected"),
        (DerivationError, (ExporterError,), "derivation"),
        (UnexpectedError, (ExporterError,), "unexpected"),
    ],
)
def test_each_error_has_its_place_and_its_class_of_the_counters(
    error: type[ExporterError], parents: tuple[type[Exception], ...], reason: str
) -> None:
    assert error.__bases__ == parents
    assert error.reason == reason


def test_an_unavailable_source_says_how_long_it_asked_to_wait() -> None:
    error = SourceUnavailableError("overloaded", retry_after_seconds=2.0)
    assert (str(error), error.retry_after_seconds) == ("overloaded", 2.0)
    assert SourceUnavailableError("refused").retry_after_seconds is None


def test_what_nobody_foresaw_says_its_kind_and_nothing_that_it_says() -> None:
    error = UnexpectedError.of(ValueError("token-1234"))
    assert (type(error), str(error)) == (UnexpectedError, "an error that was not foreseen, ValueError")
    assert repr(error.__cause__) == "ValueError('token-1234')"


def test_what_was_foreseen_stays_what_it_is() -> None:
    error = DerivationError("no such field")
    assert UnexpectedError.of(error) is error
