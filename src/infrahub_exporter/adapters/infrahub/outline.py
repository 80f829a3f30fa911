"""The fields of a user's GraphQL document. graphql-core is imported when there is one: it costs a tenth of a second."""

from collections.abc import Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    print_ast,
)

from infrahub_exporter.domain.asking.outlines import Field, Outlined
from infrahub_exporter.domain.asking.variables import Variable
from infrahub_exporter.domain.errors import SourceRejectedError

Fragments = Mapping[str, FragmentDefinitionNode]
_DEEPEST = 32


def outline(document: str) -> Outlined:
    """List the root fields of a document's queries, fragments put in place, and its variables.

    Raises SourceRejectedError.
    """
    try:
        definitions = parse(document).definitions
    except GraphQLError as error:
        raise SourceRejectedError(f"the query is no GraphQL: {error.message}") from error
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    queries = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    if not all(each.operation is OperationType.QUERY for each in queries):
        raise SourceRejectedError("the document holds something else than queries, which a discovery does not run")
    fields = tuple(field for each in queries for field in _fields(each.selection_set, fragments, None, 0))
    variables = tuple(
        Variable(each.variable.name.value, print_ast(each.type), each.default_value is not None)
        for query in queries
        for each in query.variable_definitions
    )
    return Outlined(fields, variables)


def _fields(selected: SelectionSetNode | None, fragments: Fragments, on: str | None, depth: int) -> Iterator[Field]:
    if depth > _DEEPEST:
        raise SourceRejectedError(f"the query is more than {_DEEPEST} levels deep")
    for each in selected.selections if selected is not None else ():
        if isinstance(each, FieldNode):
            arguments = tuple(argument.name.value for argument in each.arguments)
            below = tuple(_fields(each.selection_set, fragments, None, depth + 1))
            yield Field(each.name.value, arguments, below, on, None if each.alias is None else each.alias.value)
        elif isinstance(each, InlineFragmentNode):
            condition = on if each.type_condition is None else each.type_condition.name.value
            yield from _fields(each.selection_set, fragments, condition, depth + 1)
        elif isinstance(each, FragmentSpreadNode):
            fragment = fragments.get(each.name.value)
            if fragment is None:
                raise SourceRejectedError(f"the query has no fragment {each.name.value!r}")
            yield from _fields(fragment.selection_set, fragments, fragment.type_condition.name.value, depth + 1)
