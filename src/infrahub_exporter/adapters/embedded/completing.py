"""What Infrahub adds to a kind by itself: identity, hierarchy, groups, profiles, weights of fields, who uses it."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from infrahub_exporter.adapters.embedded.attribute_paths import parse_path
from infrahub_exporter.adapters.embedded.derived import TEMPLATE, object_template, profiles
from infrahub_exporter.adapters.embedded.fields import label_of
from infrahub_exporter.adapters.embedded.kinds import GROUP, NODE, PREFIX, Attribute, Kind, Relationship

Field = TypeVar("Field", Attribute, Relationship)
_UNGROUPED = frozenset({GROUP, "LineageOwner", "LineageSource"})
_GROUPS = (("member", "group_member"), ("subscriber", "group_subscriber"))
_STEP = 1000
_OF_TEMPLATES = 10000
_VALUE = "__value"
_UP = "parent"


def identified(kind: Kind) -> Kind:
    """Derive the human-friendly id from what is unique, constraints from both, and what is unique from constraints."""
    constraints = list(kind.uniqueness_constraints)
    unique = [each.name for each in kind.attributes.values() if each.unique]
    hfid = kind.human_friendly_id or tuple(f"{name}{_VALUE}" for name in unique[:1])
    if not hfid:
        hfid = next((each for each in constraints if _single(each, kind)), ())
    named = tuple(_constrained(each, kind) for each in hfid)
    if named and not any(set(each) == set(named) for each in constraints):
        constraints.append(named)
    alone = {name for each in constraints if (name := _single(each, kind))}
    own = {name for name in unique if not kind.attributes[name].inherited}
    constraints += sorted((f"{name}{_VALUE}",) for name in own - alone)
    attributes = {
        name: replace(each, unique=True) if name in alone - own else each for name, each in kind.attributes.items()
    }
    return replace(
        kind, attributes=attributes, human_friendly_id=tuple(hfid), uniqueness_constraints=tuple(constraints)
    )


def _single(constraint: tuple[str, ...], kind: Kind) -> str | None:
    """Name the attribute that is unique by itself."""
    if len(constraint) != 1:
        return None
    path = parse_path(constraint[0])
    alone = path.relationship is None and path.property == "value" and path.attribute in kind.attributes
    return path.attribute if alone else None


def _constrained(path: str, kind: Kind) -> str:
    """Give what a constraint has of a path of a human-friendly id: over a relationship that alone."""
    relationship = parse_path(path).relationship
    known = relationship in kind.relationships or (relationship == _UP and kind.tree is not None)
    return relationship if relationship is not None and known else path


def complete(kind: Kind, kinds: Mapping[str, Kind]) -> Kind:
    """Give a kind the relationships that Infrahub adds to it."""
    relationships = dict(kind.relationships)
    for each in _added(kind, kinds):
        found = relationships.get(each.name)
        if found is None:
            relationships[each.name] = each
        elif each.kind == "Hierarchy":
            relationships[each.name] = replace(found, peer=each.peer)
        elif each.kind == "Profile":  # one that is declared keeps its label, its direction and its counts alone
            relationships[each.name] = replace(
                found,
                peer=each.peer,
                kind=each.kind,
                identifier=each.identifier,
                many=each.many,
                branch=each.branch,
                order_weight=each.order_weight,
            )
    return replace(kind, relationships=relationships)


def _added(kind: Kind, kinds: Mapping[str, Kind]) -> Iterator[Relationship]:
    if not kind.generic and kind.generate_template and not kind.restricted:
        yield object_template(kind)
    if kind.profiled:
        yield profiles()
    yield from _hierarchy(kind, kinds)
    if not kind.group and kind.key not in _UNGROUPED:
        for name, identifier in _GROUPS:
            yield _to_groups(f"{name}_of_groups", "Group", identifier)
        if kind.namespace == "Template" and not kind.generic:
            for name, _ in _GROUPS:
                yield _to_groups(f"{name}_of_groups_for_instances", "Generic", f"template_group_{name}_for_instances")


def _to_groups(name: str, kind: str, identifier: str) -> Relationship:
    return Relationship(name=name, label=label_of(name), peer=GROUP, kind=kind, identifier=identifier, many=True)


def _hierarchy(kind: Kind, kinds: Mapping[str, Kind]) -> Iterator[Relationship]:
    """Make the relationships of a hierarchy: an end that is not said is the tree's generic."""
    tree = kind.tree
    if tree is None:
        return
    parent, children = kind.parent or tree, kind.children or tree
    mandatory = parent not in {kind.key, tree} and not kinds[parent].generic
    read_only = PREFIX in (kind.key, *kind.inherit_from)
    ends = Relationship(
        name=_UP,
        label="Parent",
        peer=parent,
        kind="Hierarchy",
        identifier="parent__child",
        hierarchical=tree,
        read_only=read_only,
        many=False,
        direction="outbound",
        optional=not mandatory,
        min_count=int(mandatory),
        max_count=1,
    )
    yield ends
    yield replace(
        ends,
        name="children",
        label="Children",
        peer=children,
        many=True,
        direction="inbound",
        optional=True,
        min_count=0,
        max_count=0,
    )


def weighed(kind: Kind, kinds: Mapping[str, Kind]) -> Kind:
    """Give each field without a weight that of its generic, or one by its place."""
    generics = [kinds[each] for each in kind.inherit_from if each in kinds]
    attributes = _weigh(kind.attributes, 0, [each.attributes for each in generics])
    relationships = _weigh(kind.relationships, len(attributes), [each.relationships for each in generics])
    return replace(kind, attributes=attributes, relationships=relationships)


def _weigh(fields: Mapping[str, Field], place: int, owners: list[Mapping[str, Field]]) -> dict[str, Field]:
    made = {}
    for number, each in enumerate(fields.values(), place + 1):
        weight = each.order_weight
        if not weight and each.inherited:
            weight = next((owner[each.name].order_weight for owner in reversed(owners) if each.name in owner), None)
        made[each.name] = replace(each, order_weight=weight or number * _STEP)
    return made


def weighed_as_template(template: Kind, kinds: Mapping[str, Kind]) -> Kind:
    """Give the fields of a template the weights of the kind that it is of; what that does not have stays without."""
    kind, more = kinds[template.name], 0 if template.generic else _OF_TEMPLATES
    weights = {name: each.order_weight for name, each in kind.attributes.items()}
    weights |= {name: each.order_weight for name, each in kind.relationships.items()}

    def weigh(fields: Mapping[str, Field]) -> dict[str, Field]:
        return {
            name: each
            if each.order_weight or not weights.get(name)
            else replace(each, order_weight=(weights[name] or 0) + more)
            for name, each in fields.items()
        }

    return replace(template, attributes=weigh(template.attributes), relationships=weigh(template.relationships))


def used_by(kinds: Mapping[str, Kind]) -> dict[str, list[str]]:
    """List the kinds under each generic, as Infrahub says: templates and profiles under few of those that they have."""
    used: dict[str, list[str]] = {}
    for kind in kinds.values():
        for generic in _users(kind):
            used.setdefault(generic, []).append(kind.key)
    return used


def _users(kind: Kind) -> tuple[str, ...]:
    if kind.namespace == "Template":
        own = tuple(each for each in kind.inherit_from if each.startswith(kind.namespace))
        return (TEMPLATE, NODE, *own)
    if kind.generic:
        return ()
    if kind.namespace == "Profile":
        return ("CoreProfile", NODE)
    everywhere = (NODE,) if (kind.inherit_from or kind.profiled) and NODE not in kind.inherit_from else ()
    return (*kind.inherit_from, *everywhere)
