"""The GraphQL types of kinds and the root of queries."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.arguments import Arguments
from infrahub_exporter.adapters.embedded.attribute_types import AttributeTypes
from infrahub_exporter.adapters.embedded.branches import branches
from infrahub_exporter.adapters.embedded.diffs import diffs
from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.operations import Work
from infrahub_exporter.adapters.embedded.pool_queries import pool_queries
from infrahub_exporter.adapters.embedded.reading import (
    UNSTAMPED,
    Page,
    Related,
    Request,
    read_many,
    read_one,
    read_root,
    read_tree,
)
from infrahub_exporter.adapters.embedded.scalars import DATE_TIME
from infrahub_exporter.adapters.embedded.store import NOW, Version, to_text

ACTS_AS = "1.11.9"
"""The version of Infrahub whose answers these are."""

_IDENTITY = "id", "hfid", "display_label"
_ACCOUNT = "CoreGenericAccount"
NodeType = GraphQLObjectType | GraphQLInterfaceType


class NodeTypes:
    """Makes the types of all kinds; fields are made when graphql-core asks for them."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._types: dict[str, NodeType] = {}
        self._edges: dict[str, GraphQLObjectType] = {}
        self._pages: dict[str, GraphQLObjectType] = {}
        for kind in kinds.values():
            self._types[kind.key] = self._interface(kind) if kind.generic else self._object(kind)
        people = [self._types[name] for name in ("LineageSource", "LineageOwner", "CoreGenericAccount")]
        source, owner, account = (each for each in people if isinstance(each, GraphQLInterfaceType))
        self.attributes = AttributeTypes(source, owner, account)
        self.arguments = Arguments(kinds, self.attributes)
        stamps = {
            "created_at": GraphQLField(DATE_TIME, resolve=lambda record, _: to_text(record.created_at)),
            "created_by": GraphQLField(account, resolve=_author),
            "updated_at": GraphQLField(DATE_TIME, resolve=lambda record, _: to_text(record.updated_at)),
            "updated_by": GraphQLField(account, resolve=_author),
        }
        self._metadata = GraphQLObjectType("InfrahubNodeMetadata", stamps)
        since = GraphQLField(DATE_TIME, resolve=lambda edge, _: to_text(edge.start) if edge.version else None)
        self._relation_metadata = GraphQLObjectType(
            "InfrahubRelationshipMetadata", {**stamps, "created_at": since, "updated_at": since}
        )
        self._properties = GraphQLObjectType(
            "RelationshipProperty",
            {
                "is_protected": GraphQLField(GraphQLBoolean, resolve=lambda *_: None),
                "updated_at": since,
                "source": GraphQLField(source, resolve=lambda *_: None),
                "owner": GraphQLField(owner, resolve=lambda *_: None),
            },
        )
        self._permissions = _permission_types()
        self._work = Work()

    def __getitem__(self, key: str) -> NodeType:
        return self._types[key]

    def values(self) -> tuple[NodeType, ...]:
        """The types of all kinds, of the envelopes that relationships to them have, and of events and tasks."""
        pages = (self._page(kind, nested=True) for kind in self._kinds.values())
        return (*self._types.values(), *pages, *self._work.types)

    def query(self) -> GraphQLObjectType:
        """Make the root of queries."""
        fields = {kind.key: self._root(kind) for kind in self._kinds.values()}
        info = {"deployment_id": _text(lambda *_: "embedded"), "version": _text(lambda *_: ACTS_AS)}
        about = GraphQLObjectType("Info", info)
        fields["InfrahubInfo"] = GraphQLField(GraphQLNonNull(about), resolve=lambda *_: {})
        fields |= branches() | diffs() | self._work.fields | pool_queries()
        return GraphQLObjectType("Query", fields)

    def _root(self, kind: Kind) -> GraphQLField:
        def resolve(_: Any, info: GraphQLResolveInfo, **arguments: Any) -> Page:
            request: Request = info.context
            return read_root(request, kind, arguments, request.selection(info))

        page = GraphQLNonNull(self._page(kind, nested=False))
        return GraphQLField(page, args=self.arguments.root(kind), resolve=resolve)

    def _object(self, kind: Kind) -> GraphQLObjectType:
        def interfaces() -> list[GraphQLInterfaceType]:
            found = (self._types[name] for name in kind.labels[1:])
            return [each for each in found if isinstance(each, GraphQLInterfaceType)]

        return GraphQLObjectType(
            kind.key, lambda: self._fields(kind), interfaces=interfaces, description=kind.description
        )

    def _interface(self, kind: Kind) -> GraphQLInterfaceType:
        def resolve_type(version: Version, *_: Any) -> str:
            return version.record.kind.key

        return GraphQLInterfaceType(
            kind.key, lambda: self._fields(kind), resolve_type=resolve_type, description=kind.description
        )

    def _fields(self, kind: Kind) -> dict[str, GraphQLField]:
        identity = GraphQLString if kind.generic else GraphQLNonNull(GraphQLString)
        fields = {
            "id": GraphQLField(identity, resolve=lambda version, _: version.record.id),
            "hfid": GraphQLField(GraphQLList(GraphQLNonNull(GraphQLString)), resolve=lambda version, _: version.hfid),
            "display_label": GraphQLField(GraphQLString, resolve=lambda version, _: version.display_label),
        }
        if _ACCOUNT in (kind.key, *kind.inherit_from):  # there is no provider of identities here
            fields["is_externally_managed"] = GraphQLField(GraphQLNonNull(GraphQLBoolean), resolve=lambda *_: False)
        for attribute in kind.attributes.values():
            output = self.attributes.output(attribute.kind)
            fields[attribute.name] = GraphQLField(output, resolve=_attribute(attribute))
        tree = self._kinds[kind.tree] if kind.tree else None
        for relationship in kind.relationships.values():
            peer = self._kinds[relationship.peer]
            if tree is not None and relationship.name in {"parent", "children"}:
                peer = tree
            fields[relationship.name] = self._relation(relationship, peer, in_tree=tree is not None)
        if tree is not None:
            for name in ("ancestors", "descendants"):
                page = GraphQLNonNull(self._page(tree, nested=True))
                fields[name] = GraphQLField(page, args=self.arguments.nested(tree), resolve=_tree(name))
        return fields

    def _relation(self, relationship: Relationship, peer: Kind, *, in_tree: bool) -> GraphQLField:
        if not relationship.many:
            edge = GraphQLNonNull(self._edge(peer, nested=True))

            def resolve_one(version: Version, info: GraphQLResolveInfo) -> Related:
                request: Request = info.context
                return read_one(request, version.record, relationship, request.selection(info))

            return GraphQLField(edge, resolve=resolve_one)
        arguments: Mapping[str, GraphQLArgument] = self.arguments.nested(peer)
        if in_tree and relationship.hierarchical is None:
            arguments = {**arguments, "include_descendants": GraphQLArgument(GraphQLBoolean)}

        def resolve(version: Version, info: GraphQLResolveInfo, **given: Any) -> Page:
            request: Request = info.context
            return read_many(request, version.record, relationship, given, request.selection(info))

        page = GraphQLNonNull(self._page(peer, nested=True))
        return GraphQLField(page, args=dict(arguments), resolve=resolve)

    def _edge(self, kind: Kind, *, nested: bool) -> GraphQLObjectType:
        name = f"NestedEdged{kind.key}" if nested else f"Edged{kind.key}"
        if name not in self._edges:
            self._edges[name] = GraphQLObjectType(name, lambda: self._edge_fields(kind, nested=nested))
        return self._edges[name]

    def _edge_fields(self, kind: Kind, *, nested: bool) -> dict[str, GraphQLField]:
        unstamped = not nested and kind.key in UNSTAMPED
        fields = {
            "node": GraphQLField(self._types[kind.key], resolve=lambda edge, _: edge.version),
            "node_metadata": GraphQLField(self._metadata, resolve=_nothing if unstamped else _record_of),
        }
        if nested:
            fields["properties"] = GraphQLField(self._properties, resolve=_itself)
            fields["relationship_metadata"] = GraphQLField(self._relation_metadata, resolve=_filled)
        return fields

    def _page(self, kind: Kind, *, nested: bool) -> GraphQLObjectType:
        name = f"NestedPaginated{kind.key}" if nested else f"Paginated{kind.key}"
        if name not in self._pages:
            edges: Any = GraphQLList(GraphQLNonNull(self._edge(kind, nested=nested)))
            bare = nested and kind.generic
            fields = {
                "count": GraphQLField(GraphQLNonNull(GraphQLInt), resolve=lambda page, _: page.total),
                "edges": GraphQLField(edges if bare else GraphQLNonNull(edges), resolve=lambda page, _: page.edges),
            }
            if not bare:
                fields["permissions"] = GraphQLField(GraphQLNonNull(self._permissions), resolve=lambda page, _: page)
            self._pages[name] = GraphQLObjectType(name, fields)
        return self._pages[name]


def _text(resolve: Callable[..., str]) -> GraphQLField:
    return GraphQLField(GraphQLNonNull(GraphQLString), resolve=resolve)


def _attribute(attribute: Attribute) -> Callable[[Version, GraphQLResolveInfo], Any]:
    name = attribute.name

    def resolve(version: Version, _: GraphQLResolveInfo) -> Any:
        value = version.values.get(name)
        return None if value is None else (attribute, value, version.record.id, version.stamped)

    return resolve


def _tree(name: str) -> Callable[..., Page]:
    def resolve(version: Version, info: GraphQLResolveInfo, **given: Any) -> Page:
        request: Request = info.context
        return read_tree(request, version.record, name, given, request.selection(info))

    return resolve


def _record_of(edge: Related, _: GraphQLResolveInfo) -> Any:
    return edge.version.record if isinstance(edge.version, Version) else None


def _nothing(*_: Any) -> None:
    return None


def _filled(edge: Related, _: GraphQLResolveInfo) -> Any:
    return edge if edge.version else None


def _permission_types() -> GraphQLObjectType:
    decision = GraphQLEnumType(
        "BranchRelativePermissionDecision", {name: name for name in ("DENY", "ALLOW", "ALLOW_DEFAULT", "ALLOW_OTHER")}
    )
    allowed = {
        action: GraphQLField(GraphQLNonNull(decision), resolve=lambda *_: "ALLOW")
        for action in ("view", "create", "update", "delete")
    }
    kind = {"kind": _text(lambda page, _: page.kind.key)}
    node = GraphQLField(GraphQLNonNull(GraphQLObjectType("ObjectPermission", {**kind, **allowed})), resolve=_itself)
    edge = GraphQLObjectType("ObjectPermissionNode", {"node": node})
    return GraphQLObjectType(
        "PaginatedObjectPermission",
        {
            "count": GraphQLField(GraphQLNonNull(GraphQLInt), resolve=lambda *_: 1),
            "edges": GraphQLField(GraphQLNonNull(GraphQLList(GraphQLNonNull(edge))), resolve=lambda page, _: [page]),
        },
    )


def _itself(source: Any, _: GraphQLResolveInfo) -> Any:
    return source


def _author(_: Any, info: GraphQLResolveInfo) -> Any:
    """Name the one account that everything is made and changed by."""
    accounts = info.context.store.of("CoreAccount", NOW)
    return accounts[0].at(NOW) if accounts else None
