"""The root fields of diffs: null, as an Infrahub answers of a branch without one."""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
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

from infrahub_exporter.adapters.embedded.answer_types import object_type
from infrahub_exporter.adapters.embedded.scalars import DATE_TIME

DIFF_ACTION = GraphQLEnumType("DiffAction", {name: name for name in ("ADDED", "REMOVED", "UPDATED", "UNCHANGED")})
_OF_NODES = frozenset({"include_parents", "limit", "offset", "root_node_uuids"})
_TEXT = GraphQLNonNull(GraphQLString)
_NUMBER = GraphQLNonNull(GraphQLInt)
_FLAG = GraphQLNonNull(GraphQLBoolean)
_TIME = GraphQLNonNull(DATE_TIME)
_MANY = GraphQLList(GraphQLString)
_Types = dict[str, GraphQLOutputType]
_NUMBERS: _Types = dict.fromkeys(("num_added", "num_updated", "num_removed", "num_conflicts"), _NUMBER)


def diffs() -> dict[str, GraphQLField]:
    """Make the root fields."""
    counted: _Types = {**_NUMBERS, **dict.fromkeys(("base_branch", "diff_branch"), _TEXT)}
    counted |= dict.fromkeys(("from_time", "to_time"), _TIME)
    counted |= dict.fromkeys(("num_untracked_base_changes", "num_untracked_diff_changes"), GraphQLInt)
    tree = object_type("DiffTree", **counted, name=GraphQLString, nodes=GraphQLList(GraphQLNonNull(_node())))
    summary = object_type("DiffTreeSummary", **counted, num_unchanged=_NUMBER)
    given = {name: GraphQLArgument(each) for name, each in _arguments().items()}
    summed = {name: each for name, each in given.items() if name not in _OF_NODES}
    return {
        "DiffTree": GraphQLField(tree, args=given, resolve=_no_diff),
        "DiffTreeSummary": GraphQLField(summary, args=summed, resolve=_no_diff),
    }


def _node() -> GraphQLObjectType:
    conflict = _conflict()
    place: _Types = {"status": GraphQLNonNull(DIFF_ACTION), "path_identifier": _TEXT}
    marked: _Types = {**_NUMBERS, **place, "contains_conflict": _FLAG}
    changed = object_type(
        "DiffProperty",
        **place,
        **dict.fromkeys(("previous_value", "new_value", "previous_label", "new_label"), GraphQLString),
        property_type=_TEXT,
        last_changed_at=_TIME,
        conflict=conflict,
    )
    properties = GraphQLList(GraphQLNonNull(changed))
    attribute = object_type(
        "DiffAttribute", **marked, name=_TEXT, last_changed_at=_TIME, properties=properties, conflict=conflict
    )
    element = object_type(
        "DiffSingleRelationship",
        **marked,
        last_changed_at=DATE_TIME,
        peer_id=_TEXT,
        peer_label=GraphQLString,
        conflict=conflict,
        properties=properties,
    )
    relationship = object_type(
        "DiffRelationship",
        **marked,
        name=_TEXT,
        label=GraphQLString,
        last_changed_at=DATE_TIME,
        cardinality=GraphQLNonNull(GraphQLEnumType("RelationshipCardinality", {"ONE": "ONE", "MANY": "MANY"})),
        elements=GraphQLNonNull(GraphQLList(GraphQLNonNull(element))),
    )
    return object_type(
        "DiffNode",
        **marked,
        **dict.fromkeys(("uuid", "kind", "label"), _TEXT),
        conflict=conflict,
        last_changed_at=DATE_TIME,
        parent=object_type("DiffNodeParent", uuid=_TEXT, kind=GraphQLString, relationship_name=GraphQLString),
        attributes=GraphQLNonNull(GraphQLList(GraphQLNonNull(attribute))),
        relationships=GraphQLNonNull(GraphQLList(GraphQLNonNull(relationship))),
    )


def _conflict() -> GraphQLObjectType:
    sides: _Types = {}
    for side in ("base_branch", "diff_branch"):
        sides |= {f"{side}_action": GraphQLNonNull(DIFF_ACTION), f"{side}_changed_at": _TIME}
        sides |= dict.fromkeys((f"{side}_value", f"{side}_label"), GraphQLString)
    selected = GraphQLEnumType("ConflictSelection", {name: name for name in ("BASE_BRANCH", "DIFF_BRANCH")})
    return object_type("ConflictDetails", uuid=_TEXT, **sides, selected_branch=selected, resolvable=GraphQLBoolean)


def _arguments() -> dict[str, GraphQLInputType]:
    among = _input("IncExclFilterOptions", includes=_MANY, excludes=_MANY)
    states = GraphQLList(DIFF_ACTION)
    filters = _input(
        "DiffTreeQueryFilters",
        ids=_MANY,
        kind=among,
        namespace=among,
        status=_input("IncExclFilterStatusOptions", includes=states, excludes=states),
    )
    return {
        "name": GraphQLString,
        "branch": GraphQLString,
        "from_time": DATE_TIME,
        "to_time": DATE_TIME,
        "root_node_uuids": _MANY,
        "include_parents": GraphQLBoolean,
        "filters": filters,
        "limit": GraphQLInt,
        "offset": GraphQLInt,
        "proposed_change_id": GraphQLString,
    }


def _no_diff(*_: Any, branch: str | None = None, **__: Any) -> None:
    if branch is not None and branch != "main":
        raise GraphQLError(f"Branch: {branch} not found.")


def _input(name: str, **fields: Any) -> GraphQLInputObjectType:
    return GraphQLInputObjectType(name, {key: GraphQLInputField(each) for key, each in fields.items()})
