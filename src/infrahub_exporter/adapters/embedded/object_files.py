"""Object files as they are written: documents of objects, and what stands in a field of an object."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from infrahub_exporter.adapters.embedded import documents
from infrahub_exporter.adapters.embedded.kinds import Relationship
from infrahub_exporter.adapters.embedded.ranges import expand
from infrahub_exporter.domain.errors import ConfigError

Object = Mapping[str, Any]


class Parameters(Struct, frozen=True):
    """How the data of a document are to be read."""

    expand_range: bool = False


class Spec(Struct, frozen=True):
    """The objects of a document."""

    kind: str
    data: list[dict[str, Any]] = []
    parameters: Parameters = Parameters()


class ObjectFile(Struct, frozen=True, rename={"api_version": "apiVersion"}):
    """A document of an object file; what Infrahub's loader does not know of is ignored, as it does."""

    kind: Literal["Object"]
    spec: Spec
    api_version: Literal["infrahub.app/v1"] = "infrahub.app/v1"


class Nested(Struct, frozen=True):
    """An object that stands inside another one; without a kind it is of the relationship's."""

    kind: str | None
    data: Object
    place: str


class FromPool(Struct, frozen=True):
    """What a resource pool is to give: the pool, and what is said of the resource."""

    pool: str
    data: Object


def read(path: Path) -> Iterator[tuple[str, object]]:
    """Yield the documents of a file that hold objects, with their place; menus are left out.

    Raises:
        ConfigError: for a file that cannot be read or holds nothing.
    """
    number = 0
    for number, document in enumerate(documents.read(path), 1):
        if not (isinstance(document, Mapping) and document.get("kind") == "Menu"):
            yield f"{path}: document {number}", document
    if not number:
        raise ConfigError(f"{path}: empty, expected objects (`apiVersion: infrahub.app/v1`, `kind: Object`)")


def objects_of(spec: Spec, source: str) -> Sequence[Object]:
    """Give the objects of a document, its ranges expanded. Raises ConfigError."""
    return expanded(spec.data, source) if spec.parameters.expand_range else spec.data


def expanded(data: Sequence[Object], place: str) -> list[Object]:
    """Expand ranges. Raises ConfigError."""
    try:
        return list(expand(data))
    except ValueError as exc:
        raise ConfigError(f"{place}: {exc}") from exc


def nested(relationship: Relationship, value: object, place: str) -> list[Nested] | None:
    """Give the nested objects of a value; None where the value is references. Raises ConfigError."""
    if isinstance(value, Mapping):
        data = value.get("data")
        items: list[Any] = data if isinstance(data, list) else [data]
        if relationship.many != isinstance(data, list) or not all(isinstance(each, Mapping) for each in items):
            shape = "a list of objects" if relationship.many else "one object"
            raise ConfigError(f"{place}: expected a reference, or `kind` and `data` with {shape}")
        parameters = value.get("parameters")
        if isinstance(parameters, Mapping) and parameters.get("expand_range"):
            items = expanded(items, place)
        return [
            Nested(value.get("kind"), each, f"{place}[{index}]" if relationship.many else place)
            for index, each in enumerate(items)
        ]
    if relationship.many and isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for index, each in enumerate(value):
            if not isinstance(each, Mapping) or not isinstance(each.get("data"), Mapping):
                raise ConfigError(f"{place}[{index}]: expected references, or objects each with `kind` and `data`")
        return [Nested(each.get("kind"), each["data"], f"{place}[{index}]") for index, each in enumerate(value)]
    return None


def references(relationship: Relationship, value: object, place: str) -> list[Any]:
    """Give the references of a value: a human-friendly id as text or list, for a to-many a list of them.

    Raises:
        ConfigError: for what Infrahub's loader takes for none.
    """
    if relationship.many:
        if not isinstance(value, list) or not all(_is_reference(each) for each in value):
            raise ConfigError(f"{place}: expected a list of human-friendly ids, each a text or a list of texts")
        return value
    if not _is_reference(value):
        raise ConfigError(f"{place}: expected a human-friendly id, a text or a list of texts")
    return [value]


def _is_reference(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value))


def is_id(text: str) -> bool:
    """Tell whether a text is an id, and so no human-friendly one."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def from_pool(value: object, place: str) -> FromPool | None:
    """Give the pool that a value is to be taken from; None where it says none. Raises ConfigError."""
    if not isinstance(value, Mapping) or "from_pool" not in value:
        return None
    given = value["from_pool"]
    if isinstance(given, Mapping):
        name = given.get("id") or given.get("hfid")
        said = {key: each for key, each in given.items() if key not in {"id", "hfid"}}
    else:
        name, said = given, {}
    if isinstance(name, list) and len(name) == 1:
        (name,) = name
    if not isinstance(name, str):
        raise ConfigError(f"{place}: from_pool: expected the name or the id of a pool")
    return FromPool(name, said)


def keyed(value: Any) -> Any:
    """Write all keys of a value as texts, what YAML takes for no text by its Python name: as Infrahub's loader does."""
    if isinstance(value, Mapping):
        return {str(key): keyed(each) for key, each in value.items()}
    return [keyed(each) for each in value] if isinstance(value, list) else value


def protection(attribute: str, value: Any) -> dict[str, bool]:
    """Tell whether an attribute's value is protected, where that stands beside it."""
    said = value.get("is_protected") if isinstance(value, Mapping) and "value" in value else None
    return {attribute: said} if isinstance(said, bool) else {}
