"""The command that users type, and an Infrahub for it, as processes of their own."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e import loopback
from tests.e2e.children import DEMO, Child, Spawn, StartExporter, StartInfrahub, clean_environment, eventually


@pytest.fixture(scope="module")
def spawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spawn]:
    """Start children that are ended after the module's last test."""
    logs = tmp_path_factory.mktemp("logs")
    children: list[Child] = []

    def start(name: str, *arguments: str, **environment: str) -> Child:
        log = logs / f"{len(children)}-{name}.log"
        child = Child(name, arguments, log, {**clean_environment(), "PYTHONUNBUFFERED": "1", **environment})
        children.append(child)
        return child

    yield start
    for child in children:
        child.end()


@pytest.fixture(scope="session")
def command() -> str:
    """Find `infrahub-exporter` in the environment that runs the tests."""
    found = shutil.which("infrahub-exporter", path=str(Path(sys.executable).parent))
    assert found, "the package is not installed in this environment"
    return found


@pytest.fixture(scope="module")
def start_infrahub(spawn: Spawn, command: str) -> StartInfrahub:
    def start(port: int, *objects: Path) -> Child:
        files = objects or (DEMO / "objects.yml",)
        child = spawn(
            "infrahub",
            *(command, "infrahub", "--port", str(port), "--schema", str(DEMO / "schema.yml")),
            *(argument for path in files for argument in ("--objects", str(path))),
        )
        eventually(lambda: loopback.get(f"http://127.0.0.1:{port}/api/schema/summary").is_success, child)
        return child

    return start


@pytest.fixture(scope="module")
def start_exporter(spawn: Spawn, command: str, tmp_path_factory: pytest.TempPathFactory) -> StartExporter:
    def start(port: int, **changes: object) -> Child:
        config = yaml.safe_load((DEMO / "config.yml").read_text(encoding="utf-8"))
        config |= {"listen_port": port, "poll_interval_seconds": 1, **changes}
        for query in config["service_discovery"]["queries"]:
            query["refresh_interval_seconds"] = 1
            if "file_path" in query:
                query["file_path"] = str(DEMO / query["file_path"])
        path = tmp_path_factory.mktemp("exporter") / "config.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return spawn("exporter", command, "--config", str(path))

    return start
