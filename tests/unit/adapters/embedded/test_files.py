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


BOMB = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"- &a{each + 1} [{', '.join([f'*a{each}'] * 10)}]\n" for each in range(9)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: " + "[" * 99 + "]" * 99, None),
        ("a: " + "[" * 100 + "]" * 100, "expected 100 levels at most"),
        ("a: " + "[" * 5_000 + "]" * 5_000, "expected 100 levels at most"),
        ("a: &a [*a]", "expected 100 levels at most"),
        ("a: &a {b: *a}", "expected 100 levels at most"),
        (BOMB, "expected 5000000 values at most, those of an alias counted each time"),
        ("a: " + "9" * 5_000, "expected valid YAML"),
        ("a: !!timestamp 9999-99-99", "expected valid YAML"),
    ],
)
def test_what_goes_too_deep_or_too_far_is_refused_in_one_line(text: str, reason: str | None) -> None:
    if reason is None:
        assert len(list(parse(text, "file.yml"))) == 1
        return
    with pytest.raises(ConfigError) as refused:
        list(parse(text, "file.yml"))
    assert str(refused.value) == f"file.yml: {reason}"
