"""The embedded Infrahub over HTTP."""

from functools import partial
from typing import Any

import anyio.to_thread
from litestar import Litestar, Request, Response, route

from infrahub_exporter.adapters.embedded.infrahub import EmbeddedInfrahub


def create_app(infrahub: EmbeddedInfrahub) -> Litestar:
    """Make an ASGI application that answers as an Infrahub: `/graphql/<branch>`, `/api/schema` and the like."""

    @route(["/", "/{path:path}"], http_method=["GET", "HEAD", "POST"], status_code=200)
    async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Hand the request over as it came."""
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        target = raw.decode("latin-1").partition("?")[0]
        if query := request.scope["query_string"]:
            target += "?" + query.decode("latin-1")
        headers = {name.lower(): value for name, value in request.headers.items()}
        method = "GET" if request.method == "HEAD" else str(request.method)
        body = await request.body()
        reply = await anyio.to_thread.run_sync(partial(infrahub.handle, method, target, headers, body))
        return Response(
            reply.body,
            status_code=reply.status,
            headers={name: value for name, value in reply.headers.items() if name not in {"content-type", "date"}},
            media_type=reply.headers["content-type"].partition(";")[0],
        )

    return Litestar([answer], openapi_config=None, logging_config=None)
