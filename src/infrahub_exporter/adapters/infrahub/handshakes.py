"""Connections as they are made: what httpcore leaves open of a handshake that is cancelled, and a bound on heads."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from infrahub_exporter.adapters.infrahub.heads import Head

Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]


def closing() -> Trace:
    """Return what httpx calls along a request, as its extension `trace`: it closes what would stay open.

    httpcore closes a connection where its handshake fails, not where that is cancelled.
    """
    opened: list[Any] = []

    async def trace(event: str, details: Mapping[str, Any]) -> None:
        if event.endswith(".connect_tcp.complete"):
            opened.append(details["return_value"])
            Head(details["return_value"])
        elif event.endswith(".start_tls.complete"):
            Head(details["return_value"])
        elif event.endswith(".start_tls.failed"):
            with anyio.CancelScope(shield=True):
                while opened:
                    await opened.pop().aclose()

    return trace
