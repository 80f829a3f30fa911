from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar, get
from litestar.testing import AsyncTestClient

from infrahub_exporter.adapters.http.missing import missing

pytestmark = pytest.mark.anyio
PATHS = ("/metrics", "/sd/devices", "/-/metrics")


@get("/metrics")
async def metrics() -> str:
    return "x 1\n"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar([metrics], exception_handlers=missing(PATHS), openapi_config=None, logging_config=None)
    async with AsyncTestClient(app) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/sd/device", "there is nothing at /sd/device, did you mean '/sd/devices'?"),
        ("/graph", "there is nothing at /graph; there are /metrics, /sd/devices, /-/metrics"),
        ("/-/reload", "there is no /-/reload: web.admin.enabled is not set"),
        ("/-/release/devices", "there is no /-/release/devices: web.admin.enabled is not set"),
        (f"/{'x' * 500}", f"there is nothing at /{'x' * 99}; there are /metrics, /sd/devices, /-/metrics"),
    ],
)
async def test_where_there_is_nothing_a_problem_says_what_there_is(
    client: httpx.AsyncClient, path: str, detail: str
) -> None:
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"title": "Not found", "status": 404, "detail": detail}


async def test_of_many_paths_some_are_named() -> None:
    paths = [f"/sd/list-{number}" for number in range(30)]
    app = Litestar([], exception_handlers=missing(paths), openapi_config=None, logging_config=None)
    async with AsyncTestClient(app) as client:
        detail = (await client.get("/graph")).json()["detail"]

    assert detail == f"there is nothing at /graph; there are {', '.join(paths[:20])} and others"


async def test_a_method_that_a_path_has_not_is_a_problem_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/metrics")

    assert answer.status_code == 405
    assert answer.json() == {
        "title": "Method not allowed",
        "status": 405,
        "detail": "/metrics does not answer POST",
    }
