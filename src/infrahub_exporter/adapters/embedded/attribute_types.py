"""The GraphQL types of attributes: one per family of attribute kinds, shared by all attributes."""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.kinds import Attribute
from infrahub_exporter.adapters.embedded.scalars import BIG_INT, DATE_TIME, GENERIC
from infrahub_exporter.adapters.embedded.store import Value, to_text
from infrahub_exporter.adapters.embedded.values import PROPERTIES

Shown = tuple[Attribute, Value, str, bool]
"""An attribute at a node, for its resolvers: its schema, its value, the node's id, whether its stamp is told."""

_FAMILIES = {
    "Dropdown": ("Dropdown", GraphQLString),
    "MacAddress": ("MacAddress", GraphQLString),
    "IPHost": ("IPHost", GraphQLString),
    "IPNetwork": ("IPNetwork", GraphQLString),
    "IPAddress": ("IPAddress", GraphQLString),
    "Number": ("NumberAttribute", BIG_INT),
    "NumberPool": ("NumberAttribute", BIG_INT),
    "Bandwidth": ("NumberAttribute", BIG_INT),
    "Boolean": ("CheckboxAttribute", GraphQLBoolean),
    "Checkbox": ("CheckboxAttribute", GraphQLBoolean),
    "List": ("ListAttribute", GENERIC),
    "JSON": ("JSONAttribute", GENERIC),
    "Any": ("AnyAttribute", GENERIC),
}
_FILTERS: Mapping[str, GraphQLScalarType] = {
    "Number": BIG_INT,
    "NumberPool": BIG_INT,
    "Bandwidth": GraphQLInt,
    "Boolean": GraphQLBoolean,
    "Checkbox": GraphQLBoolean,
    "List": GENERIC,
    "JSON": GENERIC,
    "Any": GENERIC,
    "DateTime": DATE_TIME,
}
_NUMBERED = frozenset({"prefixlen", "version", "num_addresses"})


def _read_value(shown: Shown, _: GraphQLResolveInfo) -> Any:
    return shown[1].value


def _reader(name: str) -> Callable[[Shown, GraphQLResolveInfo], Any]:
    def read(shown: Shown, _: GraphQLResolveInfo) -> Any:
        return PROPERTIES[shown[0].kind][name](shown[0], shown[1].value)

    return read


def _protected(shown: Shown, _: GraphQLResolveInfo) -> bool | None:
    return None if shown[1].updated_at is None else shown[1].is_protected


def _from_profile(shown: Shown, _: GraphQLResolveInfo) -> bool | None:
    return None if shown[1].updated_at is None else shown[1].from_profile


def _stamp(shown: Shown, _: GraphQLResolveInfo) -> str | None:
    return to_text(shown[1].updated_at) if shown[3] and shown[1].updated_at is not None else None


def _identify(shown: Shown, _: GraphQLResolveInfo) -> str | None:
    """Make up an id for an attribute, the same at all times."""
    if shown[1].updated_at is None:
        return None
    name = f"{shown[2]} {shown[0].name}".encode()
    return str(uuid.UUID(bytes=hashlib.blake2b(name, digest_size=16).digest()))


def _nothing(*_: Any) -> None:
    return None


GENERIC_POOL = GraphQLInputObjectType(
    "GenericPoolInput",
    {
        "id": GraphQLInputField(GraphQLNonNull(GraphQLString)),
        "identifier": GraphQLInputField(GraphQLString),
        "data": GraphQLInputField(GENERIC),
    },
)
"""How a mutation names a pool, whatever is taken from it."""


class AttributeTypes:
    """The output and input types of attributes of one GraphQL schema."""

    def __init__(
        self, source: GraphQLInterfaceType, owner: GraphQLInterfaceType, account: GraphQLInterfaceType
    ) -> None:
        self._people: dict[str, GraphQLOutputType] = {"source": source, "owner": owner, "updated_by": account}
        self._types: dict[str, GraphQLObjectType] = {}
        self._inputs: dict[str, GraphQLInputObjectType] = {}
        self._arguments: dict[tuple[str, bool], dict[str, GraphQLArgument]] = {}
        self._permission = GraphQLObjectType("PermissionType", {"update_value": GraphQLField(GraphQLString)})
        self._interface = GraphQLInterfaceType(
            "AttributeInterface",
            {
                "is_default": GraphQLField(GraphQLBoolean),
                "is_protected": GraphQLField(GraphQLBoolean),
                "updated_at": GraphQLField(DATE_TIME),
            },
            resolve_type=lambda shown, *_: _FAMILIES.get(shown[0].kind, ("TextAttribute", None))[0],
        )

    def output(self, kind: str) -> GraphQLObjectType:
        """Give the type of an attribute of a kind."""
        name, value = _FAMILIES.get(kind, ("TextAttribute", GraphQLString))
        if name not in self._types:
            fields = {
                "is_default": GraphQLField(GraphQLBoolean, resolve=lambda shown, _: shown[1].is_default),
                "is_protected": GraphQLField(GraphQLBoolean, resolve=_protected),
                "updated_at": GraphQLField(DATE_TIME, resolve=_stamp),
                "id": GraphQLField(GraphQLString, resolve=_identify),
                "is_from_profile": GraphQLField(GraphQLBoolean, resolve=_from_profile),
                "permissions": GraphQLField(self._permission, resolve=lambda *_: {"update_value": "ALLOW"}),
                "value": GraphQLField(value, resolve=_read_value),
            }
            for prop in PROPERTIES.get(kind, ()):
                scalar = GraphQLInt if prop in _NUMBERED else GraphQLString
                fields[prop] = GraphQLField(scalar, resolve=_reader(prop))
            for person, person_type in self._people.items():
                fields[person] = GraphQLField(person_type, resolve=_nothing)
            self._types[name] = GraphQLObjectType(name, fields, interfaces=[self._interface])
        return self._types[name]

    def input(self, kind: str, *, update: bool) -> GraphQLInputObjectType:
        """Give the type of an attribute's value in a mutation."""
        family, value = _FAMILIES.get(kind, ("TextAttribute", GraphQLString))
        if value is GraphQLString:
            family = "TextAttribute"
        name = family + ("Update" if update else "Create")
        if name not in self._inputs:
            fields = {
                "is_protected": GraphQLInputField(GraphQLBoolean),
                "source": GraphQLInputField(GraphQLString),
                "owner": GraphQLInputField(GraphQLString),
                "value": GraphQLInputField(value),
            }
            if family == "NumberAttribute":
                fields["from_pool"] = GraphQLInputField(GENERIC_POOL)
            if update:
                fields["is_default"] = GraphQLInputField(GraphQLBoolean)
            self._inputs[name] = GraphQLInputObjectType(name, fields)
        return self._inputs[name]

    def filters(self, name: str, kind: str, *, properties: bool, isnull: bool) -> dict[str, GraphQLArgument]:
        """Give the filter arguments of an attribute."""
        scalar = _FILTERS.get(kind, GraphQLString)
        made = {
            f"{name}__value": GraphQLArgument(scalar),
            f"{name}__values": GraphQLArgument(GraphQLList(scalar)),
        }
        if isnull:
            made[f"{name}__isnull"] = GraphQLArgument(GraphQLBoolean)
        if properties:
            made[f"{name}__source__id"] = GraphQLArgument(GraphQLID)
            made[f"{name}__owner__id"] = GraphQLArgument(GraphQLID)
            made[f"{name}__is_protected"] = GraphQLArgument(GraphQLBoolean)
        return made
