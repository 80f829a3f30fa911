"""Plain values to Structs, with the place of whatever does not fit.

msgspec checks the single values; the walk over Structs, lists and mappings is here, because a message names the whole
place, what was expected there and what stood there, and never shows a secret.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from glob import iglob
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from infrahub_exporter.app.configuration.forms import OWN_FORMS, texts
from infrahub_exporter.app.configuration.places import Faults, Place, SettingError, unknown
from infrahub_exporter.app.configuration.secret import Secret, dec_hook
from infrahub_exporter.app.configuration.wording import describe, is_number, shown, strip_optional

Find = Callable[[Path], Path]
ExistingPath = Annotated[Path, Meta(description="the path of something that exists")]
FilesPath = Annotated[Path, Meta(description="a file, a folder or a pattern of files that exist")]
InnerPath = Annotated[Path, Meta(description="a path", title="inside")]
"""A relative one does not lead out of the folder that it is found in, not over a symbolic link either."""
WrittenPath = Annotated[Path, Meta(description="a path", title="written")]
"""One that is written: a relative one is looked for nowhere but beside the configuration, which its reader sees to."""
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?\s*([A-Za-z]*)")
_UNITS = frozenset({"seconds", "bytes"})
StructT = TypeVar("StructT", bound=Struct)


def decode(value: object, type_: type[StructT], *, place: Place = (), find: Find = lambda path: path) -> StructT:
    """Make a Struct of what YAML says; `find` says where a path leads. Raises SettingError of all that is wrong."""
    if not isinstance(value, Mapping):
        raise SettingError(place, f"expected {describe(type_)}, got {shown(value, hidden=True)}")
    fields = {field.name: field for field in msgspec.structs.fields(type_)}
    misspelt = [unknown(key, tuple(fields), place) for key in value if key not in fields]
    faults = Faults(misspelt)
    arguments: dict[str, object] = {}
    for name, field in fields.items():
        with faults.gathered():
            if name in value:
                arguments[name] = _value(value[name], field.type, (*place, name), find)
            elif field.required and not misspelt:
                raise SettingError((*place, name), f"expected {describe(field.type)}, got nothing")
    faults.check()
    try:
        return type_(**arguments)
    except SettingError as error:
        raise error.below(*place) from None


def _value(value: object, annotation: Any, place: Place, find: Find) -> object:
    """Decode one value of a field's type."""
    inner, optional = strip_optional(annotation)
    if optional and (value is None or value == ""):
        return None
    for own, read in OWN_FORMS:
        if inner == own:
            return read(value, place)
    if get_origin(inner) in (Union, UnionType):
        inner = _meant(value, inner, place)
    if isinstance(inner, type) and issubclass(inner, Struct):
        return decode(value, inner, place=place, find=find)
    origin = get_origin(inner)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise SettingError(place, f"expected {describe(inner)}, got {shown(value, hidden=True)}")
        return tuple(_values(enumerate(value), get_args(inner)[0], place, find))
    if origin is dict:
        item_type = get_args(inner)[1]
        hidden = item_type is Secret  # one may stand there for its name: such places are numbered
        items = dict(texts(value, inner, place, hidden=hidden))
        places = enumerate(items.values()) if hidden else items.items()
        return dict(zip(items, _values(places, item_type, place, find), strict=True))
    if origin is Literal and isinstance(value, str) and value not in get_args(inner):
        value = next((each for each in get_args(inner) if each.casefold() == value.casefold()), value)
    return _leaf(value, inner, place, find)


def _values(items: Iterable[tuple[str | int, object]], item_type: Any, place: Place, find: Find) -> list[object]:
    """Decode what a list or mapping has, each by where it stands in that."""
    faults = Faults()
    made: list[object] = []
    for step, item in items:
        with faults.gathered():
            made.append(_value(item, item_type, (*place, step), find))
    faults.check()
    return made


def _meant(value: object, union: Any, place: Place) -> Any:
    """Choose between true or false, a mapping, and a list."""
    for member in get_args(union):
        if isinstance(value, _sort_of(member)):
            return member
    raise SettingError(place, f"expected {describe(union)}, got {shown(value, hidden=True)}")


def _sort_of(member: Any) -> Any:
    if get_origin(member) is tuple:
        return list | tuple
    return Mapping if issubclass(member, Struct) else member


def _leaf(value: object, annotation: Any, place: Place, find: Find) -> object:
    hidden = annotation is Secret
    try:
        made = msgspec.convert(value, annotation, dec_hook=_hook)
    except msgspec.ValidationError:
        got = f"{shown(value, hidden=hidden)}{_hint(value, annotation, place)}"
        raise SettingError(place, f"expected {describe(annotation)}, got {got}") from None
    if isinstance(made, float) and not math.isfinite(made):
        raise SettingError(place, f"expected {describe(annotation)}, got {shown(value)}")
    if isinstance(made, Path) and annotation != WrittenPath:
        found = find(made)
        missing = annotation == ExistingPath and not exists(found)
        if missing or (annotation == FilesPath and not exists(found) and not matches(found)):
            raise SettingError(place, f"expected {describe(annotation)}, got {shown(value)}")
        if annotation == InnerPath and _leads_out(made, found):
            expected = "expected a path that does not lead out of its folder, or an absolute one"
            raise SettingError(place, f"{expected}, got {shown(value)}")
        return found
    return made


def _hint(value: object, annotation: Any, place: Place) -> str:
    """Say what to do about a number in the place of a text, or a text in that of a number."""
    if annotation in {str, Secret} or get_origin(annotation) is Literal:
        return ", put it in quotes" if isinstance(value, int | float) else ""
    if not isinstance(value, str) or not is_number(annotation):
        return ""
    written = _NUMBER.fullmatch(value)
    if written is None:
        return ""
    unit = str(place[-1]).rpartition("_")[2] if place else ""
    if not written[1]:
        return ", write it without quotes"
    return f", write the number of {unit} alone" if unit in _UNITS else ""


def _hook(type_: type, value: Any) -> Any:
    if isinstance(value, type_):
        return value
    if type_ is Path:
        if isinstance(value, str) and value:
            return Path(value)
        raise TypeError("expected a path")
    return dec_hook(type_, value)


def _leads_out(path: Path, found: Path) -> bool:
    """Tell whether a relative path ends outside of the folder that it was found in."""
    if path.is_absolute() or not exists(found):
        return False
    folder = Path(*found.parts[: len(found.parts) - len(path.parts)])
    return not found.resolve().is_relative_to(folder.resolve())


def exists(path: Path) -> bool:
    """Say whether something is there; what cannot be a path is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def matches(pattern: Path) -> bool:
    """Say whether a pattern stands for anything."""
    try:
        return next(iglob(str(pattern), recursive=True), None) is not None  # noqa: PTH207 - absolute, too
    except (OSError, ValueError):
        return False
