"""From documents to Structs: all that is wrong with one is told, each fault with its place and what may stand there."""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from infrahub_exporter.adapters.embedded.faults import Faults
from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.errors import ConfigError

T = TypeVar("T")
_FIELDS = ("attributes", "relationships")
_UNIONS = (Union, types.UnionType)
Fault = tuple[str, str]
"""The place in a document, and what is wrong there."""


def convert(document: object, shape: type[T], source: str) -> T:
    """Turn a document into a Struct; a text that is a number or a boolean may stand for it, as Infrahub takes it.

    Raises:
        ConfigError: a line for each fault, that names source, place and expectation.
    """
    try:
        return msgspec.convert(document, shape, strict=False)
    except msgspec.ValidationError as exc:
        faults = Faults()
        for place, wrong in _faults(document, shape, ""):
            faults.add(f"{source}: {place or 'document'}: {wrong}")
        raise ConfigError(faults.told()) from exc


def _faults(value: object, shape: Any, place: str) -> Iterator[Fault]:
    """Yield what is wrong with a value, innermost places first."""
    try:
        msgspec.convert(value, shape, strict=False)
    except msgspec.ValidationError as exc:
        (bare, *_) = _without_none(shape)
        (item, *_) = get_args(bare) or (None,)
        if _is_struct(bare) and isinstance(value, Mapping):
            yield from _of_fields(value, bare, place)
        elif _is_struct(item) and isinstance(value, list):
            for index, each in enumerate(value):
                yield from _faults(each, item, _named(each, place, index))
        else:
            yield _wrong(exc, value, bare, place)


def _of_fields(value: Mapping[str, object], shape: Any, place: str) -> Iterator[Fault]:
    hints = get_type_hints(shape, include_extras=True)
    fields = {each.encode_name: each for each in msgspec.structs.fields(shape)}
    if shape.__struct_config__.forbid_unknown_fields:
        for name in (each for each in value if each not in fields):
            expected = suggestion(str(name), fields) or f", expected one of {', '.join(fields)}"
            yield place, f"unknown field {name}{expected}"
    for name, field in fields.items():
        inner = f"{place}.{name}" if place else name
        if name in value:
            yield from _faults(value[name], hints[field.name], inner)
        elif field.required:
            yield inner, "missing, expected a value"


def _wrong(exc: msgspec.ValidationError, value: object, shape: Any, place: str) -> Fault:
    what, _, deeper = str(exc).partition(" - at `$")
    if get_origin(shape) is Literal and isinstance(value, str):
        known = [str(each) for each in get_args(shape)]
        return place, f"{value!r}, expected one of {', '.join(known)}{suggestion(value, known)}"
    return place + deeper.rstrip("`"), what[:1].lower() + what[1:]


def _without_none(shape: Any) -> list[Any]:
    """Give what a shape may be beside null."""
    if get_origin(shape) is Annotated:
        return _without_none(get_args(shape)[0])
    if get_origin(shape) in _UNIONS:
        return [each for each in get_args(shape) if each is not types.NoneType]
    return [shape]


def _is_struct(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)


def _named(value: object, place: str, index: int) -> str:
    """Name an element of a list: kinds and their fields as all messages name them, anything else by its number."""
    by_index = f"{place}[{index}]"
    if not isinstance(value, Mapping):
        return by_index
    namespace, name, kind = value.get("namespace"), value.get("name"), value.get("kind")
    owner, _, field = place.rpartition(".")
    if field in _FIELDS:
        return f"{owner}.{name}" if isinstance(name, str) else by_index
    if isinstance(namespace, str) and isinstance(name, str):
        return namespace + name
    return f"{place}: {kind}" if place == "extensions.nodes" and isinstance(kind, str) else by_index
