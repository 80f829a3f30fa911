"""The tasks of docs/cookbook.md, each run against the demo's network."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from infrahub_exporter import Exporter, build_exporter, load_settings
from tests import cookbook
from tests.cookbook import MORE, Task

TASKS = cookbook.tasks()
by_title = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.title)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def exporter(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> Exporter:
    """Give all tasks one exporter."""
    del anyio_backend
    path = tmp_path_factory.mktemp("cookbook") / "config.yml"
    whole = cookbook.together([task.configuration for task in TASKS])
    path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    exporter = build_exporter(load_settings(path, {}), environment={})
    await exporter.refresh()
    assert [entry.name for entry in exporter.status.entries if entry.error is not None] == []
    return exporter


def test_there_are_tasks_each_with_an_outcome_and_a_query() -> None:
    assert len(TASKS) >= 20
    for task in TASKS:
        assert task.of("text") or task.of("json"), task.title
        assert task.of("promql"), task.title


@by_title
def test_each_configuration_is_right_by_itself(task: Task, tmp_path: Path) -> None:
    path, warned = tmp_path / "config.yml", list[str]()
    path.write_text(yaml.safe_dump(cookbook.together([task.configuration])), encoding="utf-8")
    load_settings(path, {}, warned.append)
    assert warned == []


def _name(line: str) -> str:
    return line.partition("{")[0].partition(" ")[0]


@by_title
async def test_what_comes_out_is_what_the_page_shows(task: Task, exporter: Exporter) -> None:
    lines = [line for line in exporter.metrics_text().splitlines() if not line.startswith("#")]
    for block in task.of("text"):
        shown = block.splitlines()
        names = {_name(line) for line in shown if line != MORE}
        own = [line for line in lines if _name(line) in names]
        if MORE in shown:
            assert set(shown) - {MORE} < set(own)
        else:
            assert sorted(shown) == sorted(own)


def _plain(group: Any) -> Any:
    labels = {name: value for name, value in group["labels"].items() if not name.startswith("__meta_infrahub")}
    return {"targets": list(group["targets"]), "labels": labels}


@by_title
async def test_the_list_has_the_groups_that_the_page_shows(task: Task, exporter: Exporter) -> None:
    for query, block in zip(
        task.configuration.get("service_discovery", {}).get("queries", []), task.of("json"), strict=True
    ):
        shown, is_cut = cookbook.groups(block)
        served = [_plain(msgspec.to_builtins(group)) for group in exporter.target_groups(query["name"])]
        assert all(group in served for group in shown)
        assert is_cut is (len(shown) < len(served))
