import base64
import logging
import math
from collections.abc import Mapping
from itertools import count
from random import Random
from typing import Any

import anyio
import bcrypt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar, get, route
from litestar.enums import HttpMethod
from litestar.testing import AsyncTestClient
from litestar.types import Message

from infrahub_exporter.adapters.http.authentication import Authenticator, Refused, authenticated
from infrahub_exporter.domain.access.credentials import UNREADABLE, Credentials, Passed

pytestmark = pytest.mark.anyio
PASSWORD, TOKEN = "distinctive-password", "distinctive-token"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
ANN = Credentials("basic", "ann", PASSWORD.encode())
WRONG = Credentials("basic", "ann", b"distinctive-guess")


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        raise AssertionError("the wall clock says nothing about a limit")

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def authenticator(clock: Hand) -> Authenticator:
    return Authenticator(users={"ann": HASH}, tokens=[TOKEN, "other"], clock=clock)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes that passwords were compared with."""
    hashes: list[bytes] = []
    really = bcrypt.checkpw

    def checkpw(password: bytes, hash_: bytes) -> bool:
        hashes.append(hash_)
        return really(password, hash_)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    return hashes


@get("/secret")
async def secret() -> str:
    return "inventory"


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def root() -> str:
    return "OK"


def served(authenticator: Authenticator) -> AsyncTestClient[Litestar]:
    app = Litestar([root, secret], openapi_config=None, logging_config=None)
    app.asgi_handler = authenticated(app.asgi_handler, authenticator)
    return AsyncTestClient(app)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("headers", [basic("ann", PASSWORD), bearer(TOKEN), bearer("other")])
async def test_good_credentials_get_in(authenticator: Authenticator, headers: dict[str, str]) -> None:
    async with served(authenticator) as client:
        answer = await client.get("/secret", headers=headers)

    assert (answer.status_code, answer.text) == (200, "inventory")


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "credentials are expected"),
        (basic("ann", "guess"), "these credentials are wrong"),
        (basic("bob", PASSWORD), "these credentials are wrong"),
        (basic("", ""), "these credentials are wrong"),
        (basic("ann", PASSWORD + "\0"), "these credentials are wrong"),
        (basic("ann", "a" * 73), "these credentials are wrong"),
        (bearer("guess"), "these credentials are wrong"),
        (bearer(PASSWORD), "these credentials are wrong"),
        (bearer(HASH), "these credentials are wrong"),
        ({"Authorization": "Digest x"}, "these credentials are wrong"),
    ],
)
async def test_others_get_a_401_with_both_challenges(
    authenticator: Authenticator, headers: dict[str, str], detail: str
) -> None:
    async with served(authenticator) as client:
        answer = await client.get("/secret", headers=headers)

    assert answer.status_code == 401
    assert answer.json() == {"title": "Not authenticated", "status": 401, "detail": detail}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get_list("www-authenticate") == [
        'Basic realm="infrahub-exporter", charset="UTF-8"',
        'Bearer realm="infrahub-exporter"',
    ]


@pytest.mark.parametrize(
    ("users", "tokens", "challenges"),
    [
        ({"ann": HASH}, [], (b'Basic realm="infrahub-exporter", charset="UTF-8"',)),
        ({}, [TOKEN], (b'Bearer realm="infrahub-exporter"',)),
        ({}, [], ()),
    ],
)
async def test_only_what_can_succeed_is_asked_for(
    clock: Hand, users: Mapping[str, str], tokens: list[str], challenges: tuple[bytes, ...]
) -> None:
    authenticator = Authenticator(users=users, tokens=tokens, clock=clock)
    assert authenticator.challenges == challenges
    assert isinstance(await authenticator.check(ANN, "192.0.2.1"), Passed) == bool(users)


async def test_health_is_open_and_nothing_else_not_even_what_does_not_exist(authenticator: Authenticator) -> None:
    async with served(authenticator) as client:
        statuses = {
            path: (await client.get(f"http://testserver{path}")).status_code
            for path in ("/", "/-/healthy", "/-/ready", "/secret", "/nowhere", "/-/ready/x", "//secret", "/-/../secret")
        }
        head = await client.head("/secret")

    assert statuses == {
        "/": 200,
        "/-/healthy": 404,
        "/-/ready": 404,
        "/secret": 401,
        "/nowhere": 401,
        "/-/ready/x": 401,
        "//secret": 401,
        "/-/../secret": 401,
    }
    assert (head.status_code, head.content) == (401, b"")


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8"])
async def test_the_status_page_is_not_health_and_a_browser_is_asked(authenticator: Authenticator, accept: str) -> None:
    async with served(authenticator) as client:
        asked = await client.get("/", headers={"Accept": accept})
        wrong = await client.get("/", headers={"Accept": accept, **bearer("guess")})
        shown = await client.get("/", headers={"Accept": accept, **basic("ann", PASSWORD)})
        probed = [(await client.get("/", headers=headers)).status_code for headers in ({}, bearer("guess"))]

    assert (asked.status_code, wrong.status_code, shown.status_code) == (401, 401, 200)
    assert asked.headers["www-authenticate"].startswith("Basic ")
    assert probed == [200, 200]


@pytest.mark.parametrize(
    ("root_path", "path", "is_open"),
    [
        ("", "/-/ready", True),
        ("/inventory", "/inventory/-/ready", True),
        ("/inventory", "/-/ready", True),
        ("/inventory", "/inventory/metrics", False),
        ("/inventory", "/inventory/inventory/-/ready", False),
        ("/-/ready", "/-/ready/metrics", False),
        ("", "/-/ready/", False),
        ("", "//", False),
        ("", "/-/ready/../../metrics", False),
        ("", "/-/ready\0", False),
        ("", "/-/READY", False),
    ],
)
async def test_what_is_open_is_open_below_the_path_of_a_proxy_and_nothing_else(
    authenticator: Authenticator, root_path: str, path: str, *, is_open: bool
) -> None:
    scope: Any = {"type": "http", "method": "GET", "path": path, "headers": [], "client": None, "root_path": root_path}
    assert await is_let_in(scope, authenticator) == is_open


async def is_let_in(scope: Any, authenticator: Authenticator) -> bool:
    seen = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope)

    async def ignore(_: Any) -> None:
        """Let an answer go."""

    await authenticated(app, authenticator)(scope, app, ignore)  # type: ignore[arg-type] # never called
    return seen == [scope]


SHOWN = (
    st.binary(max_size=60)
    | st.binary(max_size=40).map(base64.b64encode)
    | st.sampled_from([HASH.encode(), b" ", b"\0"])
)
VALUES = st.tuples(st.sampled_from([b"", b"Basic ", b"bearer ", b"BASIC\t", b"Bearer  ", b"Digest "]), SHOWN).map(
    b"".join
)


@given(st.lists(VALUES, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_header_is_answered_and_none_gets_in(values: list[bytes]) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        authenticator = Authenticator(users={"ann": HASH}, tokens=[TOKEN], clock=Hand())
        headers = [(b"authorization", value) for value in values]
        scope: Any = {"type": "http", "method": "GET", "path": "/x", "headers": headers, "client": ("::1", 1)}
        await authenticated(send, authenticator)(scope, send, send)  # type: ignore[arg-type] # never called

    anyio.run(ask)
    start, body = sent
    assert (start["status"], body["more_body"]) == (401, False)


async def test_a_lifespan_is_nobodys_request(authenticator: Authenticator) -> None:
    assert await is_let_in({"type": "lifespan"}, authenticator)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "TRACE", "PROPFIND"])
async def test_no_method_gets_around(authenticator: Authenticator, method: str) -> None:
    async with served(authenticator) as client:
        answer = await client.request(method, "/secret")
        forwarded = await client.request(method, "/-/x", headers={"X-Original-URL": "/", "X-Forwarded-Prefix": "/-/"})

    assert (answer.status_code, forwarded.status_code) == (401, 401)


async def test_two_headers_or_a_list_in_one_let_nobody_in(authenticator: Authenticator) -> None:
    good = bearer(TOKEN)["Authorization"]
    async with served(authenticator) as client:
        twice = await client.get("/secret", headers=[("Authorization", good), ("Authorization", good)])
        listed = await client.get("/secret", headers={"Authorization": f"{good}, {good}"})
        upper = await client.get("/secret", headers={"AUTHORIZATION": good.replace("Bearer", "BEARER")})
        elsewhere = await client.get(f"/secret?access_token={TOKEN}", headers={"Proxy-Authorization": good})

    assert [each.status_code for each in (twice, listed, upper, elsewhere)] == [401, 401, 200, 401]


async def test_a_websocket_without_credentials_is_closed(authenticator: Authenticator) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def unheard(*_: Any) -> None:
        raise AssertionError("nobody gets here")

    scope: Any = {"type": "websocket", "path": "/secret", "headers": [], "client": None}
    await authenticated(unheard, authenticator)(scope, unheard, send)  # type: ignore[arg-type] # never called
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": None}]


async def test_who_got_in_stands_in_the_scope(authenticator: Authenticator) -> None:
    seen = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["auth"])

    header = (b"authorization", b"Bearer " + TOKEN.encode())
    scope: Any = {"type": "http", "method": "GET", "path": "/x", "headers": [header], "client": ("192.0.2.1", 1)}
    await authenticated(app, authenticator)(scope, app, app)  # type: ignore[arg-type] # never called
    assert seen == [Passed("bearer")]


async def test_a_password_is_looked_up_once_for_each_origin(
    authenticator: Authenticator, looked_up: list[bytes]
) -> None:
    for host in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"):
        assert await authenticator.check(ANN, host) == Passed("basic ann")
    assert len(looked_up) == 2


async def test_many_at_once_are_one_look_up(authenticator: Authenticator, looked_up: list[bytes]) -> None:
    verdicts = []

    async def check() -> None:
        verdicts.append(await authenticator.check(ANN, "192.0.2.1"))

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(check)

    assert verdicts == [Passed("basic ann")] * 30
    assert len(looked_up) == 1


async def test_a_lookup_costs_what_the_dearest_user_does_whoever_asks(clock: Hand, looked_up: list[bytes]) -> None:
    hashes = {str(cost): bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost)).decode() for cost in (4, 5, 7)}
    authenticator = Authenticator(users=hashes, tokens=(), clock=clock)
    for user in ("4", "5", "7", "nobody"):
        for password in (PASSWORD, "distinctive-guess"):
            looked_up.clear()
            verdict = await authenticator.check(Credentials("basic", user, password.encode()), f"{user}{password}")
            assert isinstance(verdict, Passed) is (user != "nobody" and password == PASSWORD)
            assert sum(2 ** int(each[4:6]) for each in looked_up) == 2**7


async def test_who_was_let_in_is_still_known_when_others_change(clock: Hand, looked_up: list[bytes]) -> None:
    authenticator = Authenticator(users={"ann": HASH, "bob": HASH}, tokens=[TOKEN], clock=clock)
    bob = Credentials("basic", "bob", PASSWORD.encode())
    assert await authenticator.check(ANN, "192.0.2.1") == Passed("basic ann")
    assert await authenticator.check(bob, "192.0.2.1") == Passed("basic bob")
    changed = bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode()
    other = authenticator.replaced(users={"ann": HASH, "bob": changed, "eve": HASH}, tokens=["another-token"])
    for number in range(20):
        await other.check(Credentials("basic", "ann", str(number).encode()), "192.0.2.1")
    looked_up.clear()
    assert await other.check(ANN, "192.0.2.1") == Passed("basic ann")
    assert looked_up == []
    assert isinstance(await other.check(bob, "192.0.2.2"), Refused)
    assert isinstance(await other.check(Credentials("bearer", "", TOKEN.encode()), "192.0.2.3"), Refused)


async def test_a_token_passes_from_where_others_guess(authenticator: Authenticator) -> None:
    for number in range(30):
        await authenticator.check(Credentials("bearer", "", f"guess-{number}".encode()), "192.0.2.1")
    assert await authenticator.check(Credentials("bearer", "", TOKEN.encode()), "192.0.2.1") == Passed("bearer")


async def test_wrong_credentials_too_often_are_a_429(authenticator: Authenticator, clock: Hand) -> None:
    async with served(authenticator) as client:
        answers = [await client.get("/secret", headers=bearer(f"guess-{number}")) for number in range(11)]
        clock.now += 6
        later = [(await client.get("/secret", headers=bearer("guess"))).status_code for _ in range(2)]
        opened = (await client.get("/")).status_code

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "6"
    assert answers[-1].json() == {
        "title": "Too many attempts",
        "status": 429,
        "detail": "wrong credentials came too often, try again later",
    }
    assert (later, opened) == ([401, 429], 200)


async def test_guesses_at_once_are_limited_like_those_one_after_the_other(
    authenticator: Authenticator, looked_up: list[bytes]
) -> None:
    verdicts = []

    async def guess(number: int) -> None:
        verdicts.append(await authenticator.check(Credentials("basic", "ann", b"%d" % number), "192.0.2.1"))

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(guess, number)

    assert verdicts.count(Refused()) == len(looked_up) == 10
    assert len(verdicts) == 50


async def test_what_is_known_passes_while_others_guess(authenticator: Authenticator) -> None:
    assert await authenticator.check(ANN, "192.0.2.1") == Passed("basic ann")
    for number in range(200):
        await authenticator.check(UNREADABLE, f"192.0.2.{number}")
    assert await authenticator.check(ANN, "192.0.2.1") == Passed("basic ann")


async def test_a_token_passes_while_others_guess_everywhere(authenticator: Authenticator) -> None:
    token = Credentials("bearer", "", TOKEN.encode())
    for number in range(200):
        await authenticator.check(Credentials("basic", "ann", b"guess-%d" % number), f"192.0.2.{number}")
        await authenticator.check(UNREADABLE, f"192.0.2.{number}")
    assert isinstance(await authenticator.check(ANN, "198.51.100.1"), Refused)
    assert await authenticator.check(token, "198.51.100.1") == Passed("bearer")


async def test_beyond_the_limit_a_right_guess_from_elsewhere_does_not_get_in(authenticator: Authenticator) -> None:
    assert await authenticator.check(ANN, "192.0.2.1") == Passed("basic ann")
    for _ in range(10):
        assert await authenticator.check(UNREADABLE, "192.0.2.66") == Refused()
    assert await authenticator.check(ANN, "192.0.2.66") == Refused(6.0)


@pytest.mark.parametrize(
    ("names", "refused"),
    [(["ann"], 2), (["ann", "eve", "prometheus"], 2), ([f"user-{number}" for number in range(100)], 1)],
)
async def test_a_scraper_gets_in_by_one_look_where_others_have_guessed_before_it_from_its_address(
    authenticator: Authenticator, looked_up: list[bytes], names: list[str], refused: int
) -> None:
    guesses = (basic(names[number % len(names)], f"guess-{number}") for number in range(5000))
    async with served(authenticator) as client:

        async def guess(times: int) -> None:
            for _ in range(times):
                await client.get("/secret", headers=next(guesses))

        await guess(100)
        before, statuses = len(looked_up), []
        for _ in range(4):
            statuses.append((await client.get("/secret", headers=basic("ann", PASSWORD))).status_code)
            await guess(50)

    assert statuses == [429] * refused + [200] * (4 - refused)
    assert looked_up[before:] == [HASH.encode()]


async def test_who_knows_the_user_and_repeats_each_guess_does_not_keep_it_out_either(clock: Hand) -> None:
    chance = Random(1).random  # noqa: S311 - repeatable, guards nothing
    authenticator = Authenticator(users={"ann": HASH}, tokens=(), clock=clock, random=chance)
    guesses = (basic("ann", f"guess-{number // 2}") for number in count())
    statuses: list[int] = []
    async with served(authenticator) as client:
        while statuses[-1:] != [200] and len(statuses) < 100:
            for _ in range(10):
                await client.get("/secret", headers=next(guesses))
            statuses.append((await client.get("/secret", headers=basic("ann", PASSWORD))).status_code)
            for _ in range(10):
                await client.get("/secret", headers=next(guesses))
            clock.now += 15

    assert statuses == [429] * (len(statuses) - 1) + [200]
    assert len(statuses) <= 25


async def test_nor_do_they_keep_it_out_when_its_password_has_changed(
    authenticator: Authenticator, looked_up: list[bytes]
) -> None:
    assert await authenticator.check(ANN, "192.0.2.1") == Passed("basic ann")
    other_hash = bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode()
    changed, ann = authenticator.replaced(users={"ann": other_hash}, tokens=()), Credentials("basic", "ann", b"another")
    for number in range(100):
        await changed.check(Credentials("basic", "ann", b"guess-%d" % number), "192.0.2.1")
    before = len(looked_up)
    assert await changed.check(ann, "192.0.2.1") == Refused(6.0)
    await changed.reconsider(ann, "192.0.2.1")
    assert await changed.check(ann, "192.0.2.1") == Passed("basic ann")
    assert len(looked_up) - before == 1


async def test_a_wrong_password_that_insists_is_looked_up_once(
    authenticator: Authenticator, looked_up: list[bytes]
) -> None:
    async with served(authenticator) as client:
        for number in range(10):
            await client.get("/secret", headers=bearer(f"guess-{number}"))
        statuses = {(await client.get("/secret", headers=basic("ann", "guess"))).status_code for _ in range(50)}
        statuses |= {(await client.get("/secret", headers=basic("ann", "a" * 73))).status_code for _ in range(50)}
        statuses |= {(await client.get("/secret", headers=basic("eve", "guess"))).status_code for _ in range(50)}

    assert statuses == {429}
    assert looked_up == [HASH.encode()]


async def test_what_is_known_is_bounded(clock: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: True)
    authenticator = Authenticator(users={"ann": HASH}, tokens=(), clock=clock)
    for number in range(1100):
        assert await authenticator.check(ANN, f"10.0.{number // 250}.{number % 250}") == Passed("basic ann")
    assert len(authenticator._known) == 1024


async def test_refusals_are_one_line_a_minute_without_names_or_secrets(
    authenticator: Authenticator, clock: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for seconds in (0, 1, 1, 60):
        clock.now += seconds
        await authenticator.check(WRONG, "192.0.2.1")
        await authenticator.check(ANN, "192.0.2.2")

    assert [record.getMessage() for record in caplog.records if record.name == "infrahub_exporter"] == [
        "refused 1 request with wrong credentials, the last from 192.0.2.1",
        "refused 3 requests with wrong credentials, the last from 192.0.2.1",
    ]
    assert "distinctive" not in caplog.text
    assert HASH not in caplog.text


def test_an_authenticator_prints_no_secret(authenticator: Authenticator) -> None:
    assert "distinctive" not in repr(authenticator)
    assert not math.isnan(authenticator._said_at)
