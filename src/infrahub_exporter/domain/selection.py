"""From what the user asks for and the kinds' schema to what is read: columns and typed filters."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema
from infrahub_exporter.domain.paths import Path, parse, suggestion
from infrahub_exporter.domain.specs import Filters, FilterValue

NODE_FIELDS = ("id", "hfid", "display_label", "__typename")
"""What GraphQL gives of every node beside its attributes."""

_SUBFIELDS: Mapping[str, tuple[str, ...]] = {
    "IPHost": ("ip", "hostmask", "netmask", "prefixlen", "version", "with_hostmask", "with_netmask"),
    "IPNetwork": (
        "broadcast_address",
        "hostmask",
        "netmask",
        "network_address",
        "prefixlen",
        "version",
        "with_hostmask",
        "with_netmask",
    ),
    "Dropdown": ("label", "color", "description"),
    "MacAddress": ("oui", "ei", "version", "binary", "bare", "dot_notation", "semicolon_notation", "split_notation"),
}
"""Subfields by attribute kind (GraphQL types of Infrahub 1.11); `num_addresses` is left out, it overflows."""

_COMMON_SUBFIELDS = ("value", "updated_at", "is_default", "is_inherited", "is_protected")
_SECRET = frozenset({"Password", "HashedPassword"})
_INTEGERS = frozenset({"Number"})
_SMALL_INTEGERS = frozenset({"Bandwidth"})
_BOOLEANS = frozenset({"Boolean", "Checkbox"})
_ANYTHING = frozenset({"List", "JSON", "Any"})
_PLAIN_ARGUMENTS: Mapping[str, str] = {
    "ids": "[ID]",
    "hfid": "[String]",
    "partial_match": "Boolean",
    "any__value": "String",
    "any__values": "[String]",
    "display_label__value": "String",
    "display_label__values": "[String]",
    "node_metadata__created_at__after": "DateTime",
    "node_metadata__created_at__before": "DateTime",
    "node_metadata__updated_at__after": "DateTime",
    "node_metadata__updated_at__before": "DateTime",
}
_PROPERTY_ARGUMENTS: Mapping[str, str] = {"source__id": "ID", "owner__id": "ID", "is_protected": "Boolean"}


class Hop(Struct, frozen=True):
    """A step over a relationship."""

    name: str
    many: bool
    peer: str


class Column(Struct, frozen=True):
    """One value of a row: the relationships to cross, then what to take there.

    `attribute` and `subfield` name an attribute and what to take of it (`address.ip`; `value` where none was named), a
    node's own field (`id`, `hfid`, `display_label`, `__typename`) has no `subfield`; None for both takes the `Peer`.
    """

    path: str
    hops: tuple[Hop, ...]
    attribute: str | None = None
    subfield: str | None = None

    @property
    def many(self) -> bool:
        """Tell whether the value is a tuple."""
        return any(hop.many for hop in self.hops)


class Filter(Struct, frozen=True):
    """An argument of the root field, its GraphQL type and its value (never null: null would select everything)."""

    argument: str
    type: str
    value: object


class Selection(Struct, frozen=True):
    """What one entry reads: the nodes of a kind that pass the filters, and of each the columns."""

    kind: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()

    @property
    def variables(self) -> Mapping[str, object]:
        """The filters' values by argument."""
        return {each.argument: each.value for each in self.filters}


def select(kind: str, include: Sequence[str], filters: Filters, kinds: Mapping[str, KindSchema]) -> Selection:
    """Resolve paths and filters against the schema.

    `kinds` holds at least what `missing_kinds` asked for. Raises SourceRejectedError, with a suggestion, for what the
    schema does not have, and for attributes whose kind is a secret.
    """
    return Selection(
        kind=kind,
        columns=tuple(_column(text, kind, kinds) for text in include),
        filters=tuple(_filter(argument, value, kind, kinds) for argument, value in filters.items()),
    )


def missing_kinds(
    kind: str, include: Iterable[str], filters: Iterable[str], kinds: Mapping[str, KindSchema]
) -> frozenset[str]:
    """Name the kinds whose schema `select` needs and `kinds` lacks, as far as can be told: ask until none is left."""
    if kind not in kinds:
        return frozenset({kind})
    missing = set()
    for path in [*map(parse, include), *(_relation_path(argument, kinds[kind]) for argument in filters)]:
        current = kinds[kind]
        for step in path[:-1]:
            relationship = current.relationships.get(step.name)
            if relationship is None:
                break
            if relationship.peer not in kinds:
                missing.add(relationship.peer)
                break
            current = kinds[relationship.peer]
    return frozenset(missing)


def _relation_path(argument: str, schema: KindSchema) -> Path:
    """Say which relation a filter argument crosses, as a path of that relation and one more step."""
    parts = argument.split("__")
    crosses = parts[0] in schema.relationships and len(parts) == _RELATION_FILTER_PARTS
    return parse(f"{parts[0]}.any") if crosses else ()


_RELATION_FILTER_PARTS = 3


def _column(text: str, kind: str, kinds: Mapping[str, KindSchema]) -> Column:
    schema = kinds[kind]
    hops: list[Hop] = []
    path = parse(text)
    for index, step in enumerate(path):
        rest = path[index + 1 :]
        relationship = schema.relationships.get(step.name)
        if relationship is not None:
            if step.many and not relationship.many:
                raise SourceRejectedError(
                    f"{text!r}: {step.name!r} of {schema.kind} leads to one node, write it without []"
                )
            hops.append(Hop(step.name, relationship.many, relationship.peer))
            if not rest:
                return Column(text, tuple(hops))
            schema = kinds[relationship.peer]
            continue
        if step.many:
            raise SourceRejectedError(
                f"{text!r}: {schema.kind} has no relation {step.name!r}{_near(step.name, schema)}"
            )
        if step.name in NODE_FIELDS and not rest:
            return Column(text, tuple(hops), step.name)
        return Column(text, tuple(hops), step.name, _subfield(text, schema, step.name, rest))
    raise AssertionError(text)  # pragma: no cover - a path has a step, and a last step returns


def _subfield(text: str, schema: KindSchema, name: str, rest: Path) -> str:
    attribute = _attribute(text, schema, name)
    if not rest:
        return "value"
    known = (*_COMMON_SUBFIELDS, *_SUBFIELDS.get(attribute.kind, ()))
    if len(rest) == 1 and rest[0].name in known:
        return rest[0].name
    wrong = ".".join(step.name for step in rest)
    raise SourceRejectedError(
        f"{text!r}: {name!r} of {schema.kind} is an attribute of kind {attribute.kind} and has no {wrong!r}"
        f"{suggestion(wrong, known)}"
    )


def _attribute(text: str, schema: KindSchema, name: str) -> AttributeSchema:
    attribute = schema.attributes.get(name)
    if attribute is None:
        raise SourceRejectedError(f"{text!r}: {schema.kind} has no field {name!r}{_near(name, schema)}")
    if attribute.kind in _SECRET:
        raise SourceRejectedError(
            f"{text!r}: {name!r} of {schema.kind} is a {attribute.kind}, secrets are never exported"
        )
    return attribute


def _near(name: str, schema: KindSchema) -> str:
    return suggestion(name, (*schema.attributes, *schema.relationships))


def _filter(argument: str, value: FilterValue, kind: str, kinds: Mapping[str, KindSchema]) -> Filter:
    type_name = _argument_type(argument, kinds[kind], kinds)
    return Filter(argument, type_name, _typed(argument, type_name, value))


def _argument_type(argument: str, schema: KindSchema, kinds: Mapping[str, KindSchema]) -> str:
    """Find the GraphQL type of a root field's argument. Sources: Infrahub's filters per attribute kind."""
    if argument in _PLAIN_ARGUMENTS:
        return _PLAIN_ARGUMENTS[argument]
    name, _, rest = argument.partition("__")
    relationship = schema.relationships.get(name)
    if relationship is None:
        return _attribute_type(argument, name, rest, schema)
    if rest in {"ids", "isnull"}:
        return "[ID]" if rest == "ids" else "Boolean"
    attribute, _, ending = rest.partition("__")
    peer = kinds.get(relationship.peer)
    if peer is None or not ending:
        known = [f"{name}__ids", f"{name}__isnull", f"{name}__<attribute>__value"]
        raise SourceRejectedError(f"filter {argument!r}: expected one of {', '.join(known)}")
    return _attribute_type(argument, attribute, ending, peer)


def _attribute_type(argument: str, name: str, ending: str, schema: KindSchema) -> str:
    if name not in schema.attributes or not ending:
        known = [f"{attribute}__value" for attribute in schema.attributes]
        known += [f"{relationship}__ids" for relationship in schema.relationships]
        raise SourceRejectedError(
            f"filter {argument!r}: {schema.kind} has no such filter{suggestion(argument, [*known, *_PLAIN_ARGUMENTS])}"
        )
    attribute = _attribute(f"filter {argument}", schema, name)
    if ending == "isnull":
        return "Boolean"
    if ending in _PROPERTY_ARGUMENTS:
        return _PROPERTY_ARGUMENTS[ending]
    if ending not in {"value", "values"}:
        raise SourceRejectedError(f"filter {argument!r}: expected it to end in __value, __values or __isnull")
    if attribute.kind == "DateTime":
        raise SourceRejectedError(f"filter {argument!r}: Infrahub cannot filter a DateTime but by {name}__isnull")
    scalar = _scalar(attribute.kind)
    return scalar if ending == "value" else f"[{scalar}]"


def _scalar(attribute_kind: str) -> str:
    if attribute_kind in _INTEGERS:
        return "BigInt"
    if attribute_kind in _SMALL_INTEGERS:
        return "Int"
    if attribute_kind in _BOOLEANS:
        return "Boolean"
    return "GenericScalar" if attribute_kind in _ANYTHING else "String"


def _typed(argument: str, type_name: str, value: FilterValue) -> object:
    """Bring a value to the type of its variable. Raises SourceRejectedError."""
    if type_name.startswith("["):
        items = value if isinstance(value, list) else [value]
        return [_scalar_value(argument, type_name[1:-1], item) for item in items]
    if isinstance(value, list):
        plural = argument + "s" if argument.endswith("__value") else argument
        raise SourceRejectedError(f"filter {argument!r}: expected one value, a list goes to {plural!r}")
    return _scalar_value(argument, type_name, value)


def _scalar_value(argument: str, type_name: str, value: object) -> object:
    """Bring one value to a scalar type; YAML's text for a number or a boolean is understood, and so is the reverse."""
    expected = "text"
    if type_name == "GenericScalar" or (isinstance(value, str) and type_name in _TEXTS):
        return value
    if type_name in {"BigInt", "Int"}:
        expected = "an integer"
        if not isinstance(value, bool) and _INTEGER.fullmatch(str(value)):
            return int(str(value))
    elif type_name == "Boolean":
        expected = "true or false"
        if str(value).lower() in _BOOLEAN_TEXTS:
            return _BOOLEAN_TEXTS[str(value).lower()]
    elif not isinstance(value, bool):
        return str(value)
    raise SourceRejectedError(f"filter {argument!r}: expected {expected}, got {value!r}")


_TEXTS = frozenset({"String", "ID", "DateTime"})
_INTEGER = re.compile(r"-?[0-9]+")
_BOOLEAN_TEXTS = {"true": True, "false": False}
