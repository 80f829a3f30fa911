from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar, Response, get
from litestar.testing import AsyncTestClient

from infrahub_exporter.adapters.http.headers import with_security_headers

pytestmark = pytest.mark.anyio
CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@get("/")
async def plain() -> str:
    return "OK"


@get("/page")
async def page() -> Response[str]:
    return Response("<p>", media_type="text/html", headers={"Content-Security-Policy": "default-src 'self'"})


@get("/broken")
async def broken() -> str:
    raise LookupError


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar([plain, page, broken], openapi_config=None, logging_config=None)
    app.asgi_handler = with_security_headers(app.asgi_handler)
    async with AsyncTestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("POST", "/", 405), ("OPTIONS", "/", 204), ("GET", "/nowhere", 404), ("GET", "/broken", 500)],
)
async def test_every_answer_has_the_headers(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_a_page_may_have_a_policy_of_its_own(client: httpx.AsyncClient) -> None:
    answer = await client.get("/page")

    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
