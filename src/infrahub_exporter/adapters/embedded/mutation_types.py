"""The GraphQL types and the root of mutations."""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded import changing, files
from infrahub_exporter.adapters.embedded.attribute_types import GENERIC_POOL
from infrahub_exporter.adapters.embedded.kinds import ADDRESS, PREFIX, Kind, Kinds
from infrahub_exporter.adapters.embedded.node_types import NodeTypes

_Change = Callable[..., Any]


class MutationTypes:
    """Makes the mutations of all node kinds, and those of relationships."""

    def __init__(self, kinds: Kinds, nodes: NodeTypes) -> None:
        self._kinds = kinds
        self._nodes = nodes
        texts = GraphQLInputField(GraphQLList(GraphQLString))
        common = {
            "id": GraphQLInputField(GraphQLString),
            "hfid": texts,
            "_relation__is_protected": GraphQLInputField(GraphQLBoolean),
            "_relation__owner": GraphQLInputField(GraphQLString),
            "_relation__source": GraphQLInputField(GraphQLString),
        }
        kind = {"kind": GraphQLInputField(GraphQLString)}
        text, pool = GraphQLInputField(GraphQLString), GENERIC_POOL.fields
        address = GraphQLInputObjectType("IPAddressPoolInput", {**pool, "prefixlen": GraphQLInputField(GraphQLInt)})
        prefix = GraphQLInputObjectType(
            "IPPrefixPoolInput",
            {**pool, "size": GraphQLInputField(GraphQLInt), "member_type": text, "prefix_type": text},
        )
        self._related, self._related_address, self._related_prefix = (
            GraphQLInputObjectType(name, {**common, **more, "from_pool": GraphQLInputField(taken)})
            for name, more, taken in (
                ("RelatedNodeInput", kind, GENERIC_POOL),
                ("RelatedIPAddressNodeInput", {}, address),
                ("RelatedIPPrefixNodeInput", {}, prefix),
            )
        )
        self._delete = GraphQLInputObjectType("DeleteInput", {"id": GraphQLInputField(GraphQLString), "hfid": texts})
        account = GraphQLInputObjectType(
            "ContextAccountInput", {"id": GraphQLInputField(GraphQLNonNull(GraphQLString))}
        )
        self._context = GraphQLInputObjectType("ContextInput", {"account": GraphQLInputField(account)})

    def mutation(self) -> GraphQLObjectType:
        """Make the root of mutations."""
        fields: dict[str, GraphQLField] = {}
        for kind in self._kinds.values():
            if not kind.generic:
                fields |= self._of(kind)
            elif kind.attributes or kind.relationships:
                fields[f"{kind.key}Update"] = self._field(
                    f"{kind.key}Update", kind, changing.update, self._input(kind, "Update")
                )
        needed = GraphQLInputField(GraphQLNonNull(GraphQLString))
        nodes = GraphQLInputField(GraphQLList(self._related))
        ends = GraphQLInputObjectType("RelationshipNodesInput", {"id": needed, "name": needed, "nodes": nodes})
        for name, change in (("RelationshipAdd", changing.relate), ("RelationshipRemove", changing.unrelate)):
            done = GraphQLObjectType(name, {"ok": GraphQLField(GraphQLBoolean)})
            fields[name] = GraphQLField(done, args=self._arguments(ends), resolve=_resolver(change, None))
        return GraphQLObjectType("Mutation", fields)

    def _of(self, kind: Kind) -> dict[str, GraphQLField]:
        made = {}
        for action, change in (
            ("Create", changing.create),
            ("Update", changing.update),
            ("Upsert", changing.upsert),
        ):
            name = f"{kind.key}{action}"
            made[name] = self._field(name, kind, change, self._input(kind, action))
        name = f"{kind.key}Delete"
        done = GraphQLObjectType(name, {"ok": GraphQLField(GraphQLBoolean)})
        made[name] = GraphQLField(done, args=self._arguments(self._delete), resolve=_resolver(changing.delete, kind))
        return made

    def _field(self, name: str, kind: Kind, change: _Change, data: GraphQLInputObjectType) -> GraphQLField:
        done = GraphQLObjectType(
            name, {"ok": GraphQLField(GraphQLBoolean), "object": GraphQLField(self._nodes[kind.key])}
        )
        arguments = self._arguments(data)
        if files.is_file_object(kind):
            wanted = files.UPLOAD if change is changing.update else GraphQLNonNull(files.UPLOAD)
            arguments[files.FIELD] = GraphQLArgument(wanted)
        return GraphQLField(done, args=arguments, resolve=_resolver(change, kind))

    def _arguments(self, data: GraphQLInputObjectType) -> dict[str, GraphQLArgument]:
        return {"data": GraphQLArgument(GraphQLNonNull(data)), "context": GraphQLArgument(self._context)}

    def _input(self, kind: Kind, action: str) -> GraphQLInputObjectType:
        return GraphQLInputObjectType(f"{kind.key}{action}Input", lambda: self._input_fields(kind, action))

    def _input_fields(self, kind: Kind, action: str) -> dict[str, GraphQLInputField]:
        fields = {"id": GraphQLInputField(GraphQLString)}
        if action != "Create":
            fields["hfid"] = GraphQLInputField(GraphQLList(GraphQLString))
        for attribute in kind.attributes.values():
            if not attribute.read_only:
                value = self._nodes.attributes.input(attribute.kind, update=action != "Create")
                fields[attribute.name] = GraphQLInputField(value)
        for relationship in kind.relationships.values():
            if not relationship.read_only:
                peer = self._peer_input(self._kinds[relationship.peer])
                fields[relationship.name] = GraphQLInputField(GraphQLList(peer) if relationship.many else peer)
        return fields

    def _peer_input(self, peer: Kind) -> GraphQLInputObjectType:
        if ADDRESS in peer.labels:
            return self._related_address
        if PREFIX in peer.labels:
            return self._related_prefix
        return self._related


def _resolver(change: _Change, kind: Kind | None) -> Callable[..., Any]:
    """Resolve a mutation; what comes of the type itself (`ok`, `object`) is read from a mapping by name."""

    def resolve(
        _: Any,
        info: GraphQLResolveInfo,
        *,
        data: dict[str, Any],
        context: Any = None,
        file: files.Upload | None = None,
    ) -> Any:
        del context
        if kind is None:
            return change(info.context, data)
        if file is not None:
            kept = files.keep(info.context.store.files, file)
            data = {**data, **{name: {"value": value} for name, value in kept.items()}}
        return change(info.context, kind, data)

    return resolve
