"""What is installed in production is what runs there, as far as those who bring it allow."""

import re
import subprocess
import sys
from pathlib import Path

LOCKS = Path(__file__).parents[2] / "requirements"
IDLE = {"faker", "litestar_htmx", "polyfactory", "rich_click"}
"""What Litestar names as its own dependencies, and the command never imports."""
CONFIG = """
infrahub: {address: "http://127.0.0.1:9", token: a-token}
metrics: {kind: [{kind: NetRouter, include: [name]}]}
exporters: {prometheus: {enabled: true}, otlp: {enabled: true}}
"""
COMMAND = """
import sys
from infrahub_exporter import create_app
from infrahub_exporter.adapters.http import authentication
from infrahub_exporter.adapters.infrahub import client, outline, sdk
from infrahub_exporter.adapters.otlp import grpc_call, http_call
from infrahub_exporter.app import cli, operator
from infrahub_exporter.app.configuration.settings import load_settings
from infrahub_exporter.app.serving import server

create_app(load_settings(sys.argv[1]))
print(*{name.partition(".")[0] for name in sys.modules})
"""


def locked(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (LOCKS / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_nothing_that_builds_or_tests_is_in_the_runtime_lock() -> None:
    assert {"hatchling", "editables", "pathspec"} <= locked("build.txt")
    assert {"pytest", "hypothesis"} <= locked("test.txt")
    assert not locked("runtime.txt") & {"hatchling", "editables", "pathspec", "pluggy", "pytest", "hypothesis", "mypy"}


def test_what_is_installed_for_tests_and_checks_has_all_that_runs() -> None:
    assert locked("runtime.txt") <= locked("test.txt") <= locked("check.txt")


def test_what_others_bring_and_nobody_needs_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    arguments = [sys.executable, "-c", COMMAND, str(tmp_path / "config.yml")]
    run = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own interpreter
    imported = set(run.stdout.split())

    assert {"infrahub_exporter", "infrahub_sdk", "litestar", "uvicorn"} <= imported
    assert imported & IDLE == set()
