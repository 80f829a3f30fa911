import os
from pathlib import Path

import pytest

from infrahub_exporter.adapters.file_sd import FileSd

LIST = [b'[{"targets":["10.0.0.1"],', b'"labels":{}}]']


def test_a_list_is_written_whole_and_readable_for_others(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    assert FileSd(path).write(LIST)
    assert path.read_bytes() == b"".join(LIST)
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_an_equal_list_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    FileSd(path).write(LIST)
    before = path.stat()
    assert not FileSd(path).write(LIST)
    assert path.stat() == before


def test_what_somebody_else_wrote_in_the_meantime_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    subject = FileSd(path)
    assert subject.write(LIST)
    assert not subject.write(LIST)
    path.write_bytes(b"[]")
    assert subject.write(LIST)
    path.unlink()
    assert subject.write(LIST)
    assert path.read_bytes() == b"".join(LIST)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "devices.json", tmp_path / "devices.json"
    link.symlink_to(real)
    assert FileSd(link).write(LIST)
    assert link.is_symlink()
    assert real.read_bytes() == b"".join(LIST)
    assert list((tmp_path / "there").iterdir()) == [real]


def test_mode_and_owner_of_the_file_before_stay(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    path.write_bytes(b"[]")
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12346)
    before = path.stat()
    assert FileSd(path).write(LIST)
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "devices.json"
    path.write_bytes(b"[]")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        FileSd(path).write(LIST)
    assert path.read_bytes() == b"[]"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileSd(tmp_path / "away" / "devices.json").write(LIST)


def test_what_is_no_file_stays_and_is_never_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(FileExistsError, match=f"there is something else than a file: '{path}'"):
        FileSd(path).write(LIST)
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]
