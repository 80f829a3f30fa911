"""Infrahub's directive `@expand`: what a document asks for beyond what is written in it.

Of the nodes of a root field it adds the id, the kind and all attributes of the root's kind, each with its value and
where that is from. Anywhere else it adds the name of the type.
"""

from collections.abc import Collection, Iterator, Mapping

from graphql import (
    DirectiveLocation,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLList,
    GraphQLString,
    InlineFragmentNode,
    ListValueNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
)

from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds

EXPAND = GraphQLDirective(
    "expand",
    [DirectiveLocation.FIELD, DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT],
    {"exclude": GraphQLArgument(GraphQLList(GraphQLString), description="Attributes that are not added")},
    description="Asks for the attributes of a node",
)
_NODE = ("edges", "node")
_ADDED = ("value", "is_default", "is_from_profile")
_Path = tuple[str, ...]
_Fragments = Mapping[str, FragmentDefinitionNode]


def expand(document: DocumentNode, kinds: Kinds) -> None:
    """Write into a document what its directives add."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for root in _fields(definition.selection_set, fragments):
                if root.selection_set and root.name.value in kinds:
                    _Root(kinds[root.name.value], fragments).expand(root.selection_set, ())


def _fields(selections: SelectionSetNode, fragments: _Fragments) -> Iterator[FieldNode]:
    """Yield the fields of a selection, those of its fragments too."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments)


class _Root:
    """A root field of a kind."""

    def __init__(self, kind: Kind, fragments: _Fragments) -> None:
        self._kind = kind
        self._fragments = fragments

    def expand(self, selections: SelectionSetNode, path: _Path) -> None:
        """Expand what is below a field."""
        for field in _fields(selections, self._fragments):
            if field.selection_set:
                below = (*path, field.name.value)
                self.expand(field.selection_set, below)
                directives = [each for each in field.directives if each.name.value == EXPAND.name]
                if directives:
                    self._add(field.selection_set, below, {name for each in directives for name in _excluded(each)})

    def _add(self, selections: SelectionSetNode, path: _Path, excluded: Collection[str]) -> None:
        asked = {each.name.value: each for each in reversed(list(_fields(selections, self._fragments)))}
        added = [_field(name) for name in ("__typename", "id")[: 2 if path == _NODE else 1] if name not in asked]
        if path == _NODE:
            for name in self._kind.attributes:
                if name in excluded:
                    continue
                below = asked[name].selection_set if name in asked else None
                there = {each.name.value for each in _fields(below, self._fragments)} if below else ()
                more = [_field(each) for each in _ADDED if each not in there]
                if below:
                    below.selections = (*below.selections, *more)
                else:
                    added.append(_field(name, *more))
        selections.selections = (*selections.selections, *added)


def _excluded(directive: DirectiveNode) -> Iterator[str]:
    """Yield the names that are left out; those of a variable are not known to Infrahub either."""
    for argument in directive.arguments:
        if isinstance(argument.value, ListValueNode):
            yield from (each.value for each in argument.value.values if isinstance(each, StringValueNode))


def _field(name: str, *below: FieldNode) -> FieldNode:
    selections = SelectionSetNode(selections=below) if below else None
    return FieldNode(name=NameNode(value=name), directives=(), arguments=(), selection_set=selections)
