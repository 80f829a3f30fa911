"""The root fields about pools and prefixes: what is taken, by what, and what is free next."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.answer_types import object_type
from infrahub_exporter.adapters.embedded.free import Network, free_address, free_prefix, free_space
from infrahub_exporter.adapters.embedded.kinds import PREFIX
from infrahub_exporter.adapters.embedded.reading import Request
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError, NodeNotFoundError
from infrahub_exporter.adapters.embedded.scalars import BIG_INT
from infrahub_exporter.adapters.embedded.store import Record
from infrahub_exporter.adapters.embedded.utilization import Resource, allocated, percent, resources

_TEXT = GraphQLNonNull(GraphQLString)
_SHARES = ("utilization", "utilization_branches", "utilization_default_branch")
_PAGE = 10
"""How many allocations are told where nobody says."""


def pool_queries() -> dict[str, GraphQLField]:
    """Make the root fields."""
    wanted = {"prefix_id": GraphQLArgument(_TEXT), "prefix_length": GraphQLArgument(GraphQLInt)}
    address = GraphQLNonNull(object_type("IPAddressGetNextAvailable", address=_TEXT))
    prefix = GraphQLNonNull(object_type("IPPrefixGetNextAvailable", prefix=_TEXT))
    return {
        "InfrahubIPAddressGetNextAvailable": GraphQLField(address, args=wanted, resolve=_next_address),
        "InfrahubIPPrefixGetNextAvailable": GraphQLField(prefix, args=wanted, resolve=_next_prefix),
        "InfrahubResourcePoolAllocated": _allocated(),
        "InfrahubResourcePoolUtilization": _utilization(),
    }


def _utilization() -> GraphQLField:
    number, share = GraphQLNonNull(BIG_INT), GraphQLNonNull(GraphQLFloat)
    shares = dict.fromkeys(_SHARES, share)
    node = object_type("IPPoolUtilizationResource", id=_TEXT, display_label=_TEXT, kind=_TEXT, weight=number, **shares)
    page = object_type("PoolUtilization", count=number, **shares, edges=_edges("IPPrefixUtilizationEdge", node))

    def resolve(_: Any, info: GraphQLResolveInfo, *, pool_id: str) -> Mapping[str, Any]:
        request: Request = info.context
        found = resources(request.kinds, request.store, pool_id, request.at)
        nodes = [{"node": {**_named(each), "weight": each.weight, **_shares([each])}} for each in found]
        return {"count": len(found), **_shares(found), "edges": nodes}

    return GraphQLField(GraphQLNonNull(page), args={"pool_id": GraphQLArgument(_TEXT)}, resolve=resolve)


def _named(resource: Resource) -> Mapping[str, Any]:
    record = resource.at.record
    return {"id": record.id, "kind": record.kind.key, "display_label": resource.at.display_label}


def _shares(of: Iterable[Resource]) -> Mapping[str, float]:
    taken = percent(of)
    return dict(zip(_SHARES, (taken, 0.0, taken), strict=True))


def _allocated() -> GraphQLField:
    names = dict.fromkeys(("id", "display_label", "kind", "branch"), _TEXT)
    node = object_type("PoolAllocatedNode", **names, identifier=GraphQLString)
    page = object_type("PoolAllocated", count=GraphQLNonNull(BIG_INT), edges=_edges("PoolAllocatedEdge", node))

    def resolve(
        _: Any, info: GraphQLResolveInfo, *, pool_id: str, resource_id: str, limit: int = _PAGE, offset: int = 0
    ) -> Mapping[str, Any]:
        request: Request = info.context
        found = allocated(request.store, pool_id, resource_id, request.at)
        nodes = [
            {"id": each.id, "kind": each.kind, "display_label": each.display_label, "branch": "main"}
            for each in found[offset : offset + limit]
        ]
        return {"count": len(found), "edges": [{"node": each} for each in nodes]}

    given = {name: GraphQLArgument(_TEXT) for name in ("pool_id", "resource_id")}
    given |= {name: GraphQLArgument(GraphQLInt) for name in ("limit", "offset")}
    return GraphQLField(GraphQLNonNull(page), args=given, resolve=resolve)


def _next_address(
    _: Any, info: GraphQLResolveInfo, *, prefix_id: str, prefix_length: int | None = None
) -> Mapping[str, str]:
    prefix, network = _prefix(info.context, prefix_id)
    length = prefix_length or network.prefixlen
    if not network.prefixlen <= length <= network.max_prefixlen:
        raise InvalidInputError("Invalid prefix length for current selected prefix")
    at = info.context.at
    taken = {
        int(ipaddress.ip_interface(str(each.at(at).values["address"].value)).ip)
        for each in _beside(prefix, "ip_addresses", at)
    }
    free = free_address(network, taken, whole=bool(prefix.at(at).values["is_pool"].value))
    if free is None:
        raise GraphQLError("No addresses available in prefix")
    return {"address": f"{free}/{length}"}


def _next_prefix(
    _: Any, info: GraphQLResolveInfo, *, prefix_id: str, prefix_length: int | None = None
) -> Mapping[str, str]:
    prefix, network = _prefix(info.context, prefix_id)
    if prefix_length is not None and not network.prefixlen < prefix_length <= network.max_prefixlen:
        raise InvalidInputError("Invalid prefix length for current selected prefix")
    at = info.context.at
    present = [_network(each, at) for each in _beside(prefix, "ip_prefixes", at)]
    free = free_space(network, present) if prefix_length is None else free_prefix(network, prefix_length, present)
    if free is None:
        raise GraphQLError("No prefixes available in prefix")
    return {"prefix": str(free)}


def _prefix(request: Request, prefix_id: str) -> tuple[Record, Network]:
    record = request.store.find(prefix_id, request.at, PREFIX)
    if record is None:
        raise NodeNotFoundError(PREFIX, prefix_id)
    return record, _network(record, request.at)


def _beside(prefix: Record, name: str, at: int) -> Iterable[Record]:
    """Yield the addresses or prefixes of the namespace that a prefix is in."""
    for namespace in prefix.peers(prefix.kind.relationships["ip_namespace"], at):
        yield from namespace.peers(namespace.kind.relationships[name], at)


def _network(record: Record, at: int) -> Network:
    return ipaddress.ip_network(str(record.at(at).values["prefix"].value))


def _edges(name: str, node: GraphQLObjectType) -> GraphQLOutputType:
    return GraphQLNonNull(GraphQLList(GraphQLNonNull(object_type(name, node=GraphQLNonNull(node)))))
