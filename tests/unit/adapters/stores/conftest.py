"""A store in a folder of its own, a clock that stands, and something to save."""

from pathlib import Path

import anyio
import pytest

from infrahub_exporter.adapters.stores import FileStore
from infrahub_exporter.domain.model import Sample, TargetGroup
from infrahub_exporter.domain.ports import SnapshotStore
from infrahub_exporter.domain.publishing.saved import Saved, SavedKind, SavedList
from infrahub_exporter.domain.views.discovery import Decision

NOW = 1_795_512_134.0
"""2026-11-24T09:22:14Z."""


class StandingClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.now = NOW

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshot"


@pytest.fixture
def store(path: Path, clock: StandingClock) -> FileStore:
    return FileStore(path, max_age_seconds=3600, clock=clock)


def saved(source: str = "source", *, kind_at: float = NOW, list_at: float = NOW) -> Saved:
    return Saved(
        source,
        "schema",
        (
            SavedKind(
                "InfraDevice", "f", kind_at, ("id", "hfid"), ((Sample("1", ("1", "a")),), (Sample("2", ("2", "b")),))
            ),
        ),
        (SavedList("devices", "g", list_at, ((Decision("InfraDevice", "1", TargetGroup(("a:1",), {"x": "y"})),),)),),
    )


def save(store: SnapshotStore, wanted: Saved) -> None:
    anyio.run(store.save, wanted)


def load(store: SnapshotStore) -> Saved | None:
    return anyio.run(store.load)
