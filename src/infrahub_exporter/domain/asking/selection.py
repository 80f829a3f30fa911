"""From what the user asks for and the kinds' schema to what is read: columns and typed filters."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from infrahub_exporter.domain.asking.filters import argument_type, crossed_kind, typed
from infrahub_exporter.domain.asking.naming import names_over_relations, secret_of
from infrahub_exporter.domain.asking.paths import Steps, parse, suggestion
from infrahub_exporter.domain.asking.specs import Filters, FilterValue
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema

NODE_FIELDS = ("id", "hfid", "display_label", "__typename")
"""What GraphQL gives of every node beside its attributes."""

_NAMES = frozenset({"hfid", "display_label"})
"""Those that are made of attributes."""

_SUBFIELDS: Mapping[str, tuple[str, ...]] = {
    "IPHost": ("ip", "hostmask", "netmask", "prefixlen", "version", "with_hostmask", "with_netmask"),
    "IPNetwork": (
        "broadcast_address",
        "hostmask",
        "netmask",
        "prefixlen",
        "version",
        "with_hostmask",
        "with_netmask",
    ),
    "IPAddress": ("version",),
    "Dropdown": ("label", "color", "description"),
    "MacAddress": (
        "oui",
        "ei",
        "version",
        "binary",
        "eui48",
        "eui64",
        "bare",
        "dot_notation",
        "semicolon_notation",
        "split_notation",
    ),
}
"""Subfields by attribute kind (GraphQL types of Infrahub 1.11); `num_addresses` is left out, it overflows."""

_COMMON_SUBFIELDS = ("value", "id", "updated_at", "is_default", "is_from_profile", "is_protected")


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


def select(kind: str, include: Iterable[str], filters: Filters, kinds: Mapping[str, KindSchema]) -> Selection:
    """Resolve paths and filters against the schema.

    `kinds` holds at least what `missing_kinds` asked for. Raises SourceRejectedError, with a suggestion, for what the
    schema does not have, and for attributes whose kind is a secret, also where a node is named by one.
    """
    _check_name("hfid", "hfid", kinds[kind], kinds)
    return Selection(
        kind=kind,
        columns=tuple(_column(text, kind, kinds) for text in include),
        filters=tuple(_filter(argument, value, kind, kinds) for argument, value in filters.items()),
    )


def _filter(argument: str, value: FilterValue, kind: str, kinds: Mapping[str, KindSchema]) -> Filter:
    type_name = argument_type(argument, kinds[kind], kinds)
    return Filter(argument, type_name, typed(argument, type_name, value))


def missing_kinds(
    kind: str, include: Iterable[str], filters: Iterable[str], kinds: Mapping[str, KindSchema]
) -> frozenset[str]:
    """Name the kinds whose schema `select` needs and `kinds` lacks, as far as can be told: ask until none is left."""
    if kind not in kinds:
        return frozenset({kind})
    needed = [_unknown_peer(parse(path).steps, kind, kinds) for path in include]
    needed += [crossed_kind(argument, kinds[kind]) for argument in filters]
    needed += [peer for _, peer in names_over_relations(kinds[kind])]
    return frozenset(each for each in needed if each is not None and each not in kinds)


def _unknown_peer(path: Steps, kind: str, kinds: Mapping[str, KindSchema]) -> str | None:
    """Follow a path as far as the known kinds go, and into what the node at its end is named by, if it shows that.

    Name the kind after them, None where the path needs no other.
    """
    current = kind
    for step in path:
        relationship = kinds[current].relationships.get(step.name)
        if relationship is None and step.name not in _NAMES:
            return None
        if relationship is not None:
            current = relationship.peer
            if current not in kinds:
                return current
    return next((peer for _, peer in names_over_relations(kinds[current]) if peer not in kinds), None)


def _column(text: str, kind: str, kinds: Mapping[str, KindSchema]) -> Column:
    schema, rest = kinds[kind], parse(text).steps
    hops: list[Hop] = []
    for step in rest:
        if step.selector is not None:
            raise SourceRejectedError(f"{text!r}: nothing can be chosen among the peers of {step.name!r} yet")
    while rest and (relationship := schema.relationships.get(rest[0].name)) is not None:
        if rest[0].many and not relationship.many:
            raise SourceRejectedError(
                f"{text!r}: {rest[0].name!r} of {schema.kind} leads to one node, write it without []"
            )
        hops.append(Hop(relationship.name, relationship.many, relationship.peer))
        rest = rest[1:]
        schema = kinds[relationship.peer]
    if not rest:
        _check_name(text, "hfid", schema, kinds)
        return Column(text, tuple(hops))
    name, properties = rest[0].name, rest[1:]
    if name in NODE_FIELDS and not properties and not rest[0].many:
        _check_name(text, name, schema, kinds)
        return Column(text, tuple(hops), name)
    attribute = _attribute(text, schema, name)
    if rest[0].many:
        raise SourceRejectedError(f"{text!r}: {name!r} of {schema.kind} is an attribute, write it without []")
    return Column(text, tuple(hops), name, _subfield(text, schema, attribute, properties))


def _check_name(text: str, name: str, schema: KindSchema, kinds: Mapping[str, KindSchema]) -> None:
    """Refuse to name nodes by a secret."""
    named_by = secret_of(name, schema, kinds) if name in _NAMES else None
    if named_by is not None:
        owner, secret = named_by
        raise SourceRejectedError(
            f"{text!r}: the {name} of {schema.kind} is made of {secret.name!r} of {owner.kind}, a {secret.kind}, "
            "secrets are never exported"
        )


def _attribute(text: str, schema: KindSchema, name: str) -> AttributeSchema:
    attribute = schema.attributes.get(name)
    if attribute is None:
        near = suggestion(name, (*schema.attributes, *schema.relationships))
        raise SourceRejectedError(f"{text!r}: {schema.kind} has no field {name!r}{near}")
    if attribute.is_secret:
        raise SourceRejectedError(
            f"{text!r}: {name!r} of {schema.kind} is a {attribute.kind}, secrets are never exported"
        )
    return attribute


def _subfield(text: str, schema: KindSchema, attribute: AttributeSchema, properties: Steps) -> str:
    if not properties:
        return "value"
    known = (*_COMMON_SUBFIELDS, *_SUBFIELDS.get(attribute.kind, ()))
    if len(properties) == 1 and properties[0].name in known:
        return properties[0].name
    wrong = ".".join(step.name for step in properties)
    raise SourceRejectedError(
        f"{text!r}: {attribute.name!r} of {schema.kind} is an attribute of kind {attribute.kind} and has no {wrong!r}"
        f"{suggestion(wrong, known)}"
    )
