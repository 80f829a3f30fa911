"""What a GraphQL document reads, as far as its kinds go: so that it need not run while none of them has changed."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.dependencies import names_over_relations
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import KindSchema

_ENVELOPE = frozenset({"edges", "node"})
_NODE_METADATA = "node_metadata"


class Field(Struct, frozen=True):
    """A field of a document: its name (not its alias), its arguments' names, and the fields below it.

    `on` is the type condition of the fragment that it stands in, None outside of one.
    """

    name: str
    arguments: tuple[str, ...] = ()
    fields: tuple["Field", ...] = ()
    on: str | None = None


class _MissingKindError(LookupError):
    """The schema of a kind is needed to go on."""


def kinds_read(roots: Sequence[Field], kinds: Mapping[str, KindSchema]) -> frozenset[str] | str:
    """Name every kind whose change could change a document's answer, or the one whose schema is needed to tell.

    Where that does not exist, since a root field is no kind, no probe covers the document. Raises DerivationError where
    the document asks for an attribute whose kind is a secret.
    """
    try:
        return frozenset(kind for root in roots for kind in _node(root.name, root, kinds))
    except _MissingKindError as missing:
        return str(missing)


def _node(kind: str, field: Field, kinds: Mapping[str, KindSchema]) -> Iterator[str]:
    """Yield the kinds that a field over nodes of a kind reads: that, its filters', and those of its relations."""
    if kind not in kinds:
        raise _MissingKindError(kind)
    schema = kinds[kind]
    yield kind
    for argument in field.arguments:
        relationship = schema.relationships.get(argument.partition("__")[0])
        if relationship is not None:
            yield relationship.peer
    for _, peer in names_over_relations(schema):
        yield peer
    for below in _below_envelope(field):
        yield from _relation(schema, below, kinds)


def _relation(schema: KindSchema, field: Field, kinds: Mapping[str, KindSchema]) -> Iterator[str]:
    if field.on is not None and field.on != schema.kind:
        if field.on not in kinds:
            raise _MissingKindError(field.on)
        schema = kinds[field.on]
    attribute = schema.attributes.get(field.name)
    if attribute is not None and attribute.is_secret:
        raise DerivationError(
            f"the query asks for {field.name!r} of {schema.kind}, a {attribute.kind}: secrets are never exported"
        )
    relationship = schema.relationships.get(field.name)
    if relationship is not None:
        yield from _node(relationship.peer, field, kinds)


def _below_envelope(field: Field) -> Iterator[Field]:
    """Yield the fields of the nodes below a field, through `edges` and `node`."""
    for below in field.fields:
        if below.name in _ENVELOPE:
            yield from _below_envelope(below)
        elif below.name != _NODE_METADATA:
            yield below
