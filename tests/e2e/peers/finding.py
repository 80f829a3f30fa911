"""Real receivers that are built once, by tests/e2e/peers/build."""

import os
from pathlib import Path

import pytest


def folder_of_peers() -> Path:
    """Return where they are built."""
    return Path(os.environ.get("PEERS_DIR") or Path.home() / ".cache" / "peers") / "bin"


def find_peer(name: str) -> str:
    """Return the path of a binary; without it the test does not run, or fails where PEERS=required."""
    path = folder_of_peers() / name
    if not os.access(path, os.X_OK):
        missing = f"NOT RUN: {path} is missing; tests/e2e/peers/build {name} makes it, once"
        if os.environ.get("PEERS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return str(path)
