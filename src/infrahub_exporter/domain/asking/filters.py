"""Filters as Infrahub takes them: the arguments of a kind's root field, their GraphQL types, values brought to those.

Source: the GraphQL schema that Infrahub 1.11 makes. What it does not have is refused here, by name, because Infrahub
drops some of what it cannot use and then answers unfiltered.
"""

import re
from collections.abc import Mapping

from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.asking.specs import FilterValue
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import KindSchema

_DISPLAY_LABEL = {
    "display_label__value": "String",
    "display_label__values": "[String]",
    "display_label__isnull": "Boolean",
}
_NODE = {
    "ids": "[ID]",
    "hfid": "[String]",
    **_DISPLAY_LABEL,
    "any__value": "String",
    "any__values": "[String]",
    "any__source__id": "ID",
    "any__owner__id": "ID",
    "any__is_protected": "Boolean",
    "partial_match": "Boolean",
    **{
        f"node_metadata__{event}_{ending}": type_name
        for event in ("created", "updated")
        for ending, type_name in (
            ("at", "DateTime"),
            ("at__before", "DateTime"),
            ("at__after", "DateTime"),
            ("by__id", "ID"),
            ("by__ids", "[ID]"),
        )
    },
}
"""The arguments that every kind has."""

_RELATION = {"ids": "[ID]", "isnull": "Boolean", **_DISPLAY_LABEL}
"""What can be asked of a relation itself, after its name."""

_PROPERTIES = {"source__id": "ID", "owner__id": "ID", "is_protected": "Boolean"}
"""What can be asked of an attribute beside its value."""

_SCALARS = {
    "Number": "BigInt",
    "NumberPool": "BigInt",
    "Bandwidth": "Int",
    "Boolean": "Boolean",
    "Checkbox": "Boolean",
    "List": "GenericScalar",
    "JSON": "GenericScalar",
    "Any": "GenericScalar",
}
"""The type of a value by the attribute's kind, where it is not String."""

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_BOOLEANS = {"true": True, "false": False}


def crossed_kind(argument: str, schema: KindSchema) -> str | None:
    """Name the kind that a filter asks about over a relation, whose schema `argument_type` needs; None for its own."""
    name, _, rest = argument.partition("__")
    relationship = schema.relationships.get(name)
    return None if relationship is None or rest in _RELATION or "__" not in rest else relationship.peer


def argument_type(argument: str, schema: KindSchema, kinds: Mapping[str, KindSchema]) -> str:
    """Find the GraphQL type of an argument of a kind's root field. Raises SourceRejectedError for what is none."""
    if argument in _NODE:
        return _NODE[argument]
    name, _, rest = argument.partition("__")
    if name in schema.attributes:
        return _attribute_type(argument, schema, name, rest, over="")
    if name not in schema.relationships:
        known = [f"{attribute}__value" for attribute in schema.attributes]
        known += [f"{relation}__ids" for relation in schema.relationships]
        raise SourceRejectedError(
            f"filter {argument!r}: {schema.kind} has no such filter{suggestion(argument, [*known, *_NODE])}"
        )
    if rest in _RELATION:
        return _RELATION[rest]
    peer = crossed_kind(argument, schema)
    if peer is None:
        raise SourceRejectedError(
            f"filter {argument!r}: expected one of {name}__ids, {name}__isnull, {name}__<attribute>__value"
        )
    attribute, _, ending = rest.partition("__")
    if attribute not in kinds[peer].attributes:
        near = suggestion(attribute, kinds[peer].attributes)
        raise SourceRejectedError(f"filter {argument!r}: {peer} has no attribute {attribute!r}{near}")
    return _attribute_type(argument, kinds[peer], attribute, ending, over=f"{name}__")


def _attribute_type(argument: str, schema: KindSchema, name: str, ending: str, *, over: str) -> str:
    attribute = schema.attributes[name]
    if attribute.is_secret:
        raise SourceRejectedError(
            f"filter {argument!r}: {name!r} of {schema.kind} is a {attribute.kind}, secrets are never asked for"
        )
    if ending == "isnull" and not over:
        return "Boolean"
    if ending in _PROPERTIES:
        return _PROPERTIES[ending]
    if ending not in {"value", "values"}:
        known = f"{over}{name}__value or {over}{name}__values" + ("" if over else f", or {name}__isnull")
        raise SourceRejectedError(f"filter {argument!r}: expected {known}")
    if attribute.kind == "DateTime":
        only = "" if over else f", only by {name}__isnull"
        raise SourceRejectedError(f"filter {argument!r}: Infrahub cannot filter by the value of a DateTime{only}")
    scalar = _SCALARS.get(attribute.kind, "String")
    return scalar if ending == "value" else f"[{scalar}]"


def typed(argument: str, type_name: str, value: FilterValue) -> object:
    """Bring a value to the type of its argument. Raises SourceRejectedError."""
    if type_name.startswith("["):
        items = value if isinstance(value, list) else [value]
        return [_scalar(argument, type_name[1:-1], item) for item in items]
    if isinstance(value, list):
        hint = f", a list goes to {argument + 's'!r}" if argument.endswith("__value") else ""
        raise SourceRejectedError(f"filter {argument!r}: expected one value{hint}")
    return _scalar(argument, type_name, value)


def _scalar(argument: str, type_name: str, value: object) -> object:
    """Bring one value to a scalar type.

    Text is understood where it says a number, true or false, and so is an integer as text; another number is not, for
    YAML has read 4.30 as 4.3 already.
    """
    expected = "text, put it in quotes"
    if type_name == "GenericScalar":
        return value
    if type_name in {"BigInt", "Int"}:
        expected = "an integer"
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
    elif type_name == "Boolean":
        expected = "true or false"
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in _BOOLEANS:
            return _BOOLEANS[value.lower()]
    elif isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise SourceRejectedError(f"filter {argument!r}: expected {expected}, got {value!r}")
