"""What a GraphQL document reads, as far as its kinds go: so that it need not run while none of them has changed."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.filters import breaks
from infrahub_exporter.domain.asking.node_names import names_over_relations, secret_of
from infrahub_exporter.domain.asking.variables import Variable
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema

_ENVELOPE = frozenset({"edges", "node"})
_OWN_FIELDS = frozenset({"__typename", "count", "display_label", "hfid", "id", "node_metadata"})
"""What a node and a list of nodes have beside attributes and relations, and is theirs alone."""
_DEEP_ARGUMENTS = frozenset({"include_descendants"})
"""Arguments that reach further than the kinds that are named."""
_LEADS_TO = {
    "AccountProfile": "CoreGenericAccount",
    "created_by": "CoreGenericAccount",
    "owner": "LineageOwner",
    "source": "LineageSource",
    "updated_by": "CoreGenericAccount",
}
"""Fields that no kind's schema has, and the kinds of the nodes behind them."""
_NEVER = "secrets are never exported"
EVERYTHING = "*"
"""In place of a field: whatever the nodes have (`@expand`), but for what its arguments name."""
_UNCOVERED = ""
"""In place of a kind: something that no probe covers."""


class Field(Struct, frozen=True):
    """A field of a document: its name (not its alias), its arguments' names, and the fields below it.

    `on` is the type condition of the fragment that it stands in, None outside of one; `key` is what the answer calls
    it, None where that is its name.
    """

    name: str
    arguments: tuple[str, ...] = ()
    fields: tuple["Field", ...] = ()
    on: str | None = None
    key: str | None = None


class Outlined(Struct, frozen=True):
    """What a document asks for: the root fields of its queries, and the variables that it declares."""

    fields: tuple[Field, ...]
    variables: tuple[Variable, ...] = ()


def optional_keys(roots: Sequence[Field]) -> frozenset[str]:
    """Name what an answer may lack as a whole: what a document asks for of some kinds only."""
    found = {root.key or root.name for root in roots if root.on is not None}
    return frozenset(found).union(*(optional_keys(root.fields) for root in roots))


class _MissingKindError(LookupError):
    """The schema of a kind is needed to go on."""


class _Schemas(Struct, frozen=True):
    """The kinds that are known, and the names that no kind has."""

    kinds: Mapping[str, KindSchema]
    unknown: Collection[str]

    def find(self, kind: str | None) -> KindSchema | None:
        """Return a kind's schema, None where there is no such kind."""
        if kind is None or kind in self.unknown:
            return None
        if kind not in self.kinds:
            raise _MissingKindError(kind)
        return self.kinds[kind]

    def secret(self, schema: KindSchema | None, name: str) -> AttributeSchema | None:
        """Return an attribute that is a secret; that of any kind where nothing tells of which kind a node is."""
        for each in self.kinds.values() if schema is None else (schema,):
            attribute = each.attributes.get(name)
            if attribute is not None and attribute.is_secret:
                return attribute
        return None


def kinds_read(
    roots: Sequence[Field], kinds: Mapping[str, KindSchema], unknown: Collection[str] = ()
) -> frozenset[str] | str | None:
    """Name every kind whose change could change a document's answer, or the one whose schema is needed to tell.

    None where something is read that no probe covers. `unknown` names the kinds that do not exist: root fields of other
    sorts. Raises DerivationError where the document asks for an attribute whose kind is a secret, or by it;
    SourceRejectedError where Infrahub fails on a filter without a word about which.
    """
    schemas = _Schemas(kinds, unknown)
    try:
        found = frozenset(kind for root in roots for kind in _root(root, schemas))
    except _MissingKindError as missing:
        return str(missing)
    return None if _UNCOVERED in found else found


def _root(root: Field, schemas: _Schemas) -> Iterator[str]:
    schema = schemas.find(root.name)
    if schema is None:
        return _beyond(_LEADS_TO.get(root.name), root, schemas)
    for argument in root.arguments:
        _check_filter(argument, schema, schemas)
    return _nodes(schema, root, schemas)


def _check_filter(argument: str, schema: KindSchema, schemas: _Schemas) -> None:
    """Refuse a filter that Infrahub fails on without naming it; one that it does not have it names itself."""
    if (reason := breaks(argument, schema)) is not None:
        relation, attribute = argument.split("__")[:2]
        peer = schemas.find(schema.relationships[relation].peer)
        if peer is not None and attribute in peer.attributes:
            raise SourceRejectedError(f"the query filters by {argument!r}: {reason}")


def _nodes(schema: KindSchema, field: Field, schemas: _Schemas) -> Iterator[str]:
    """Yield the kinds that a field over nodes of a kind reads: that, its filters', and those of its relations."""
    yield schema.kind
    for argument in field.arguments:
        yield from _argument(schema, argument, schemas)
    for _, peer in names_over_relations(schema):
        yield peer
    for below in _below_envelope(field):
        yield from _field(schema, below, schemas)


def _beyond(kind: str | None, field: Field, schemas: _Schemas) -> Iterator[str]:
    """Look for secrets below a field that no probe covers, over nodes of a kind where one is named."""
    schema = schemas.find(kind)
    yield _UNCOVERED
    for below in _below_envelope(field):
        yield from _field(schema, below, schemas)


def _argument(schema: KindSchema, argument: str, schemas: _Schemas) -> Iterator[str]:
    name, _, rest = argument.partition("__")
    relationship = schema.relationships.get(name)
    if argument in _DEEP_ARGUMENTS:
        yield _UNCOVERED
    if relationship is None:
        _refuse(name, schema, schemas)
        return
    yield relationship.hierarchy or relationship.peer
    attribute, crosses, _ = rest.partition("__")
    if crosses:
        _refuse(attribute, schemas.find(relationship.peer), schemas)


def _field(schema: KindSchema | None, field: Field, schemas: _Schemas) -> Iterator[str]:
    """Yield the kinds that a field of a node reads beside the node's own; no schema is a node of any kind."""
    if field.name == EVERYTHING:
        for name in () if schema is None else schema.attributes:
            if name not in field.arguments:
                _refuse(name, schema, schemas)
        return
    if field.on is not None and (schema is None or field.on != schema.kind):
        schema = schemas.find(field.on)
    _refuse(field.name, schema, schemas)
    relationship = None if schema is None else schema.relationships.get(field.name)
    peer = None if relationship is None else schemas.find(relationship.peer)
    if peer is not None:
        yield from _nodes(peer, field, schemas)
    elif schema is not None and (field.name in schema.attributes or field.name in _OWN_FIELDS):
        for below in field.fields:
            if below.fields:
                yield from _beyond(_LEADS_TO.get(below.name), below, schemas)
    else:
        yield from _beyond(_LEADS_TO.get(field.name, _tree(schema)), field, schemas)


def _tree(schema: KindSchema | None) -> str | None:
    """Name the generic of the tree that a kind's nodes stand in (`ancestors`, `descendants`)."""
    relationships = () if schema is None else schema.relationships.values()
    return next((each.hierarchy for each in relationships if each.hierarchy is not None), None)


def _refuse(name: str, schema: KindSchema | None, schemas: _Schemas) -> None:
    secret = schemas.secret(schema, name)
    if secret is not None:
        of = "a node" if schema is None else schema.kind
        raise DerivationError(f"the query asks for {name!r} of {of}, a {secret.kind}: {_NEVER}")
    if schema is not None and name in {"hfid", "display_label"}:
        for _, peer in names_over_relations(schema):
            schemas.find(peer)
        named_by = secret_of(name, schema, schemas.kinds)
        if named_by is not None:
            owner, secret = named_by
            raise DerivationError(
                f"the query asks for {name!r} of {schema.kind}, made of {secret.name!r} of {owner.kind}, "
                f"a {secret.kind}: {_NEVER}"
            )


def _below_envelope(field: Field) -> Iterator[Field]:
    """Yield the fields of the nodes below a field, through `edges` and `node`."""
    for below in field.fields:
        if below.name in _ENVELOPE:
            yield from _below_envelope(below)
        else:
            yield below
