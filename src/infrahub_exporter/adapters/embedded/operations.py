"""What an Infrahub tells of its own work: workers, tasks and events.

There is one process here, so there are no workers, no tasks and no events.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded import told_types
from infrahub_exporter.adapters.embedded.answer_types import object_type
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
_ONE = GraphQLString
_MANY = GraphQLList(GraphQLString)
_ALL = GraphQLList(GraphQLNonNull(GraphQLString))


class Work:
    """The root fields, and the types of what they could tell."""

    def __init__(self) -> None:
        state = GraphQLEnumType("StateType", {name: name for name in _TASK_STATES})
        event, events = told_types.events()
        task, tasks = told_types.tasks(state)
        self.types = (*events, *tasks)
        self.fields = {"InfrahubStatus": _status(), **_tasks(task, state), "InfrahubEvent": _events(event)}


def _status() -> GraphQLField:
    worker = object_type(
        "StatusWorker",
        id=GraphQLNonNull(GraphQLString),
        active=GraphQLNonNull(GraphQLBoolean),
        schema_hash=GraphQLString,
    )
    edge = object_type("StatusWorkerEdge", node=GraphQLNonNull(worker))
    workers = GraphQLObjectType("StatusWorkerEdges", {"edges": _empty(edge)})
    summary = GraphQLObjectType(
        "StatusSummary", {"schema_hash_synced": GraphQLField(GraphQLNonNull(GraphQLBoolean), resolve=lambda *_: True)}
    )
    fields = {"summary": _there(summary), "workers": _there(workers)}
    return _there(GraphQLObjectType("Status", fields))


def _tasks(node: GraphQLInterfaceType, state: GraphQLEnumType) -> dict[str, GraphQLField]:
    edge = object_type("TaskNodes", node=node)
    arguments = {"branch": _ONE, "state": GraphQLList(state), "workflow": _MANY, "ids": _MANY, "q": _ONE}
    arguments |= {"related_node__ids": _MANY, "log_limit": GraphQLInt, "log_offset": GraphQLInt}
    tasks = _page("Tasks", edge, arguments)
    of_branch = GraphQLField(tasks.type, args={"branch": GraphQLArgument(_ONE)}, resolve=tasks.resolve)
    return {"InfrahubTask": tasks, "InfrahubTaskBranchStatus": of_branch}


def _events(node: GraphQLInterfaceType) -> GraphQLField:
    branches = GraphQLInputField(GraphQLNonNull(_ALL))
    of_branches = GraphQLInputObjectType("BranchEventTypeFilter", {"branches": branches})
    provided = {name: GraphQLInputField(_ALL) for name in ("idp", "protocol")}
    filters = {name: GraphQLInputField(of_branches) for name in ("branch_merged", "branch_rebased")}
    filters["group_auto_create"] = GraphQLInputField(GraphQLInputObjectType("GroupAutoCreateEventTypeFilter", provided))
    order = GraphQLEnumType("EventSortOrder", {name: name for name in ("ASC", "DESC")})
    arguments = {
        "level": GraphQLInt,
        "has_children": GraphQLBoolean,
        "event_type": _ALL,
        "event_type_filter": GraphQLInputObjectType("EventTypeFilter", filters),
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
    return _page("Events", object_type("EventNodes", node=node), arguments)


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
