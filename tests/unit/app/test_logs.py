"""What a log line shows of what others said."""

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.app.logs import configure


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def formatted(form: str, message: str) -> str:
    configure("INFO", form)
    record = logging.LogRecord("infrahub_exporter", logging.WARNING, "", 0, "Infrahub said: %s", (message,), None)
    return logging.getLogger().handlers[0].format(record)


def test_a_message_stays_on_its_line_and_says_nothing_to_a_terminal() -> None:
    line = formatted("text", "no\n2030-01-01 00:00:00,000 INFO all is well\r\x1b[2J\u2028")
    assert line.endswith(r" WARNING Infrahub said: no\n2030-01-01 00:00:00,000 INFO all is well\r\x1b[2J\u2028")


@given(st.text())
def test_any_message_is_one_printable_line(message: str) -> None:
    assert formatted("text", message).isprintable()
    line = formatted("json", message)
    assert "\n" not in line
    assert json.loads(line)["message"] == f"Infrahub said: {message}"
