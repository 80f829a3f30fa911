"""The stores keep the contract of their port."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.stores import FileStore, MemoryStore
from infrahub_exporter.testing import LastingSnapshotStoreContract, SnapshotStoreContract


@pytest.fixture
def now() -> float:
    return time.time()


class TestMemoryStore(SnapshotStoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()


class TestFileStore(LastingSnapshotStoreContract):
    @pytest.fixture
    def again(self, tmp_path: Path) -> Callable[[], FileStore]:
        return lambda: FileStore(tmp_path / "kept" / "snapshot", max_age_seconds=3600, clock=SystemClock())

    @pytest.fixture
    def store(self, again: Callable[[], FileStore]) -> FileStore:
        return again()
