"""docs/conformance.md names tests that exist, and leaves no statement out."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "conformance.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([A-Z]{2})-(\d\d) \| (.+) \| (.+) \|$", re.MULTILINE)
SHOWN = re.compile(r"\[[^\]]+\]\((\.\./tests/[^)]+)\)((?::? ?`test_\w+`,?)*)")
HOW_MANY = {"SD": 23, "TX": 9, "NG": 5, "NM": 7, "OM": 14, "OT": 22}


@pytest.mark.parametrize(("link", "tests"), sorted(set(SHOWN.findall(TEXT))))
def test_what_shows_a_statement_is_there(link: str, tests: str) -> None:
    text = (DOCS / link).read_text(encoding="utf-8")
    for name in re.findall(r"test_\w+", tests):
        assert f"def {name}(" in text


@pytest.mark.parametrize("group", HOW_MANY)
def test_each_statement_is_there_once_in_its_order(group: str) -> None:
    assert [int(number) for found, number, _, _ in ROW.findall(TEXT) if found == group] == [
        *range(1, HOW_MANY[group] + 1)
    ]


def test_each_statement_is_shown_by_something() -> None:
    for group, number, _, shown in ROW.findall(TEXT):
        assert SHOWN.findall(shown), f"{group}-{number}"
