"""Which files a path of the embedded Infrahub stands for."""

from pathlib import Path

import pytest

from infrahub_exporter.adapters.embedded.documents import find, parse
from infrahub_exporter.domain.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.yml", "a/z.yaml", "a/y.json", "c.txt", "10.yml", "a/deep/x.yml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    return tmp_path


def named(folder: Path, *paths: str) -> list[str]:
    return [each.relative_to(folder).as_posix() for each in find([folder / path for path in paths])]


def test_a_folder_stands_for_the_files_in_it_and_below_in_the_order_of_their_names(folder: Path) -> None:
    assert named(folder, "") == ["10.yml", "a/deep/x.yml", "a/y.json", "a/z.yaml", "b.yml"]


def test_a_pattern_stands_for_what_matches_and_no_file_is_read_twice(folder: Path) -> None:
    assert named(folder, "b.yml", "*.yml", "a/**/*.y*ml") == ["b.yml", "10.yml", "a/deep/x.yml", "a/z.yaml"]


def test_a_file_that_is_named_may_be_called_as_it_likes(folder: Path) -> None:
    assert named(folder, "c.txt") == ["c.txt"]


@pytest.mark.parametrize("path", ["nowhere.yml", "*.nothing", "empty"])
def test_what_stands_for_no_file_is_refused(folder: Path, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find([folder / path])
    assert str(caught.value) == f"{folder / path}: expected a file, or a folder or a pattern of files"


def test_of_a_key_that_is_there_twice_the_last_one_counts_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    text = "base: &base {size: 1}\nrack: {<<: *base, size: 2}\nsize: 3\nsize: 4\n---\n- {<<: {a: 1}, <<: {b: 2}}\n"

    assert list(parse(text, "kit.yml")) == [
        {"base": {"size": 1}, "rack": {"size": 2}, "size": 4},
        [{"a": 1, "b": 2}],
    ]
    assert caplog.messages == ["kit.yml: line 4: size a second time, which counts"]
