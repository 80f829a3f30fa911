"""What an Infrahub tells of its own work: workers, tasks, events and diffs.

There is one process and one branch here, so there are no workers, no tasks, no events and no diffs.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.scalars import DATE_TIME

_TASK_STATES = (
    "SCHEDULED",
    "PENDING",
    "RUNNING",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "CRASHED",
    "PAUSED",
    "CANCELLING",
)
_ACTIONS = ("ADDED", "REMOVED", "UPDATED", "UNCHANGED")
_OF_NODES = frozenset({"include_parents", "limit", "offset"})
_ONE = GraphQLString
_MANY = GraphQLList(GraphQLString)
_ALL = GraphQLList(GraphQLNonNull(GraphQLString))


def operations() -> dict[str, GraphQLField]:
    """Make the root fields."""
    return {
        "InfrahubStatus": _status(),
        "InfrahubTask": _tasks(),
        "InfrahubEvent": _events(),
        **_diffs(),
    }


def _status() -> GraphQLField:
    worker = _object("StatusWorker", id=GraphQLNonNull(GraphQLString), active=GraphQLNonNull(GraphQLBoolean))
    edge = _object("StatusWorkerEdge", node=GraphQLNonNull(worker))
    workers = GraphQLObjectType("StatusWorkerEdges", {"edges": _empty(edge)})
    summary = GraphQLObjectType(
        "StatusSummary", {"schema_hash_synced": GraphQLField(GraphQLNonNull(GraphQLBoolean), resolve=lambda *_: True)}
    )
    fields = {"summary": _there(summary), "workers": _there(workers)}
    return _there(GraphQLObjectType("Status", fields))


def _tasks() -> GraphQLField:
    state = GraphQLEnumType("StateType", {name: name for name in _TASK_STATES})
    text = GraphQLNonNull(GraphQLString)
    node = _object(
        "TaskNodeInterface",
        id=text,
        title=text,
        conclusion=text,
        state=state,
        progress=GraphQLFloat,
        workflow=GraphQLString,
        branch=GraphQLString,
        created_at=text,
        updated_at=text,
        start_time=GraphQLString,
    )
    arguments = {"branch": _ONE, "state": GraphQLList(state), "workflow": _MANY, "ids": _MANY, "q": _ONE}
    return _page("Tasks", _object("TaskNodes", node=node), {**arguments, "related_node__ids": _MANY})


def _events() -> GraphQLField:
    text = GraphQLNonNull(GraphQLString)
    node = _object(
        "EventNodeInterface",
        id=text,
        event=text,
        branch=GraphQLString,
        account_id=GraphQLString,
        occurred_at=GraphQLNonNull(DATE_TIME),
        level=GraphQLNonNull(GraphQLInt),
        has_children=GraphQLNonNull(GraphQLBoolean),
        parent_id=GraphQLString,
    )
    order = GraphQLEnumType("EventSortOrder", {name: name for name in ("ASC", "DESC")})
    arguments = {
        "level": GraphQLInt,
        "has_children": GraphQLBoolean,
        "event_type": _ALL,
        "primary_node__ids": _ALL,
        "related_node__ids": _ALL,
        "parent__ids": _ALL,
        "since": DATE_TIME,
        "until": DATE_TIME,
        "branches": _ALL,
        "account__ids": _ALL,
        "ids": _ALL,
        "order": order,
    }
    return _page("Events", _object("EventNodes", node=node), arguments)


def _diffs() -> dict[str, GraphQLField]:
    """Make the fields of diffs: null, as an Infrahub answers of a branch without one."""
    action = GraphQLEnumType("DiffAction", {name: name for name in _ACTIONS})
    text, number = GraphQLNonNull(GraphQLString), GraphQLNonNull(GraphQLInt)
    numbers = {f"num_{each}": number for each in ("added", "updated", "removed", "conflicts")}
    node = _object("DiffNode", **numbers, uuid=text, kind=text, label=text, status=GraphQLNonNull(action))
    nodes = GraphQLList(GraphQLNonNull(node))
    times = dict.fromkeys(("from_time", "to_time"), GraphQLNonNull(DATE_TIME))
    untracked = dict.fromkeys(("num_untracked_base_changes", "num_untracked_diff_changes"), GraphQLInt)
    counted: dict[str, GraphQLOutputType] = {**numbers, **dict.fromkeys(("base_branch", "diff_branch"), text)}
    counted |= {**times, **untracked}
    among = _input("IncExclFilterOptions", includes=_ALL, excludes=_ALL)
    states = GraphQLList(GraphQLNonNull(action))
    filters = _input(
        "DiffTreeQueryFilters",
        ids=_MANY,
        kind=among,
        namespace=among,
        status=_input("IncExclFilterStatusOptions", includes=states, excludes=states),
    )
    arguments: dict[str, GraphQLInputType] = {
        "name": _ONE,
        "branch": _ONE,
        "from_time": DATE_TIME,
        "to_time": DATE_TIME,
        "include_parents": GraphQLBoolean,
        "filters": filters,
        "limit": GraphQLInt,
        "offset": GraphQLInt,
        "proposed_change_id": _ONE,
    }
    given = {name: GraphQLArgument(each) for name, each in arguments.items()}
    summed = {name: each for name, each in given.items() if name not in _OF_NODES}
    tree = _object("DiffTree", **counted, name=GraphQLString, nodes=nodes)
    return {
        "DiffTree": GraphQLField(tree, args=given, resolve=_no_diff),
        "DiffTreeSummary": GraphQLField(
            _object("DiffTreeSummary", **counted, num_unchanged=number), args=summed, resolve=_no_diff
        ),
    }


def _no_diff(*_: Any, branch: str | None = None, **__: Any) -> None:
    if branch is not None and branch != "main":
        raise GraphQLError(f"Branch: {branch} not found.")


def _object(type_name: str, /, **fields: GraphQLOutputType) -> GraphQLObjectType:
    return GraphQLObjectType(type_name, {key: GraphQLField(each) for key, each in fields.items()})


def _input(name: str, **fields: Any) -> GraphQLInputObjectType:
    return GraphQLInputObjectType(name, {key: GraphQLInputField(each) for key, each in fields.items()})


def _page(name: str, edge: GraphQLObjectType, arguments: Mapping[str, Any]) -> GraphQLField:
    """Make a root field of pages that are empty."""
    count = GraphQLField(GraphQLNonNull(GraphQLInt), resolve=lambda *_: 0)
    page = GraphQLObjectType(name, {"count": count, "edges": _empty(edge)})
    given = {"limit": GraphQLInt, "offset": GraphQLInt, **arguments}
    return _there(page, {key: GraphQLArgument(each) for key, each in given.items()})


def _there(made: GraphQLObjectType, arguments: dict[str, GraphQLArgument] | None = None) -> GraphQLField:
    resolve: Callable[..., Any] = lambda *_, **__: {}  # noqa: E731 - what it has is not there either
    return GraphQLField(GraphQLNonNull(made), args=arguments, resolve=resolve)


def _empty(edge: GraphQLObjectType) -> GraphQLField:
    return GraphQLField(GraphQLNonNull(GraphQLList(GraphQLNonNull(edge))), resolve=lambda *_: [])
