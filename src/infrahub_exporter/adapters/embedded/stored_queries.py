"""Queries that lie in Infrahub, run by name over the REST API."""

from collections.abc import Mapping
from typing import Any

import msgspec

from infrahub_exporter.domain.model import JSON

KIND = "CoreGraphQLQuery"
PATH = "/api/query/"
_OURS = frozenset({"branch", "at", "update_group", "subscribers"})
_FAILED = 502


def variables_of(query: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """Give the variables of a request: of its body where it has one, else the parameters that nothing else means."""
    if not body:
        return {name: value for name, value in query.items() if name not in _OURS}
    decoded = msgspec.json.decode(body)
    given = decoded.get("variables") if isinstance(decoded, dict) else None
    return given if isinstance(given, dict) else {}


def told(name: str, answer: Mapping[str, Any]) -> tuple[int, dict[str, JSON]]:
    """Give status and body of an answer: an error is an object in place of a message."""
    errors = answer.get("errors")
    if not errors:
        return 200, {"data": answer["data"]}
    messages = [
        {
            "message": f"GraphQLQuery {name}: {each['message']}",
            "path": each.get("path"),
            "locations": each.get("locations") or [],
        }
        for each in errors
    ]
    return _FAILED, {"data": None, "errors": [{"message": each, "extensions": {"code": _FAILED}} for each in messages]}
