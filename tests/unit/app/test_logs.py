"""What a log line shows of what others said."""

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infrahub_exporter.app.logs import configure
from infrahub_exporter.domain.access.redaction import Redactor


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def formatted(form: str, message: str, *, hidden: str = "", error: Exception | None = None) -> str:
    configure("INFO", form, Redactor([hidden]))
    info = None if error is None else (type(error), error, None)
    record = logging.LogRecord("infrahub_exporter", logging.WARNING, "", 0, "Infrahub said: %s", (message,), info)
    return logging.getLogger().handlers[0].format(record)


def test_a_message_stays_on_its_line_and_says_nothing_to_a_terminal() -> None:
    line = formatted("text", "no\n2030-01-01 00:00:00,000 INFO all is well\r\x1b[2J\u2028")
    assert line.endswith(r" WARNING Infrahub said: no\n2030-01-01 00:00:00,000 INFO all is well\r\x1b[2J\u2028")


@given(st.text(st.characters()))
@example("\u2028\u2029\x85\u202e\ud800\x7f")
def test_any_message_is_one_printable_line(message: str) -> None:
    assert formatted("text", message).isprintable()
    line = formatted("json", message)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["message"] == f"Infrahub said: {message}"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_shows_neither_in_a_message_nor_in_a_traceback(form: str) -> None:
    line = formatted(form, "no: token-1234", hidden="token-1234", error=ValueError("token-1234"))
    assert "token-1234" not in line
    assert line.count("***") == 2


def test_a_traceback_says_nothing_to_a_terminal() -> None:
    lines = formatted("text", "no", error=ValueError("a\x1b[2Jb\u2028c")).split("\n")
    assert lines[-1] == r"ValueError: a\x1b[2Jb\u2028c"
