"""What stands behind the `?` of a URL."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from infrahub_exporter.domain.errors import BadParameterError


def names(request: Request[Any, Any, Any]) -> frozenset[str] | None:
    """Return the names of the families that are asked for by `name[]`, None where all are."""
    if not request.scope["query_string"]:
        return None
    return frozenset(request.query_params.getall("name[]", [])) or None


def parameters_of(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """Read what stands behind the `?`. Raises BadParameterError for what is no UTF-8, in which no text is meant."""
    try:
        return parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadParameterError("expected parameters in UTF-8, percent-encoded") from None
