"""The suite of the port `SnapshotStore`."""

import math
from collections.abc import Callable

import anyio
import msgspec
import pytest

from infrahub_exporter.domain.model import Sample, TargetGroup
from infrahub_exporter.domain.ports import SnapshotStore
from infrahub_exporter.domain.publishing.saved import Saved, SavedKind, SavedList
from infrahub_exporter.domain.views.discovery import Decision
from infrahub_exporter.testing.contract import Contract

__all__ = ["LastingSnapshotStoreContract", "SnapshotStoreContract"]

_TEXTS = ("", 'a "quoted" word', "two\nlines", "back\\slash", "ünï™ 漢字 🛰", "nul\0", "x" * 100_000)
_BLOCKS = (
    (Sample("1", ("1", "InfraDevice__leaf1", "leaf1")), Sample("2", ("2", "InfraDevice__leaf2", "leaf2"))),
    (),
    (Sample("3", ("3", "InfraDevice__leaf3", "leaf3")),),
)
_DECISIONS = (
    (
        Decision("InfraDevice", "1", TargetGroup(("leaf1:9100", "[2001:db8::1]:9100"), {"__meta_infrahub_id": "1"})),
        Decision("InfraDevice", "2", reason="no_target"),
        Decision("InfraDevice"),
    ),
    (),
)


class SnapshotStoreContract(Contract):
    """What every `SnapshotStore` does.

    Fixtures: `store`, which holds nothing yet, and `now`: unix seconds at which entries may be read without being too
    old for it.
    """

    @pytest.mark.anyio
    async def test_it_is_a_snapshot_store(self, store: SnapshotStore) -> None:
        assert isinstance(store, SnapshotStore)

    @pytest.mark.anyio
    async def test_where_nothing_was_saved_there_is_nothing(self, store: SnapshotStore) -> None:
        assert await store.load() is None

    @pytest.mark.anyio
    async def test_what_was_saved_is_loaded_as_often_as_it_is_asked_for(self, store: SnapshotStore, now: float) -> None:
        saved = _saved(now)
        await store.save(saved)
        assert [await store.load(), await store.load()] == [saved, saved]

    @pytest.mark.anyio
    async def test_what_is_saved_later_takes_the_place_of_all_before(self, store: SnapshotStore, now: float) -> None:
        await store.save(_saved(now))
        fewer = Saved("elsewhere", "another", (SavedKind("BuiltinTag", "f", now, ("id",), ((Sample("9", ("9",)),),)),))
        await store.save(fewer)
        assert await store.load() == fewer

    @pytest.mark.anyio
    async def test_blocks_that_were_touched_are_saved_and_others_stay(self, store: SnapshotStore, now: float) -> None:
        first = _saved(now)
        await store.save(first)
        touched = (_BLOCKS[0], (Sample("4", ("4", "InfraDevice__leaf4", "leaf4")),), _BLOCKS[2])
        second = msgspec.structs.replace(first, kinds=(msgspec.structs.replace(first.kinds[0], blocks=touched),))
        await store.save(second)
        assert await store.load() == second
        await store.save(first)
        assert await store.load() == first

    @pytest.mark.anyio
    async def test_an_entry_without_a_node_is_an_entry(self, store: SnapshotStore, now: float) -> None:
        saved = Saved("s", "h", (SavedKind("A", "f", now, ("id",), ()),), (SavedList("b", "g", now, ((),)),))
        await store.save(saved)
        assert await store.load() == saved

    @pytest.mark.anyio
    async def test_every_character_is_kept(self, store: SnapshotStore, now: float) -> None:
        samples = tuple(Sample(str(number), (str(number), text)) for number, text in enumerate(_TEXTS))
        decisions = tuple(Decision("K", text, TargetGroup((text,), {"text": text})) for text in _TEXTS)
        saved = Saved(
            "s",
            "h",
            (SavedKind("ünï", "f", now, ("id", "text"), (samples,)),),
            (SavedList("x", "g", now, (decisions,)),),
        )
        await store.save(saved)
        assert await store.load() == saved

    @pytest.mark.anyio
    async def test_a_value_is_exact(self, store: SnapshotStore, now: float) -> None:
        values = (0.0, -2.5, 0.1, 2.0**53, 1e300, math.inf, -math.inf)
        samples = tuple(Sample(str(each), (str(each),), each) for each in values)
        saved = Saved("s", "h", (SavedKind("A", "f", now, ("id",), (samples,)),))
        await store.save(saved)
        assert await store.load() == saved

    @pytest.mark.anyio
    async def test_saves_and_loads_may_overlap(self, store: SnapshotStore, now: float) -> None:
        possible = [_numbered(now, number) for number in range(8)]
        loaded: list[Saved | None] = []

        async def load() -> None:
            loaded.append(await store.load())

        async with anyio.create_task_group() as tasks:
            for saved in possible:
                tasks.start_soon(store.save, saved)
                tasks.start_soon(load)
        assert [each for each in loaded if each is not None and each not in possible] == []
        assert await store.load() == possible[-1]


class LastingSnapshotStoreContract(SnapshotStoreContract):
    """What a `SnapshotStore` that outlives the process does beside that.

    Fixture: also `again`, a callable that opens another store at the same place, as the next process does.
    """

    @pytest.mark.anyio
    async def test_the_next_process_loads_what_was_saved(
        self, store: SnapshotStore, again: Callable[[], SnapshotStore], now: float
    ) -> None:
        assert await again().load() is None
        await store.save(_saved(now))
        assert await again().load() == _saved(now)
        await again().save(_numbered(now, 1))
        assert await store.load() == _numbered(now, 1)


def _saved(now: float) -> Saved:
    return Saved(
        "source",
        "schema",
        (
            SavedKind("InfraDevice", "f1", now - 1.5, ("id", "hfid", "name"), _BLOCKS),
            SavedKind("InfraDevice_2", "f2", now, ("id", "hfid", "name"), _BLOCKS),
        ),
        (SavedList("devices", "g1", now, _DECISIONS),),
    )


def _numbered(now: float, number: int) -> Saved:
    samples = tuple(Sample(f"{number}-{each}", (str(number),)) for each in range(2000))
    return Saved(str(number), "schema", (SavedKind("A", "f", now, ("number",), (samples,)),))
