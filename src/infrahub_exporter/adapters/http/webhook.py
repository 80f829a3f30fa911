"""The route that Infrahub's webhooks come to."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler

from infrahub_exporter.domain.access.credentials import Allowance
from infrahub_exporter.domain.access.webhooks import Deliveries, Delivery, Event, Refusal
from infrahub_exporter.domain.ports import Clock

WEBHOOK_PATH = "/-/refresh/webhook"
_LARGEST_BYTES = 2 * 1024 * 1024
"""Infrahub's events have at most 1.5 MB."""
_LARGE_BYTES = 65_536
_MOST_LARGE = 8
_LARGE_SECONDS = 5.0
"""Anyone can send a body, and a large one takes memory, and up to 0.3 s to find out who signed it."""
_NO_STORE = {"Cache-Control": "no-store"}
_STATUSES = {
    Refusal.UNSIGNED: HTTPStatus.UNAUTHORIZED,
    Refusal.FORGED: HTTPStatus.UNAUTHORIZED,
    Refusal.STALE: HTTPStatus.UNAUTHORIZED,
    Refusal.REPLAYED: HTTPStatus.CONFLICT,
    Refusal.MALFORMED: HTTPStatus.BAD_REQUEST,
    Refusal.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
}


def build_webhook(
    accept: Callable[[Event], None],
    *,
    key: str,
    clock: Clock,
    window_seconds: float = 300.0,
    note: Callable[[str], None] = lambda _outcome: None,
) -> HTTPRouteHandler:
    """Build the route; `accept` hears of each event that is genuine, new and not older than `window_seconds`.

    `note` hears of each delivery what became of it: `accepted`, the name of its `Refusal`, `throttled` or `too_large`.

    It answers at once, 202, before anything is refreshed: Infrahub waits for the answer, and tries again without one.
    Large bodies that turn out not to be genuine are a 429 when they come too often.
    """
    deliveries = Deliveries(key, window_seconds=window_seconds)
    large = Allowance(burst=_MOST_LARGE, seconds=_LARGE_SECONDS)

    def too_large(_request: Request[Any, Any, Any], _error: RequestEntityTooLarge) -> Response[bytes]:
        note("too_large")
        detail = f"a body of at most {_LARGEST_BYTES} bytes is expected"
        return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)

    @post(
        WEBHOOK_PATH,
        status_code=HTTPStatus.ACCEPTED.value,
        request_max_body_size=_LARGEST_BYTES,
        exception_handlers={RequestEntityTooLarge: too_large},
        include_in_schema=False,
    )
    async def webhook(request: Request[Any, Any, Any]) -> Response[bytes]:
        is_large = _is_large(request.headers.get("content-length"))
        wait = large.take(clock.monotonic()) if is_large else 0.0
        if wait > 0:
            note("throttled")
            return _problem(
                HTTPStatus.TOO_MANY_REQUESTS, "try again later", {**_NO_STORE, "Retry-After": str(ceil(wait))}
            )
        delivery = Delivery(
            id=request.headers.get("webhook-id", ""),
            timestamp=request.headers.get("webhook-timestamp", ""),
            signature=request.headers.get("webhook-signature", ""),
            body=await request.body(),
        )
        checked = deliveries.check(delivery, now=clock.wall(), elapsed=clock.monotonic())
        if isinstance(checked, Refusal):
            note(checked.name.lower())
            return _problem(_STATUSES[checked], checked.value)
        if is_large:
            large.give_back()
        note("accepted")
        accept(checked)
        return Response(b"accepted", media_type=MediaType.TEXT, headers=_NO_STORE)

    return webhook


def _is_large(content_length: str | None) -> bool:
    """Tell whether a body may be large: one of unknown length may."""
    return content_length is None or not content_length.isdecimal() or int(content_length) > _LARGE_BYTES


def _problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] = _NO_STORE) -> Response[bytes]:
    """Answer a problem document (RFC 9457): Infrahub shows it beside the delivery that failed."""
    body = msgspec.json.encode({"title": "Not accepted", "status": status.value, "detail": detail})
    return Response(body, status_code=status, media_type="application/problem+json", headers=headers)
