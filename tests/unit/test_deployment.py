"""The manifests of docs/deployment.md say what the exporter takes and answers."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from litestar import Litestar

from infrahub_exporter import build_exporter, load_settings
from infrahub_exporter.adapters.http.routes import build_router
from infrahub_exporter.app.cli import run

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
CONTAINER, UNIT = (re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[0] for kind in ("text", "ini"))
MANIFESTS, SCRAPED = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SERVICE, STATEFUL = yaml.safe_load_all(MANIFESTS)
POD: dict[str, Any] = STATEFUL["spec"]["template"]["spec"]
(MAIN,) = POD["containers"]


def is_taken(arguments: list[str], path: Path) -> bool:
    """Tell whether the command takes its arguments, with a file that is here."""
    here = [str(path) if each.endswith("config.yml") else each for each in arguments]
    return run([*here, "check"]) == 0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yml"
    path.write_text("infrahub: {address: 'http://infrahub:8000', token: x}\n")
    return path


def test_the_command_takes_the_arguments_of_container_pod_and_unit(config: Path) -> None:
    command = re.findall(r"^CMD (.*)$", CONTAINER, re.MULTILINE)[0]
    started = shlex.split(re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)[0])

    assert yaml.safe_load(command) == MAIN["args"]
    assert is_taken(MAIN["args"], config)
    assert is_taken(started[1:], config)
    assert f'ENTRYPOINT ["{started[0]}"]' in CONTAINER


def test_the_container_is_made_of_files_that_are_there() -> None:
    locks = re.findall(r"-r (\S+)", CONTAINER)
    assert locks == ["requirements/runtime.txt", "requirements/build.txt"]
    assert all((ROOT / lock).is_file() for lock in locks)


def test_probes_and_lists_are_asked_for_at_paths_that_exist(config: Path) -> None:
    router = build_router(build_exporter(load_settings(config, {}, print)))
    paths = {each.path for each in Litestar([router], openapi_config=None, logging_config=None).routes}
    assert {MAIN[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} < paths
    assert {each.get("metrics_path", "/metrics") for each in yaml.safe_load(SCRAPED)["scrape_configs"]} < paths


def test_what_selects_mounts_and_serves_fits_together() -> None:
    labels = STATEFUL["spec"]["template"]["metadata"]["labels"]
    volumes = {each["name"] for each in POD["volumes"]}
    claims = {each["metadata"]["name"] for each in STATEFUL["spec"]["volumeClaimTemplates"]}

    assert STATEFUL["spec"]["selector"]["matchLabels"] == SERVICE["spec"]["selector"] == labels
    assert STATEFUL["spec"]["serviceName"] == SERVICE["metadata"]["name"]
    assert {each["name"] for each in MAIN["volumeMounts"]} == volumes | claims
    assert POD["securityContext"]["runAsUser"] == int(re.findall(r"^USER (\d+)", CONTAINER, re.MULTILINE)[0])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here")
def test_prometheus_takes_what_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(SCRAPED)
    promtool = ["promtool", "check", "config", str(tmp_path / "prometheus.yml")]
    checked = subprocess.run(promtool, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert checked.returncode == 0, checked.stderr
