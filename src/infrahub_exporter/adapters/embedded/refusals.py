"""How Infrahub refuses: exceptions with the codes of its catalogue, and the JSON that it answers with."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLError

from infrahub_exporter.domain.model import JSON


class RefusedError(Exception):
    """A request that Infrahub refuses; `code`, `http_status` and `data` go into the error's extensions."""

    code = "UNDEFINED_ERROR"
    http_status = 500

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        http_status: int | None = None,
        data: Mapping[str, JSON] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.http_status = http_status or self.http_status
        self.data = dict(data or {})

    @property
    def extensions(self) -> dict[str, JSON]:
        """The extensions of the error on the wire."""
        return {"code": self.code, "http_status": self.http_status, "data": dict(self.data)}


class InvalidInputError(RefusedError):
    """What a mutation brings cannot be."""

    http_status = 422


class NodeNotFoundError(RefusedError):
    """No node of this kind and name."""

    code = "NODE_NOT_FOUND"
    http_status = 404

    def __init__(self, kind: str, identifier: str, message: str | None = None) -> None:
        super().__init__(
            message or f"Unable to find the node {identifier} / {kind} in the database.",
            data={"node_kind": kind, "identifier": identifier},
        )


def mandatory(kind: str, field: str) -> RefusedError:
    """Refuse a node without a field that it must have."""
    return InvalidInputError(
        f"{field} is mandatory for {kind} at {field}",
        code="ATTRIBUTE_REQUIRED",
        data={"node_kind": kind, "field_name": field},
    )


def violates(kind: str, place: str, reason: str) -> RefusedError:
    """Refuse what the schema does not allow."""
    return InvalidInputError(
        f"{reason} at {place}",
        code="ATTRIBUTE_CONSTRAINT_VIOLATION",
        data={"node_kind": kind, "field_name": place, "constraint": reason, "detail": None},
    )


def invalid(kind: str, field: str, reason: str) -> RefusedError:
    """Refuse a value: of the wrong type, or outside what the schema allows."""
    received, found, expected = reason.partition(" is not a valid ")
    if found and " " not in expected:
        return InvalidInputError(
            f"{reason} at {field}",
            code="ATTRIBUTE_INVALID_TYPE",
            data={"node_kind": kind, "field_name": field, "expected_type": expected, "received_type": received},
        )
    return violates(kind, field, reason)


def graphql_body(refused: RefusedError) -> dict[str, JSON]:
    """The body of a refusal before any query ran."""
    return {"data": None, "errors": [{"message": refused.message, "extensions": refused.extensions}]}


def rest_body(message: str, status: int) -> dict[str, JSON]:
    """The body of a refusal of the REST API."""
    return {"data": None, "errors": [{"message": message, "extensions": {"code": status}}]}


def format_errors(errors: Sequence[GraphQLError]) -> list[dict[str, JSON]]:
    """Format the errors of a query as Infrahub does: the catalogue's extensions on each."""
    formatted: list[dict[str, JSON]] = []
    for error in errors:
        original = error.original_error
        refused = original if isinstance(original, RefusedError) else RefusedError(error.message)
        formatted.append({**error.formatted, "extensions": refused.extensions})  # type: ignore[dict-item]
    return formatted
