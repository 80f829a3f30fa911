"""How much a configuration may hold: what it is made of is counted while it is read."""

from pathlib import Path

import pytest

from infrahub_exporter.app.configuration.document import MOST_VALUES, parse_document
from infrahub_exporter.domain.errors import ConfigError

TEXT = "\na: [1, [], {b: c}]\n"
VALUES = 8
DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_as_many_values_and_keys_as_are_allowed_are_read() -> None:
    assert parse_document(TEXT, most=VALUES) == {"a": [1, [], {"b": "c"}]}


def test_one_more_is_refused_where_it_stands() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_document(TEXT, most=VALUES - 1)
    assert str(refused.value) == "line 2: expected 7 values and keys at most"


def test_the_documentation_says_how_many_there_may_be() -> None:
    assert f"It has 8 MiB and {MOST_VALUES:,} values and keys at most." in DOCS.read_text(encoding="utf-8")
