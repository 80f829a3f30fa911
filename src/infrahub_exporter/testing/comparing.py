"""How the suites read rows, and compare them whatever the ids, and the order of rows and peers."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import cast

import msgspec

from infrahub_exporter.domain.asking.selection import Selection, select
from infrahub_exporter.domain.model import Peer, Row
from infrahub_exporter.domain.ports import NodeSource, Page
from infrahub_exporter.testing.inventory import KEYS, KINDS, NODES
from infrahub_exporter.testing.readings import Reading

__all__ = ["comparable", "ids", "next_page", "read", "renamed"]


async def next_page(pages: AsyncIterator[Page]) -> Page:
    """Return the next page."""
    return await pages.__anext__()


async def read(source: NodeSource, selection: Selection, *, at: float | None = None) -> list[Row]:
    """Read all rows of a selection."""
    return [row async for page in source.pages(selection, at=at) for row in page.rows]


_KIND_OF = {str(node["id"]): str(node["kind"]) for node in NODES}
_KEY_OF = {str(node["id"]): node[KEYS[str(node["kind"])]] for node in NODES if node["kind"] in KEYS}


async def ids(source: NodeSource, reading: Reading) -> dict[str, str]:
    """Learn the source's ids of the nodes that a reading speaks of, by ours."""
    kinds = {_KIND_OF[word] for word in _texts((reading.rows, reading.filters)) if word in _KEY_OF}
    known: dict[tuple[str, object], str] = {}
    for kind in sorted(kinds):
        for row in await read(source, select(kind, (KEYS[kind],), {}, KINDS)):
            known[kind, row.values[0]] = row.id
    return {our: known[_KIND_OF[our], key] for our, key in _KEY_OF.items() if (_KIND_OF[our], key) in known}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        yield from _texts(msgspec.structs.astuple(value))
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.values()))
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)


def renamed(value: object, names: Mapping[str, str]) -> object:
    """Put other ids in place of those in `names`, wherever they stand."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Row):
        values = cast("tuple[object, ...]", renamed(value.values, names))
        return msgspec.structs.replace(value, id=names.get(value.id, value.id), values=values)
    if isinstance(value, Peer):
        return msgspec.structs.replace(value, id=names.get(value.id, value.id))
    if isinstance(value, dict):
        return {key: renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(renamed(each, names) for each in value)
    return value


def comparable(rows: object) -> list[str]:
    """Write rows so that types count (`0` is not `False`) and the order of rows, peers and keys does not."""
    return sorted(map(_written, cast("list[object]", rows)))


def _written(value: object) -> str:
    if isinstance(value, Row):
        return f"{value.kind} {value.id} {value.hfid} | " + " | ".join(map(_written, value.values))
    if isinstance(value, tuple):
        return f"({', '.join(sorted(map(_written, value)))})"
    if isinstance(value, dict):
        return repr(dict(sorted(value.items())))
    return repr(value)
