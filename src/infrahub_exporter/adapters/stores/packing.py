"""A snapshot as bytes: one msgpack message, in which each block is packed and deflated for itself.

So a save packs only the blocks that were touched since the last one. 100,000 series of 8 labels are some 20 MB and
become 5, which is also what there is to write, to sync and to remember.
"""

import zlib
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.model import Sample
from infrahub_exporter.domain.publishing.saved import Saved, SavedCollector, SavedKind, SavedList
from infrahub_exporter.domain.views.discovery import Decision

Item = TypeVar("Item")


class UntrustedError(Exception):
    """A file that does not hold what a save wrote, in words."""


class _StoredKind(Struct, frozen=True):
    name: str
    fingerprint: str
    read_at: float
    label_names: tuple[str, ...]
    blocks: tuple[bytes, ...]
    nodes: int | None = None


class _StoredList(Struct, frozen=True):
    name: str
    fingerprint: str
    read_at: float
    blocks: tuple[bytes, ...]


class _Stored(Struct, frozen=True):
    source: str
    schema: str
    kinds: tuple[_StoredKind, ...]
    lists: tuple[_StoredList, ...]
    collectors: tuple[SavedCollector, ...] = ()


class Packing:
    """Pack what is saved, each block once as long as it stays the same object. Not for two threads at a time."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[object, ...], bytes]] = {}

    def pack(self, saved: Saved) -> bytes:
        """Return the message; forget the blocks that are no longer in it."""
        known: dict[int, tuple[tuple[object, ...], bytes]] = {}

        def packed(blocks: Iterable[tuple[object, ...]]) -> tuple[bytes, ...]:
            for block in blocks:
                known[id(block)] = self._known.get(id(block)) or (block, _packed(block))
            return tuple(known[id(block)][1] for block in blocks)

        stored = _Stored(
            saved.source,
            saved.schema,
            tuple(
                _StoredKind(
                    each.name, each.fingerprint, each.read_at, each.label_names, packed(each.blocks), each.nodes
                )
                for each in saved.kinds
            ),
            tuple(_StoredList(each.name, each.fingerprint, each.read_at, packed(each.blocks)) for each in saved.lists),
            saved.collectors,
        )
        self._known = known
        return msgspec.msgpack.encode(stored)


def _packed(block: tuple[object, ...]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(block), 1)


def unpack(payload: bytes) -> Saved:
    """Read a message. Raises UntrustedError."""
    samples: Callable[[bytes], tuple[Sample, ...]] = msgspec.msgpack.Decoder(tuple[Sample, ...]).decode
    decisions: Callable[[bytes], tuple[Decision, ...]] = msgspec.msgpack.Decoder(tuple[Decision, ...]).decode
    try:
        stored = msgspec.msgpack.decode(payload, type=_Stored)
        saved = Saved(
            stored.source,
            stored.schema,
            tuple(
                SavedKind(
                    each.name,
                    each.fingerprint,
                    each.read_at,
                    each.label_names,
                    _opened(each.blocks, samples),
                    each.nodes,
                )
                for each in stored.kinds
            ),
            tuple(
                SavedList(each.name, each.fingerprint, each.read_at, _opened(each.blocks, decisions))
                for each in stored.lists
            ),
            stored.collectors,
        )
    except (ValueError, MemoryError, RecursionError, zlib.error) as error:
        raise UntrustedError(f"its content cannot be read ({error})") from error
    if saved.flaw is not None:
        raise UntrustedError(f"its content does not fit together ({saved.flaw})")
    return saved


def _opened(blocks: Iterable[bytes], decode: Callable[[bytes], tuple[Item, ...]]) -> tuple[tuple[Item, ...], ...]:
    return tuple(decode(zlib.decompress(block)) for block in blocks)
