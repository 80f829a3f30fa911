"""The files that a configuration is made of, and how to tell that one has changed."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from infrahub_exporter.app.configuration.everything import StoreSettings
from infrahub_exporter.app.configuration.web import ListenerTlsSettings

Stamp = tuple[int, int, int]

_LEFT_OUT = (StoreSettings, ListenerTlsSettings)
"""The store is written by the exporter itself, the listener's certificates are looked at in each handshake."""


def files_of(settings: Struct) -> tuple[Path, ...]:
    """List the files that are read when settings, or a part of them, are used: queries, secrets, certificates ..."""
    return tuple(dict.fromkeys(_paths(settings)))


def stamp(path: Path) -> Stamp | None:
    """Return what changes when a file does, also behind a symbolic link; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _paths(value: object) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, _LEFT_OUT):
        return
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _paths(getattr(value, name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _paths(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _paths(each)
