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
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.answer_types import object_type
from infrahub_exporter.adapters.embedded.scalars import DATE_TIME, GENERIC

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


def operations() -> dict[str, GraphQLField]:
    """Make the root fields."""
    return {
        "InfrahubStatus": _status(),
        **_tasks(),
        "InfrahubEvent": _events(),
    }


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


def _tasks() -> dict[str, GraphQLField]:
    state = GraphQLEnumType("StateType", {name: name for name in _TASK_STATES})
    text = GraphQLNonNull(GraphQLString)
    fields: dict[str, GraphQLOutputType] = {
        **dict.fromkeys(("id", "title", "conclusion", "created_at", "updated_at"), text),
        **dict.fromkeys(("workflow", "branch", "start_time", "related_node", "related_node_kind"), GraphQLString),
        "state": state,
        "progress": GraphQLFloat,
        "parameters": GENERIC,
        "tags": _MANY,
        "related_nodes": GraphQLList(object_type("TaskRelatedNode", id=text, kind=text)),
        "logs": _logs(),
        "available_actions": GraphQLNonNull(GraphQLList(GraphQLNonNull(_action()))),
        "error": object_type("TaskError", status_class=text, message=text, remediation=text),
    }
    edge = object_type("TaskNodes", node=object_type("TaskNodeInterface", **fields))
    arguments = {"branch": _ONE, "state": GraphQLList(state), "workflow": _MANY, "ids": _MANY, "q": _ONE}
    arguments |= {"related_node__ids": _MANY, "log_limit": GraphQLInt, "log_offset": GraphQLInt}
    tasks = _page("Tasks", edge, arguments)
    of_branch = GraphQLField(tasks.type, args={"branch": GraphQLArgument(_ONE)}, resolve=tasks.resolve)
    return {"InfrahubTask": tasks, "InfrahubTaskBranchStatus": of_branch}


def _logs() -> GraphQLObjectType:
    text = GraphQLNonNull(GraphQLString)
    names = dict.fromkeys(("message", "severity", "task_id", "timestamp"), text)
    edge = object_type("TaskLogNodes", node=object_type("TaskLog", **names, id=GraphQLString))
    edges = GraphQLNonNull(GraphQLList(GraphQLNonNull(edge)))
    return object_type("TaskLogEdge", count=GraphQLNonNull(GraphQLInt), edges=edges)


def _action() -> GraphQLObjectType:
    type_ = GraphQLNonNull(GraphQLEnumType("TaskActionType", {name: name for name in ("RETRY", "CANCEL")}))
    available = GraphQLNonNull(GraphQLBoolean)
    return object_type("TaskAction", action=type_, available=available, unavailability_reason=GraphQLString)


def _events() -> GraphQLField:
    text = GraphQLNonNull(GraphQLString)
    node = object_type(
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
