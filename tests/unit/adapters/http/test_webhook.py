import json
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar, Router
from litestar.testing import AsyncTestClient

from infrahub_exporter.adapters.http.webhook import WEBHOOK_PATH, build_webhook
from infrahub_exporter.domain.access.webhooks import Event, sign

pytestmark = pytest.mark.anyio
KEY = "open-sesame"
PAYLOAD = {"data": {"kind": "InfraDevice", "node_id": "18a1", "name": "Zürich"}, "branch": "main", "event": "a.b"}


class Noon:
    """Clocks that stand still; the monotonic one says nothing about a timestamp."""

    def wall(self) -> float:
        return 1000.0

    def monotonic(self) -> float:
        return 7.0


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def outcomes() -> list[str]:
    return []


@pytest.fixture
def app(heard: list[Event], outcomes: list[str]) -> Litestar:
    webhook = build_webhook(heard.append, key=KEY, clock=Noon(), note=outcomes.append)
    return Litestar([Router("/", route_handlers=[webhook])], openapi_config=None, logging_config=None)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with AsyncTestClient(app) as opened:
        yield opened


def headers(over: bytes, *, identifier: str = "msg_1", timestamp: str = "1000", key: str = KEY) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(key, identifier, timestamp, over),
    }


def escaped(payload: object) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()


def assert_problem(answer: httpx.Response, status: int, detail: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"title": "Not accepted", "status": status, "detail": detail}
    assert "\n" not in answer.text


async def test_a_genuine_delivery_is_accepted_and_heard_of(client: httpx.AsyncClient, heard: list[Event]) -> None:
    body = json.dumps(PAYLOAD, separators=(",", ":"), ensure_ascii=False).encode()

    answer = await client.post("/-/refresh/webhook", content=body, headers=headers(escaped(PAYLOAD)))

    assert (answer.status_code, answer.text) == (202, "accepted")
    assert heard == [Event("a.b", "InfraDevice", "18a1", "main")]


async def test_a_delivery_without_a_signature_is_a_401(client: httpx.AsyncClient, heard: list[Event]) -> None:
    answer = await client.post(WEBHOOK_PATH, json=PAYLOAD)

    assert_problem(answer, 401, "a webhook-id, a webhook-timestamp and a webhook-signature are expected")
    assert heard == []


async def test_a_bad_signature_is_a_401(client: httpx.AsyncClient, heard: list[Event]) -> None:
    body = escaped(PAYLOAD)

    answer = await client.post(WEBHOOK_PATH, content=body, headers=headers(body, key="other"))

    assert_problem(answer, 401, "the signature does not fit the key")
    assert heard == []


async def test_headers_that_are_not_ascii_are_a_401(client: httpx.AsyncClient) -> None:
    sent = httpx.Headers({**headers(b""), "webhook-signature": "v1,é"}, encoding="latin-1")

    answer = await client.post(WEBHOOK_PATH, content=b"", headers=sent)

    assert_problem(answer, 401, "the signature does not fit the key")


async def test_an_old_delivery_is_a_401(client: httpx.AsyncClient, heard: list[Event]) -> None:
    body = escaped(PAYLOAD)

    answer = await client.post(WEBHOOK_PATH, content=body, headers=headers(body, timestamp="600"))

    assert_problem(answer, 401, "the timestamp is too far from now")
    assert heard == []


async def test_the_same_delivery_again_is_a_409(client: httpx.AsyncClient, heard: list[Event]) -> None:
    body = escaped(PAYLOAD)

    answers = [await client.post(WEBHOOK_PATH, content=body, headers=headers(body)) for _ in range(2)]

    assert answers[0].status_code == 202
    assert_problem(answers[1], 409, "this delivery has been here before")
    assert len(heard) == 1


async def test_a_signed_body_that_is_no_event_is_a_400(client: httpx.AsyncClient, heard: list[Event]) -> None:
    answer = await client.post(WEBHOOK_PATH, content=b"[1]", headers=headers(b"[1]"))

    assert_problem(answer, 400, "the body is no event of Infrahub")
    assert heard == []


async def test_a_large_body_is_a_413(client: httpx.AsyncClient, heard: list[Event]) -> None:
    answer = await client.post(WEBHOOK_PATH, content=bytes(3 * 1024 * 1024), headers=headers(b""))

    assert_problem(answer, 413, "a body of at most 2097152 bytes is expected")
    assert heard == []


async def test_so_is_one_that_does_not_say_how_large_it_is(app: Litestar) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(1024 * 1024)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://exporter") as client:
        answer = await client.post(WEBHOOK_PATH, content=pieces(), headers=headers(b""))

    assert_problem(answer, 413, "a body of at most 2097152 bytes is expected")


async def test_large_bodies_that_are_not_genuine_are_a_429_when_they_come_too_often(
    client: httpx.AsyncClient, heard: list[Event]
) -> None:
    body = escaped({**PAYLOAD, "padding": "x" * 70_000})
    genuine = [
        (await client.post(WEBHOOK_PATH, content=body, headers=headers(body, identifier=f"good-{n}"))).status_code
        for n in range(20)
    ]
    forged = [
        await client.post(WEBHOOK_PATH, content=body, headers=headers(body, identifier=f"bad-{n}", key="guess"))
        for n in range(9)
    ]
    small = await client.post(WEBHOOK_PATH, content=escaped(PAYLOAD), headers=headers(escaped(PAYLOAD)))

    assert genuine == [202] * 20
    assert [answer.status_code for answer in forged] == [401] * 8 + [429]
    assert_problem(forged[-1], 429, "try again later")
    assert forged[-1].headers["retry-after"] == "5"
    assert (small.status_code, len(heard)) == (202, 21)


async def test_what_becomes_of_each_delivery_is_noted(client: httpx.AsyncClient, outcomes: list[str]) -> None:
    body, large = escaped(PAYLOAD), escaped({**PAYLOAD, "padding": "x" * 70_000})
    for content, sent in (
        (body, headers(body)),
        (body, headers(body)),
        (body, {}),
        (body, headers(body, key="guess")),
        (body, headers(body, timestamp="1")),
        (b"[]", headers(b"[]", identifier="other")),
        (b"x" * 3_000_000, headers(body)),
        *[(large, headers(large, key="guess"))] * 9,
    ):
        await client.post(WEBHOOK_PATH, content=content, headers=sent)

    assert outcomes[:6] == ["accepted", "replayed", "unsigned", "forged", "stale", "malformed"]
    assert outcomes[6:] == ["too_large", *["forged"] * 7, "throttled", "throttled"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, method: str) -> None:
    assert (await client.request(method, WEBHOOK_PATH)).status_code == 405


async def test_two_routes_in_one_process_know_nothing_of_each_other() -> None:
    first: list[Event] = []
    second: list[Event] = []
    routers = [
        Router(path, route_handlers=[build_webhook(heard.append, key=key, clock=Noon())])
        for path, heard, key in (("/a", first, KEY), ("/b", second, "other"))
    ]
    body = escaped(PAYLOAD)
    app = Litestar(routers, openapi_config=None, logging_config=None)
    async with AsyncTestClient(app) as client:
        statuses = [
            (await client.post(path + WEBHOOK_PATH, content=body, headers=headers(body, key=key))).status_code
            for path, key in (("/a", KEY), ("/b", KEY), ("/b", "other"), ("/a", KEY))
        ]

    assert statuses == [202, 401, 202, 409]
    assert (len(first), len(second)) == (1, 1)
