"""What a signal does before there is anything that serves."""

import subprocess
import sys

import pytest

BEGUN = """
import os, signal, sys, types
cli = types.ModuleType("infrahub_exporter.app.cli")
cli.run = lambda arguments: (os.kill(os.getpid(), signal.{signal}), 7)[1]
sys.modules["infrahub_exporter.app.cli"] = cli
from infrahub_exporter.__main__ import main
main()
"""


@pytest.mark.parametrize(("signal", "code"), [("SIGTERM", 0), ("SIGHUP", 7)])
def test_a_signal_that_comes_before_anything_serves_is_a_good_end_or_nothing(signal: str, code: int) -> None:
    ended = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", BEGUN.format(signal=signal)], check=False, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", "")
