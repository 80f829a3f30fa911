"""The branches, of which there is one."""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.instants import write_utc
from infrahub_exporter.adapters.embedded.reading import Request
from infrahub_exporter.adapters.embedded.store import from_instant

_STATUSES = ("OPEN", "NEED_REBASE", "NEED_UPGRADE_REBASE", "DELETING", "MERGING", "MERGE_FAILED", "MERGED")
_MAIN = {"id": "main", "name": "main", "status": "OPEN", "is_default": True, "sync_with_git": True}


def branches() -> GraphQLField:
    """Make the root field `InfrahubBranch`: filters by name and status, `count`, names, statuses and the default."""
    status = GraphQLEnumType("BranchStatus", {name: name for name in _STATUSES})
    node = GraphQLObjectType(
        "InfrahubBranch",
        {
            "id": GraphQLField(GraphQLString),
            "name": _value("InfrahubBranchName", GraphQLString, "name"),
            "status": _value("InfrahubBranchStatus", status, "status"),
            "is_default": _value("InfrahubBranchDefault", GraphQLBoolean, "is_default"),
            "sync_with_git": _value("InfrahubBranchSync", GraphQLBoolean, "sync_with_git"),
            "created_at": _since(),
            "branched_from": _dated("InfrahubBranchFrom"),
        },
    )
    edge = GraphQLObjectType("InfrahubBranchEdge", {"node": GraphQLField(GraphQLNonNull(node))})
    page = GraphQLObjectType(
        "InfrahubBranchType",
        {
            "count": GraphQLField(GraphQLInt, resolve=lambda found, _: len(found)),
            "edges": GraphQLField(
                GraphQLNonNull(GraphQLList(GraphQLNonNull(edge))),
                resolve=lambda found, _: [{"node": each} for each in found],
            ),
        },
    )
    arguments = {
        "limit": GraphQLArgument(GraphQLInt),
        "offset": GraphQLArgument(GraphQLInt),
        "name__value": GraphQLArgument(GraphQLString),
        "status__value": GraphQLArgument(status),
    }
    return GraphQLField(GraphQLNonNull(page), args=arguments, resolve=_find)


def _value(name: str, of: GraphQLOutputType, key: str) -> GraphQLField:
    value = GraphQLObjectType(name, {"value": GraphQLField(of)})
    return GraphQLField(GraphQLNonNull(value), resolve=lambda branch, _: {"value": branch[key]})


def _since() -> GraphQLField:
    """Make the field that tells when the branch was made: when everything was loaded."""
    return GraphQLField(GraphQLString, resolve=lambda _, info: _start(info))


def _dated(name: str) -> GraphQLField:
    value = GraphQLObjectType(name, {"value": GraphQLField(GraphQLString)})
    return GraphQLField(value, resolve=lambda _, info: {"value": _start(info)})


def _start(info: GraphQLResolveInfo) -> str:
    request: Request = info.context
    return write_utc(from_instant(request.store.start))


def _find(*_: Any, limit: int | None = None, offset: int | None = None, **wanted: str | None) -> list[dict[str, Any]]:
    found = [_MAIN] if all(_MAIN[key.partition("__")[0]] == value for key, value in wanted.items() if value) else []
    end = None if not limit else (offset or 0) + limit
    return found[offset or 0 : end]
