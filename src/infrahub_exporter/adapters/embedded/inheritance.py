"""From declarations to kinds: what a node inherits, where it stands in a hierarchy, and what cannot be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from infrahub_exporter.adapters.embedded.branch_support import with_branches
from infrahub_exporter.adapters.embedded.completing import (
    complete,
    identified,
    used_by,
    weighed,
    weighed_as_template,
)
from infrahub_exporter.adapters.embedded.declarations import GenericDeclaration, KindDeclaration, NodeDeclaration
from infrahub_exporter.adapters.embedded.declared import BUILTIN, Declared, origin, unknown
from infrahub_exporter.adapters.embedded.derived import orphans, profiles_of, templates_of
from infrahub_exporter.adapters.embedded.faults import Faults
from infrahub_exporter.adapters.embedded.fields import attributes_of, label_of, relationships_of
from infrahub_exporter.adapters.embedded.kind_paths import check_paths
from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.rules import (
    clashes,
    cycles,
    fields,
    identifiers,
    mandatory,
    overrides,
    relatives,
)
from infrahub_exporter.domain.errors import ConfigError

Field = TypeVar("Field", Attribute, Relationship)
_INHERITED = (
    "human_friendly_id",
    "display_label",
    "display_labels",
    "default_filter",
    "menu_placement",
    "uniqueness_constraints",
    "icon",
    "order_by",
)
_NOT_INHERITED = frozenset({"Profile", "Template"})


def resolve(declared: Mapping[str, Declared]) -> Kinds:
    """Work out the kinds.

    Raises:
        ConfigError: a line for each fault that does not follow from another, with file, kind and expectation.
    """
    kinds = _derived(_inherited(declared))
    faults = Faults()
    for key, each in declared.items():
        if each.source != BUILTIN:
            with faults.gathered():
                check_paths(kinds[key], kinds, each.source)
    written = {key: kinds[key] for key in declared}
    own = [kind for kind in written.values() if not declared[kind.key].built_in]
    told = [(kind, *fault) for kind in own for fault in fields(kind, [kinds[each] for each in kind.inherit_from])]
    told += [(kind, *fault) for kind in own if not kind.generic for fault in relatives(kind, kinds)]
    told += [(kind, each.name, wrong) for kind, each, wrong in identifiers(written)]
    told += [(kind, "", "a component of itself, expected a tree of components") for kind in cycles(written)]
    told += [
        (kind, each.name, f"cannot be without {each.peer}, nor the other way round")
        for kind, each in mandatory(written)
    ]
    told += [
        (
            kind,
            each.name,
            f"{kind.key} has a template and its parent {each.peer} none, expected generate_template there",
        )
        for kind, each in orphans(kinds)
    ]
    for kind, name, wrong in told:
        place = origin(name, kind, declared).place(name) if name else f"{declared[kind.key].source}: {kind.key}"
        faults.add(f"{place}: {wrong}")
    faults.check()
    return Kinds(kinds)


def _inherited(declared: Mapping[str, Declared]) -> dict[str, Kind]:
    """Give each node what its generics have, and check that all peers are there."""
    faults = Faults()
    generics: dict[str, Kind] = {}
    for key, each in declared.items():
        if isinstance(each.declaration, GenericDeclaration):
            with faults.gathered():
                generics[key] = _generic(each.declaration, each.source)
    faults.check()
    stored = {key: _stored(kind) if declared[key].built_in else kind for key, kind in generics.items()}
    kinds = dict(stored)
    for key, each in declared.items():
        if isinstance(each.declaration, NodeDeclaration):
            with faults.gathered():
                kinds[key] = _node(each, generics if each.built_in else stored, declared)
    peers = {(kind.key, each.name): each.peer for kind in kinds.values() for each in kind.relationships.values()}
    if not declared.keys() >= set(peers.values()):
        known = declared.keys() | (_names_derived(kinds) if kinds.keys() == declared.keys() else set())
        for (key, name), peer in peers.items():
            if peer not in known:
                faults.add(f"{origin(name, kinds[key], declared).place(name)}: peer {unknown(peer, known)}")
    faults.check()
    return kinds


def _names_derived(kinds: Mapping[str, Kind]) -> set[str]:
    """Name the templates and profiles that there will be."""
    templates = templates_of(kinds)
    return {*templates, *profiles_of(kinds, templates)}


def _derived(declared: Mapping[str, Kind]) -> dict[str, Kind]:
    """Add templates and profiles, and to all kinds what Infrahub adds to them."""
    kinds = {key: with_branches(kind, declared) for key, kind in declared.items()}
    for key, kind in kinds.items():
        kinds[key] = weighed(kind, kinds)
    templates = templates_of(kinds)
    profiles = profiles_of(kinds, templates)
    made = {each.key: complete(each, kinds) for each in (*kinds.values(), *templates.values(), *profiles.values())}
    for key, kind in made.items():
        made[key] = weighed_as_template(kind, made) if key in templates else weighed(kind, made)
    users = used_by(made)
    return {key: msgspec.structs.replace(kind, used_by=tuple(sorted(users.get(key, ())))) for key, kind in made.items()}


def _generic(declaration: GenericDeclaration, source: str) -> Kind:
    return identified(
        _finish(declaration, attributes_of(declaration, source), relationships_of(declaration, source), {})
    )


def _stored(generic: Kind) -> Kind:
    """Give a built-in generic what Infrahub adds to it: a server has it so when the first schema is loaded."""
    return weighed(complete(generic, {}), {})


def _node(node: Declared, kinds: Mapping[str, Kind], declared: Mapping[str, Declared]) -> Kind:
    source, declaration = node.source, node.declaration
    inherit_from = declaration.inherit_from if isinstance(declaration, NodeDeclaration) else ()
    generics = []
    for name in inherit_from:
        if name not in declared:
            raise ConfigError(f"{source}: {declaration.key}: inherit_from {unknown(name, declared)}")
        if name not in kinds or not kinds[name].generic:
            raise ConfigError(f"{source}: {declaration.key}: inherit_from {name}: a node, expected a generic")
        allowed = kinds[name].restricted_namespaces
        if allowed is not None and declaration.namespace not in allowed:
            expected = " or ".join(allowed) or "no"
            raise ConfigError(
                f"{source}: {declaration.key}: inherit_from {name}: a generic of {expected} namespace alone, "
                "expected another"
            )
        generics.append(kinds[name])
    attributes = attributes_of(declaration, source)
    relationships = relationships_of(declaration, source)
    wrong = Faults()
    inherited: dict[str, object] = {}
    for generic in generics:
        for name, fault in overrides(attributes, relationships, generic) if not node.built_in else ():
            wrong.add(f"{node.place(name)}: {fault}")
        _inherit(generic, attributes, relationships)
        for prop in _INHERITED:
            inherited[prop] = inherited.get(prop) or getattr(generic, prop, generic.extra.get(prop))
    for name, fault in clashes(generics):
        wrong.add(f"{node.place(name)}: {fault}")
    wrong.check()
    inherited |= _place_in_tree(node, generics, declared)
    return identified(_finish(declaration, attributes, relationships, inherited))


def _inherit(generic: Kind, attributes: dict[str, Attribute], relationships: dict[str, Relationship]) -> None:
    """Add what a generic has and the node does not; of what two generics have the later one tells all but the place."""
    for attribute in generic.attributes.values():
        if attribute.name in relationships:
            continue
        earlier = attributes.get(attribute.name)
        if earlier is None or earlier.inherited:
            attributes[attribute.name] = _inherited_from(attribute, earlier)
    for relationship in generic.relationships.values():
        if relationship.name in attributes or relationship.kind in _NOT_INHERITED:
            continue
        known = relationships.get(relationship.name)
        if known is None or known.inherited:
            relationships[relationship.name] = _inherited_from(relationship, known)


def _inherited_from(field: Field, earlier: Field | None) -> Field:
    kept = {} if earlier is None else {"branch": earlier.branch, "order_weight": earlier.order_weight}
    return msgspec.structs.replace(field, inherited=True, **kept)


def _place_in_tree(
    node: Declared,
    generics: Iterable[Kind],
    declared: Mapping[str, Declared],
) -> dict[str, object]:
    """Tell the hierarchy that a node is in and its ends: an unset end is the tree's generic."""
    source, declaration = node.source, node.declaration
    if not isinstance(declaration, NodeDeclaration):
        return {}
    key = declaration.key
    trees = [each.key for each in generics if each.hierarchical]
    if len(trees) > 1:
        raise ConfigError(f"{source}: {key}: inherit_from {' and '.join(trees)}: expected one hierarchical generic")
    tree = trees[0] if trees else None
    parent, children = declaration.parent or tree or "", declaration.children or tree or ""
    for end in (tree, parent, children):
        if end and end not in declared:
            raise ConfigError(f"{source}: {key}: hierarchy {unknown(end, declared)}")
    if tree is None:
        if parent or children:
            raise ConfigError(f"{source}: {key}: parent or children, expected a hierarchical generic in inherit_from")
        return {"parent": declaration.parent, "children": declaration.children}
    ends = {"parent": declaration.parent, "children": declaration.children}
    return {"hierarchy": tree, **{name: tree if value is None else value for name, value in ends.items()}}


def _finish(
    declaration: KindDeclaration,
    attributes: dict[str, Attribute],
    relationships: dict[str, Relationship],
    inherited: Mapping[str, object],
) -> Kind:
    """Make a kind of what it says itself, and of what it inherits where it says nothing."""
    own: dict[str, Any] = {prop: getattr(declaration, prop, None) or inherited.get(prop) for prop in _INHERITED}
    display_label = own["display_label"] or _label_template(own["display_labels"] or ())
    return Kind(
        namespace=declaration.namespace,
        name=declaration.name,
        label=declaration.label or label_of(declaration.name),
        generic=isinstance(declaration, GenericDeclaration),
        description=declaration.description,
        attributes=attributes,
        relationships=relationships,
        human_friendly_id=tuple(own["human_friendly_id"] or ()),
        display_label=display_label or None,
        display_labels=own["display_labels"],
        default_filter=own["default_filter"] or None,
        order_by=tuple(own["order_by"] or ()),
        uniqueness_constraints=tuple(own["uniqueness_constraints"] or ()),
        inherit_from=declaration.inherit_from if isinstance(declaration, NodeDeclaration) else (),
        hierarchical=isinstance(declaration, GenericDeclaration) and declaration.hierarchical,
        branch=declaration.branch or "aware",
        generate_profile=declaration.generate_profile,
        generate_template=isinstance(declaration, NodeDeclaration) and declaration.generate_template,
        restricted_namespaces=getattr(declaration, "restricted_namespaces", None),
        extra={
            "icon": own["icon"],
            "menu_placement": own["menu_placement"],
            "documentation": declaration.documentation,
            "include_in_menu": declaration.include_in_menu,
        },
        **{name: inherited.get(name) for name in ("hierarchy", "parent", "children")},  # type: ignore[arg-type]
    )


def _label_template(paths: Sequence[str]) -> str:
    """Make the one label of an earlier form, a list of paths."""
    whole = [each if "__" in each else f"{each}__value" for each in paths]
    return whole[0] if len(whole) == 1 else " ".join(f"{{{{ {each} }}}}" for each in whole)
