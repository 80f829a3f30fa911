"""Plain values to Structs, with the place of whatever does not fit.

msgspec checks the single values; the walk over Structs, lists and mappings is here, because a message names the whole
place, what was expected there and what stood there, and never shows a secret.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from infrahub_exporter.app.configuration.secret import Secret, dec_hook
from infrahub_exporter.app.configuration.wording import describe, shown, strip_optional
from infrahub_exporter.domain.asking.forms import Form, Written
from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.asking.specs import Filters, FilterValue
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.texts import text

Place = tuple[str | int, ...]
Find = Callable[[Path], Path]
ExistingPath = Annotated[Path, Meta(description="the path of something that exists")]
InnerPath = Annotated[Path, Meta(description="a path", title="inside")]
"""A relative one does not lead out of the folder that it is found in, not over a symbolic link either."""
StructT = TypeVar("StructT", bound=Struct)


class SettingError(ConfigError):
    """A setting that cannot be used: `place` is where it stands, `problem` what was expected there."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"{written(place)}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


def written(place: Place) -> str:
    """Write a place as in `service_discovery.queries[0].name`."""
    steps = []
    for step in place:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        else:
            plain = all(character.isalnum() or character in "_-/." for character in step) and step
            steps.append(f".{step}" if plain else f".{step!r}")
    return "".join(steps).removeprefix(".")


@contextmanager
def at(*place: str | int) -> Iterator[None]:
    """Give the domain's complaints a place."""
    try:
        yield
    except SettingError as error:
        raise SettingError((*place, *error.place), error.problem) from None
    except ConfigError as error:
        raise SettingError(place, str(error).removeprefix(f"{place[-1]}: ")) from None


def decode(value: object, type_: type[StructT], *, place: Place = (), find: Find = lambda path: path) -> StructT:
    """Make a Struct of what YAML says; `find` says where a path leads. Raises SettingError."""
    if not isinstance(value, Mapping):
        raise SettingError(place, f"expected {describe(type_)}, got {shown(value, hidden=True)}")
    fields = {field.name: field for field in msgspec.structs.fields(type_)}
    for key in value:
        if key not in fields:
            raise _unknown(key, tuple(fields), place)
    arguments: dict[str, object] = {}
    for name, field in fields.items():
        if name in value:
            arguments[name] = _value(value[name], field.type, (*place, name), find)
        elif field.required:
            raise SettingError((*place, name), f"expected {describe(field.type)}, got nothing")
    try:
        return type_(**arguments)
    except SettingError as error:
        raise SettingError((*place, *error.place), error.problem) from None


def _unknown(key: object, known: tuple[str, ...], place: Place) -> SettingError:
    near = suggestion(key, known) if isinstance(key, str) else ""
    hint = near or f", expected one of {', '.join(known)}"
    return SettingError((*place, str(key)), f"unknown key{hint}")


def _value(value: object, annotation: Any, place: Place, find: Find) -> object:
    """Decode one value of a field's type."""
    inner, optional = strip_optional(annotation)
    if optional and (value is None or value == ""):
        return None
    for own, read in ((Filters, _filters), (Written, _written_value)):
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
        item_type = get_args(inner)[0]
        return tuple(_value(item, item_type, (*place, index), find) for index, item in enumerate(value))
    if origin is dict:
        item_type = get_args(inner)[1]
        hidden = item_type is Secret  # one may stand there for its name: such places are numbered
        return {
            key: _value(item, item_type, (*place, index if hidden else key), find)
            for index, (key, item) in enumerate(_texts(value, inner, place, hidden=hidden))
        }
    if origin is Literal and isinstance(value, str):
        value = next((each for each in get_args(inner) if each.casefold() == value.casefold()), value)
    return _leaf(value, inner, place, find)


def _meant(value: object, union: Any, place: Place) -> Any:
    """Choose between true or false and a mapping."""
    switch, section = get_args(union)
    if isinstance(value, switch | Mapping):
        return switch if isinstance(value, switch) else section
    raise SettingError(place, f"expected {describe(union)}, got {shown(value, hidden=True)}")


def _texts(value: object, type_: Any, place: Place, *, hidden: bool = False) -> list[tuple[str, object]]:
    """List the items of a mapping whose keys are texts."""
    if not isinstance(value, Mapping):
        raise SettingError(place, f"expected {describe(type_)}, got {shown(value, hidden=True)}")
    for index, key in enumerate(value):
        if not isinstance(key, str):
            step = index if hidden else str(key)
            raise SettingError(
                (*place, step), f"expected text as key, got {shown(key, hidden=hidden)}, put it in quotes"
            )
    return list(value.items())


def _leaf(value: object, annotation: Any, place: Place, find: Find) -> object:
    hidden = annotation is Secret
    try:
        made = msgspec.convert(value, annotation, dec_hook=_hook)
    except msgspec.ValidationError:
        quotable = annotation in {str, Secret} and isinstance(value, int | float)
        got = f"{shown(value, hidden=hidden)}{', put it in quotes' if quotable else ''}"
        raise SettingError(place, f"expected {describe(annotation)}, got {got}") from None
    if isinstance(made, float) and not math.isfinite(made):
        raise SettingError(place, f"expected {describe(annotation)}, got {shown(value)}")
    if isinstance(made, Path):
        found = find(made)
        if annotation == ExistingPath and not exists(found):
            raise SettingError(place, f"expected {describe(annotation)}, got {shown(value)}")
        if annotation == InnerPath and _leads_out(made, found):
            expected = "expected a path that does not lead out of its folder, or an absolute one"
            raise SettingError(place, f"{expected}, got {shown(value)}")
        return found
    return made


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


def _written_value(value: object, place: Place) -> Written:
    """Read a path, a list of paths, or the mapping of a form."""
    if isinstance(value, Mapping):
        return _form(value, place)
    if isinstance(value, bool | int | float):
        raise SettingError(
            place, f"expected {describe(Written)}, got {shown(value)}; a constant is written {{value: {text(value)}}}"
        )
    return _paths(value, place)


def _paths(value: object, place: Place) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    if not isinstance(value, list | tuple):
        raise SettingError(place, f"expected {describe(Written)}, got {shown(value)}")
    if not value:
        raise SettingError(place, "expected at least one path, got an empty list")
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise SettingError((*place, index), f"expected a path, got {shown(item)}")
    return tuple(value)


def _form(value: Mapping[object, object], place: Place) -> Form:
    """Read a form; the keys of its map are texts, however YAML reads them."""
    known = tuple(field.name for field in msgspec.structs.fields(Form))
    arguments: dict[str, Any] = {}
    for key, item in value.items():
        if key not in known:
            raise _unknown(key, known, place)
        own_place = (*place, str(key))
        if item is None:
            continue
        if key == "path":
            arguments["path"] = _paths(item, own_place)
        elif key == "map":
            if not isinstance(item, Mapping):
                raise SettingError(own_place, f"expected a mapping of values to values, got {shown(item)}")
            arguments["map"] = {text(each): _constant(item[each], (*own_place, text(each))) for each in item}
        elif key == "times":
            if isinstance(item, bool) or not isinstance(item, int | float) or not math.isfinite(item):
                raise SettingError(own_place, f"expected a number, got {shown(item)}")
            arguments["times"] = item
        else:
            arguments[str(key)] = _constant(item, own_place)
    with at(*place):
        return Form(**arguments)


def _constant(value: object, place: Place) -> str | bool | int | float:
    if not isinstance(value, str | bool | int | float) or (isinstance(value, float) and not math.isfinite(value)):
        raise SettingError(place, f"expected text, a number, true or false, got {shown(value)}")
    return value


def _filters(value: object, place: Place) -> dict[str, FilterValue]:
    """Read filters: one mapping, or a list of mappings that must all hold.

    A null is refused: Infrahub would drop the filter and answer everything.
    """
    merged: dict[str, FilterValue] = {}
    owners: dict[str, Place] = {}
    entries = (
        [((*place, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [(place, value)]
    )
    for entry_place, entry in entries:
        for key, item in _texts(entry, Filters, entry_place):
            own_place = (*entry_place, key)
            checked = _filter_value(item, own_place)
            if key in merged and (type(merged[key]), merged[key]) != (type(checked), checked):
                raise SettingError(
                    own_place, f"{shown(checked)} contradicts {shown(merged[key])} of {written(owners[key])}"
                )
            merged.setdefault(key, checked)
            owners.setdefault(key, own_place)
    return merged


def _filter_value(value: object, place: Place) -> FilterValue:
    items = value if isinstance(value, list) else [value]
    for item in items:
        if not isinstance(item, str | bool | int | float) or (isinstance(item, float) and not math.isfinite(item)):
            raise SettingError(place, f"expected {_FILTER_VALUE}, got {shown(item)}")
    return cast(FilterValue, value)


_FILTER_VALUE = "text, a number, true or false, or a list of those"
