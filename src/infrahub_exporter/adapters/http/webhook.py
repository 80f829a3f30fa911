"""The route that Infrahub's webhooks come to."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler

from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.webhooks import Deliveries, Delivery, Event, Refusal

WEBHOOK_PATH = "/-/refresh/webhook"
_LARGEST_BYTES = 2 * 1024 * 1024
"""Infrahub's events have at most 1.5 MB."""
_NO_STORE = {"Cache-Control": "no-store"}
_STATUSES = {
    Refusal.UNSIGNED: HTTPStatus.UNAUTHORIZED,
    Refusal.FORGED: HTTPStatus.UNAUTHORIZED,
    Refusal.STALE: HTTPStatus.UNAUTHORIZED,
    Refusal.REPLAYED: HTTPStatus.CONFLICT,
    Refusal.MALFORMED: HTTPStatus.BAD_REQUEST,
}


def build_webhook(
    accept: Callable[[Event], None], *, key: str, clock: Clock, window_seconds: float = 300.0
) -> HTTPRouteHandler:
    """Build the route; `accept` hears of each event that is genuine, new and not older than `window_seconds`.

    It answers at once, 202, before anything is refreshed: Infrahub waits for the answer, and tries again without one.
    """
    deliveries = Deliveries(key, window_seconds=window_seconds)

    @post(
        WEBHOOK_PATH,
        status_code=HTTPStatus.ACCEPTED.value,
        request_max_body_size=_LARGEST_BYTES,
        exception_handlers={RequestEntityTooLarge: _too_large},
        include_in_schema=False,
    )
    async def webhook(request: Request[Any, Any, Any]) -> Response[bytes]:
        delivery = Delivery(
            id=request.headers.get("webhook-id", ""),
            timestamp=request.headers.get("webhook-timestamp", ""),
            signature=request.headers.get("webhook-signature", ""),
            body=await request.body(),
        )
        checked = deliveries.check(delivery, now=clock.wall())
        if isinstance(checked, Refusal):
            return _problem(_STATUSES[checked], checked.value)
        accept(checked)
        return Response(b"accepted", media_type=MediaType.TEXT, headers=_NO_STORE)

    return webhook


def _too_large(_request: Request[Any, Any, Any], _error: RequestEntityTooLarge) -> Response[bytes]:
    return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body of at most {_LARGEST_BYTES} bytes is expected")


def _problem(status: HTTPStatus, detail: str) -> Response[bytes]:
    """Answer a problem document (RFC 9457): Infrahub shows it beside the delivery that failed."""
    body = msgspec.json.encode({"title": "Not accepted", "status": status.value, "detail": detail})
    return Response(body, status_code=status, media_type="application/problem+json", headers=_NO_STORE)
