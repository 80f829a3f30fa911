"""GraphQL requests: how one comes with its body, and what is parsed and validated once."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec
from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType, parse, validate

from infrahub_exporter.adapters.embedded.files import operation_of

_JSON = "application/json"
_CACHED = 256


class Document(msgspec.Struct):
    """A parsed query: what is wrong with it, and whether it changes anything."""

    node: DocumentNode
    errors: list[GraphQLError]
    changes: bool


class Documents:
    """Parses and validates the queries of one schema."""

    def __init__(self, types: GraphQLSchema) -> None:
        self._types = types
        self._parsed: OrderedDict[str, Document] = OrderedDict()

    def parse(self, text: str) -> Document:
        """Parse and validate a query; the same text is worked on once. Raises GraphQLError and TypeError."""
        found = self._parsed.get(text)
        if found is None:
            if not isinstance(text, str):
                raise TypeError(text)
            node = parse(text)
            changes = any(
                isinstance(each, OperationDefinitionNode) and each.operation is OperationType.MUTATION
                for each in node.definitions
            )
            found = Document(node, validate(self._types, node), changes)
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
