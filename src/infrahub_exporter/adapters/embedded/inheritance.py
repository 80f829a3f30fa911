"""From declarations to kinds: inheritance, hierarchies, groups and what Infrahub derives."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from infrahub_exporter.adapters.embedded.attribute_paths import AttributePath, parse_path
from infrahub_exporter.adapters.embedded.declarations import GenericDeclaration, KindDeclaration, NodeDeclaration
from infrahub_exporter.adapters.embedded.derived import object_template, profiles_of, templates_of
from infrahub_exporter.adapters.embedded.faults import Faults
from infrahub_exporter.adapters.embedded.fields import (
    added_to,
    attributes_of,
    hierarchy_of,
    label_of,
    relationships_of,
)
from infrahub_exporter.adapters.embedded.kinds import PREFIX, RESTRICTED, Attribute, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.templates import TemplateError, template_paths
from infrahub_exporter.domain.errors import ConfigError

_INHERITED = ("human_friendly_id", "display_label", "default_filter", "uniqueness_constraints", "order_by")
BUILTIN = "built-in"
"""The source of what every Infrahub has."""


class Declared(msgspec.Struct):
    """A declaration, the file that it was written in, and the files of fields that came from another one."""

    source: str
    declaration: NodeDeclaration | GenericDeclaration
    fields: dict[str, str] = {}

    def place(self, field: str) -> str:
        """Name the file and the place of a field."""
        return f"{self.fields.get(field, self.source)}: {self.declaration.key}.{field}"


def unknown(kind: str, known: Iterable[str]) -> str:
    """Say that a kind is missing, and of which sort."""
    near = difflib.get_close_matches(kind, sorted(known), n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    if kind.startswith(RESTRICTED):
        return f"{kind}: no kind that every Infrahub has{hint}"
    return f"{kind}: not declared in any of these files{hint}"


def resolve(declared: Mapping[str, Declared]) -> Kinds:
    """Work out the kinds.

    Raises:
        ConfigError: a line for each fault that does not follow from another, with file, kind and expectation.
    """
    faults = Faults()
    kinds: dict[str, Kind] = {}
    for key, each in declared.items():
        if isinstance(each.declaration, GenericDeclaration):
            with faults.gathered():
                kinds[key] = _generic(each.declaration, each.source)
    faults.check()
    for key, each in declared.items():
        if isinstance(each.declaration, NodeDeclaration):
            with faults.gathered():
                kinds[key] = _node(each.declaration, each.source, kinds, declared)
    for kind in kinds.values():
        for relationship in kind.relationships.values():
            if relationship.peer not in declared:
                place = _origin(relationship.name, kind, declared).place(relationship.name)
                faults.add(f"{place}: peer {unknown(relationship.peer, declared)}")
    faults.check()
    kinds = {key: _branch(kind, kinds) for key, kind in kinds.items()}
    templates = templates_of(kinds)
    profiles = profiles_of(kinds, templates)
    complete = {each.key: _complete(each) for each in (*kinds.values(), *templates.values(), *profiles.values())}
    used_by = _used_by(complete)
    for key, kind in complete.items():
        complete[key] = msgspec.structs.replace(kind, used_by=tuple(sorted(used_by.get(key, ()))))
    for key, each in declared.items():
        with faults.gathered():
            _check_paths(complete[key], complete, each.source)
    faults.check()
    return Kinds(complete)


def _branch(kind: Kind, kinds: Mapping[str, Kind]) -> Kind:
    """Fill in what branches do to each field: as the kind says, or what it and the peer's kind have in common."""
    attributes = dict(kind.attributes)
    for attribute in kind.attributes.values():
        if _as_its_generic(attribute, kind, kinds):
            attributes[attribute.name] = msgspec.structs.replace(attribute, branch=kind.branch)
    relationships = dict(kind.relationships)
    for relationship in kind.relationships.values():
        if not relationship.branch or _as_its_generic(relationship, kind, kinds):
            both = {kind.branch, kinds[relationship.peer].branch}
            branch = kind.branch if len(both) == 1 else "local" if "local" in both else "aware"
            relationships[relationship.name] = msgspec.structs.replace(relationship, branch=branch)
    return msgspec.structs.replace(kind, attributes=attributes, relationships=relationships)


def _as_its_generic(field: Attribute | Relationship, kind: Kind, kinds: Mapping[str, Kind]) -> bool:
    """Tell whether a field was inherited from a generic that treats branches as the field does."""
    if not field.inherited:
        return False
    owners = (kinds[each] for each in kind.inherit_from)
    owner = next(each for each in owners if field.name in each.attributes or field.name in each.relationships)
    return field.branch == owner.branch


def _complete(kind: Kind) -> Kind:
    """Give a kind the relationships that Infrahub adds to it."""
    relationships = dict(kind.relationships)
    for added in added_to(kind):
        relationships.setdefault(added.name, added)
    if not kind.generic and kind.generate_template and not kind.restricted:
        relationships["object_template"] = object_template(kind)
    return msgspec.structs.replace(kind, relationships=relationships)


def _used_by(kinds: Mapping[str, Kind]) -> dict[str, list[str]]:
    """List the nodes under each generic."""
    used: dict[str, list[str]] = {}
    for kind in kinds.values():
        for label in kind.labels[1:]:
            used.setdefault(label, []).append(kind.key)
    return used


def _origin(field: str, kind: Kind, declared: Mapping[str, Declared]) -> Declared:
    """Find the declaration that a field of a kind was written in: its own or a generic's."""
    for key in (kind.key, *kind.inherit_from):
        declaration = declared[key].declaration
        if any(each.name == field for each in (*declaration.attributes, *declaration.relationships)):
            return declared[key]
    return declared[kind.key]


def _generic(declaration: GenericDeclaration, source: str) -> Kind:
    relationships = relationships_of(declaration, source)
    key = declaration.key
    if declaration.hierarchical:
        for each in hierarchy_of(key, key, key, read_only=key == PREFIX, mandatory=False):
            relationships.setdefault(each.name, each)
    return _finish(declaration, attributes_of(declaration, source), relationships, {})


def _node(
    declaration: NodeDeclaration, source: str, kinds: Mapping[str, Kind], declared: Mapping[str, Declared]
) -> Kind:
    generics = []
    for name in declaration.inherit_from:
        if name not in declared:
            raise ConfigError(f"{source}: {declaration.key}: inherit_from {unknown(name, declared)}")
        if name not in kinds or not kinds[name].generic:
            raise ConfigError(f"{source}: {declaration.key}: inherit_from {name}: a node, expected a generic")
        allowed = kinds[name].restricted_namespaces
        if allowed and declaration.namespace not in allowed:
            expected = " or ".join(allowed)
            raise ConfigError(
                f"{source}: {declaration.key}: inherit_from {name}: a generic of namespace {expected} alone, "
                "expected another"
            )
        generics.append(kinds[name])
    attributes = attributes_of(declaration, source)
    relationships = relationships_of(declaration, source)
    inherited: dict[str, object] = {}
    for generic in generics:
        _inherit(generic, attributes, relationships)
        for prop in _INHERITED:
            inherited[prop] = inherited.get(prop) or getattr(generic, prop)
    inherited |= _place_in_tree(Declared(source, declaration), generics, relationships, declared)
    return _finish(declaration, attributes, relationships, inherited)


def _inherit(generic: Kind, attributes: dict[str, Attribute], relationships: dict[str, Relationship]) -> None:
    """Add what a generic has and the node does not."""
    for attribute in generic.attributes.values():
        if attribute.name not in attributes and attribute.name not in relationships:
            attributes[attribute.name] = msgspec.structs.replace(attribute, inherited=True)
    for relationship in generic.relationships.values():
        if relationship.name not in relationships and relationship.name not in attributes:
            relationships[relationship.name] = msgspec.structs.replace(relationship, inherited=True)


def _place_in_tree(
    node: Declared,
    generics: Iterable[Kind],
    relationships: dict[str, Relationship],
    declared: Mapping[str, Declared],
) -> dict[str, object]:
    """Give a node its relationships to parent and children: an unset or empty end is the tree's generic."""
    source, declaration = node.source, node.declaration
    if not isinstance(declaration, NodeDeclaration):
        return {}
    key = declaration.key
    tree = declaration.hierarchy or next((each.key for each in generics if each.hierarchical), None)
    parent, children = declaration.parent or tree or "", declaration.children or tree or ""
    for end in (tree, parent, children):
        if end and end not in declared:
            raise ConfigError(f"{source}: {key}: hierarchy {unknown(end, declared)}")
    if tree is None:
        if parent or children:
            raise ConfigError(f"{source}: {key}: parent or children, expected a hierarchical generic in inherit_from")
        return {}
    root = declared[tree].declaration
    if not isinstance(root, GenericDeclaration) or not root.hierarchical:
        raise ConfigError(f"{source}: {key}: hierarchy {tree}: expected a generic with `hierarchical: true`")
    mandatory = parent != key and not isinstance(declared[parent].declaration, GenericDeclaration)
    for name in ("parent", "children"):
        relationships.pop(name, None)
    read_only = PREFIX in declaration.inherit_from
    for each in hierarchy_of(parent, children, tree, read_only=read_only, mandatory=mandatory):
        relationships[each.name] = each
    ends = {"parent": declaration.parent, "children": declaration.children}
    return {"hierarchy": tree, **{name: tree if value is None else value for name, value in ends.items()}}


def _finish(
    declaration: KindDeclaration,
    attributes: dict[str, Attribute],
    relationships: dict[str, Relationship],
    inherited: Mapping[str, object],
) -> Kind:
    """Fill in what Infrahub derives: a human-friendly id from what is unique, and constraints from both."""
    own: dict[str, Any] = {prop: getattr(declaration, prop) or inherited.get(prop) or () for prop in _INHERITED}
    constraints = list(own["uniqueness_constraints"])
    hfid = own["human_friendly_id"]
    unique = [f"{each.name}__value" for each in attributes.values() if each.unique]
    if not hfid and unique:
        hfid = (unique[0],)
    if not hfid:
        hfid = next((each for each in constraints if len(each) == 1 and each[0].endswith("__value")), ())
    constraints += [(name,) for name in unique if (name,) not in constraints]
    label = own["display_label"]
    if not label and declaration.display_labels:
        label = " ".join(f"{{{{ {each} }}}}" for each in declaration.display_labels)
    return Kind(
        namespace=declaration.namespace,
        name=declaration.name,
        label=declaration.label or label_of(declaration.name),
        generic=isinstance(declaration, GenericDeclaration),
        description=declaration.description,
        attributes=attributes,
        relationships=relationships,
        human_friendly_id=tuple(hfid),
        display_label=label or None,
        default_filter=own["default_filter"] or None,
        order_by=tuple(own["order_by"]),
        uniqueness_constraints=tuple(constraints),
        inherit_from=declaration.inherit_from if isinstance(declaration, NodeDeclaration) else (),
        hierarchical=isinstance(declaration, GenericDeclaration) and declaration.hierarchical,
        branch=declaration.branch or "aware",
        generate_profile=declaration.generate_profile is not False,
        generate_template=bool(declaration.generate_template),
        restricted_namespaces=(declaration.restricted_namespaces or ())
        if isinstance(declaration, GenericDeclaration)
        else (),
        extra={
            name: getattr(declaration, name) for name in ("icon", "menu_placement", "documentation", "include_in_menu")
        },
        **{name: inherited.get(name) for name in ("hierarchy", "parent", "children")},  # type: ignore[arg-type]
    )


def _check_paths(kind: Kind, kinds: Mapping[str, Kind], source: str) -> None:
    """Refuse paths that cross to nowhere, and templates that are more than paths."""
    if kind.generic and not kind.attributes:
        return
    named = [("human_friendly_id", each) for each in kind.human_friendly_id]
    named += [("order_by", each) for each in kind.order_by if not each.startswith("node_metadata__")]
    named += [("uniqueness_constraints", each) for group in kind.uniqueness_constraints for each in group]
    try:
        named += [("display_label", each) for each in template_paths(kind.display_label or "")]
        for attribute in kind.attributes.values():
            named += [(attribute.name, each) for each in template_paths(attribute.template or "")]
    except TemplateError as exc:
        raise ConfigError(f"{source}: {kind.key}: {exc}") from exc
    for key, text in named:
        if not _leads_somewhere(parse_path(text), kind, kinds):
            raise ConfigError(
                f"{source}: {kind.key}: {key}: {text}: leads nowhere, expected attribute__value or "
                "relationship__attribute__value"
            )


def _leads_somewhere(path: AttributePath, kind: Kind, kinds: Mapping[str, Kind]) -> bool:
    if path.relationship is not None:
        if path.relationship not in kind.relationships:
            return False
        kind = kinds[kind.relationships[path.relationship].peer]
    return (
        path.attribute in kind.attributes
        or path.attribute in {"id", "hfid"}
        or (path.attribute in kind.relationships and path.relationship is None and not path.property_given)
    )
