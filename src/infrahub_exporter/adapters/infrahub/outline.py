"""The fields of a user's GraphQL document. graphql-core is imported when there is one: it costs a tenth of a second."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    parse,
    print_ast,
)

from infrahub_exporter.domain.asking.outlines import EVERYTHING, Field, Outlined
from infrahub_exporter.domain.asking.variables import Variable
from infrahub_exporter.domain.errors import SourceRejectedError

_DEEPEST = 64
_REMEMBERED = 64
"""Of how many documents the outline is known: a start looks at each several times."""
_MOST_FIELDS = 10_000
"""How many fields a document may have with its fragments in place: a few that name each other twice make billions."""
_MOST_TOKENS = 20_000
_MOST_CHARACTERS = 262_144
"""What a document may be made of: half a second of the parser, which the event loop waits for."""


@lru_cache(maxsize=_REMEMBERED)
def outline(document: str) -> Outlined:
    """List the root fields of a document's queries, fragments put in place, and its variables.

    Raises SourceRejectedError.
    """
    if len(document) > _MOST_CHARACTERS:
        raise SourceRejectedError(f"the query has more than {_MOST_CHARACTERS} characters")
    try:
        definitions = parse(document, max_tokens=_MOST_TOKENS).definitions
    except GraphQLError as error:
        where = "".join(f"line {at.line}, column {at.column}: " for at in error.locations or ())
        problem = error.message.removeprefix("Syntax Error: ").removesuffix(".")
        raise SourceRejectedError(f"the query is no GraphQL: {where}{problem}") from error
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    queries = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    if not all(each.operation is OperationType.QUERY for each in queries):
        raise SourceRejectedError("the document holds something else than queries, which a discovery does not run")
    expansion = _Expansion(fragments)
    fields = tuple(field for each in queries for field in expansion.fields(each.selection_set, None, 0))
    variables = tuple(
        Variable(each.variable.name.value, print_ast(each.type), each.default_value is not None)
        for query in queries
        for each in query.variable_definitions
    )
    return Outlined(fields, variables)


class _Expansion:
    """Put fragments in place, within a bound."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._seen = 0

    def fields(self, selected: SelectionSetNode | None, on: str | None, depth: int) -> Iterator[Field]:
        """Yield the fields of a selection. Raises SourceRejectedError."""
        if depth > _DEEPEST:
            raise SourceRejectedError(f"the query is more than {_DEEPEST} levels deep")
        for each in selected.selections if selected is not None else ():
            self._seen += 1
            if self._seen > _MOST_FIELDS:
                raise SourceRejectedError(f"the query has more than {_MOST_FIELDS} fields, its fragments put in place")
            if isinstance(each, FieldNode):
                arguments = tuple(argument.name.value for argument in each.arguments)
                below = (*self.fields(each.selection_set, None, depth + 1), *_expanded(each))
                yield Field(each.name.value, arguments, below, on, None if each.alias is None else each.alias.value)
            elif isinstance(each, InlineFragmentNode):
                condition = on if each.type_condition is None else each.type_condition.name.value
                yield from self.fields(each.selection_set, condition, depth + 1)
            elif isinstance(each, FragmentSpreadNode):
                fragment = self._fragments.get(each.name.value)
                if fragment is None:
                    name = each.name.value
                    raise SourceRejectedError(f"the query has no fragment {name!r}, expected it in the same file")
                yield from self.fields(fragment.selection_set, fragment.type_condition.name.value, depth + 1)


def _expanded(field: FieldNode) -> Iterator[Field]:
    """Yield what `@expand` adds to a node: all but what a written list excludes, which is all that Infrahub reads."""
    if field.name.value != "node":
        return
    for directive in field.directives:
        if directive.name.value == "expand":
            lists = [each.value for each in directive.arguments if isinstance(each.value, ListValueNode)]
            excluded = (item.value for each in lists for item in each.values if isinstance(item, StringValueNode))
            yield Field(EVERYTHING, tuple(excluded))
