"""What Infrahub refuses of schemas that can be read: overrides, parents, numbers that are given, names."""

import keyword
from collections.abc import Iterator, Mapping

from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Relationship

Fault = tuple[str, str]
"""The field, or nothing where it is the kind, and what is wrong with it."""


def overrides(
    attributes: Mapping[str, Attribute], relationships: Mapping[str, Relationship], generic: Kind
) -> Iterator[Fault]:
    """Yield what a node says again of a generic's field and must not."""
    for name, attribute in attributes.items():
        theirs = generic.attributes.get(name)
        if theirs is None:
            continue
        if theirs.allow_override == "none":
            yield name, f"not to be overridden, expected what {generic.key} has"
        elif attribute.kind != theirs.kind:
            yield name, f"{attribute.kind}, expected {theirs.kind} as in {generic.key}"
        elif attribute.kind == "NumberPool":
            yield name, f"a NumberPool, expected what {generic.key} has"
    for name, relationship in relationships.items():
        other = generic.relationships.get(name)
        if other is None:
            continue
        if other.allow_override == "none":
            yield name, f"not to be overridden, expected what {generic.key} has"
        elif relationship.kind != "Hierarchy" and relationship.peer != other.peer:
            yield name, f"peer {relationship.peer}, expected {other.peer} as in {generic.key}"


def fields(kind: Kind) -> Iterator[Fault]:
    """Yield what a kind's own fields must not be."""
    for attribute in kind.attributes.values():
        if attribute.kind == "NumberPool" and (attribute.optional or not attribute.read_only):
            yield attribute.name, "a NumberPool, expected `optional: false` and `read_only: true`"
        if keyword.iskeyword(attribute.name):
            yield attribute.name, "a word of Python, expected another name"
    for name in (*kind.attributes, *kind.relationships):
        if "__" in name:
            yield name, "two underscores separate the steps of a path, expected another name"
    parents = [each for each in kind.relationships.values() if each.kind == "Parent"]
    if len(parents) > 1:
        yield "", f"{' and '.join(each.name for each in parents)}: expected one relationship of kind Parent"
    for each in parents[:1]:
        if each.many or each.optional:
            yield each.name, "of kind Parent, expected `cardinality: one` and `optional: false`"


def mandatory(kinds: Mapping[str, Kind]) -> Iterator[tuple[Kind, Relationship]]:
    """Yield the relationships of kinds that cannot be without each other, so that neither can be made."""
    needed: set[tuple[str, str]] = set()
    for kind in kinds.values():
        for each in kind.relationships.values():
            if each.optional:
                continue
            if (each.peer, kind.key) in needed:
                yield kind, each
            needed.add((kind.key, each.peer))


def relatives(kind: Kind, kinds: Mapping[str, Kind]) -> Iterator[Fault]:
    """Yield what a relationship asks its peers to have in common and cannot."""
    for each in kind.relationships.values():
        there = kinds[each.peer].relationships
        if each.common_parent is not None:
            if not any(own.kind == "Parent" for own in kind.relationships.values()):
                yield (
                    each.name,
                    f"common_parent {each.common_parent}, expected a kind with a relationship of kind Parent",
                )
            elif each.common_parent not in there or there[each.common_parent].kind != "Parent":
                yield (
                    each.name,
                    f"common_parent {each.common_parent}, expected a relationship of kind Parent of {each.peer}",
                )
        for name in each.common_relatives or ():
            if name not in there:
                yield each.name, f"common_relatives {name}, expected a relationship of {each.peer}"
