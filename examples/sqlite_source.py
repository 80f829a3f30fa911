"""A source of one's own: an inventory in an SQLite database. `python -m examples.sqlite_source`.

`examples/test_sqlite_source.py` runs the shipped contract suites on it.
"""

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import anyio.to_thread
import msgspec

from examples.network import network, settings
from infrahub_exporter import build_exporter
from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.asking.selection import Column, Filter, Selection
from infrahub_exporter.domain.errors import SourceRejectedError, SourceUnavailableError, UnknownKindError
from infrahub_exporter.domain.model import JSON, KindSchema, Peer, Row
from infrahub_exporter.domain.ports import Page

TABLES = """
    CREATE TABLE node (id TEXT PRIMARY KEY, kind TEXT, hfid TEXT);
    CREATE TABLE inherits (id TEXT REFERENCES node, generic TEXT);
    CREATE TABLE held (id TEXT REFERENCES node, path TEXT, value TEXT);
"""
"""`held` has one line per value, in JSON; a path over a to-many relation has several."""

OF_KIND = "SELECT id, kind, hfid FROM node WHERE (kind = ? OR id IN (SELECT id FROM inherits WHERE generic = ?))"
WITH_ID = " AND id IN (SELECT value FROM json_each(?))"
WITH_VALUE = " AND id IN (SELECT id FROM held WHERE path = ? AND value IN (SELECT value FROM json_each(?)))"


class SqliteSource:
    """A `NodeSource` and `SchemaSource`; a `QueryRunner` only in so far as it refuses.

    Each read has a connection and a transaction of its own, in a worker thread: reads may overlap, and all rows of one
    are of one instant.
    """

    def __init__(self, path: Path, schema: Iterable[KindSchema], *, page_size: int = 500) -> None:
        self._path = path
        self._schema = {each.kind: each for each in schema}
        self._page_size = page_size

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        """Yield the rows of a selection, as they are now: a database without a history knows no other instant."""
        del at
        rows = await anyio.to_thread.run_sync(partial(self._read, selection))
        for start in range(offset, len(rows), self._page_size):
            page = rows[start : start + self._page_size]
            yield Page(page, start + len(page))

    async def count(self, selection: Selection, *, at: float | None = None) -> int:
        """Count the nodes of a selection."""
        del at
        return len(await anyio.to_thread.run_sync(partial(self._read, selection)))

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind."""
        if kind not in self._schema:
            raise UnknownKindError(f"the database has no kind {kind!r}{suggestion(kind, self._schema)}")
        return self._schema[kind]

    async def kinds(self, kinds: Collection[str]) -> Mapping[str, KindSchema]:
        """Describe kinds."""
        return {kind: self._schema[kind] for kind in kinds if kind in self._schema}

    async def fingerprint(self) -> str:
        """Name the schema: it is given once and never changes."""
        return "fixed"

    async def run(self, document: str, variables: Mapping[str, JSON] | None = None) -> Mapping[str, JSON]:
        """Refuse: a database answers no GraphQL, so its discoveries name a `kind`."""
        del variables
        raise SourceRejectedError(f"a document of {len(document)} characters, and no GraphQL here")

    async def close(self) -> None:
        """Let go of nothing: no connection stays open."""

    def _read(self, selection: Selection) -> list[Row]:
        if selection.kind not in self._schema:
            raise SourceRejectedError(f"the database has no kind {selection.kind!r}")
        question = (
            "SELECT id, kind, hfid FROM node WHERE (kind = ? OR id IN (SELECT id FROM inherits WHERE generic = ?))"
        )
        values: list[object] = [selection.kind, selection.kind]
        for each in selection.filters:
            condition, wanted = _condition(each, self._schema[selection.kind])
            question += condition
            values += wanted
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                connection.execute("BEGIN")
                found = connection.execute(question + " ORDER BY id", values).fetchall()
                return [_row(connection, id_, kind, hfid, selection.columns) for id_, kind, hfid in found]
        except sqlite3.Error as error:
            raise SourceUnavailableError(f"the database cannot be read: {error}") from error


def _condition(each: Filter, schema: KindSchema) -> tuple[str, list[str]]:
    """Write a filter in SQL, with the values of its marks: lists go in as JSON."""
    wanted = each.value if isinstance(each.value, list) else [each.value]
    if each.argument == "ids":
        return WITH_ID, [_json(wanted)]
    path, _, ending = each.argument.rpartition("__")
    known = path.partition("__")[0] in {*schema.attributes, *schema.relationships}
    if not known or ending not in {"value", "values"}:
        raise SourceRejectedError(f"filter {each.argument!r}: the database does not know it")
    return WITH_VALUE, [path.replace("__", "."), _json([_json(value) for value in wanted])]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _row(
    connection: sqlite3.Connection, identifier: str, kind: str, hfid: str | None, columns: Iterable[Column]
) -> Row:
    own: dict[str, object] = {"id": identifier, "__typename": kind}
    parts = None if hfid is None else msgspec.json.decode(hfid, type=tuple[str, ...])
    if parts is not None:
        own["hfid"] = "__".join(parts)
    values = tuple(own.get(each.path) or _value(connection, identifier, each) for each in columns)
    return Row(identifier, kind, parts, values)


def _value(connection: sqlite3.Connection, identifier: str, column: Column) -> object:
    question = "SELECT value FROM held WHERE id = ? AND path = ? ORDER BY rowid"
    texts = [text for (text,) in connection.execute(question, (identifier, _plain(column.path)))]
    type_ = Peer if column.attribute is None else object
    found = tuple(msgspec.json.decode(text, type=type_) for text in texts)
    if column.many:
        return found
    return found[0] if found else None


def create(path: Path, nodes: Iterable[Mapping[str, object]] = ()) -> Path:
    """Make a database of nodes."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    add(path, nodes)
    return path


def add(path: Path, nodes: Iterable[Mapping[str, object]]) -> None:
    """Add nodes, described as a `MemorySource` takes them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for node in nodes:
            _insert(connection, node)


def _insert(connection: sqlite3.Connection, node: Mapping[str, object]) -> None:
    generics = node.get("generics")
    hfid = None if node.get("hfid") is None else _json(node["hfid"])
    connection.execute("INSERT INTO node VALUES (?, ?, ?)", (node["id"], node["kind"], hfid))
    for generic in generics if isinstance(generics, tuple) else ():
        connection.execute("INSERT INTO inherits VALUES (?, ?)", (node["id"], generic))
    for path, value in node.items():
        for each in value if isinstance(value, tuple) else (value,):
            connection.execute("INSERT INTO held VALUES (?, ?, ?)", (node["id"], _plain(path), _json(each)))


def _plain(path: str) -> str:
    """Write a path as a filter does, but for its dots."""
    return path.replace("[]", "")


async def main() -> None:
    """Export what stands in a database."""
    lyon = network("lyon")
    with TemporaryDirectory() as directory:
        path = create(Path(directory) / "network.sqlite", lyon.nodes)
        source = SqliteSource(path, lyon.schema.values())
        async with build_exporter(settings(), source=source) as exporter:
            await exporter.refresh()
            for group in exporter.target_groups("devices"):
                print(group.targets, group.labels["site"])


if __name__ == "__main__":
    anyio.run(main)
