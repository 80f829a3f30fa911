"""Which fields a query selects below a field: as GraphQL has it, and as far as Infrahub sees it.

Infrahub reads from its database only what it finds in the query, and it does not find everything: of a field that
stands twice only the later selection, within an inline fragment no named one. What it overlooks is answered as null.
"""

from collections.abc import Iterable
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
)

Selected = dict[str, "Selected"]


def selected(info: GraphQLResolveInfo) -> Selected:
    """Give the fields below a field as a tree of names; the types of fragments do not matter to it."""
    tree: Selected = {}
    for node in info.field_nodes:
        if node.selection_set:
            _collect(tree, node.selection_set.selections, info)
    return tree


def _collect(tree: Selected, nodes: Iterable[SelectionNode], info: GraphQLResolveInfo) -> None:
    for node in nodes:
        if _left_out(node, info.variable_values):
            continue
        if isinstance(node, FieldNode):
            below = tree.setdefault(node.name.value, {})
            if node.selection_set:
                _collect(below, node.selection_set.selections, info)
        elif isinstance(node, InlineFragmentNode):
            _collect(tree, node.selection_set.selections, info)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in info.fragments:
            _collect(tree, info.fragments[node.name.value].selection_set.selections, info)


def _left_out(node: SelectionNode, variables: dict[str, Any]) -> bool:
    if not node.directives:
        return False
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return bool((skip and skip["if"]) or (include and not include["if"]))


def seen(info: GraphQLResolveInfo) -> Selected:
    """Give the fields below a field as far as Infrahub sees them."""
    return _see(info.field_nodes[0].selection_set, info)


def _see(selections: SelectionSetNode | None, info: GraphQLResolveInfo) -> Selected:
    tree: Selected = {}
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            _merge(tree, node, info)
        elif isinstance(node, InlineFragmentNode):
            for inner in node.selection_set.selections:
                if isinstance(inner, FieldNode):
                    _merge(tree, inner, info)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in info.fragments:
            tree.update(_see(info.fragments[node.name.value].selection_set, info))
    return tree


def _merge(tree: Selected, node: FieldNode, info: GraphQLResolveInfo) -> None:
    tree.setdefault(node.name.value, {}).update(_see(node.selection_set, info))
