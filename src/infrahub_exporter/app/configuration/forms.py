"""Values that can be written in more than one way: filters, what is read of a row, conditions."""

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from infrahub_exporter.app.configuration.places import Place, SettingError, at, unknown, written
from infrahub_exporter.app.configuration.wording import describe, shown
from infrahub_exporter.domain.asking.conditions import Check, Condition, Wanted
from infrahub_exporter.domain.asking.forms import Form, Written
from infrahub_exporter.domain.asking.series import Measured
from infrahub_exporter.domain.asking.specs import Filters, FilterValue, Variables
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.texts import text


def texts(value: object, type_: Any, place: Place, *, hidden: bool = False) -> list[tuple[str, object]]:
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
            raise unknown(key, known, place)
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


def _variables(value: object, place: Place) -> dict[str, JSON]:
    """Read the variables of a query. A null is refused: Infrahub would drop the filter and answer everything."""
    return {name: _json(item, (*place, name)) for name, item in texts(value, Variables, place)}


def _json(value: object, place: Place) -> JSON:
    if isinstance(value, list | tuple):
        return [_json(item, (*place, index)) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {name: _json(item, (*place, name)) for name, item in texts(value, Variables, place)}
    return _constant(value, place)


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
        for key, item in texts(entry, Filters, entry_place):
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


def _measured(value: object, place: Place) -> Measured:
    """Read a number for each row, or what is read of it."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    if isinstance(value, bool | int | float):
        raise SettingError(place, f"expected {describe(Measured)}, got {shown(value)}")
    return _written_value(value, place)


def _condition(value: object, place: Place) -> Condition:
    """Read a value, a list of values, or the mapping of a check."""
    if isinstance(value, Mapping):
        return _check(value, place)
    return _wanted(value, place)


def _wanted(value: object, place: Place) -> Wanted:
    if isinstance(value, list | tuple):
        return tuple(_constant(item, (*place, index)) for index, item in enumerate(value))
    return _constant(value, place)


def _check(value: Mapping[object, object], place: Place) -> Check:
    known = tuple(field.encode_name for field in msgspec.structs.fields(Check))
    arguments: dict[str, Any] = {}
    for key, item in value.items():
        own_place = (*place, str(key))
        if key not in known:
            raise unknown(key, known, place)
        if key == "not":
            arguments["unlike"] = _wanted(item, own_place)
            continue
        try:
            arguments[str(key)] = msgspec.convert(item, _CHECKS[str(key)])
        except msgspec.ValidationError:
            raise SettingError(own_place, f"expected {_CHECK_WORDS[str(key)]}, got {shown(item)}") from None
    with at(*place):
        return Check(**arguments)


_CHECKS: Mapping[str, type] = {"present": bool, "matches": str, "above": float, "below": float}
_CHECK_WORDS = {"present": "true or false", "matches": "text", "above": "a number", "below": "a number"}
OWN_FORMS: tuple[tuple[Any, Callable[[object, Place], object]], ...] = (
    (Filters, _filters),
    (Written, _written_value),
    (Measured, _measured),
    (Condition, _condition),
    (Variables, _variables),
)
"""The types that are written in more than one way, and what reads them."""
