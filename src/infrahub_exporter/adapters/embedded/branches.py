"""The branches, of which there is one."""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
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
_TEXTS = {"description": "Default Branch", "origin_branch": "main"}
_FLAGS = {
    "is_default": True,
    "sync_with_git": True,
    "is_isolated": True,
    "has_schema_changes": False,
    "schema_differs_from_default_branch": False,
}
_GRAPH_VERSION = 79
"""Of the database of the Infrahub that this one acts as, as its branches tell it."""
_MAIN = {
    "id": "main",
    "name": "main",
    "status": "OPEN",
    "graph_version": _GRAPH_VERSION,
    **_TEXTS,
    **_FLAGS,
}


def branches() -> dict[str, GraphQLField]:
    """Make the root fields: `InfrahubBranch`, and `Branch`, the older one whose values stand by themselves."""
    status = GraphQLEnumType("BranchStatus", {name: name for name in _STATUSES})
    return {"InfrahubBranch": _paged(status), "Branch": _listed(status)}


def _listed(status: GraphQLEnumType) -> GraphQLField:
    text = GraphQLNonNull(GraphQLString)
    types: dict[str, GraphQLOutputType] = {
        **dict.fromkeys(("id", "name"), text),
        "status": GraphQLNonNull(status),
        **dict.fromkeys(_TEXTS, GraphQLString),
        **dict.fromkeys(_FLAGS, GraphQLBoolean),
        "graph_version": GraphQLInt,
    }
    since = GraphQLField(GraphQLString, resolve=lambda _, info: _start(info))
    fields = {key: GraphQLField(each) for key, each in types.items()}
    node = GraphQLObjectType("Branch", {**fields, **dict.fromkeys(("branched_from", "created_at"), since)})
    arguments = {"ids": GraphQLArgument(GraphQLList(GraphQLID)), "name": GraphQLArgument(GraphQLString)}
    return GraphQLField(GraphQLNonNull(GraphQLList(GraphQLNonNull(node))), args=arguments, resolve=_find)


def _paged(status: GraphQLEnumType) -> GraphQLField:
    flag = GraphQLObjectType("NonRequiredBooleanValueField", {"value": GraphQLField(GraphQLBoolean)})
    text = GraphQLObjectType("NonRequiredStringValueField", {"value": GraphQLField(GraphQLString)})
    number = GraphQLObjectType("NonRequiredIntValueField", {"value": GraphQLField(GraphQLInt)})
    name = GraphQLObjectType("RequiredStringValueField", {"value": GraphQLField(GraphQLNonNull(GraphQLString))})
    state = GraphQLObjectType("StatusField", {"value": GraphQLField(GraphQLNonNull(status))})
    node = GraphQLObjectType(
        "InfrahubBranch",
        {
            "id": GraphQLField(GraphQLNonNull(GraphQLString)),
            "name": _value(GraphQLNonNull(name), "name"),
            "status": _value(GraphQLNonNull(state), "status"),
            **{key: _value(text, key) for key in _TEXTS},
            **{key: _value(flag, key) for key in _FLAGS},
            "graph_version": _value(number, "graph_version"),
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
            "default_branch": GraphQLField(GraphQLNonNull(node), resolve=lambda *_: _MAIN),
        },
    )
    arguments = {
        "limit": GraphQLArgument(GraphQLInt),
        "offset": GraphQLArgument(GraphQLInt),
        "ids": GraphQLArgument(GraphQLList(GraphQLID)),
        "name__value": GraphQLArgument(GraphQLString),
        "status__value": GraphQLArgument(status),
    }
    return GraphQLField(GraphQLNonNull(page), args=arguments, resolve=_find)


def _value(of: GraphQLOutputType, key: str) -> GraphQLField:
    return GraphQLField(of, resolve=lambda branch, _: {"value": branch[key]})


def _start(info: GraphQLResolveInfo) -> str:
    request: Request = info.context
    return write_utc(from_instant(request.store.start))


def _find(
    *_: Any, ids: list[str] | None = None, limit: int | None = None, offset: int | None = None, **wanted: str | None
) -> list[dict[str, Any]]:
    asked = all(_MAIN[key.partition("__")[0]] == value for key, value in wanted.items() if value)
    found = [_MAIN] if asked and (not ids or _MAIN["id"] in ids) else []
    end = None if not limit else (offset or 0) + limit
    return found[offset or 0 : end]
