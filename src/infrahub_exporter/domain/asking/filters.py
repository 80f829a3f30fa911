"""Filters as Infrahub takes them: the arguments of a kind's root field, their GraphQL types, values brought to those.

Source: the GraphQL schema that Infrahub 1.11 makes. What it does not have is refused here, by name, because Infrahub
drops some of what it cannot use and then answers unfiltered.
"""

import re
from collections.abc import Mapping, Sequence

from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.asking.specs import FilterValue
from infrahub_exporter.domain.counts import noun
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

_FEW_HEIRS = 3

_INTEGER = re.compile(r"-?[0-9]{1,19}")
_BOOLEANS = {"true": True, "false": False}


def crossed_kind(argument: str, schema: KindSchema) -> str | None:
    """Name the kind that a filter asks about over a relation, whose schema `argument_type` needs; None for its own."""
    name, _, rest = argument.partition("__")
    relationship = schema.relationships.get(name)
    return None if relationship is None or rest in _RELATION or "__" not in rest else relationship.peer


def kinds_needed(argument: str, schema: KindSchema, kinds: Mapping[str, KindSchema]) -> frozenset[str]:
    """Name the kinds of which `argument_type` needs the schema beside a kind's own, as far as `kinds` tells.

    Where a generic has not what is asked for, those that inherit from it tell what may have been meant.
    """
    name = argument.partition("__")[0]
    if argument in _NODE or name in schema.attributes:
        return frozenset()
    if name not in schema.relationships:
        return frozenset(schema.used_by)
    peer = crossed_kind(argument, schema)
    if peer is None:
        return frozenset()
    if peer not in kinds:
        return frozenset({peer})
    attribute = argument.split("__")[1]
    return frozenset() if attribute in kinds[peer].attributes else frozenset(kinds[peer].used_by)


def breaks(argument: str, schema: KindSchema) -> str | None:
    """Say why Infrahub fails on a filter that its schema has, None where it does not.

    It takes the name of the relation out of the filter wherever that stands, and then finds nothing at its place.
    """
    name, _, rest = argument.partition("__")
    if name not in schema.relationships or f"{name}__" not in rest:
        return None
    attribute = rest.partition("__")[0]
    return (
        f"Infrahub cannot filter {schema.kind} over {name!r} by {attribute!r}, whose name ends as that of the relation"
    )


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
        heirs = [each for each in _heirs(schema, kinds) if name in each.attributes or name in each.relationships]
        near = _inherited(heirs) or suggestion(argument, [*known, *_NODE])
        raise SourceRejectedError(f"filter {argument!r}: {schema.kind} has no such filter{near}")
    if rest in _RELATION:
        return _RELATION[rest]
    peer = crossed_kind(argument, schema)
    if peer is None:
        raise SourceRejectedError(
            f"filter {argument!r}: expected one of {name}__ids, {name}__isnull, {name}__<attribute>__value"
        )
    attribute, _, ending = rest.partition("__")
    if attribute not in kinds[peer].attributes:
        heirs = [each for each in _heirs(kinds[peer], kinds) if attribute in each.attributes]
        near = _inherited(heirs) or suggestion(attribute, kinds[peer].attributes)
        raise SourceRejectedError(f"filter {argument!r}: {peer} has no attribute {attribute!r}{near}")
    if (reason := breaks(argument, schema)) is not None:
        raise SourceRejectedError(f"filter {argument!r}: {reason}")
    return _attribute_type(argument, kinds[peer], attribute, ending, over=f"{name}__")


def _heirs(schema: KindSchema, kinds: Mapping[str, KindSchema]) -> list[KindSchema]:
    return [kinds[each] for each in sorted(schema.used_by) if each in kinds]


def _inherited(heirs: Sequence[KindSchema]) -> str:
    """Say which kinds that inherit from a generic have what it has not."""
    if not heirs:
        return ""
    first = ", ".join(each.kind for each in heirs[:_FEW_HEIRS])
    more = "" if len(heirs) <= _FEW_HEIRS else f" and {len(heirs) - _FEW_HEIRS} more"
    return f" as a generic, of the kinds that inherit from it {first}{more} {noun(len(heirs), 'has', 'have')} it"


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
