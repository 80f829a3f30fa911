"""docs/reliability.md names tests and metrics that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
CELL = re.compile(r"\[[^\]]+\]\((\.\./tests/[^)]+)\)((?::? ?`test_\w+`,?)*)")
METRIC = re.compile(r"\binfrahub_exporter_\w+")


@pytest.mark.parametrize(("link", "tests"), sorted(set(CELL.findall(TEXT))))
def test_what_shows_a_promise_is_there(link: str, tests: str) -> None:
    text = (DOCUMENT.parent / link).read_text(encoding="utf-8")
    for name in re.findall(r"test_\w+", tests):
        assert f"def {name}(" in text


def test_every_metric_is_one() -> None:
    known = METRIC.findall((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"))
    assert not set(METRIC.findall(TEXT)).difference(known)
