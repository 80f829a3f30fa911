"""The kinds as they are after inheritance, hierarchies and groups: what queries, filters and mutations go by."""

from collections.abc import Mapping

from msgspec import Struct

from infrahub_exporter.adapters.embedded.declarations import Computed, Parameters
from infrahub_exporter.domain.model import JSON

NODE = "CoreNode"
GROUP = "CoreGroup"
PREFIX = "BuiltinIPPrefix"
ADDRESS = "BuiltinIPAddress"
RESTRICTED = (
    "Account",
    "Branch",
    "Builtin",
    "Core",
    "Deprecated",
    "Diff",
    "Infrahub",
    "Internal",
    "Lineage",
    "Schema",
    "Profile",
    "Template",
)
"""The namespaces in which a schema can declare no kind."""


class Choice(Struct, frozen=True):
    """A choice of a Dropdown, with the label and the colour that Infrahub gives it where the schema does not."""

    name: str
    label: str
    color: str
    description: str


class Attribute(Struct, frozen=True, kw_only=True):
    """An attribute of a kind."""

    name: str
    kind: str
    label: str
    description: str | None = None
    optional: bool = False
    unique: bool = False
    read_only: bool = False
    default_value: JSON = None
    choices: tuple[Choice, ...] | None = None
    enum: tuple[JSON, ...] | None = None
    parameters: Parameters = Parameters()
    computed: Computed | None = None
    inherited: bool = False
    order_weight: int | None = None
    branch: str = "aware"
    allow_override: str = "any"
    display: str = "default"
    deprecation: str | None = None
    ordered: bool = True

    @property
    def template(self) -> str | None:
        """The template that makes the value."""
        return None if self.computed is None else self.computed.jinja2_template

    @property
    def given(self) -> bool:
        """Tell whether somebody else than a user makes the value."""
        return self.computed is not None and self.computed.kind != "User"

    def choice(self, name: object) -> Choice | None:
        """Find a choice by its name."""
        return next((each for each in self.choices or () if each.name == name), None)


class Relationship(Struct, frozen=True, kw_only=True):
    """A relationship of a kind. `edge` is where a node keeps it, `mirror` where the peer does."""

    name: str
    peer: str
    kind: str
    identifier: str
    many: bool
    label: str
    description: str | None = None
    optional: bool = True
    direction: str = "bidirectional"
    hierarchical: str | None = None
    cascade: bool = False
    read_only: bool = False
    inherited: bool = False
    max_count: int = 0
    min_count: int = 0
    order_weight: int | None = None
    branch: str = "aware"
    allow_override: str = "any"
    display: str = "default"
    deprecation: str | None = None
    common_parent: str | None = None
    common_relatives: tuple[str, ...] | None = None

    @property
    def edge(self) -> str:
        """The key of the edges at this node: one identifier, and which way it points."""
        return self.identifier + _ARROWS[self.direction]

    @property
    def mirror(self) -> str:
        """The key of the same edges at the peer."""
        return self.identifier + _MIRRORS[self.direction]


_ARROWS = {"bidirectional": "", "outbound": ">", "inbound": "<"}
_MIRRORS = {"bidirectional": "", "outbound": "<", "inbound": ">"}


class Kind(Struct, frozen=True, kw_only=True):
    """A node kind or a generic, complete."""

    namespace: str
    name: str
    label: str
    generic: bool
    description: str | None = None
    attributes: Mapping[str, Attribute]
    relationships: Mapping[str, Relationship]
    human_friendly_id: tuple[str, ...] = ()
    display_label: str | None = None
    display_labels: tuple[str, ...] | None = None
    default_filter: str | None = None
    order_by: tuple[str, ...] = ()
    uniqueness_constraints: tuple[tuple[str, ...], ...] = ()
    inherit_from: tuple[str, ...] = ()
    hierarchy: str | None = None
    hierarchical: bool = False
    parent: str | None = None
    children: str | None = None
    used_by: tuple[str, ...] = ()
    branch: str = "aware"
    generate_profile: bool = False
    generate_template: bool = False
    restricted_namespaces: tuple[str, ...] | None = None
    extra: Mapping[str, object] = {}

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> str:
        """The name of the kind in queries."""
        return self.namespace + self.name

    @property
    def tree(self) -> str | None:
        """The generic of the hierarchy that the kind is in."""
        return self.key if self.generic and self.hierarchical else self.hierarchy

    @property
    def group(self) -> bool:
        """Tell whether its nodes are groups, which `CoreNode` leaves out."""
        return GROUP in self.inherit_from

    @property
    def restricted(self) -> bool:
        """Tell whether it is in a namespace of Infrahub's own."""
        return self.namespace in RESTRICTED

    @property
    def profiled(self) -> bool:
        """Tell whether its nodes can have profiles."""
        return self.namespace == "Builtin" or not self.restricted

    @property
    def labels(self) -> tuple[str, ...]:
        """The kinds under which its nodes are found."""
        everywhere = () if self.generic or self.group or NODE in self.inherit_from else (NODE,)
        return (self.key, *self.inherit_from, *everywhere)


class Kinds(Struct, frozen=True):
    """All kinds by their name."""

    kinds: Mapping[str, Kind]

    def __getitem__(self, key: str) -> Kind:
        return self.kinds[key]

    def __contains__(self, key: object) -> bool:
        return key in self.kinds

    def values(self) -> tuple[Kind, ...]:
        """All kinds, nodes and generics."""
        return tuple(self.kinds.values())

    def opposite(self, relationship: Relationship, peer: Kind) -> Relationship | None:
        """Find the relationship of a peer that is the other side of this one."""
        return next((each for each in peer.relationships.values() if each.edge == relationship.mirror), None)
