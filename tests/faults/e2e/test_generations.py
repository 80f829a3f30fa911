"""What a reload leaves behind in the real command: nothing, however often."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.faults.line import Line
from tests.faults.watched import Watched, config

RELOADS = 40
EXPORTER = "infrahub_exporter.app.exporter.Exporter"
COUNTING = """
import gc, json, os, signal, sys
from collections import Counter
from infrahub_exporter.__main__ import main

def count(number, frame):
    gc.unfreeze()
    gc.collect()
    names = [f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects()]
    ours = Counter(each for each in names if each.startswith(("infrahub_exporter.", "litestar.")))
    with open(sys.argv[-1] + ".new", "w") as file:
        json.dump(ours, file)
    os.rename(sys.argv[-1] + ".new", sys.argv[-1] + ".counted")

signal.signal(signal.SIGUSR1, count)
sys.argv[0] = "infrahub-exporter"
main()
"""
"""The command, which counts its live objects by their types when it is told to."""


class Reloaded:
    """The command, and what lives in it."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._config = watched.directory / "config.yml"
        self._counted = watched.directory / "config.yml.counted"
        self._reloads = 0

    def reload(self) -> None:
        """Have it load another configuration: its entries, its pace and its destination change."""
        self._reloads += 1
        tree = yaml.safe_load(self._config.read_text(encoding="utf-8"))
        odd = self._reloads % 2
        tree["poll_interval_seconds"] = 1 + odd
        tree["metrics"]["kind"][1]["include"] = ["name", "height", *["display_label"] * odd]
        tree["exporters"]["otlp"]["headers"] = {"x-reload": f"number {odd}"}
        self._config.write_text(yaml.safe_dump(tree), encoding="utf-8")
        self._watched.child.send(signal.SIGHUP)
        said = "INFO the configuration has been reloaded"
        self._watched.eventually(lambda: self._watched.lines().count(said) == self._reloads)

    def eventually(self, ask: Callable[[], object]) -> None:
        """Wait until something is true."""
        self._watched.eventually(ask)

    def live(self) -> Counter[str]:
        """Count what lives."""
        self._counted.unlink(missing_ok=True)
        self._watched.child.send(signal.SIGUSR1)
        self._watched.eventually(self._counted.exists)
        return Counter(json.loads(self._counted.read_text(encoding="utf-8")))


@pytest.fixture
def reloaded(line: Line, tmp_path: Path) -> Iterator[Reloaded]:
    otlp = {"enabled": True, "endpoint": "http://127.0.0.1:9", "protocol": "http/protobuf", "timeout_seconds": 0.1}
    exporters = {"prometheus": {"enabled": True}, "otlp": otlp}
    watched = Watched(tmp_path, config(line.address, exporters=exporters), command=("-c", COUNTING))
    try:
        watched.eventually(watched.is_well)
        yield Reloaded(watched)
    finally:
        watched.end()


def test_after_any_number_of_reloads_one_generation_lives(reloaded: Reloaded) -> None:
    for _ in range(4):
        reloaded.reload()
    few = reloaded.live()
    for _ in range(RELOADS):
        reloaded.reload()

    def is_as_before() -> bool:
        many = reloaded.live()
        assert {name: grown for name, grown in (many - few).items() if grown >= RELOADS // 4} == {}
        return many[EXPORTER] == 1

    assert few[EXPORTER] == 1
    reloaded.eventually(is_as_before)  # a former one may be ending just now
