"""Sets of schema files, object files and queries as repositories have them: found by what the files hold."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, documents
from infrahub_exporter.domain.errors import ConfigError

_QUERIES = frozenset({".gql", ".graphql"})
_LISTS = ("nodes", "generics")


class Set(Struct, frozen=True):
    """The files of one inventory, each sort in the order of its names."""

    name: str
    schema: tuple[Path, ...] = ()
    objects: tuple[Path, ...] = ()
    queries: tuple[Path, ...] = ()


class Loaded(Struct, frozen=True):
    """What was loaded of a set, and a line for each thing that was refused; a file that is refused is left out."""

    infrahub: EmbeddedInfrahub
    schema: tuple[Path, ...]
    objects: tuple[Path, ...]
    faults: tuple[str, ...]


def find(folder: Path) -> tuple[Set, ...]:
    """Find the sets below a folder: each folder in it that has a schema, or all of it where they need each other."""
    parts = [_read(each) for each in sorted(folder.iterdir()) if each.is_dir()]
    apart = any(each.schema for each in parts) and all(
        each.schema or not (each.objects or each.queries) for each in parts
    )
    return tuple(each for each in parts if each.schema) if apart else (_read(folder),)


def _read(folder: Path) -> Set:
    schema, objects = [], []
    for path in _files(folder):
        held = _held(path)
        if any(each.get("kind") == "Object" for each in held):
            objects.append(path)
        elif any(_is_schema(each) for each in held):
            schema.append(path)
    queries = sorted(each for each in folder.rglob("*") if each.suffix in _QUERIES)
    return Set(folder.name, tuple(schema), tuple(objects), tuple(queries))


def _is_schema(document: Mapping[str, object]) -> bool:
    """Tell a schema from what else has nodes or extensions: manifests of clusters, configurations of collectors."""
    extensions = document.get("extensions")
    extended = isinstance(extensions, dict) and "nodes" in extensions
    return "kind" not in document and (extended or any(isinstance(document.get(key), list) for key in _LISTS))


def _files(folder: Path) -> list[Path]:
    try:
        return documents.find([folder])
    except ConfigError:
        return []


def _held(path: Path) -> list[Mapping[str, object]]:
    """Give the mappings of a YAML file; one that is no YAML of its own holds none."""
    try:
        return [each for each in documents.read(path) if isinstance(each, dict)]
    except ConfigError:
        return []


def load(found: Set) -> Loaded:
    """Load a set into an embedded Infrahub; what it refuses is left out, and it is tried again without that."""
    try:
        return Loaded(EmbeddedInfrahub.load(found.schema, found.objects), found.schema, found.objects, ())
    except ConfigError as exc:
        faults = str(exc).splitlines()
        files = (*found.schema, *found.objects)
        refused = {path for path in files if any(each.startswith(f"{path}:") for each in faults)}
        if not refused:
            raise
    left = Set(
        found.name,
        tuple(each for each in found.schema if each not in refused),
        tuple(each for each in found.objects if each not in refused),
    )
    loaded = load(left)
    return Loaded(loaded.infrahub, loaded.schema, loaded.objects, (*faults, *loaded.faults))
