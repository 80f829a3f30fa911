"""Types and values in words, for messages and the documentation."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from msgspec import inspect

from infrahub_exporter.domain.asking.conditions import Condition
from infrahub_exporter.domain.asking.forms import Written
from infrahub_exporter.domain.asking.series import Measured
from infrahub_exporter.domain.asking.specs import Filters, Variables

_SHOWN = 60
_UNIONS = (Union, UnionType)
_SORTS: tuple[tuple[type | UnionType, str], ...] = (
    (type(None), "nothing"),
    (Mapping, "a mapping"),
    (list | tuple, "a list"),
    (bool, "true or false"),
    (int | float, "a number"),
    (str, "text"),
)
_OWN_WORDS: tuple[tuple[Any, str], ...] = (
    (Filters, "a mapping of filters to values, or a list of such mappings"),
    (Written, "a path, a list of paths, or a mapping with path or value"),
    (dict[str, Written], "a mapping of names to paths"),
    (Measured, "a number, a path, a list of paths, or a mapping with path or value"),
    (Condition, "a value, a list of values, or a mapping with not, present, matches, above or below"),
    (dict[str, Condition], "a mapping of paths to conditions"),
    (Variables, "a mapping of names to values"),
)
_USER_INFO = re.compile(r"//.*@")
_BEHIND_A_PATH = re.compile(r"(://[^?#]*)[?#].*")


def strip_optional(annotation: Any) -> tuple[Any, bool]:
    """Take `| None` off a type and say whether it was there."""
    if get_origin(annotation) not in _UNIONS:
        return annotation, False
    members = [member for member in get_args(annotation) if member is not type(None)]
    optional = len(members) < len(get_args(annotation))
    return (Union[tuple(members)], optional)  # noqa: UP007 - the members are known at run time only


def describe(annotation: Any) -> str:
    """Say in words what a field of this type takes."""
    inner, _ = strip_optional(annotation)
    for annotated, words in _OWN_WORDS:
        if inner == annotated:
            return words
    if get_origin(inner) in _UNIONS:
        return ", or ".join(map(describe, get_args(inner)))
    if get_origin(inner) is Literal:
        return f"one of {', '.join(get_args(inner))}"
    type_ = inspect.type_info(inner)
    if isinstance(type_, inspect.VarTupleType):
        return f"a list of {_plural(type_.item_type)}"
    return _described(type_)


def is_number(annotation: Any) -> bool:
    """Tell whether a type takes numbers alone."""
    return isinstance(inspect.type_info(strip_optional(annotation)[0]), inspect.IntType | inspect.FloatType)


def _described(type_: inspect.Type) -> str:
    match type_:
        case inspect.Metadata(extra_json_schema={"description": str(description)}):
            return description
        case inspect.IntType() | inspect.FloatType():
            return _described_number(type_)
        case inspect.StructType(fields=fields):
            return f"a mapping with keys such as {fields[0].name}"
        case inspect.CustomType(cls=cls) if cls is Path:
            return "a path"
    return {inspect.DictType: "a mapping of names to texts", inspect.BoolType: "true or false"}.get(type(type_), "text")


def _plural(type_: inspect.Type) -> str:
    match type_:
        case inspect.StructType():
            return "mappings"
        case inspect.Metadata():
            return "paths"
        case inspect.CustomType(cls=cls) if cls is Path:
            return "paths"
    return "texts"


def _described_number(type_: inspect.IntType | inspect.FloatType) -> str:
    noun = "a whole number" if isinstance(type_, inspect.IntType) else "a number"
    if type_.ge is not None and type_.le is not None:
        return f"{noun} from {type_.ge} to {type_.le}"
    return f"{noun} above {type_.gt}" if type_.ge is None else f"{noun} of at least {type_.ge}"


def shown(value: object, *, hidden: bool = False) -> str:
    """Say what stood somewhere; by its sort only where it is large or may be a secret."""
    large = isinstance(value, Mapping | list | tuple) or (isinstance(value, int) and value.bit_length() > _SHOWN)
    if hidden or large or value is None:
        return next((words for type_, words in _SORTS if isinstance(value, type_)), "something else")
    if isinstance(value, bool):
        return str(value).lower()
    text = _BEHIND_A_PATH.sub(rf"\1?***{repr(value)[-1]}", _USER_INFO.sub("//***@", repr(value)))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]}...{text[-1:]}"
