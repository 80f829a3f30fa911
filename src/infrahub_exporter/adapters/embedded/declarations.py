"""Infrahub's schema file format, as it is written. What it means is worked out in `kinds`.

What may be anything is what an answer of `/api/schema` has, and Infrahub ignores.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

FieldName = Annotated[str, Meta(pattern=r"^[a-z0-9_]+$", min_length=3, max_length=64)]
KindName = Annotated[str, Meta(pattern=r"^[A-Z][a-zA-Z0-9]+$", min_length=2, max_length=32)]
Namespace = Annotated[str, Meta(pattern=r"^[A-Z][a-z0-9]+$", min_length=3, max_length=64)]
Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9_]+$", max_length=128)]
Label = Annotated[str, Meta(max_length=64)]
Sentence = Annotated[str, Meta(max_length=128)]
Branch = Literal["aware", "agnostic", "local"]
Override = Literal["any", "none"]
Display = Literal["default", "extra"]
AttributeKind = Literal[
    "ID",
    "Dropdown",
    "Text",
    "TextArea",
    "DateTime",
    "Email",
    "Password",
    "HashedPassword",
    "URL",
    "File",
    "MacAddress",
    "Color",
    "Number",
    "NumberPool",
    "Bandwidth",
    "IPHost",
    "IPNetwork",
    "IPAddress",
    "Boolean",
    "Checkbox",
    "List",
    "JSON",
    "Any",
]
RelationshipKind = Literal["Generic", "Attribute", "Component", "Parent", "Group", "Hierarchy", "Profile", "Template"]


class Declared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What attributes, relationships and kinds have in common."""

    id: str | None = None
    name: str
    label: Label | None = None
    description: Sentence | None = None
    branch: Branch | None = None
    state: Literal["present", "absent"] = "present"


class ChoiceDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice of a Dropdown."""

    name: str
    label: str | None = None
    color: Annotated[str, Meta(pattern=r"^(#[0-9a-fA-F]{6}\b|$)")] | None = None
    description: str | None = None
    id: str | None = None
    state: str | None = None


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The constraints of an attribute; which of them it may have its kind says."""

    regex: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: int | None = None
    max_value: int | None = None
    excluded_values: Annotated[str, Meta(pattern=r"^(\d+(?:-\d+)?)(?:,\d+(?:-\d+)?)*$")] | None = None
    start_range: int | None = None
    end_range: int | None = None
    number_pool_id: str | None = None
    id: str | None = None
    state: str | None = None


class Computed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who makes the value of an attribute: a user, a template, or a transform of a repository."""

    kind: Literal["User", "Jinja2", "TransformPython"]
    jinja2_template: str | None = None
    transform: str | None = None
    id: str | None = None
    state: str | None = None


class AttributeDeclaration(Declared, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An attribute."""

    name: FieldName
    kind: AttributeKind
    optional: bool = False
    unique: bool = False
    read_only: bool = False
    default_value: Any = None
    choices: tuple[ChoiceDeclaration, ...] | None = None
    enum: list[Any] | None = None
    regex: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    parameters: Parameters | None = None
    computed_attribute: Computed | None = None
    order_weight: int | None = None
    ordered: bool = True
    inherited: Any = False
    allow_override: Override = "any"
    deprecation: Sentence | None = None
    display: Display = "default"


class RelationshipDeclaration(Declared, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A relationship."""

    name: FieldName
    peer: str
    kind: RelationshipKind = "Generic"
    identifier: Identifier | None = None
    cardinality: Literal["one", "many"] = "many"
    optional: bool = True
    direction: Literal["bidirectional", "outbound", "inbound"] = "bidirectional"
    on_delete: Literal["no-action", "cascade"] | None = None
    min_count: int = 0
    max_count: int = 0
    common_parent: str | None = None
    common_relatives: tuple[str, ...] | None = None
    hierarchical: str | None = None
    read_only: bool = False
    order_weight: int | None = None
    inherited: Any = False
    allow_override: Override = "any"
    deprecation: Sentence | None = None
    display: Display = "default"


class KindDeclaration(Declared, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What nodes and generics have in common."""

    name: KindName
    namespace: Namespace
    branch: Branch = "aware"
    kind: Any = None
    attributes: tuple[AttributeDeclaration, ...] = ()
    relationships: tuple[RelationshipDeclaration, ...] = ()
    human_friendly_id: tuple[str, ...] | None = None
    display_label: str | None = None
    display_labels: tuple[str, ...] | None = None
    default_filter: Annotated[str, Meta(pattern=r"^[a-z0-9_]*$")] | None = None
    order_by: tuple[str, ...] | None = None
    uniqueness_constraints: tuple[Annotated[tuple[str, ...], Meta(min_length=1)], ...] | None = None
    include_in_menu: bool | None = None
    menu_placement: str | None = None
    icon: str | None = None
    documentation: str | None = None
    generate_profile: bool = True
    hash: Any = None

    @property
    def key(self) -> str:
        """The name of the kind in queries."""
        return self.namespace + self.name


class NodeDeclaration(KindDeclaration, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node kind. `parent` and `children`, unset or empty, are the hierarchy's generic."""

    inherit_from: tuple[str, ...] = ()
    generate_template: bool = False
    hierarchy: Any = None
    parent: str | None = None
    children: str | None = None


class GenericDeclaration(KindDeclaration, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A generic."""

    hierarchical: bool = False
    used_by: Any = ()
    restricted_namespaces: tuple[str, ...] | None = None


class ExtensionDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file adds to a kind of another one."""

    kind: str
    attributes: tuple[AttributeDeclaration, ...] = ()
    relationships: tuple[RelationshipDeclaration, ...] = ()
    id: str | None = None
    state: str | None = None


class Extensions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `extensions` of a schema file."""

    nodes: tuple[ExtensionDeclaration, ...] = ()
    id: str | None = None
    state: str | None = None


class SchemaFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document of a schema file; what only an answer of `/api/schema` has is ignored, as Infrahub does."""

    version: str = "1.0"
    generics: tuple[GenericDeclaration, ...] = ()
    nodes: tuple[NodeDeclaration, ...] = ()
    extensions: Extensions | None = None
    main: Any = None
    namespaces: Any = None
    profiles: Any = None
    templates: Any = None
