"""The examples of docs/series.md, each made of the demo's network."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infrahub_exporter import build_exporter
from infrahub_exporter.app.configuration.settings import parse_settings

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "series.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```yaml\n(- name: .*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[tuple[str, str]]:
    yield from EXAMPLE.findall(TEXT)


def test_every_example_shows_what_it_makes() -> None:
    assert len(list(examples())) == TEXT.count("```yaml") == 12


@pytest.mark.parametrize(("entries", "lines"), list(examples()), ids=lambda each: each.splitlines()[0][:40])
async def test_each_example_makes_the_series_that_are_shown(entries: str, lines: str) -> None:
    demo = {"schema": [str(ROOT / "demo" / "schema.yml")], "objects": [str(ROOT / "demo" / "objects.yml")]}
    tree = {"infrahub": {"embedded": demo}, "metrics": {"series": yaml.safe_load(entries)}}
    warned: list[str] = []
    async with build_exporter(parse_settings(tree, warn=warned.append), environment={}) as exporter:
        await exporter.refresh()
        assert [str(entry.error) for entry in exporter.status.entries if entry.error is not None] == []
        text = exporter.metrics_text().partition("# HELP infrahub_exporter_")[0]
    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert sorted(series) == lines.splitlines()
    assert warned == []
