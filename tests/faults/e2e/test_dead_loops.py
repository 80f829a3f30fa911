"""A background task that dies of what nobody foresaw."""

import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e import loopback
from tests.e2e.children import Child, clean_environment, eventually, free_port
from tests.faults.line import Line
from tests.faults.watched import LIMIT_SECONDS, config

BROKEN = """
import sys
from infrahub_exporter.app import cli
from infrahub_exporter.app.refreshing.inventory import Inventory

async def dies(self):
    raise ZeroDivisionError("nobody foresaw this")

Inventory.round = dies
sys.argv[0] = "infrahub-exporter"
sys.exit(cli.run(sys.argv[1:]))
"""


@pytest.mark.parametrize("exits", [True, False])
def test_it_makes_the_service_unready_and_ends_the_process_unless_that_is_not_wanted(
    line: Line, tmp_path: Path, *, exits: bool
) -> None:
    port = free_port()
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({**config(line.address), "listen_port": port, "exit_on_dead_loop": exits}))
    arguments = (sys.executable, "-c", BROKEN, "--config", str(path))
    child = Child("exporter", arguments, tmp_path / "exporter.log", clean_environment())
    try:
        if exits:
            assert child.wait(30 + LIMIT_SECONDS) == 1
            assert "CRITICAL a loop has died, so the process ends (exit_on_dead_loop)" in child.output
        else:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: "the rounds loop has died" in child.output, child)
            assert loopback.get(f"{url}/-/ready").status_code == 503
            assert loopback.get(f"{url}/-/healthy").status_code == 200
        assert "nobody foresaw this" in child.output
    finally:
        child.end()
