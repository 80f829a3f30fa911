"""Which fields a query selects below a field, fragments and directives applied."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    get_directive_values,
)

Selected = dict[str, "Selected"]


def selected(info: GraphQLResolveInfo) -> Selected:
    """Give the fields below a field as a tree of names; the types of fragments do not matter to it."""
    tree: Selected = {}
    for node in info.field_nodes:
        if node.selection_set:
            _collect(tree, node.selection_set.selections, info.fragments, info.variable_values)
    return tree


def _collect(
    tree: Selected,
    nodes: Iterable[SelectionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: dict[str, Any],
) -> None:
    for node in nodes:
        skip = get_directive_values(GraphQLSkipDirective, node, variables)
        include = get_directive_values(GraphQLIncludeDirective, node, variables)
        if (skip and skip["if"]) or (include and not include["if"]):
            continue
        if isinstance(node, FieldNode):
            below = tree.setdefault(node.name.value, {})
            if node.selection_set:
                _collect(below, node.selection_set.selections, fragments, variables)
        elif isinstance(node, InlineFragmentNode):
            _collect(tree, node.selection_set.selections, fragments, variables)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
            _collect(tree, fragments[node.name.value].selection_set.selections, fragments, variables)
