from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar, Router
from litestar.testing import AsyncTestClient

from infrahub_exporter.adapters.http.admin import build_admin
from infrahub_exporter.adapters.http.authentication import Authenticator, authenticated
from infrahub_exporter.domain.errors import ConfigError, DerivationError, UnknownDiscoveryError

pytestmark = pytest.mark.anyio
TOKEN = "distinctive-token"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        raise AssertionError("the wall clock says nothing about a limit")

    def monotonic(self) -> float:
        return self.now


class Operated:
    """What the routes call."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.held = {"devices"}
        self.bad: str | None = None

    async def reload(self) -> None:
        self.calls.append("reload")
        if self.bad is not None:
            raise ConfigError(self.bad)

    async def release(self, name: str) -> bool:
        self.calls.append(f"release {name}")
        if name not in {"devices", "racks", "many"}:
            raise UnknownDiscoveryError(f"nothing is named {name!r}")
        if name == "many":
            raise DerivationError("there are 3 series, limits.max_series allows 2")
        return name in self.held

    def refresh(self) -> None:
        self.calls.append("refresh")


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def operated() -> Operated:
    return Operated()


@pytest.fixture
def app(clock: Hand, operated: Operated) -> Litestar:
    handlers = build_admin(reload=operated.reload, release=operated.release, refresh=operated.refresh, clock=clock)
    return Litestar([Router("/", route_handlers=handlers)], openapi_config=None, logging_config=None)


@pytest.fixture
async def client(app: Litestar, clock: Hand) -> AsyncIterator[httpx.AsyncClient]:
    app.asgi_handler = authenticated(app.asgi_handler, Authenticator(users={}, tokens=[TOKEN], clock=clock))
    async with AsyncTestClient(app) as opened:
        opened.headers.update(HEADERS)
        yield opened


@pytest.mark.parametrize(
    ("path", "expected", "call"),
    [
        ("/-/reload", (200, '{"reloaded":true}'), "reload"),
        ("/-/release/devices", (200, '{"released":true}'), "release devices"),
        ("/-/release/racks", (200, '{"released":false}'), "release racks"),
        ("/-/refresh", (202, '{"refreshing":true}'), "refresh"),
    ],
)
async def test_what_an_operator_asks_for_is_done(
    client: httpx.AsyncClient, operated: Operated, path: str, expected: tuple[int, str], call: str
) -> None:
    answer = await client.post(path)

    assert (answer.status_code, answer.text) == expected
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert operated.calls == [call]


async def test_a_bad_configuration_is_a_422_that_says_why(client: httpx.AsyncClient, operated: Operated) -> None:
    operated.bad = "config.yml: listen_prot: unknown key, did you mean 'listen_port'?"
    answer = await client.post("/-/reload")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"title": "The old configuration stays", "status": 422, "detail": operated.bad}


async def test_an_unknown_name_is_a_404(client: httpx.AsyncClient) -> None:
    answer = await client.post("/-/release/nothing")

    assert answer.status_code == 404
    assert answer.json() == {"title": "Unknown name", "status": 404, "detail": "nothing is named 'nothing'"}


@pytest.mark.parametrize("path", ["/-/reload", "/-/release/devices", "/-/refresh"])
async def test_without_credentials_nothing_is_done(client: httpx.AsyncClient, operated: Operated, path: str) -> None:
    answers = [await client.post(path, headers={"Authorization": value}) for value in ("", "Bearer guess")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert operated.calls == []


async def test_where_nobody_authenticates_nothing_is_done_either(app: Litestar, operated: Operated) -> None:
    async with AsyncTestClient(app) as client:
        answer = await client.post("/-/reload", headers=HEADERS)

    assert answer.status_code == 403
    assert answer.json() == {
        "title": "Not allowed",
        "status": 403,
        "detail": "an authenticated request is expected",
    }
    assert operated.calls == []


@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_page_of_another_site_cannot_operate_through_a_browser(
    client: httpx.AsyncClient, operated: Operated, header: dict[str, str]
) -> None:
    answer = await client.post("/-/reload", headers=header)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "a request of another site's page is not followed"
    assert operated.calls == []


async def test_too_many_requests_are_a_429(client: httpx.AsyncClient, operated: Operated, clock: Hand) -> None:
    statuses = [(await client.post("/-/refresh")).status_code for _ in range(5)]
    answer = await client.post("/-/reload")
    clock.now += 1
    statuses.append((await client.post("/-/refresh")).status_code)

    assert statuses == [202] * 6
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {"title": "Too many requests", "status": 429, "detail": "try again later"}
    assert operated.calls == ["refresh"] * 6


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_do_nothing(client: httpx.AsyncClient, operated: Operated, method: str) -> None:
    assert (await client.request(method, "/-/reload")).status_code == 405
    assert operated.calls == []


async def test_what_a_limit_forbids_is_not_released(client: httpx.AsyncClient) -> None:
    answer = await client.post("/-/release/many", headers=HEADERS)
    assert answer.status_code == 409
    assert answer.json() == {
        "title": "What is held cannot be published",
        "status": 409,
        "detail": "there are 3 series, limits.max_series allows 2",
    }
