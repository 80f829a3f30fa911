"""The routes by which an operator acts. They exist only where they are enabled."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import ceil
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath
from litestar.types import ExceptionHandlersMap

from infrahub_exporter.domain.access.credentials import Allowance, Passed
from infrahub_exporter.domain.errors import ConfigError, ExporterError, UnknownDiscoveryError
from infrahub_exporter.domain.ports import Clock

RELOAD_PATH = "/-/reload"
REFRESH_PATH = "/-/refresh"
RELEASE_PATH = "/-/release"
_NO_STORE = {"Cache-Control": "no-store"}
_OWN_SITES = frozenset({"same-origin", "none"})


class Refusal(HTTPException):
    """Why an operator's request is not followed; `title` heads the problem document."""

    def __init__(self, status: HTTPStatus, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail, status_code=status.value, headers={**_NO_STORE, **(headers or {})})
        self.title = title


def build_admin(
    *,
    reload: Callable[[], Awaitable[None]],
    release: Callable[[str], Awaitable[bool]],
    refresh: Callable[[], None],
    clock: Clock,
    burst: int = 5,
    seconds: float = 1.0,
) -> list[HTTPRouteHandler]:
    """Build the routes `POST /-/reload`, `/-/release/<name>` and `/-/refresh` over what they call.

    `reload` raises ConfigError for a configuration that cannot be used. `release` raises UnknownDiscoveryError for a
    name that nothing has, DerivationError past a limit, and tells whether anything was held. Who was not authenticated
    gets a 403, whatever stands in front; more than `burst` requests at once, or one every `seconds`, a 429.
    """
    allowance = Allowance(burst=burst, seconds=seconds)

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        if not isinstance(connection.scope.get("auth"), Passed):
            raise Refusal(HTTPStatus.FORBIDDEN, "Not allowed", "an authenticated request is expected")
        if "origin" in connection.headers or connection.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
            raise Refusal(HTTPStatus.FORBIDDEN, "Not allowed", "a request of another site's page is not followed")
        wait = allowance.take(clock.monotonic())
        if wait > 0:
            retry = {"Retry-After": str(ceil(wait))}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "try again later", retry)

    @post(RELOAD_PATH, status_code=HTTPStatus.OK.value, guards=[guard], exception_handlers=_HANDLERS)
    async def reload_() -> Response[bytes]:
        try:
            await reload()
        except ConfigError as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "The old configuration stays", str(error)) from error
        return _done(HTTPStatus.OK, reloaded=True)

    @post(f"{RELEASE_PATH}/{{name:str}}", status_code=HTTPStatus.OK.value, guards=[guard], exception_handlers=_HANDLERS)
    async def release_(name: FromPath[str]) -> Response[bytes]:
        try:
            released = await release(name)
        except ExporterError as error:
            raise _unreleased(error) from error
        return _done(HTTPStatus.OK, released=released)

    @post(REFRESH_PATH, status_code=HTTPStatus.ACCEPTED.value, guards=[guard], exception_handlers=_HANDLERS)
    async def refresh_() -> Response[bytes]:
        refresh()
        return _done(HTTPStatus.ACCEPTED, refreshing=True)

    return [reload_, release_, refresh_]


def _unreleased(error: ExporterError) -> Refusal:
    if isinstance(error, UnknownDiscoveryError):
        return Refusal(HTTPStatus.NOT_FOUND, "Unknown name", str(error))
    return Refusal(HTTPStatus.CONFLICT, "What is held cannot be published", str(error))


def _done(status: HTTPStatus, **said: bool) -> Response[bytes]:
    body = msgspec.json.encode(said)
    return Response(body, status_code=status.value, media_type="application/json", headers=_NO_STORE)


def _problem(_request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    """Answer a problem document (RFC 9457)."""
    body = msgspec.json.encode({"title": refusal.title, "status": refusal.status_code, "detail": refusal.detail})
    return Response(
        body,
        status_code=refusal.status_code,
        media_type="application/problem+json",
        headers=refusal.headers,
    )


_HANDLERS: ExceptionHandlersMap = {Refusal: _problem}
