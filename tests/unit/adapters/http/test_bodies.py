import gzip
from collections.abc import Sequence

import anyio
import httpx
import pytest
from litestar import Litestar, Response, route
from litestar.testing import AsyncTestClient
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from infrahub_exporter.adapters.http.bodies import ChunkedResponse, Kept

pytestmark = pytest.mark.anyio
SMALL = (b"[", b'{"targets":["a"],"labels":{}}', b"]")
MEDIUM = tuple(b"chunk %d, " % number * 30 for number in range(20))
LARGE = tuple(b"chunk %d, " % number * 1_500 for number in range(100))


@pytest.mark.parametrize("plain", [MEDIUM, LARGE], ids=["medium", "large"])
async def test_a_body_is_compressed_as_one_member(plain: Sequence[bytes]) -> None:
    compressed = await Kept().gzip(plain)

    assert compressed is not None
    assert gzip.decompress(b"".join(compressed)) == b"".join(plain)
    assert all(compressed)


async def test_a_small_body_stays_plain() -> None:
    assert await Kept().gzip(SMALL) is None


async def test_a_body_is_compressed_once_until_another_takes_its_place() -> None:
    kept = Kept()
    first = await kept.gzip(MEDIUM)

    assert await kept.gzip(tuple(MEDIUM)) is first
    assert await kept.gzip(list(MEDIUM)[:-1]) is not first
    assert await kept.gzip(MEDIUM) is not first


async def test_a_tag_stays_as_long_as_the_body_is_equal() -> None:
    kept = Kept()
    first = kept.etag(MEDIUM)

    assert first.startswith('W/"')
    assert kept.etag((b"".join(MEDIUM),)) == kept.etag(MEDIUM) == Kept().etag(MEDIUM) == first
    assert kept.etag(SMALL) != first


async def test_many_who_ask_at_once_get_the_same() -> None:
    kept = Kept()
    found: list[Sequence[bytes] | None] = []

    async def ask() -> None:
        found.append(await kept.gzip(LARGE))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(ask)

    assert len(found) == 16
    assert len(set(map(id, found))) == 1


async def asked(method: str, response: Response[bytes], *, cookie: bool = False) -> tuple[httpx.Response, list[bytes]]:
    """Ask for a response; return it with the body messages that the server was given."""
    sent: list[bytes] = []

    def noting(app: ASGIApp) -> ASGIApp:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            async def note(message: Message) -> None:
                if message["type"] == "http.response.body":
                    sent.append(message["body"])
                await send(message)

            await app(scope, receive, note)

        return noted

    @route("/", http_method=["GET", "HEAD"], response_headers={"X-Host": "host"})
    async def answer() -> Response[bytes]:
        if cookie:
            response.set_cookie("a", "b")
        return response

    app = Litestar([answer], middleware=[noting], openapi_config=None, logging_config=None)
    async with AsyncTestClient(app) as client:
        return await client.request(method, "/"), sent


async def test_chunks_are_sent_one_by_one_under_their_length() -> None:
    answer, sent = await asked("GET", ChunkedResponse(SMALL, media_type="application/json", headers={"Vary": "Accept"}))

    assert answer.content == b"".join(SMALL)
    assert [one is other for one, other in zip(sent, SMALL, strict=False)] == [True] * 3
    assert sent[3:] == [b""]
    assert dict(answer.headers) == {
        "content-type": "application/json",
        "content-length": "31",
        "vary": "Accept",
        "x-host": "host",
    }


async def test_head_has_the_headers_and_no_body() -> None:
    response = ChunkedResponse(SMALL, media_type="text/plain", headers={})

    (got, _), (head, sent) = await asked("GET", response), await asked("HEAD", response)

    assert sent == [b""]
    assert head.headers == got.headers
    assert head.headers["content-length"] == "31"


async def test_no_chunks_are_an_empty_body() -> None:
    answer, _ = await asked("GET", ChunkedResponse((), media_type="text/plain", headers={}))

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


async def test_what_a_host_adds_is_kept() -> None:
    answer, _ = await asked("GET", ChunkedResponse(SMALL, media_type="text/plain", headers={}), cookie=True)

    assert answer.cookies["a"] == "b"
