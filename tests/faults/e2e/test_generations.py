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

RELOADS = {"signal": 40, "change": 16}
"""How often, by what it is told by: a changed file is looked for every two seconds."""
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

    def __init__(self, watched: Watched, by: str) -> None:
        self.reloads = RELOADS[by]
        self._watched = watched
        self._is_told = by == "signal"
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
        written = self._config.with_suffix(".new")
        written.write_text(yaml.safe_dump(tree), encoding="utf-8")
        written.replace(self._config)
        if self._is_told:
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


@pytest.fixture(params=sorted(RELOADS))
def reloaded(line: Line, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Reloaded]:
    otlp = {"enabled": True, "endpoint": "http://127.0.0.1:9", "protocol": "http/protobuf", "timeout_seconds": 0.1}
    exporters = {"prometheus": {"enabled": True}, "otlp": otlp}
    configured = config(line.address, exporters=exporters, reload_on_change=request.param == "change")
    watched = Watched(tmp_path, configured, command=("-c", COUNTING))
    try:
        watched.eventually(watched.is_well)
        yield Reloaded(watched, request.param)
    finally:
        watched.end()


def test_after_any_number_of_reloads_one_generation_lives(reloaded: Reloaded) -> None:
    for _ in range(4):
        reloaded.reload()
    reloaded.eventually(lambda: reloaded.live()[EXPORTER] == 1)  # a former one may be ending just now
    few = reloaded.live()
    for _ in range(reloaded.reloads):
        reloaded.reload()

    def is_as_before() -> bool:
        many = reloaded.live()
        assert {name: grown for name, grown in (many - few).items() if grown >= reloaded.reloads // 4} == {}
        return many[EXPORTER] == 1

    reloaded.eventually(is_as_before)
