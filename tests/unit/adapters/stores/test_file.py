"""A file that is whole at any moment, and never believed without proof."""

import hashlib
import logging
import os
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies

from infrahub_exporter.adapters.stores import FileStore
from infrahub_exporter.adapters.stores.packing import Packing
from infrahub_exporter.domain.publishing.saved import Saved, StoreStatus
from tests.unit.adapters.stores.conftest import NOW, StandingClock, load, save, saved

HEADER = struct.Struct(">27sHQ32s")
"""Magic, version, length and checksum of what follows, as the format has them."""
MAGIC = b"infrahub-exporter snapshot\n"
GOOD = Packing().pack(saved())
ASIDE = "snapshot.bad-20261124T092214Z"


def wrapped(payload: bytes, *, magic: bytes = MAGIC, version: int = 1) -> bytes:
    return HEADER.pack(magic, version, len(payload), hashlib.sha256(payload).digest()) + payload


def packed(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def kind(**replaced: object) -> bytes:
    stored = {"name": "A", "fingerprint": "f", "read_at": NOW, "label_names": ["id"], "blocks": [], **replaced}
    return wrapped(packed({"source": "s", "schema": "h", "kinds": [stored], "lists": []}))


def test_a_file_is_its_header_and_its_message(store: FileStore, path: Path) -> None:
    save(store, saved())
    assert path.read_bytes() == wrapped(GOOD)


def test_a_file_is_its_owners_alone_whatever_the_umask(store: FileStore, path: Path) -> None:
    before = os.umask(0)
    try:
        save(store, saved())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_save_leaves_nothing_beside_the_file(store: FileStore, path: Path) -> None:
    for number in range(3):
        save(store, saved(str(number)))
    assert [each.name for each in path.parent.iterdir()] == ["snapshot"]


def test_folders_that_are_missing_are_made(tmp_path: Path, clock: StandingClock) -> None:
    store = FileStore(tmp_path / "a" / "b" / "snapshot", max_age_seconds=3600, clock=clock)
    save(store, saved())
    assert load(store) == saved()


def test_what_is_not_there_is_no_trouble(store: FileStore, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert load(store) is None
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("INFO", f"{path} is not there, nothing to start from")
    ]


BAD = {
    "empty": (b"", "it is not a snapshot of this exporter"),
    "foreign": (b"groups:\n- name: alerts\n", "it is not a snapshot of this exporter"),
    "foreign, and short": (b"x", "it is not a snapshot of this exporter"),
    "another magic": (wrapped(GOOD, magic=b"infrahub-exporter snapshoT\n"), "it is not a snapshot of this exporter"),
    "cut in the magic": (wrapped(GOOD)[:20], "it is truncated"),
    "cut in the header": (wrapped(GOOD)[:60], "it is truncated"),
    "cut after the header": (wrapped(GOOD)[:69], f"it has 69 bytes in place of {69 + len(GOOD)}"),
    "cut at the end": (wrapped(GOOD)[:-1], f"it has {68 + len(GOOD)} bytes in place of {69 + len(GOOD)}"),
    "longer": (wrapped(GOOD) + b"\0", f"it has {70 + len(GOOD)} bytes in place of {69 + len(GOOD)}"),
    "one bit": (wrapped(GOOD)[:-1] + bytes([GOOD[-1] ^ 1]), "its checksum does not fit its content"),
    "zeros": (wrapped(GOOD)[:69] + bytes(len(GOOD)), "its checksum does not fit its content"),
    "a later version": (
        wrapped(GOOD, version=2),
        "it is a snapshot of version 2, this exporter reads version 1",
    ),
    "no message": (wrapped(b""), "its content cannot be read (Input data was truncated)"),
    "another message": (wrapped(packed([1])), "its content cannot be read (Expected `object`, got `array`)"),
    "no blocks": (
        kind(blocks="x"),
        "its content cannot be read (Expected `array`, got `str` - at `$.kinds[0].blocks`)",
    ),
    "a block that is not deflated": (
        kind(blocks=[b"x"]),
        "its content cannot be read (Error -5 while decompressing data: incomplete or truncated stream)",
    ),
    "a block of something else": (
        kind(blocks=[zlib.compress(packed("x"))]),
        "its content cannot be read (Expected `array`, got `str`)",
    ),
    "a series without labels": (
        kind(blocks=[zlib.compress(packed([{"id": "1", "labels": []}]))]),
        "its content does not fit together (A: a series has other labels than its kind)",
    ),
    "never read": (
        kind(read_at=float("nan")),
        "its content does not fit together (A: it was read at no time)",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_trusted_is_set_aside_with_the_reason(
    store: FileStore, path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    content, reason = BAD[name]
    path.write_bytes(content)
    assert load(store) is None
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", f"{path} is not used, it is set aside as {ASIDE}: {reason}")
    ]
    assert [each.name for each in path.parent.iterdir()] == [ASIDE]
    assert (path.parent / ASIDE).read_bytes() == content
    save(store, saved())
    assert load(store) == saved()


def test_what_was_set_aside_is_not_written_over(store: FileStore, path: Path) -> None:
    for content in (b"first", b"second", b"third"):
        path.write_bytes(content)
        load(store)
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == {
        ASIDE: b"first",
        f"{ASIDE}-2": b"second",
        f"{ASIDE}-3": b"third",
    }


def test_what_cannot_be_set_aside_is_not_used_all_the_same(
    store: FileStore, path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"foreign")
    monkeypatch.setattr(Path, "replace", failing)
    assert load(store) is None
    assert [each.getMessage() for each in caplog.records] == [
        f"{path} is not used and cannot be set aside (No space left on device): it is not a snapshot of this exporter"
    ]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_what_is_not_a_file_is_left_alone(
    store: FileStore, path: Path, caplog: pytest.LogCaptureFixture, make: Callable[[Path], None]
) -> None:
    make(path)
    assert load(store) is None
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert caplog.records[0].getMessage().startswith(f"{path} cannot be read, nothing to start from: ")
    assert [each.name for each in path.parent.iterdir()] == ["snapshot"]


def test_entries_that_are_too_old_are_left_out(
    store: FileStore, clock: StandingClock, caplog: pytest.LogCaptureFixture, path: Path
) -> None:
    save(store, saved(kind_at=NOW - 3600.5, list_at=NOW - 3600))
    young = load(store)
    assert young == msgspec.structs.replace(saved(list_at=NOW - 3600), kinds=())
    clock.now += 1
    assert load(store) is None
    assert [each.getMessage() for each in caplog.records] == [
        f"{path}: 1 of 2 entries was read more than 3600 s ago and is not used",
        f"{path}: 2 of 2 entries were read more than 3600 s ago and are not used",
    ]
    assert path.exists()


def test_a_clock_that_was_set_back_makes_nothing_too_old(store: FileStore, clock: StandingClock) -> None:
    save(store, saved())
    clock.now -= 10 * 365 * 86400
    assert load(store) == saved()


def test_nothing_that_was_read_is_nothing(store: FileStore) -> None:
    save(store, Saved("source", "schema"))
    assert load(store) is None


def failing(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "broken", [(os, "fsync"), (Path, "replace"), (Path, "mkdir")], ids=["sync", "rename", "folder"]
)
def test_a_save_that_fails_leaves_what_was_there_and_says_so_once(
    path: Path, clock: StandingClock, caplog: pytest.LogCaptureFixture, broken: tuple[object, str]
) -> None:
    store = FileStore(path, max_age_seconds=3600, clock=clock)
    caplog.set_level(logging.INFO)
    save(store, saved("first"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(*broken, failing)
        save(store, saved("second"))
        save(store, saved("third"))
        assert store.status == StoreStatus(
            saves=1,
            failures=2,
            saved_at=NOW,
            size_bytes=path.stat().st_size,
            last_error="No space left on device",
        )
    assert load(store) == saved("first")
    assert [each.name for each in path.parent.iterdir()] == ["snapshot"]
    save(store, saved("fourth"))
    assert load(store) == saved("fourth")
    assert store.status == StoreStatus(saves=2, failures=2, saved_at=NOW, size_bytes=path.stat().st_size)
    assert [each.getMessage() for each in caplog.records] == [
        f"{path} cannot be written, what it held before stays: No space left on device",
        f"{path} is written again",
    ]


def test_a_text_that_is_no_unicode_fails_and_leaves_what_was_there(store: FileStore) -> None:
    save(store, saved("first"))
    save(store, saved("\ud800"))
    assert (store.status.saves, store.status.failures) == (1, 1)
    assert load(store) == saved("first")


@pytest.mark.anyio
async def test_a_save_that_is_cancelled_leaves_a_whole_file(store: FileStore) -> None:
    await store.save(saved("first"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.save, saved("second"))
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert await store.load() in (saved("first"), saved("second"))


def test_an_earlier_save_that_is_slower_does_not_take_the_place_of_a_later_one(store: FileStore) -> None:
    store._save(saved("later"), 2)
    store._save(saved("earlier"), 1)
    assert load(store) == saved("later")


def test_temporary_files_of_killed_processes_are_removed_once_they_are_old(store: FileStore, path: Path) -> None:
    old, young, other = (path.parent / name for name in (".snapshot.a.tmp", ".snapshot.b.tmp", ".elsewhere.a.tmp"))
    for each in (old, young, other):
        each.write_bytes(b"half")
    for each in (old, other):
        os.utime(each, (1_000_000_000, 1_000_000_000))
    save(store, saved())
    assert {each.name for each in path.parent.iterdir()} == {"snapshot", young.name, other.name}


def test_only_blocks_that_were_touched_are_packed_again(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    compressed: list[bytes] = []
    compress = zlib.compress

    def counted(content: bytes, level: int) -> bytes:
        compressed.append(content)
        return compress(content, level)

    monkeypatch.setattr(zlib, "compress", counted)
    first = saved()
    save(store, first)
    save(store, msgspec.structs.replace(first, schema="another"))
    assert len(compressed) == 3
    (held,) = first.kinds
    touched = (held.blocks[0], (*held.blocks[1], *held.blocks[1]))
    second = msgspec.structs.replace(first, kinds=(msgspec.structs.replace(held, blocks=touched),), lists=())
    save(store, second)
    assert len(compressed) == 4
    save(store, first)  # its list was forgotten, and so was its second block
    assert len(compressed) == 6
    assert load(store) == first


NO_SAMPLES = frozenset({b"\x90", b"\xdc\x00\x00", b"\xdd\x00\x00\x00\x00"})
"""The ways to write a block without samples, which is a good one."""
MANGLED = strategies.one_of(
    strategies.binary(max_size=200),
    strategies.binary(max_size=200).map(wrapped),
    strategies.binary(max_size=200)
    .filter(lambda block: block not in NO_SAMPLES)
    .map(lambda block: kind(blocks=[zlib.compress(block)])),
    strategies.tuples(strategies.integers(0, len(GOOD) + 68), strategies.integers(1, 255)).map(
        lambda change: (
            wrapped(GOOD)[: change[0]] + bytes([wrapped(GOOD)[change[0]] ^ change[1]]) + wrapped(GOOD)[change[0] + 1 :]
        )
    ),
    strategies.integers(0, len(GOOD) + 68).map(lambda length: wrapped(GOOD)[:length]),
    strategies.tuples(strategies.integers(0, len(GOOD) + 69), strategies.binary(min_size=1, max_size=20)).map(
        lambda change: wrapped(GOOD)[: change[0]] + change[1] + wrapped(GOOD)[change[0] :]
    ),
)


@given(MANGLED)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(wrapped(b"\xdd\xff\xff\xff\xff"))
@example(kind(blocks=[zlib.compress(b"\xdd\xff\xff\xff\xff")]))
@example(kind(blocks=[zlib.compress(b"\x91" * 100_000)]))
@example(kind(blocks=[zlib.compress(packed([{"id": "1", "labels": [b"\xff"]}]))]))
def test_whatever_a_file_holds_nothing_of_it_is_served_and_nothing_is_raised(
    path: Path, clock: StandingClock, content: bytes
) -> None:
    path.write_bytes(content)
    store = FileStore(path, max_age_seconds=3600, clock=clock)
    assert load(store) is None
    assert not path.exists()
    for aside in path.parent.iterdir():
        assert aside.read_bytes() == content
        aside.unlink()
