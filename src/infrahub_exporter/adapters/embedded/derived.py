"""The kinds that Infrahub derives from others: a profile and an object template of each that wants one."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from infrahub_exporter.adapters.embedded.kinds import ADDRESS, GROUP, NODE, PREFIX, Attribute, Kind, Relationship

PROFILE = "CoreProfile"
TEMPLATE = "CoreObjectTemplate"
COMPONENT = "CoreObjectComponentTemplate"
_PROFILED = frozenset({"Generic", "Attribute"})
_TEMPLATED = frozenset({"Component", "Parent", "Attribute", "Generic"})
_CLOSE = frozenset({"Component", "Parent"})
_POOLS = {ADDRESS: "CoreIPAddressPool", PREFIX: "CoreIPPrefixPool"}
_UNTEMPLATED = frozenset({"CoreNumberPool", "CoreIPAddressPool", "CoreIPPrefixPool", "CoreResourcePool"})


def templates_of(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """Derive the object templates: of the kinds that want one, and of what those are composed of."""
    needed: dict[str, Kind] = {}
    for kind in kinds.values():
        if not kind.generic and kind.generate_template and not kind.restricted:
            _need(kind, kinds, needed)
    made = (_template(each, kinds, needed) for each in needed.values())
    return {each.key: each for each in made}


def profiles_of(kinds: Mapping[str, Kind], templates: Mapping[str, Kind]) -> dict[str, Kind]:
    """Derive the profiles of the kinds that want one."""
    made = (_profile(each, kinds, templates) for each in kinds.values() if each.generate_profile and each.profiled)
    return {each.key: each for each in made}


def orphans(kinds: Mapping[str, Kind]) -> Iterator[tuple[Kind, Relationship]]:
    """Yield the kinds whose template would need one of their parent, which has none, and the way to the parent."""
    for kind in kinds.values():
        template = kinds.get(f"Template{kind.key}")
        for each in template.relationships.values() if template is not None else ():
            if each.kind == "Parent" and each.peer not in kinds:
                yield kind, kind.relationships[each.name]


def object_template(kind: Kind) -> Relationship:
    """Make the relationship of a node to the template that it was made from."""
    return Relationship(
        name="object_template",
        label="Object Template",
        peer=f"Template{kind.key}",
        kind="Template",
        identifier="node__objecttemplate",
        many=False,
        max_count=1,
        order_weight=1,
    )


def profiles(identifier: str = "node__profile") -> Relationship:
    """Make the relationship of a kind to its profiles."""
    return Relationship(
        name="profiles",
        label="Profiles",
        peer=PROFILE,
        kind="Profile",
        identifier=identifier,
        many=True,
        order_weight=99000,
    )


def _need(kind: Kind, kinds: Mapping[str, Kind], needed: dict[str, Kind]) -> None:
    """Collect a kind, its generics, and what it is composed of."""
    if kind.key in needed or kind.key in _UNTEMPLATED:
        return
    needed[kind.key] = kind
    for name in kind.inherit_from:
        if name not in _UNTEMPLATED:
            needed.setdefault(name, kinds[name])
    for each in kind.relationships.values():
        parent = each.kind == "Parent"
        if (
            each.kind not in _CLOSE
            or each.peer in {GROUP, PROFILE}
            or each.peer not in kinds
            or (not kind.generic and parent and kind.generate_template)
        ):
            continue
        peer = kinds[each.peer]
        if peer.key in needed:
            continue
        users = [other for other in kinds.values() if peer.generic and peer.key in other.inherit_from]
        if not parent or not any(other.key in needed for other in users):
            for other in users:
                _need(other, kinds, needed)
        _need(peer, kinds, needed)


def _template(kind: Kind, kinds: Mapping[str, Kind], needed: Mapping[str, Kind]) -> Kind:
    component = kind.generic or not kind.generate_template
    root = COMPONENT if component else TEMPLATE
    attributes = {"template_name": replace(kinds[root].attributes["template_name"], branch=kind.branch)}
    for each in kind.attributes.values():
        if not each.read_only and not each.unique:
            attributes[each.name] = replace(each, optional=each.optional or not component, order_weight=None)
    parents = () if kind.generic else tuple(each.name for each in _shown(kind) if each.kind == "Parent")
    generics = tuple(f"Template{name}" for name in kind.inherit_from if name in needed)
    return Kind(
        namespace="Template",
        name=kind.key,
        label=f"{'Generic object' if kind.generic else 'Object'} template {kind.label}",
        generic=kind.generic,
        branch=kind.branch,
        attributes=attributes,
        relationships=_template_relationships(kind, kinds, component=component),
        human_friendly_id=(*(f"{name}__template_name__value" for name in reversed(parents)), "template_name__value"),
        display_label="template_name__value",
        uniqueness_constraints=() if kind.generic else (("template_name__value", *parents),),
        inherit_from=() if kind.generic else ("LineageSource", NODE, root, *generics),
        extra={"include_in_menu": False},
    )


def _shown(kind: Kind) -> list[Relationship]:
    """List the relationships that a template has, too."""
    return [
        each for each in kind.relationships.values() if each.kind in _TEMPLATED and each.peer not in {GROUP, PROFILE}
    ]


def _template_relationships(kind: Kind, kinds: Mapping[str, Kind], *, component: bool) -> dict[str, Relationship]:
    made: list[Relationship] = []
    if not kind.generic:
        made.append(_related("related_nodes", kind.key, "Template", "node__objecttemplate"))
    for relationship in _shown(kind):
        made += _templated(relationship, kinds, component=component)
    made += [
        _from_pool(each.name, each.name, "CoreNumberPool", each)
        for each in kind.attributes.values()
        if each.kind == "Number" and not each.read_only and not each.unique
    ]
    if kind.generate_profile or any(kinds[name].generate_profile for name in kind.inherit_from):
        made.append(profiles("template__profile"))
    return {each.name: each for each in made}


def _templated(relationship: Relationship, kinds: Mapping[str, Kind], *, component: bool) -> Iterable[Relationship]:
    """Derive what a template has of a relationship: to the peer, or to its template; and to a pool of addresses."""
    close = relationship.kind in _CLOSE and relationship.peer not in _UNTEMPLATED
    yield replace(
        relationship,
        peer=f"Template{relationship.peer}" if close else relationship.peer,
        identifier=f"template_{relationship.identifier}",
        description=None,
        label=f"{relationship.name} template".title() if close else relationship.name.title(),
        optional=relationship.optional if component else relationship.kind != "Parent",
        cascade=relationship.kind == "Component",
        read_only=False,
        order_weight=None,
        allow_override="any",
        common_parent=None,
        common_relatives=None,
        deprecation=None,
    )
    peer = kinds.get(relationship.peer)
    if peer is not None:
        for generic, pool in _POOLS.items():
            if generic in (peer.key, *peer.inherit_from):
                yield _from_pool(relationship.name, relationship.identifier, pool, relationship)


def _from_pool(name: str, identifier: str, pool: str, of: Attribute | Relationship) -> Relationship:
    return Relationship(
        name=f"{name}_from_resource_pool",
        label=f"{name.replace('_', ' ').title()} from Resource Pool",
        peer=pool,
        kind="Generic",
        identifier=f"{identifier}_from_resource_pool".lower(),
        many=False,
        direction=of.direction if isinstance(of, Relationship) else "outbound",
        branch=of.branch,
        inherited=of.inherited,
    )


def shared(kind: Kind) -> tuple[list[Attribute], list[Relationship]]:
    """Give the attributes and the relationships of a kind that its profile has, too."""
    constrained = {path.partition("__")[0] for constraint in kind.uniqueness_constraints for path in constraint}
    attributes = (each for each in kind.attributes.values() if not each.read_only and not each.unique)
    related = (each for each in kind.relationships.values() if each.kind in _PROFILED and not each.read_only)
    return (
        [each for each in attributes if each.name not in constrained],
        [each for each in related if each.name not in constrained],
    )


def _profile(kind: Kind, kinds: Mapping[str, Kind], templates: Mapping[str, Kind]) -> Kind:
    own, related = shared(kind)
    attributes = {name: replace(each, branch=kind.branch) for name, each in kinds[PROFILE].attributes.items()}
    attributes |= {each.name: replace(each, optional=True, default_value=None, inherited=False) for each in own}
    relationships = {"related_nodes": _related("related_nodes", kind.key, "Profile", "node__profile")}
    template = f"Template{kind.key}"
    if template in templates:
        relationships["related_templates"] = _related("related_templates", template, "Profile", "template__profile")
    for relationship in related:
        relationships[relationship.name] = replace(
            relationship,
            identifier=f"profile_{relationship.identifier}",
            description=None,
            optional=True,
            inherited=False,
            cascade=False,
            allow_override="any",
            common_parent=None,
            common_relatives=None,
            deprecation=None,
        )
    return Kind(
        namespace="Profile",
        name=kind.key,
        label=f"Profile {kind.label}",
        generic=False,
        branch=kind.branch,
        attributes=attributes,
        relationships=relationships,
        human_friendly_id=("profile_name__value",),
        display_label="profile_name__value",
        default_filter="profile_name__value",
        inherit_from=("LineageSource", PROFILE, NODE),
        extra={"include_in_menu": False},
    )


def _related(name: str, peer: str, kind: str, identifier: str) -> Relationship:
    label = name.replace("_", " ").title()
    return Relationship(name=name, label=label, peer=peer, kind=kind, identifier=identifier, many=True)
