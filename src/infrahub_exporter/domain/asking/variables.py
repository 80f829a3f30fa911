"""The variables of a GraphQL document, and the values that a configuration or a URL gives them.

A variable that is not sent, or null, would not narrow anything: Infrahub drops a filter without a value and answers
everything. So each one needs a value, a default of its own, or to be a parameter.
"""

import math
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.errors import BadParameterError, ConfigError
from infrahub_exporter.domain.model import JSON

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_INT_END = 2**31
_BOOLEANS = {"true": True, "false": False}
_MOST_CHARACTERS = 1000
"""How long the values that a URL gives may be: they are part of a list's name in logs, metrics and on the page."""
_TEXTS = frozenset({"String", "ID", "DateTime"})


class Variable(Struct, frozen=True):
    """A variable that a document declares; `type` is written as there (`[String!]!`)."""

    name: str
    type: str
    has_default: bool = False


def find(variables: Sequence[Variable], name: str) -> Variable:
    """Return the variable of a name. Raises ConfigError."""
    for each in variables:
        if each.name == name:
            return each
    near = suggestion(name, [each.name for each in variables])
    raise ConfigError(f"the query has no variable {name!r}{near}")


def check_given(variables: Iterable[Variable], given: Iterable[str]) -> None:
    """Raise ConfigError for a variable that has neither a value nor a default."""
    names = frozenset(given)
    for each in variables:
        if not each.has_default and each.name not in names:
            raise ConfigError(f"expected a value for {each.name!r} ({each.type}), which the query declares")


def typed(type_name: str, value: JSON) -> JSON:
    """Bring a value to a GraphQL type; text is understood where it says a number, true or false. Raises ConfigError.

    A single value becomes the list that is wanted, as in GraphQL. Of types that are not scalars anything is taken.
    """
    plain = type_name.removesuffix("!")
    if plain.startswith("["):
        return [typed(plain[1:-1], item) for item in (value if isinstance(value, list) else [value])]
    if plain in {"Int", "BigInt"}:
        number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
        found = _fitting(number, int, f"an integer ({plain})")
        if plain == "Int" and isinstance(found, int) and not -_INT_END <= found < _INT_END:
            raise ConfigError(f"expected an integer of 32 bits (Int), got {found}")
        return found
    if plain == "Float":
        return _fitting(_float(value) if isinstance(value, str) else value, (int, float), "a number (Float)")
    if plain == "Boolean":
        flag = _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value
        return _fitting(flag, bool, "true or false")
    return _fitting(value, str, f"text ({plain})") if plain in _TEXTS else value


def _float(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _fitting(value: JSON, type_: type | tuple[type, ...], expected: str) -> JSON:
    if not isinstance(value, type_) or (isinstance(value, bool) and type_ is not bool):
        raise ConfigError(f"expected {expected}, got {value!r}")
    return value


def read_parameters(
    listed: Sequence[str], variables: Sequence[Variable], asked: Iterable[tuple[str, str]]
) -> dict[str, JSON]:
    """Read what a URL gives to the parameters that are listed, in their order. Raises BadParameterError.

    Several values are for a variable that is a list. Of a document that is not known yet texts stay texts.
    """
    found: dict[str, list[JSON]] = {}
    size = 0
    for name, value in asked:
        if name not in listed:
            near = suggestion(name, listed) or (f", expected one of {', '.join(listed)}" if listed else "")
            raise BadParameterError(f"{name!r} is no parameter of this list{near}")
        size += len(value)
        if size > _MOST_CHARACTERS:
            raise BadParameterError(f"the values of parameters have more than {_MOST_CHARACTERS} characters in all")
        found.setdefault(name, []).append(value)
    types = {each.name: each.type for each in variables}
    return {name: parameter(name, types.get(name), found[name]) for name in listed if name in found}


def parameter(name: str, type_name: str | None, values: list[JSON]) -> JSON:
    """Bring the values of a parameter to its type, None where that is not known. Raises BadParameterError."""
    if len(values) > 1 and type_name is not None and not type_name.startswith("["):
        raise BadParameterError(f"parameter {name!r}: expected one value, got {len(values)}")
    value: JSON = values[0] if len(values) == 1 else values
    try:
        return value if type_name is None else typed(type_name, value)
    except ConfigError as error:
        raise BadParameterError(f"parameter {name!r}: {error}") from None
