"""From declared attributes and relationships to complete ones: labels, colours, identifiers, counts."""

import msgspec

from infrahub_exporter.adapters.embedded import parameters
from infrahub_exporter.adapters.embedded.declarations import (
    AttributeDeclaration,
    ChoiceDeclaration,
    Computed,
    KindDeclaration,
    Parameters,
    RelationshipDeclaration,
)
from infrahub_exporter.adapters.embedded.faults import Faults
from infrahub_exporter.adapters.embedded.kinds import GROUP, Attribute, Choice, Relationship

_PALETTE = [
    "#ed6a5a",
    "#f4f1bb",
    "#9bc1bc",
    "#5ca4a9",
    "#e6ebe0",
    "#52489c",
    "#4062bb",
    "#59c3c3",
    "#56638a",
    "#5d737e",
    "#55505c",
    "#592941",
    "#498467",
    "#e5d0e3",
    "#748cab",
    "#018e42",
    "#50808e",
    "#7b2d26",
    "#9799ca",
    "#51bbfe",
]
"""The colours that a server was seen to give to choices without one, in that order; after them it is red."""

_GENERATED = {
    "Template": ("object_template",),
    "Profile": ("profiles",),
    "Group": ("member_of_groups", "subscriber_of_groups"),
}
"""What an export of a schema has though Infrahub adds it by itself; with other groups a real one answers nothing."""
_COMPUTED = ("Text", "URL")
RESERVED = frozenset({"id", "hfid", "display_label", "human_friendly_id", "ids", "any"})
_FROM_POOL = "_from_resource_pool"


def label_of(name: str) -> str:
    """Write a name as a label: `edge_router` is Edge Router."""
    return " ".join(word.title() for word in name.split("_"))


def attributes_of(declaration: KindDeclaration, source: str) -> dict[str, Attribute]:
    """Complete the attributes of a declaration. Raises ConfigError for fields that cannot be."""
    made: dict[str, Attribute] = {}
    faults = Faults()
    for each in declaration.attributes:
        if each.state == "absent":
            continue
        wrong = "taken, expected another name" if _reserved(each.name) or each.name in made else _wrong(each)
        if wrong is not None:
            faults.add(f"{source}: {declaration.key}.{each.name}: {wrong}")
        made[each.name] = _attribute(each, declaration.branch or "aware")
    faults.check()
    return made


def malformed(declared: AttributeDeclaration) -> str | None:
    """Say what an attribute of its kind cannot be, or lacks, wherever it is written: be it to take it away."""
    if declared.kind == "Dropdown" and not declared.choices:
        return "a Dropdown, expected `choices`"
    if declared.kind != "Dropdown" and declared.choices:
        return f"choices of kind {declared.kind}, expected kind Dropdown"
    return parameters.wrong(declared)


def _reserved(name: str) -> bool:
    return name in RESERVED or name.endswith(_FROM_POOL)


def _wrong(declared: AttributeDeclaration) -> str | None:
    wrong = malformed(declared)
    if wrong is not None:
        return wrong
    computed = declared.computed_attribute
    return None if computed is None or computed.kind == "User" else _wrong_computed(declared, computed)


def _wrong_computed(declared: AttributeDeclaration, computed: Computed) -> str | None:
    wrong = None
    if not declared.read_only:
        wrong = "computed, expected `read_only: true`"
    elif declared.kind not in _COMPUTED:
        wrong = f"computed, of kind {declared.kind}, expected {' or '.join(_COMPUTED)}"
    elif computed.kind == "Jinja2" and not computed.jinja2_template:
        wrong = "computed, expected `jinja2_template`"
    elif computed.kind == "TransformPython" and not computed.transform:
        wrong = "computed, expected `transform`"
    elif computed.kind == "TransformPython" and not declared.optional:
        wrong = "computed by a transform, expected `optional: true`"
    return wrong


def _attribute(declared: AttributeDeclaration, branch: str) -> Attribute:
    said = declared.parameters or Parameters()
    limits = {
        name: getattr(declared, name) for name in ("regex", "min_length", "max_length") if getattr(declared, name)
    }
    if limits:
        said = msgspec.structs.replace(said, **limits)
    return Attribute(
        name=declared.name,
        kind=declared.kind,
        label=declared.label or label_of(declared.name),
        description=declared.description,
        optional=declared.default_value is not None or bool(declared.optional or declared.deprecation),
        unique=declared.unique,
        read_only=declared.read_only,
        default_value=declared.default_value,
        choices=_choices(declared.choices) if declared.choices else None,
        enum=tuple(declared.enum) if declared.enum else None,
        parameters=said,
        computed=_computed(declared.computed_attribute),
        order_weight=declared.order_weight,
        branch=declared.branch or branch,
        allow_override=declared.allow_override,
        display=declared.display,
        deprecation=declared.deprecation,
        ordered=declared.ordered,
    )


def _computed(declared: Computed | None) -> Computed | None:
    """Leave out what another kind of computing has."""
    if declared is None:
        return None
    template = declared.jinja2_template if declared.kind == "Jinja2" else None
    transform = declared.transform if declared.kind == "TransformPython" else None
    return Computed(kind=declared.kind, jinja2_template=template, transform=transform)


def _choices(declared: tuple[ChoiceDeclaration, ...]) -> tuple[Choice, ...]:
    """Order choices by name, backwards, and give a free colour to each that has none: Infrahub's own order."""
    taken = [each.color.lower() for each in declared if each.color]
    made = []
    for each in sorted(declared, key=lambda choice: choice.name, reverse=True):
        color = (each.color or "").lower()
        if not color:
            color = next((free for free in _PALETTE if free not in taken), "#ff0000")
            taken.append(color)
        made.append(Choice(each.name, each.label or label_of(each.name), color, each.description or ""))
    return tuple(made)


def relationships_of(declaration: KindDeclaration, source: str) -> dict[str, Relationship]:
    """Complete the relationships of a declaration. Raises ConfigError for fields that cannot be."""
    made: dict[str, Relationship] = {}
    faults = Faults()
    taken = {each.name for each in declaration.attributes}
    for each in declaration.relationships:
        if each.state == "absent":
            continue
        if each.name in _GENERATED["Group"] and each.peer != GROUP:
            faults.add(f"{source}: {declaration.key}.{each.name}: to {each.peer}, expected {GROUP}, or another name")
        if each.name in _GENERATED.get(each.kind, ()):
            continue
        if _reserved(each.name) or each.name in made or each.name in taken:
            faults.add(f"{source}: {declaration.key}.{each.name}: taken, expected another name")
        made[each.name] = _relationship(each, declaration.key)
    faults.check()
    return made


def _relationship(declared: RelationshipDeclaration, owner: str) -> Relationship:
    many, optional = declared.cardinality == "many", declared.optional or bool(declared.deprecation)
    least, most = declared.min_count, declared.max_count
    if not many:
        least, most = (0, 1) if optional else (least or 1, most or 1)
    return Relationship(
        name=declared.name,
        peer=declared.peer,
        kind=declared.kind,
        identifier=declared.identifier or "__".join(sorted((owner, declared.peer))).lower(),
        many=many,
        label=declared.label or label_of(declared.name),
        description=declared.description,
        optional=optional,
        direction=declared.direction,
        hierarchical=declared.hierarchical,
        cascade=declared.on_delete == "cascade" or (declared.on_delete is None and declared.kind == "Component"),
        read_only=declared.read_only,
        max_count=most,
        min_count=least,
        order_weight=declared.order_weight,
        branch=declared.branch or "",
        allow_override=declared.allow_override,
        display=declared.display,
        deprecation=declared.deprecation,
        common_parent=declared.common_parent,
        common_relatives=declared.common_relatives,
    )
