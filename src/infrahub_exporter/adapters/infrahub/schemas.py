"""What is used of Infrahub's schema over REST."""

from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema
from infrahub_exporter.domain.texts import text

Item = TypeVar("Item")

_Few = Annotated[list[Item], Meta(max_length=10_000)]
"""More fields, choices or kinds than any schema has: each costs time wherever paths are looked up."""


class _Attribute(Struct):
    name: str
    kind: str
    optional: bool = True
    choices: _Few[dict[str, Any]] | None = None
    enum: _Few[Any] | None = None

    def named(self) -> tuple[str, ...]:
        """Name what may be chosen: of a Dropdown its choices, of any other kind what `enum` lists."""
        return tuple(str(choice.get("name")) for choice in self.choices or ()) or tuple(map(text, self.enum or ()))


class _Relationship(Struct):
    name: str
    peer: str
    cardinality: str = "many"
    hierarchical: str | None = None


class Kind(Struct):
    """What is used of `GET /api/schema/<Kind>`."""

    name: str
    namespace: str
    attributes: _Few[_Attribute] = []
    relationships: _Few[_Relationship] = []
    human_friendly_id: _Few[str] | None = None
    display_label: str | None = None
    inherit_from: _Few[str] | None = None
    used_by: _Few[str] | None = None

    def schema(self) -> KindSchema:
        """Return it as the domain knows it."""
        return KindSchema(
            kind=self.namespace + self.name,
            attributes={
                each.name: AttributeSchema(
                    name=each.name,
                    kind=each.kind,
                    optional=each.optional,
                    choices=each.named(),
                )
                for each in self.attributes
            },
            relationships={
                each.name: RelationshipSchema(each.name, each.peer, each.cardinality == "many", each.hierarchical)
                for each in self.relationships
            },
            human_friendly_id=tuple(self.human_friendly_id or ()),
            display_label=self.display_label,
            inherit_from=tuple(self.inherit_from or ()),
            used_by=tuple(sorted(self.used_by or ())),
        )


class Everything(Struct):
    """What is used of `GET /api/schema`."""

    nodes: _Few[Kind] = []
    generics: _Few[Kind] = []
    profiles: _Few[Kind] = []
    templates: _Few[Kind] = []

    def schemas(self) -> dict[str, KindSchema]:
        """Return all kinds by name."""
        kinds = (each.schema() for each in (*self.nodes, *self.generics, *self.profiles, *self.templates))
        return {each.kind: each for each in kinds}


class Summary(Struct):
    """What is used of `GET /api/schema/summary`: the hash of all, and the kinds' names, each with its own."""

    main: str = ""
    nodes: dict[str, str] = {}
    generics: dict[str, str] = {}
