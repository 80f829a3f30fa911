"""YAML files as Infrahub's tools read them: several documents, the last of keys alike, every trouble a ConfigError."""

import logging
import os
import stat
from collections.abc import Hashable, Iterable, Iterator
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from infrahub_exporter.domain.errors import ConfigError

if TYPE_CHECKING:
    _Fast = yaml.SafeLoader
else:
    _Fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_LEVELS, _MOST_VALUES = 100, 5_000_000
MOST_BYTES = 64 * 1024 * 1024
"""The size of a file that is read, of an object's own content too."""


logger = logging.getLogger("infrahub_exporter.infrahub")
_MERGE = "tag:yaml.org,2002:merge"


class _Loader(_Fast):
    """A safe loader that keeps dates as they are written, and tells of the keys that a mapping has twice."""

    source = ""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen = set()
        for key_node, _ in node.value:
            key = (key_node.tag, key_node.value) if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key in seen and key[0] != _MERGE:
                line = key_node.start_mark.line + 1
                logger.warning("%s: line %d: %s a second time, which counts", self.source, line, key[1])
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Fast.yaml_implicit_resolvers.items()
}


_SUFFIXES = frozenset({".yml", ".yaml", ".json"})


def find(paths: Iterable[Path]) -> list[Path]:
    """Give the files of paths: a folder stands for the YAML and JSON files in it and below, a pattern for what matches.

    Both are in the order of their names. What stands for no file is an error.

    Raises:
        ConfigError: that names the path.
    """
    found: list[Path] = []
    for path in paths:
        matches = [path] if path.exists() else sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207 - absolute, too
        files = [each for match in matches for each in (_files_of(match) if match.is_dir() else [match])]
        if not files:
            raise ConfigError(f"{path}: expected a file, or a folder or a pattern of files")
        found += files
    return list(dict.fromkeys(found))


def _files_of(folder: Path) -> list[Path]:
    """Give the files in a folder and below it by name, as Infrahub's tools take them."""
    found: list[Path] = []
    for each in sorted(folder.iterdir(), key=lambda path: path.name):
        if each.is_dir():
            found += _files_of(each)
        elif each.suffix in _SUFFIXES:
            found.append(each)
    return found


def parse(text: str, source: str) -> Iterator[object]:
    """Yield the documents of a YAML text; empty ones are left out.

    Raises:
        ConfigError: with source, line and reason.
    """
    try:
        for each in _load(text, source):
            _check(each, source)
            if each is not None:
                yield each
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = f"line {mark.line + 1}" if mark else "the file"
        raise ConfigError(f"{source}: {place}: {exc.problem or 'not YAML'}, expected valid YAML") from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:  # a number of 5,000 digits, a tagged date that is none
        raise ConfigError(f"{source}: expected valid YAML") from exc


def _load(text: str, source: str) -> Iterator[object]:
    loader = _Loader(text)
    loader.source = source
    try:
        while loader.check_data():  # type: ignore[no-untyped-call] # PyYAML has no types for it
            yield loader.get_data()
    finally:
        loader.dispose()


def _check(value: object, source: str) -> None:
    """Raise ConfigError for more levels or values than can be worked on; an anchor in itself has no end of them."""
    waiting: list[tuple[object, int]] = [(value, 1)]
    left = _MOST_VALUES
    while waiting:
        each, level = waiting.pop()
        if not isinstance(each, dict | list):
            continue
        left -= len(each)
        if level > _MOST_LEVELS:
            raise ConfigError(f"{source}: expected {_MOST_LEVELS} levels at most")
        if left < 0:
            raise ConfigError(f"{source}: expected {_MOST_VALUES} values at most, those of an alias counted each time")
        below = each.values() if isinstance(each, dict) else each
        waiting.extend((inner, level + 1) for inner in below if isinstance(inner, dict | list))


def content(path: Path) -> bytes:
    """Read a file that is one, and of a size that somebody may have written. Raises OSError."""
    with open(path, "rb", opener=_opened_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "a pipe or a device")
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise OSError(0, f"more than {MOST_BYTES >> 20} MiB")
    return found


def _opened_at_once(path: str, flags: int) -> int:
    """Open without waiting, as a pipe would have it, for who is at its other end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read(path: Path) -> Iterator[object]:
    """Yield the documents of a YAML file. Raises ConfigError as `parse` does, and where it cannot be read."""
    try:
        text = content(path).decode()
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror or exc}, expected a readable file") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: not UTF-8, expected a YAML text") from exc
    return parse(text, str(path))
