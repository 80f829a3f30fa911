"""Schema files, read and put together: declarations by kind, extensions added to what they extend."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from infrahub_exporter.adapters.embedded import documents
from infrahub_exporter.adapters.embedded.conversion import convert
from infrahub_exporter.adapters.embedded.declarations import (
    ExtensionDeclaration,
    GenericDeclaration,
    NodeDeclaration,
    SchemaFile,
)
from infrahub_exporter.adapters.embedded.declared import BUILTIN, Declared, unknown
from infrahub_exporter.adapters.embedded.faults import Faults
from infrahub_exporter.adapters.embedded.fields import malformed
from infrahub_exporter.adapters.embedded.inheritance import resolve
from infrahub_exporter.adapters.embedded.kinds import RESTRICTED, Kinds
from infrahub_exporter.adapters.embedded.merging import merge, twice, without_absent
from infrahub_exporter.domain.errors import ConfigError

logger = logging.getLogger("infrahub_exporter.infrahub")
_HERE = "infrahub_exporter.adapters.embedded"


def load_kinds(paths: Sequence[Path]) -> Kinds:
    """Read schema files and work their kinds out, beside the built-in ones.

    Raises:
        ConfigError: a line for each fault, that names file, kind and expectation.
    """
    read = [(BUILTIN, _builtin())]
    faults = Faults()
    for path in paths:
        with faults.gathered():
            contents = list(documents.read(path))
            if not contents:
                raise ConfigError(f"{path}: empty, expected a schema with `nodes`, `generics` or `extensions`")
            for each in contents:
                with faults.gathered():
                    read.append((str(path), convert(each, SchemaFile, str(path))))
    faults.check()
    declared = _collect(read)
    _warn_of_transforms(declared)
    with faults.gathered():
        kinds = resolve(declared)
    for each in _malformed(read[1:]):
        faults.add(each)
    faults.check()
    return kinds


def _warn_of_transforms(declared: Mapping[str, Declared]) -> None:
    """Say once which attributes stay null, since a Python transform of a repository would compute them."""
    names = [
        f"{key}.{attribute.name}"
        for key, each in declared.items()
        for attribute in each.declaration.attributes
        if attribute.computed_attribute is not None and attribute.computed_attribute.kind == "TransformPython"
    ]
    if names:
        logger.warning("%s: computed by Python transforms, which the embedded Infrahub leaves null", ", ".join(names))


@cache
def _builtin() -> SchemaFile:
    """Read the kinds that every Infrahub has, as `tools/builtin_kinds.py` wrote them."""
    return msgspec.json.decode(files(_HERE).joinpath("builtin.json").read_bytes(), type=SchemaFile)


def _collect(read: Iterable[tuple[str, SchemaFile]]) -> dict[str, Declared]:
    declared: dict[str, Declared] = {}
    extensions: list[tuple[str, ExtensionDeclaration]] = []
    faults = Faults()
    for source, content in read:
        every: list[NodeDeclaration | GenericDeclaration] = [*content.generics, *content.nodes]
        for each in every:
            with faults.gathered():
                _declare(source, each, declared)
        extensions += [(source, each) for each in (content.extensions.nodes if content.extensions else ())]
    for source, extension in extensions:
        with faults.gathered():
            if extension.kind not in declared:
                raise ConfigError(f"{source}: extensions: {unknown(extension.kind, declared)}")
            _merge(source, extension.kind, extension, declared[extension.kind])
    faults.check()
    return {key: each for key, each in declared.items() if each.declaration.state != "absent"}


def _malformed(read: Iterable[tuple[str, SchemaFile]]) -> Iterator[str]:
    """Tell of attributes that cannot be as they are written, though another declaration says more or they go away."""
    for source, content in read:
        extended = content.extensions.nodes if content.extensions else ()
        said = [(each.key, each.attributes) for each in (*content.generics, *content.nodes)]
        for key, attributes in (*said, *((each.kind, each.attributes) for each in extended)):
            for each in attributes:
                wrong = malformed(each)
                if wrong is not None:
                    yield f"{source}: {key}.{each.name}: {wrong}"


def _declare(source: str, declaration: NodeDeclaration | GenericDeclaration, declared: dict[str, Declared]) -> None:
    """Take a declaration in, or put it into the one that there is."""
    key = declaration.key
    found = declared.get(key)
    if found is None:
        if source != BUILTIN and declaration.namespace in RESTRICTED:
            raise ConfigError(
                f"{source}: {key}: the namespace {declaration.namespace} is Infrahub's own, expected another"
            )
        declared[key] = Declared(source, declaration, built_in=source == BUILTIN)
    elif isinstance(declaration, NodeDeclaration) is not isinstance(found.declaration, NodeDeclaration):
        sort = "node" if isinstance(found.declaration, NodeDeclaration) else "generic"
        raise ConfigError(f"{source}: {key}: a {sort} in {found.source}, expected another name or the same sort")
    else:
        _merge(source, key, declaration, found)


def _merge(
    source: str, key: str, addition: NodeDeclaration | GenericDeclaration | ExtensionDeclaration, found: Declared
) -> None:
    name = twice(addition)
    if name is not None:
        raise ConfigError(f"{source}: {key}.{name}: taken, expected another name")
    fields = (*addition.attributes, *addition.relationships)
    found.fields |= {each.name: source for each in fields}
    if not isinstance(addition, ExtensionDeclaration):
        found.declaration = without_absent(found.declaration, addition)
    found.declaration = merge(found.declaration, addition)
    if found.source == BUILTIN:
        found.source = source
