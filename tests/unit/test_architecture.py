"""The contracts of [tool.importlinter] hold, and each of them fails when it is broken."""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "infrahub_exporter"
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

BREACHES = [
    # contract, module to add to, statement, what the report says of it
    (
        "layers",
        "domain/asking/paths.py",
        "import infrahub_exporter.adapters.memory",
        "domain.asking.paths -> infrahub_exporter.adapters",
    ),
    (
        "layers",
        "adapters/memory.py",
        "import infrahub_exporter.app.cli",
        "adapters.memory -> infrahub_exporter.app.cli",
    ),
    (
        "layers",
        "testing/__init__.py",
        "import infrahub_exporter.adapters.memory",
        "testing -> infrahub_exporter.adapters",
    ),
    ("layers", "utils.py", "", "infrahub_exporter.utils"),
    ("rooms", "domain/views/targets.py", "import infrahub_exporter.domain.publishing.guard", "views.targets -> "),
    (
        "floors",
        "app/exporter.py",
        "import infrahub_exporter.app.container",
        "app.exporter -> infrahub_exporter.app.container",
    ),
    ("adapters", "adapters/memory.py", "import infrahub_exporter.adapters.prometheus", "adapters.memory ->"),
    ("domain", "domain/asking/paths.py", "import asyncio", "domain.asking.paths -> asyncio"),
    ("domain", "domain/views/metrics.py", "from time import monotonic", "domain.views.metrics -> time"),
    ("litestar", "adapters/prometheus/text.py", "from litestar import Response", "prometheus.text -> litestar ("),
    ("yaml", "app/configuration/settings.py", "import yaml", "settings -> yaml ("),
    ("jinja2", "adapters/embedded/identity.py", "import jinja2", "embedded.identity -> jinja2 ("),
    ("infrahub-sdk", "adapters/http/__init__.py", "import infrahub_sdk", "adapters.http -> infrahub_sdk ("),
    ("httpx", "adapters/http/__init__.py", "import httpx", "adapters.http -> httpx ("),
    ("re2", "domain/asking/paths.py", "import re2", "asking.paths -> re2 ("),
    ("isal", "adapters/telemetry/entries.py", "from isal import isal_zlib", "telemetry.entries -> isal ("),
    ("prometheus-client", "app/serving/server.py", "import prometheus_client", "server -> prometheus_client ("),
    ("opentelemetry", "app/exporter.py", "import opentelemetry.sdk.metrics", "app.exporter -> opentelemetry ("),
    ("graphql", "adapters/infrahub/__init__.py", "from graphql import parse", "adapters.infrahub -> graphql ("),
    (
        "injection",
        "app/serving/plugin.py",
        "from dependency_injector import providers",
        "-> dependency_injector (",
    ),
    ("process", "adapters/http/__init__.py", "import uvicorn", "adapters.http -> uvicorn ("),
    ("acyclic", "domain/model.py", "import infrahub_exporter.domain.texts", ".texts"),
]


def _lint(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "COLUMNS": "300", "NO_COLOR": "1"}
    return subprocess.run(  # noqa: S603 - our own tool
        [str(tool), "--no-logo", "--no-cache", *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src" / PACKAGE, tmp_path / "src" / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_contract_is_kept(tree: Path) -> None:
    result = _lint(tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("contract", "module", "statement", "reported"), BREACHES, ids=[f"{each[0]}-{each[1]}" for each in BREACHES]
)
def test_a_broken_contract_fails(tree: Path, contract: str, module: str, statement: str, reported: str) -> None:
    path = tree / "src" / PACKAGE / module
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")
    result = _lint(tree, "--contract", contract)
    assert result.returncode == 1, result.stdout
    assert reported in result.stdout


def test_every_contract_was_seen_to_fail() -> None:
    assert set(re.findall(r'^id = "(.+)"$', PYPROJECT, re.MULTILINE)) == {breach[0] for breach in BREACHES}


def test_every_package_that_is_imported_is_declared() -> None:
    """What comes with another package today need not come tomorrow."""
    declared = {
        re.split(r"[^\w-]", each, maxsplit=1)[0].lower()
        for each in requires("infrahub-exporter") or ()
        if "extra ==" not in each
    }
    owners = packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for name in _imported(path)
        if name in owners and not _satisfied(name, owners[name], declared | _brought_by_users(path))
    }
    assert undeclared == set()


@pytest.mark.parametrize("lock", ["runtime", "test", "check"])
def test_every_declared_package_is_locked(lock: str) -> None:
    extras = {"runtime": (), "test": ("test",), "check": ("test", "check")}[lock]
    locked = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0] for line in locked.splitlines() if "==" in line}
    declared = [
        re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in requires("infrahub-exporter") or () if _of(each, extras)
    ]
    assert [name for name in declared if name not in pinned] == []
    assert "://" not in locked


def _of(requirement: str, extras: tuple[str, ...]) -> bool:
    extra = re.search(r"""extra == ['"](\w+)['"]""", requirement)
    return extra is None or extra[1] in extras


def _brought_by_users(path: Path) -> set[str]:
    return {"pytest"} if "testing" in path.parts else set()


def _satisfied(name: str, owners: list[str], declared: set[str]) -> bool:
    return name == PACKAGE or any(owner.lower().replace("_", "-") in declared for owner in owners)


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)
