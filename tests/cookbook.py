"""What docs/cookbook.md says: configurations, what comes out of them, and queries with what they find."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "cookbook.md"
MORE = "..."
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SEEN = "# what devices say\n"


class Task(Struct):
    """A section of the page: its title, and its blocks by their language."""

    title: str
    blocks: list[tuple[str, str]]

    def of(self, language: str) -> list[str]:
        return [text for each, text in self.blocks if each == language]

    @property
    def configuration(self) -> dict[str, Any]:
        """What its one configuration says."""
        (written,) = self.of("yaml")
        configuration: dict[str, Any] = yaml.safe_load(written)
        return configuration


class Query(Struct):
    """A query, and what it finds: labels and a value a line, in any order."""

    text: str
    found: list[str]


def tasks() -> list[Task]:
    """Read the sections that have a configuration."""
    sections = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [Task(each.partition("\n")[0], _BLOCK.findall(each)) for each in sections]


def seen() -> str:
    """Read what an exporter of the devices is said to say."""
    page: str = PAGE.read_text(encoding="utf-8")
    (found,) = [str(match[2]) for match in _BLOCK.finditer(page) if match[2].startswith(_SEEN)]
    return found.removeprefix(_SEEN)


def queries(task: Task) -> Iterator[Query]:
    """Read the queries of a section."""
    for block in task.of("promql"):
        lines = block.splitlines()
        yield Query(
            "\n".join(line for line in lines if not line.startswith("# ")),
            [line.removeprefix("# ") for line in lines if line.startswith("# ")],
        )


def groups(block: str) -> tuple[list[Any], bool]:
    """Read the groups of a list, and whether there are more."""
    text = block.strip()
    is_cut = text.endswith(f", {MORE}]")
    return msgspec.json.decode(text.removesuffix(f", {MORE}]") + "]" if is_cut else text), is_cut


def together(configurations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the configurations of all sections into one about the demo's network."""
    demo = ROOT / "demo"
    objects = [str(demo / name) for name in ("objects.yml", "files.yml")]
    whole: dict[str, Any] = {
        "infrahub": {"embedded": {"schema": [str(demo / "schema.yml")], "objects": objects}},
        "metrics": {"series": []},
        "collectors": {},
        "service_discovery": {"enabled": True, "queries": [], "uncovered": []},
    }
    for each in configurations:
        metrics, lists = each.get("metrics", {}), each.get("service_discovery", {})
        whole["metrics"]["series"] += metrics.get("series", [])
        whole["collectors"] |= each.get("collectors", {})
        whole["service_discovery"]["queries"] += lists.get("queries", [])
        whole["service_discovery"]["uncovered"] += [lists["uncovered"]] if "uncovered" in lists else []
    return whole
