"""What the schema says of the attributes at the ends of paths: their kinds and choices."""

from collections.abc import Mapping

from msgspec import structs

from infrahub_exporter.domain.asking.columns import Column
from infrahub_exporter.domain.asking.resolving import INSTANTS
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.model import AttributeSchema, KindSchema


def attributes(selection: Selection, kinds: Mapping[str, KindSchema]) -> Mapping[str, AttributeSchema]:
    """Describe the attribute at the end of each column that takes an attribute's own value, by its path.

    Where kinds that inherit from a generic have it each for itself, the choices are those of all, in the order of the
    kinds.
    """
    found: dict[str, AttributeSchema] = {}
    for column in selection.columns:
        described = [each for way in column.ways for each in _described(way, selection.kind, kinds)]
        if described:
            choices = dict.fromkeys(choice for each in described for choice in each.choices)
            found[column.path] = structs.replace(described[0], choices=tuple(choices))
    return found


def _described(way: Column, root: str, kinds: Mapping[str, KindSchema]) -> list[AttributeSchema]:
    if way.attribute is None or way.inner:
        return []
    if way.subfield in INSTANTS:
        return [AttributeSchema(way.subfield, "DateTime")]
    if way.subfield != "value":
        return []
    kind = way.hops[-1].peer if way.hops else root
    schema = kinds.get(kind)
    owners = way.on or (kind, *(() if schema is None else schema.used_by))
    named = [kinds[owner].attributes.get(way.attribute) for owner in owners if owner in kinds]
    return [each for each in named if each is not None]
