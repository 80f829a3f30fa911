"""Schema files, read and put together: declarations by kind, extensions added to what they extend."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from infrahub_exporter.adapters.embedded import documents
from infrahub_exporter.adapters.embedded.declarations import (
    ExtensionDeclaration,
    GenericDeclaration,
    NodeDeclaration,
    SchemaFile,
)
from infrahub_exporter.adapters.embedded.inheritance import Declared, resolve, unknown
from infrahub_exporter.adapters.embedded.kinds import Kinds
from infrahub_exporter.domain.errors import ConfigError

_HERE = "infrahub_exporter.adapters.embedded"


def load_kinds(paths: Sequence[Path]) -> Kinds:
    """Read schema files and work their kinds out, beside the built-in ones.

    Raises:
        ConfigError: one line that names file, kind and expectation.
    """
    builtin = files(_HERE).joinpath("builtin.yml").read_text(encoding="utf-8")
    read = [
        ("built-in", documents.convert(each, SchemaFile, "built-in")) for each in documents.parse(builtin, "built-in")
    ]
    for path in paths:
        contents = list(documents.read(path))
        if not contents:
            raise ConfigError(f"{path}: empty, expected a schema with `nodes`, `generics` or `extensions`")
        read.extend((str(path), documents.convert(each, SchemaFile, str(path))) for each in contents)
    return resolve(_collect(read))


def _collect(read: Iterable[tuple[str, SchemaFile]]) -> dict[str, Declared]:
    declared: dict[str, Declared] = {}
    extensions: list[tuple[str, ExtensionDeclaration]] = []
    for source, content in read:
        every: list[NodeDeclaration | GenericDeclaration] = [*content.generics, *content.nodes]
        for each in every:
            if each.state == "absent":
                continue
            if each.key in declared:
                other = declared[each.key].source
                raise ConfigError(f"{source}: {each.key}: declared in {other} as well, expected one declaration")
            declared[each.key] = Declared(source, each)
        extensions.extend((source, each) for each in (*content.extensions.nodes, *content.extensions.generics))
    for source, extension in extensions:
        _extend(source, extension, declared)
    return declared


def _extend(source: str, extension: ExtensionDeclaration, declared: dict[str, Declared]) -> None:
    if extension.kind not in declared:
        raise ConfigError(f"{source}: extensions: {unknown(extension.kind, declared)}")
    found = declared[extension.kind]
    names = {each.name for each in (*found.declaration.attributes, *found.declaration.relationships)}
    for each in (*extension.attributes, *extension.relationships):
        if each.name in names:
            raise ConfigError(f"{source}: extensions: {extension.kind}.{each.name}: exists, expected a new name")
    found.declaration = msgspec.structs.replace(
        found.declaration,
        attributes=(*found.declaration.attributes, *extension.attributes),
        relationships=(*found.declaration.relationships, *extension.relationships),
    )
