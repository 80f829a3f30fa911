"""Where a path has come to, and the schema of the kinds that are known there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from infrahub_exporter.domain.asking.columns import Hop
from infrahub_exporter.domain.asking.node_names import names_over_relations, secret_of
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema


class MissingKindsError(LookupError):
    """The schema of these kinds is needed to go on."""

    def __init__(self, kinds: Iterable[str]) -> None:
        super().__init__()
        self.kinds = frozenset(kinds)


class Schemas:
    """The kinds that are known. Raises MissingKindsError for the others."""

    def __init__(self, kinds: Mapping[str, KindSchema]) -> None:
        self._kinds = kinds

    def __getitem__(self, kind: str) -> KindSchema:
        return self.all((kind,))[0]

    def all(self, kinds: Sequence[str]) -> Sequence[KindSchema]:
        """Return the schemas of kinds, or say at once which of them are missing."""
        missing = [kind for kind in kinds if kind not in self._kinds]
        if missing:
            raise MissingKindsError(missing)
        return [self._kinds[kind] for kind in kinds]

    def nodes(self, kind: str) -> tuple[str, ...]:
        """Name the kinds that nodes of a kind are of: those that inherit from it, itself where it is no generic."""
        return self[kind].used_by or (kind,)

    def check_name(self, text: str, name: str, place: "Place") -> None:
        """Refuse to name nodes by a secret."""
        schemas = [self[place.kind]] if not place.among else []
        schemas += self.all([each for each in self.within(place) if each != place.kind])
        self.all(sorted({peer for schema in schemas for _, peer in names_over_relations(schema)}))
        for schema in schemas:
            named_by = secret_of(name, schema, self._kinds)
            if named_by is not None:
                owner, secret = named_by
                raise SourceRejectedError(
                    f"{text!r}: the {name} of {schema.kind} is made of {secret.name!r} of {owner.kind}, "
                    f"a {secret.kind}, secrets are never exported"
                )

    def within(self, place: "Place") -> tuple[str, ...]:
        """Name the kinds that the nodes at a place are of."""
        return place.kept or self.nodes(place.kind)


class Place(Struct, frozen=True):
    """Where a path has come to: over which hops, to nodes of which kind.

    Where not to all of those, `among` is the kind that a selector says, and `kept` are the kinds of those nodes.
    """

    hops: tuple[Hop, ...]
    kind: str
    among: str | None = None
    kept: tuple[str, ...] = ()


Field: TypeAlias = AttributeSchema | RelationshipSchema


class Candidate(Struct, frozen=True):
    """A field at a place: of which kind's schema, and on which kinds where the place's own kind has it not."""

    place: Place
    owner: KindSchema
    field: Field
    closure: bool
    on: tuple[str, ...] = ()
