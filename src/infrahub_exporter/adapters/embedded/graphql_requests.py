"""GraphQL requests: how one comes with its body, and what is parsed and validated once."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)

from infrahub_exporter.adapters.embedded.expansion import EXPAND, expand
from infrahub_exporter.adapters.embedded.files import operation_of
from infrahub_exporter.adapters.embedded.kinds import Kinds
from infrahub_exporter.adapters.embedded.refusals import RefusedError

_JSON = "application/json"
_CACHED = 256
_MOST_TOKENS = 50_000
"""What a document may be made of: some seconds of the parser."""
_MOST_FIELDS = 50_000
"""How many fields it may have with its fragments in place: what is validated and run for each."""


class Document(msgspec.Struct):
    """A parsed query: what is wrong with it, and whether it changes anything."""

    node: DocumentNode
    errors: list[GraphQLError]
    changes: bool


class Documents:
    """Parses and validates the queries of one schema."""

    def __init__(self, types: GraphQLSchema, kinds: Kinds) -> None:
        self._types = types
        self._kinds = kinds
        self._parsed: OrderedDict[str, Document] = OrderedDict()

    def parse(self, text: str) -> Document:
        """Parse and validate a query; the same text is worked on once.

        Raises GraphQLError and TypeError, RecursionError for too many levels, RefusedError for too many fields.
        """
        found = self._parsed.get(text)
        if found is None:
            if not isinstance(text, str):
                raise TypeError(text)
            node = parse(text, max_tokens=_MOST_TOKENS)
            _check_fields(node)
            changes = any(
                isinstance(each, OperationDefinitionNode) and each.operation is OperationType.MUTATION
                for each in node.definitions
            )
            found = Document(node, validate(self._types, node), changes)
            if not found.errors and f"@{EXPAND.name}" in text:
                expand(node, self._kinds)
                _check_fields(node)
            while len(self._parsed) >= _CACHED:
                self._parsed.popitem(last=False)
            self._parsed[text] = found
        return found


def read_operation(headers: Mapping[str, str], body: bytes) -> tuple[Any, str | None]:
    """Read the body of a GraphQL request, or say what is wrong with it."""
    content_type = headers.get("content-type", "")
    if content_type.partition(";")[0].strip() == "multipart/form-data":
        try:
            return operation_of(content_type, body), None
        except ValueError as exc:
            return None, str(exc)
    if content_type.partition(";")[0].strip() != _JSON:
        return None, "Content-type must be application/json or multipart/form-data"
    try:
        operation = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, "Request body is not a valid JSON"
    return operation, "This server does not support batching" if isinstance(operation, list) else None


def _check_fields(document: DocumentNode) -> None:
    """Raise RefusedError for a document of more fields than are validated."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    counted: dict[str, int] = {}

    def count(selected: SelectionSetNode | None) -> int:
        return sum(map(fields, selected.selections)) if selected is not None else 0

    def fields(selection: Any) -> int:
        if not isinstance(selection, FragmentSpreadNode):
            return 1 + count(selection.selection_set)
        name = selection.name.value
        if name not in counted:
            counted[name] = 0  # one that contains itself is told by the validation
            counted[name] = count(fragments[name].selection_set) if name in fragments else 0
        return 1 + counted[name]

    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if sum(count(each.selection_set) for each in operations) > _MOST_FIELDS:
        message = f"The query has more than {_MOST_FIELDS} fields, its fragments put in place"
        raise RefusedError(message, http_status=400)
