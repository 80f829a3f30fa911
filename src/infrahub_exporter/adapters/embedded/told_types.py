"""The types of events and tasks: an interface each, and what each sort of them has beside it."""

from collections.abc import Mapping

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.answer_types import object_type
from infrahub_exporter.adapters.embedded.diffs import DIFF_ACTION
from infrahub_exporter.adapters.embedded.scalars import DATE_TIME, GENERIC

Told = tuple[GraphQLInterfaceType, tuple[GraphQLObjectType, ...]]
"""An interface, and the types of all that can be told so."""
_Types = dict[str, GraphQLOutputType]
_TEXT = GraphQLNonNull(GraphQLString)
_TEXTS = GraphQLNonNull(GraphQLList(_TEXT))
_NUMBER = GraphQLNonNull(GraphQLInt)
_PAYLOAD = {"payload": GraphQLNonNull(GENERIC)}
_TIME = {"timestamp": GraphQLNonNull(DATE_TIME)}


def _texts(*names: str) -> _Types:
    return dict.fromkeys(names, _TEXT)


def _may(*names: str) -> _Types:
    return dict.fromkeys(names, GraphQLString)


def events() -> Told:
    """Make the types of events."""
    node = object_type("RelatedNode", id=_TEXT, kind=_TEXT)
    nodes = GraphQLNonNull(GraphQLList(GraphQLNonNull(node)))
    common: _Types = {
        **_texts("id", "event"),
        **_may("branch", "account_id", "parent_id"),
        "occurred_at": GraphQLNonNull(DATE_TIME),
        "level": _NUMBER,
        "has_children": GraphQLNonNull(GraphQLBoolean),
        "primary_node": node,
        "related_nodes": nodes,
    }
    account = {**_texts("kind", "account_name", "session_id"), **_may("client_ip", "user_agent"), **_TIME, **_PAYLOAD}
    provided = {**_texts("idp", "triggering_user_id", "triggering_user_name", "protocol"), **_PAYLOAD}
    reviewed = {**_texts("reviewer_account_id", "reviewer_account_name"), **_PAYLOAD}
    sorts: dict[str, Mapping[str, GraphQLOutputType]] = {
        "AccountLoggedInEventType": {
            **account,
            **_texts("account_type", "auth_method"),
            **_may("identity_source"),
            "groups": _TEXTS,
            "roles": _TEXTS,
        },
        "AccountLoggedOutEventType": {**account, **_texts("logout_type")},
        "ArtifactEvent": {
            **_texts("checksum", "storage_id", "artifact_definition_id"),
            **_may("checksum_previous", "storage_id_previous"),
        },
        "NodeMutatedEvent": {**_changed(node), **_PAYLOAD},
        "BranchCreatedEvent": {**_texts("created_branch"), **_PAYLOAD},
        "BranchMergedEvent": _texts("source_branch"),
        "BranchRebasedEvent": {**_texts("rebased_branch"), **_PAYLOAD},
        "BranchDeletedEvent": {**_texts("deleted_branch"), **_may("proposed_change_id"), **_PAYLOAD},
        "GroupEvent": {"members": nodes, "ancestors": nodes},
        "GroupAutoCreatedEventType": {**provided, **_texts("group_id", "group_name", "source_pattern", "origin_value")},
        "GroupAutoCreateRejectedEventType": {**provided, **_texts("rejected_claim_value")},
        "GroupAutoCreateCappedEventType": {
            **provided,
            "cap_value": _NUMBER,
            "dropped_claims": _TEXTS,
            "dropped_count": _NUMBER,
        },
        "ProposedChangeReviewEvent": {**reviewed, **_texts("reviewer_decision")},
        "ProposedChangeReviewRevokedEvent": {**reviewed, **_texts("reviewer_former_decision")},
        "ProposedChangeReviewRequestedEvent": {
            **_texts("requested_by_account_id", "requested_by_account_name"),
            **_PAYLOAD,
        },
        "ProposedChangeApprovalsRevokedEvent": _PAYLOAD,
        "ProposedChangeMergedEvent": {**_texts("merged_by_account_id", "merged_by_account_name"), **_PAYLOAD},
        "ProposedChangeThreadEvent": _PAYLOAD,
        "StandardEvent": _PAYLOAD,
    }
    return _told("EventNodeInterface", common, sorts)


def _changed(node: GraphQLObjectType) -> _Types:
    """Make what an event tells of a node: its attributes and peers, before and after."""
    action = GraphQLNonNull(DIFF_ACTION)
    attribute = object_type(
        "InfrahubMutatedAttribute", **_texts("name", "kind"), **_may("value", "value_previous"), action=action
    )
    peer = object_type("InfrahubMutatedRelationship", name=_TEXT, action=action, peer=GraphQLNonNull(node))
    return {
        "attributes": GraphQLNonNull(GraphQLList(GraphQLNonNull(attribute))),
        "relationships": GraphQLNonNull(GraphQLList(GraphQLNonNull(peer))),
    }


def tasks(state: GraphQLEnumType) -> Told:
    """Make the types of tasks; `state` is what a task can be in."""
    action = object_type(
        "TaskAction",
        action=GraphQLNonNull(GraphQLEnumType("TaskActionType", {name: name for name in ("RETRY", "CANCEL")})),
        available=GraphQLNonNull(GraphQLBoolean),
        unavailability_reason=GraphQLString,
    )
    common: _Types = {
        **_texts("id", "title", "conclusion", "created_at", "updated_at"),
        **_may("workflow", "branch", "start_time", "related_node", "related_node_kind"),
        "state": state,
        "progress": GraphQLFloat,
        "parameters": GENERIC,
        "tags": GraphQLList(GraphQLString),
        "related_nodes": GraphQLList(object_type("TaskRelatedNode", id=_TEXT, kind=_TEXT)),
        "logs": _logs(),
        "available_actions": GraphQLNonNull(GraphQLList(GraphQLNonNull(action))),
        "error": object_type("TaskError", **_texts("status_class", "message", "remediation")),
    }
    request = object_type("HttpRequest", url=_TEXT, headers=GraphQLNonNull(GENERIC))
    response = object_type("HttpResponse", status_code=GraphQLInt, body=GraphQLString, latency_ms=GraphQLFloat)
    sorts: dict[str, Mapping[str, GraphQLOutputType]] = {
        "TaskNode": {},
        "WebhookDeliveryTask": {"http_request": request, "http_response": response},
    }
    return _told("TaskNodeInterface", common, sorts)


def _logs() -> GraphQLObjectType:
    entry = object_type("TaskLog", **_texts("message", "severity", "task_id", "timestamp"), id=GraphQLString)
    edges = GraphQLNonNull(GraphQLList(GraphQLNonNull(object_type("TaskLogNodes", node=entry))))
    return object_type("TaskLogEdge", count=_NUMBER, edges=edges)


def _told(name: str, common: _Types, sorts: Mapping[str, Mapping[str, GraphQLOutputType]]) -> Told:
    interface = GraphQLInterfaceType(name, {key: GraphQLField(each) for key, each in common.items()})
    made = (
        GraphQLObjectType(
            sort, {key: GraphQLField(each) for key, each in {**common, **more}.items()}, interfaces=(interface,)
        )
        for sort, more in sorts.items()
    )
    return interface, tuple(made)
