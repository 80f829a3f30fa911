"""What Infrahub refuses of schemas that can be read: overrides, parents, numbers that are given, names."""

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from infrahub_exporter.adapters.embedded.derived import shared
from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Relationship
from infrahub_exporter.adapters.embedded.values import InvalidValueError, normalize

_ALIKE = (
    *("peer", "kind", "identifier", "many", "min_count", "max_count", "common_parent", "common_relatives", "optional"),
    *("branch", "direction", "cascade", "read_only", "hierarchical", "allow_override"),
)
_OPPOSITE = {
    ("bidirectional", 1): ("bidirectional",),
    ("outbound", 1): ("inbound",),
    ("inbound", 1): ("outbound",),
    ("outbound", 2): ("inbound", "outbound"),
    ("inbound", 2): ("inbound", "outbound"),
    ("bidirectional", 2): ("bidirectional",),
}
"""Which directions the one end may have at the peer, by the direction of this end and how many this kind has."""
_RENAMED = "expected another name"
_TAKEN = frozenset(
    {
        *("attr", "attribute", "attributes", "attrs", "node_metadata", "process_pools"),
        *("rel", "relationship", "relationships", "rels", "save"),
    }
)
"""What fields of every kind must not be called, beside what stands in each answer."""
_TAKEN_IN_GENERICS = frozenset({"type"})
_TAKEN_IN_TREES = frozenset({"ancestors", "descendants"})
_OF_PROFILES = frozenset({"profile_name", "profile_priority", "related_nodes"})
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
        if theirs.allow_override == "none" and not attribute.inherited:
            yield name, f"not to be overridden, expected what {generic.key} has"
        elif attribute.kind != theirs.kind:
            yield name, f"{attribute.kind}, expected {theirs.kind} as in {generic.key}"
        elif attribute.kind == "NumberPool":
            yield name, f"a NumberPool, expected what {generic.key} has"
    for name, relationship in relationships.items():
        other = generic.relationships.get(name)
        if other is None or relationship.inherited:
            continue
        if other.allow_override == "none":
            yield name, f"not to be overridden, expected what {generic.key} has"
        elif relationship.kind != "Hierarchy" and relationship.peer != other.peer:
            yield name, f"peer {relationship.peer}, expected {other.peer} as in {generic.key}"
    yield from _of_two_sorts(attributes, relationships, generic)


def _of_two_sorts(
    attributes: Mapping[str, Attribute], relationships: Mapping[str, Relationship], generic: Kind
) -> Iterator[Fault]:
    """Yield what is an attribute here and a relationship there: a real Infrahub that has both answers no query."""
    for name in attributes.keys() & generic.relationships.keys():
        yield name, f"an attribute, and a relationship of {generic.key}, {_RENAMED}"
    for name in relationships.keys() & generic.attributes.keys():
        yield name, f"a relationship, and an attribute of {generic.key}, {_RENAMED}"


def clashes(generics: Sequence[Kind]) -> Iterator[Fault]:
    """Yield the relationships that two generics of a node have and that are not alike, and what both compute."""
    for one, other in combinations(generics, 2):
        for name in one.attributes.keys() & other.attributes.keys():
            if one.attributes[name].given and other.attributes[name].given:
                yield name, f"computed in {one.key} and {other.key}, expected it in one generic"
        for name in one.relationships.keys() & other.relationships.keys():
            mine, theirs = one.relationships[name], other.relationships[name]
            apart = next((each for each in _ALIKE if getattr(mine, each) != getattr(theirs, each)), None)
            if apart is not None:
                yield name, f"{apart} differs in {one.key} and {other.key}, expected the same relationship in both"


def fields(kind: Kind, generics: Iterable[Kind]) -> Iterator[Fault]:
    """Yield what a kind's own fields must not be."""
    for attribute in kind.attributes.values():
        if attribute.kind == "NumberPool" and (attribute.optional or not attribute.read_only):
            yield attribute.name, "a NumberPool, expected `optional: false` and `read_only: true`"
        if attribute.default_value is not None and not attribute.inherited:
            wrong = _wrong_default(attribute)
            if wrong is not None:
                yield attribute.name, f"default_value: {wrong}"
    for name in kind.attributes.keys() & kind.relationships.keys():
        yield name, f"an attribute, and a relationship that Infrahub adds, {_RENAMED}"
    taken = _TAKEN | (_TAKEN_IN_GENERICS if kind.generic else frozenset())
    taken |= _TAKEN_IN_TREES if kind.tree else frozenset()
    for name in (*kind.attributes, *kind.relationships):
        if name in taken:
            yield name, f"taken, {_RENAMED}"
        if keyword.iskeyword(name):
            yield name, "a word of Python, expected another name"
        if "__" in name:
            yield name, "two underscores separate the steps of a path, expected another name"
    yield from _taken_in_profiles(kind)
    yield from _counts(kind)
    yield from _parents(kind, generics)


def _taken_in_profiles(kind: Kind) -> Iterator[Fault]:
    if kind.generate_profile and kind.profiled:
        attributes, relationships = shared(kind)
        names = (*(each.name for each in attributes), *(each.name for each in relationships))
        for name in _OF_PROFILES.intersection(names):
            yield name, f"a name that its profile has for something else, {_RENAMED}"


def _wrong_default(attribute: Attribute) -> str | None:
    if attribute.enum and attribute.default_value not in attribute.enum:
        return f"{attribute.default_value} must be one of {list(attribute.enum)!r}"
    try:
        normalize(attribute, attribute.default_value)
    except InvalidValueError as exc:
        return str(exc)
    return None


def _counts(kind: Kind) -> Iterator[Fault]:
    for each in kind.relationships.values():
        if not each.many and not each.optional and (each.min_count, each.max_count) != (1, 1):
            yield each.name, "of cardinality one, expected `min_count: 1` and `max_count: 1`, or neither"
        elif each.many and each.max_count and each.min_count > each.max_count:
            yield each.name, f"min_count {each.min_count}, expected at most max_count, {each.max_count}"
        elif each.many and each.max_count == 1:
            yield each.name, "max_count 1, expected `cardinality: one`, or two at least"


def _parents(kind: Kind, generics: Iterable[Kind]) -> Iterator[Fault]:
    parents = [each for each in kind.relationships.values() if each.kind == "Parent" and not each.inherited]
    parents += [each for generic in generics for each in generic.relationships.values() if each.kind == "Parent"]
    if len(parents) > 1:
        yield "", f"{' and '.join(each.name for each in parents)}: expected one relationship of kind Parent"
    for each in parents[:1]:
        if each.many or each.optional:
            yield each.name, "of kind Parent, expected `cardinality: one` and `optional: false`"


def identifiers(kinds: Mapping[str, Kind]) -> Iterator[tuple[Kind, Relationship, str]]:
    """Yield for each identifier the first relationship of which it does not say what the other side is."""
    ends: dict[str, dict[str, list[Relationship]]] = {}
    for kind in kinds.values():
        for each in kind.relationships.values():
            ends.setdefault(each.identifier, {}).setdefault(kind.key, []).append(each)
    for by_kind in ends.values():
        for key, relationship, wrong in _ambiguous(by_kind):
            yield kinds[key], relationship, wrong
            break


def _ambiguous(by_kind: Mapping[str, Sequence[Relationship]]) -> Iterator[tuple[str, Relationship, str]]:
    for key, there in by_kind.items():
        if len(there) > 1 and sorted(each.direction for each in there) != ["inbound", "outbound"]:
            names = " and ".join(each.name for each in there)
            identifier = there[0].identifier
            yield key, there[-1], f"identifier {identifier} of {names}, expected one for each, or two directions"
        for each in there if len(by_kind) > 1 else ():
            other = by_kind.get(each.peer, ())
            if len(other) == 1 and other[0].direction not in _OPPOSITE[each.direction, len(there)]:
                expected = f"the opposite of {each.peer}.{other[0].name}, {other[0].direction}"
                yield key, each, f"{each.direction}, expected {expected}"


def cycles(kinds: Mapping[str, Kind]) -> Iterator[Kind]:
    """Yield a kind that is a component of itself, over others or at once."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for kind in kinds.values():
        for each in kind.relationships.values():
            if each.kind == "Component":
                sorter.add(each.peer, kind.key)
            elif each.kind == "Parent":
                sorter.add(kind.key, each.peer)
    try:
        sorter.prepare()
    except CycleError as exc:
        yield kinds[exc.args[1][0]]


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
