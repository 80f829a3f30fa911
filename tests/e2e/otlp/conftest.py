"""A receiver in a process of its own."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from tests.e2e.children import Child, Spawn, eventually, free_port


class Receiver(Struct):
    """The receiver's process, its port and what it has received."""

    child: Child
    port: int
    path: Path

    def points(self) -> list[dict[str, Any]]:
        """Return all points so far, without what is half written."""
        lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]


def start_receiver(spawn: Spawn, port: int, path: Path) -> Receiver:
    child = spawn("receiver", sys.executable, str(Path(__file__).with_name("receiver.py")), str(port), str(path))
    eventually(lambda: "ready" in child.output, child)
    return Receiver(child, port, path)


@pytest.fixture
def receiver(spawn: Spawn, tmp_path: Path) -> Receiver:
    return start_receiver(spawn, free_port(), tmp_path / "points.jsonl")
