"""What is answered where there is nothing, or nothing for that method: a problem that says what there is."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from infrahub_exporter.adapters.http.admin import REFRESH_PATH, RELEASE_PATH, RELOAD_PATH
from infrahub_exporter.domain.asking.paths import suggestion

_NAMED = 20
"""How many paths are named."""
_LONGEST = 100


def missing(paths: Sequence[str]) -> ExceptionHandlersMap:
    """Build what an application answers for a path or a method that it has not; `paths` are those that it has."""

    def nowhere(request: Request[Any, Any, Any], _error: HTTPException) -> Response[bytes]:
        return _problem(HTTPStatus.NOT_FOUND, "Not found", _nothing_at(str(request.scope["path"]), paths))

    def otherwise(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
        detail = f"{request.scope['path']} does not answer {request.method}"
        return _problem(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed", detail, error.headers)

    return {HTTPStatus.NOT_FOUND: nowhere, HTTPStatus.METHOD_NOT_ALLOWED: otherwise}


def _nothing_at(path: str, paths: Sequence[str]) -> str:
    if path in {RELOAD_PATH, REFRESH_PATH} or path.startswith(f"{RELEASE_PATH}/"):
        return f"there is no {path[:_LONGEST]}: web.admin.enabled is not set"
    near = suggestion(path[:_LONGEST], paths)
    there = f"; there are {', '.join(paths[:_NAMED])}{' and others' if len(paths) > _NAMED else ''}"
    return f"there is nothing at {path[:_LONGEST]}{near or there}"


def _problem(status: HTTPStatus, title: str, detail: str, headers: dict[str, Any] | None = None) -> Response[bytes]:
    body = msgspec.json.encode({"title": title, "status": status.value, "detail": detail})
    return Response(
        body,
        status_code=status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
