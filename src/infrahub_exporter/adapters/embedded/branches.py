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
    flag = GraphQLObjectType("NonRequiredBooleanValueField", {"value": GraphQLField(GraphQLBoolean)})
    text = GraphQLObjectType("NonRequiredStringValueField", {"value": GraphQLField(GraphQLString)})
    name = GraphQLObjectType("RequiredStringValueField", {"value": GraphQLField(GraphQLNonNull(GraphQLString))})
    state = GraphQLObjectType("StatusField", {"value": GraphQLField(GraphQLNonNull(status))})
    node = GraphQLObjectType(
        "InfrahubBranch",
        {
            "id": GraphQLField(GraphQLNonNull(GraphQLString)),
            "name": _value(GraphQLNonNull(name), "name"),
            "status": _value(GraphQLNonNull(state), "status"),
            "is_default": _value(flag, "is_default"),
            "sync_with_git": _value(flag, "sync_with_git"),
            "created_at": GraphQLField(GraphQLString, resolve=lambda _, info: _start(info)),
            "branched_from": GraphQLField(text, resolve=lambda _, info: {"value": _start(info)}),
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


def _value(of: GraphQLOutputType, key: str) -> GraphQLField:
    return GraphQLField(of, resolve=lambda branch, _: {"value": branch[key]})


def _start(info: GraphQLResolveInfo) -> str:
    request: Request = info.context
    return write_utc(from_instant(request.store.start))


def _find(*_: Any, limit: int | None = None, offset: int | None = None, **wanted: str | None) -> list[dict[str, Any]]:
    found = [_MAIN] if all(_MAIN[key.partition("__")[0]] == value for key, value in wanted.items() if value) else []
    end = None if not limit else (offset or 0) + limit
    return found[offset or 0 : end]
