"""Infrahub's schema file format, as it is written. What it means is worked out in `kinds`."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Name = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
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
    name: Name
    label: str | None = None
    description: str | None = None
    branch: str | None = None
    state: Literal["present", "absent"] = "present"


class ChoiceDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice of a Dropdown."""

    name: str
    label: str | None = None
    color: Annotated[str, Meta(pattern=r"^(#[0-9a-fA-F]{6}\b|$)")] | None = None
    description: str | None = None
    id: str | None = None
    state: str | None = None


class Parameters(Struct, frozen=True, kw_only=True):
    """The constraints of an attribute; what a kind of attribute does not know is ignored, as Infrahub does."""

    regex: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: int | None = None
    max_value: int | None = None
    excluded_values: Annotated[str, Meta(pattern=r"^(\d+(?:-\d+)?)(?:,\d+(?:-\d+)?)*$")] | None = None
    start_range: int | None = None
    end_range: int | None = None


class AttributeDeclaration(Declared, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An attribute."""

    kind: AttributeKind
    optional: bool | None = None
    unique: bool = False
    read_only: bool = False
    default_value: Any = None
    choices: tuple[ChoiceDeclaration, ...] | None = None
    enum: list[Any] | None = None
    regex: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    parameters: Parameters = Parameters()
    computed_attribute: dict[str, Any] | None = None
    order_weight: int | None = None
    ordered: bool = True
    inherited: bool = False
    allow_override: str = "any"
    deprecation: str | None = None
    display: str = "default"


class RelationshipDeclaration(Declared, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A relationship."""

    peer: str
    kind: RelationshipKind = "Generic"
    identifier: str | None = None
    cardinality: Literal["one", "many"] = "many"
    optional: bool = True
    direction: Literal["bidirectional", "outbound", "inbound"] = "bidirectional"
    on_delete: Literal["no-action", "cascade"] | None = None
    min_count: int | None = None
    max_count: int | None = None
    common_parent: str | None = None
    common_relatives: tuple[str, ...] | None = None
    hierarchical: str | None = None
    read_only: bool = False
    order_weight: int | None = None
    inherited: bool = False
    allow_override: str = "any"
    deprecation: str | None = None
    display: str = "default"


class KindDeclaration(Declared, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What nodes and generics have in common."""

    namespace: Annotated[str, Meta(pattern=r"^[A-Z][a-z0-9A-Z]*$")]
    kind: str | None = None
    attributes: tuple[AttributeDeclaration, ...] = ()
    relationships: tuple[RelationshipDeclaration, ...] = ()
    human_friendly_id: tuple[str, ...] | None = None
    display_label: str | None = None
    display_labels: tuple[str, ...] | None = None
    default_filter: str | None = None
    order_by: tuple[str, ...] | None = None
    uniqueness_constraints: tuple[tuple[str, ...], ...] | None = None
    include_in_menu: bool | None = None
    menu_placement: str | None = None
    icon: str | None = None
    documentation: str | None = None
    generate_profile: bool | None = None
    generate_template: bool | None = None

    @property
    def key(self) -> str:
        """The name of the kind in queries."""
        return self.namespace + self.name


class NodeDeclaration(KindDeclaration, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node kind. `parent` and `children`, unset or empty, are the hierarchy's generic."""

    inherit_from: tuple[str, ...] = ()
    hierarchy: str | None = None
    parent: str | None = None
    children: str | None = None


class GenericDeclaration(KindDeclaration, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A generic."""

    hierarchical: bool = False
    used_by: tuple[str, ...] = ()
    restricted_namespaces: tuple[str, ...] | None = None


class ExtensionDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file adds to a kind of another one."""

    kind: str
    attributes: tuple[AttributeDeclaration, ...] = ()
    relationships: tuple[RelationshipDeclaration, ...] = ()
    state: str = "present"


class Extensions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `extensions` of a schema file."""

    nodes: tuple[ExtensionDeclaration, ...] = ()
    generics: tuple[ExtensionDeclaration, ...] = ()


class SchemaFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document of a schema file."""

    version: str | float = "1.0"
    generics: tuple[GenericDeclaration, ...] = ()
    nodes: tuple[NodeDeclaration, ...] = ()
    extensions: Extensions = Extensions()
