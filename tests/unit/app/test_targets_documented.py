"""The examples of docs/targets.md, each asked of the demo's network."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.views.discovery import SKIP_REASONS

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
DEMO = {
    "schema": [str(ROOT / "demo" / "schema.yml")],
    "objects": [str(ROOT / "demo" / "objects.yml"), str(ROOT / "demo" / "files.yml")],
}
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```.*?^```json\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def without_ids(found: Any) -> Any:
    """Leave out what differs from one start to the next."""
    if isinstance(found, dict):
        return {key: without_ids(each) for key, each in found.items() if key not in {"id", "__meta_infrahub_id"}}
    return [without_ids(each) for each in found] if isinstance(found, list) else found


async def answered(subject: Exporter, query: dict[str, Any]) -> Any:
    if "file" in query:
        return json.loads(await subject.discovery(query["name"], [("format", "gnmic")]))
    groups = json.loads(await subject.discovery(query["name"]))
    return sorted(groups, key=lambda group: group["targets"])


@pytest.mark.parametrize(("config", "shown"), EXAMPLES)
async def test_an_example_shows_what_comes_out(config: str, shown: str, tmp_path: Path) -> None:
    tree = yaml.safe_load(config)
    (query,) = tree["service_discovery"]["queries"]
    subject = build_exporter(parse_settings({"infrahub": {"embedded": DEMO}, **tree}, directory=tmp_path))
    await subject.refresh()
    if "uncovered" in tree["service_discovery"]:
        found = json.loads(msgspec.json.encode(subject.status.uncovered))
    else:
        found = await answered(subject, query)
    assert without_ids(found) == json.loads(shown)


def test_every_example_is_run() -> None:
    assert len(EXAMPLES) == TEXT.count("```yaml") == TEXT.count("```json") == 4


@pytest.mark.parametrize("reason", SKIP_REASONS)
def test_every_reason_is_told(reason: str) -> None:
    assert f"| `{reason}` |" in TEXT
