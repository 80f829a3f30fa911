"""The contract suites, run on a source of one's own: `python -m pytest examples/test_sqlite_source.py`."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from examples.sqlite_source import SqliteSource, add, create
from infrahub_exporter.testing import NodeSourceContract, SchemaSourceContract, inventory


class TestSqliteNodeSource(NodeSourceContract):
    """The rows are right."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> Path:
        """Hold the known inventory."""
        return create(tmp_path / "inventory.sqlite", inventory.NODES)

    @pytest.fixture
    def source(self, database: Path) -> SqliteSource:
        """Be the source under test."""
        return SqliteSource(database, inventory.KINDS.values(), page_size=inventory.PAGE_SIZE)

    @pytest.fixture
    def change(self, database: Path) -> Callable[[], Awaitable[None]]:
        """Change what the suite wants changed while it reads."""

        async def change() -> None:
            with closing(sqlite3.connect(database)) as connection, connection:
                connection.execute("DELETE FROM node WHERE id = ?", (inventory.REMOVED_DRAFT,))
            add(database, [{"id": inventory.ADDED_DRAFT, "kind": "ContractDraft", "name": inventory.ADDED_DRAFT}])

        return change


class TestSqliteSchemaSource(SchemaSourceContract):
    """The kinds are right."""

    @pytest.fixture
    def schema(self, tmp_path: Path) -> SqliteSource:
        """Be the source under test."""
        return SqliteSource(create(tmp_path / "empty.sqlite"), inventory.KINDS.values())
