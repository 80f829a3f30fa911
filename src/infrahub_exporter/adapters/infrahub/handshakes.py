"""Handshakes of TLS that are given up: httpcore closes a connection where one fails, not where one is cancelled."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]


def closing() -> Trace:
    """Return what httpx calls along a request, as its extension `trace`: it closes what would stay open."""
    opened: list[Any] = []

    async def trace(event: str, details: Mapping[str, Any]) -> None:
        if event.endswith(".connect_tcp.complete"):
            opened.append(details["return_value"])
        elif event.endswith(".start_tls.failed"):
            with anyio.CancelScope(shield=True):
                while opened:
                    await opened.pop().aclose()

    return trace
