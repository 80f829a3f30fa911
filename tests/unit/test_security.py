"""SECURITY.md names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
CELL = re.compile(r"\[[^\]]+\]\((tests/[^)]+)\)((?::? ?`test_\w+`,?)*)")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and "](tests/" in line]


@pytest.mark.parametrize(("link", "tests"), sorted(set(CELL.findall(TEXT))))
def test_what_shows_a_promise_is_there(link: str, tests: str) -> None:
    text = (ROOT / link).read_text(encoding="utf-8")
    for name in re.findall(r"test_\w+", tests):
        assert f"def {name}(" in text


def test_each_promise_is_shown_by_something() -> None:
    assert len(ROWS) >= 18
    for row in ROWS:
        _, promise, shown_by, _ = row.split("|")
        assert promise.strip()
        assert CELL.findall(shown_by)
