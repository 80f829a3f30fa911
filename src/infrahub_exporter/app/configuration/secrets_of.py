"""All secrets that a configuration names, for what has to hide them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from infrahub_exporter.app.configuration.secret import Secret, read_secrets
from infrahub_exporter.domain.access.redaction import Redactor
from infrahub_exporter.domain.errors import ConfigError

_SECRET_FILES = ("token_file", "key_file", "bearer_token_file")


def redactor_of(settings: Struct) -> Redactor:
    """Make a redactor of the secrets in settings, or a part of them, and in the files that they name."""
    return Redactor(_secrets(settings))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, Struct):
        for field in msgspec.structs.fields(value):
            inner = getattr(value, field.name)
            if field.name in _SECRET_FILES and isinstance(inner, Path):
                yield from _of_file(inner)
            else:
                yield from _secrets(inner)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _secrets(each)


def _of_file(path: Path) -> Iterator[str]:
    """Yield the secrets of a file, none where it cannot be read: who needs them says so."""
    try:
        found = read_secrets(path)
    except ConfigError:
        return
    for each in found:
        yield each.reveal()
