"""Who may send when, counted in pieces: no test measures a time."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from infrahub_exporter.adapters.http.turns import Turns, in_turn

pytestmark = pytest.mark.anyio
PIECE = 262_144
SERVED = """
import socket
from litestar import Litestar, get
from infrahub_exporter.app.serving.server import serve

@get("/", media_type="text/plain")
async def body() -> bytes:
    return bytes(8_000_000)

listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
print(listener.getsockname()[1], flush=True)
serve(Litestar([body], openapi_config=None, logging_config=None), listener)
"""


def of(*pieces: bytes) -> Any:
    """Make an application that answers these."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


class Log(list[str]):
    """Who sent a piece, and who is done, in order."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    def note(self, who: str) -> None:
        self.append(who)
        self.begun.set()


async def answered(app: Any, who: str, log: Log, host: str | None = None) -> list[Any]:
    """Ask as somebody, and note each piece that has something in it."""
    messages = []

    async def send(message: Any) -> None:
        messages.append(message)
        if message.get("body"):
            log.note(who)

    client = None if host is None else (host, 1)
    await app({"type": "http", "client": client}, None, send)
    log.note(f"{who} done")
    return messages


async def test_an_answer_to_another_address_is_done_while_a_thousand_are_under_way() -> None:
    app, log = in_turn(of(*[bytes(PIECE)] * 20), Turns()), Log()
    flood = [asyncio.create_task(answered(app, "many", log, "127.0.0.1")) for _ in range(1000)]
    await log.begun.wait()
    began = len(log)
    await answered(app, "one", log, "127.0.0.2")
    assert log[began:].count("many") <= 20 * 4
    assert log.count("many done") <= 4
    await asyncio.gather(*flood)
    assert log.count("many") == 20_000


async def test_of_one_address_who_came_first_is_done_first() -> None:
    app, log = in_turn(of(*[bytes(PIECE)] * 3), Turns(pieces=1)), Log()
    await asyncio.gather(*(answered(app, str(number), log, "127.0.0.1") for number in range(5)))
    assert [each for each in log if each.endswith("done")] == [f"{number} done" for number in range(5)]


async def test_small_answers_wait_for_nobody() -> None:
    turns, log = Turns(pieces=1), Log()
    large, small = in_turn(of(*[bytes(PIECE)] * 50), turns), in_turn(of(bytes(60_000)), turns)
    flood = [asyncio.create_task(answered(large, "large", log, "127.0.0.1")) for _ in range(50)]
    await log.begun.wait()
    sent = len(log)
    await answered(small, "small", log, "127.0.0.1")
    assert log[sent:] == ["small", "small done"]
    await asyncio.gather(*flood)


async def test_many_small_pieces_are_a_large_answer() -> None:
    app, log = in_turn(of(*[bytes(10_000)] * 100), Turns(pieces=1)), Log()
    first = asyncio.create_task(answered(app, "first", log, "127.0.0.1"))
    second = asyncio.create_task(answered(app, "second", log, "127.0.0.2"))
    await asyncio.gather(first, second)
    assert log.index("second") < log.index("first done")


@pytest.mark.parametrize("host", [None, "127.0.0.1", "unix"])
@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
async def test_what_arrives_is_what_was_sent(host: str | None, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    messages = await answered(in_turn(of(body), Turns()), "who", Log(), host)
    assert b"".join(each.get("body", b"") for each in messages) == body
    assert max(len(each.get("body", b"")) for each in messages) <= PIECE
    assert [each["more_body"] for each in messages[1:]] == [True] * (len(messages) - 2) + [False]


async def test_who_gives_up_takes_nobodys_turn() -> None:
    app, log = in_turn(of(*[bytes(PIECE)] * 3), Turns(pieces=1)), Log()
    tasks = [asyncio.create_task(answered(app, str(number), log, "127.0.0.1")) for number in range(20)]
    await log.begun.wait()
    for task in tasks[1::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [each for each in log if each.endswith("done")] == [f"{number} done" for number in range(0, 20, 2)]


@pytest.fixture
def port() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", SERVED], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.kill()
    process.communicate()


async def test_the_server_serves_another_address_while_many_are_served(port: int) -> None:
    taken, begun = 0, asyncio.Event()

    async def ask(host: str) -> None:
        nonlocal taken
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while piece := await reader.read(1 << 20):
            taken += len(piece) if host == "127.0.0.1" else 0
            begun.set()
        writer.close()

    flood = [asyncio.create_task(ask("127.0.0.1")) for _ in range(150)]
    await begun.wait()
    await ask("127.0.0.2")
    assert taken < 150 * 8_000_000 / 2
    await asyncio.gather(*flood)
    assert taken > 150 * 8_000_000
