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
    alone,
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


def fail(error: Exception) -> None:
    """Raise an error because of another one."""
    try:
        int("what it came of")
    except ValueError as cause:
        raise error from cause


def caught(error: Exception) -> Exception:
    """Return it as who catches it has it."""
    with pytest.raises(type(error)) as found:
        fail(error)
    return found.value


def test_an_error_that_is_kept_is_alone() -> None:
    error = caught(DerivationError("no such field"))
    assert (error.__traceback__ is None, error.__cause__ is None) == (False, False)
    assert alone(error) is error
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)
    assert str(error) == "no such field"


def test_what_nobody_foresaw_keeps_what_the_log_will_show() -> None:
    for error in (caught(ZeroDivisionError()), caught(UnexpectedError("an error that was not foreseen"))):
        assert alone(error).__traceback__ is not None
        assert isinstance(error.__cause__, ValueError)
