"""Errors hold on to no answer: not by their tracebacks, not in a circle that waits for the garbage collector."""

import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial

import anyio
import anyio.lowlevel
import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.concurrency import at_once
from infrahub_exporter.adapters.infrahub.decoding import raise_failure
from infrahub_exporter.adapters.infrahub.paging import Paging
from infrahub_exporter.adapters.infrahub.racing import Race, first_of
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError
from infrahub_exporter.domain.ports import Reply

pytestmark = pytest.mark.anyio


class Watched(Reply, frozen=True, weakref=True):
    """An answer whose end can be seen."""


class Refusing:
    """Answers are read, and found wanting."""

    def __init__(self) -> None:
        self.read: list[weakref.ref[Reply]] = []

    async def reply(self) -> Reply:
        reply = Watched(200, {}, b"{}")
        self.read.append(weakref.ref(reply))
        if len(reply.body) < 100:
            raise DerivationError("it is too short")
        return reply

    async def work(self) -> None:
        await self.reply()

    async def ask(self, _offset: int) -> Reply:
        return await self.reply()


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """Leave circles as they are."""
    gc.disable()
    yield
    gc.enable()


async def ignore(work: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(DerivationError) as raised:
        await work()
    del raised


async def test_several_questions_at_once_hold_on_to_no_answer_that_was_refused() -> None:
    refusing = Refusing()
    await ignore(partial(at_once, [refusing.work, refusing.work], most=2))
    assert [each() for each in refusing.read] == [None, None]


async def test_nor_does_a_question_that_is_asked_again_beside() -> None:
    refusing = Refusing()

    async def watch(_race: Race) -> None:
        await anyio.lowlevel.checkpoint()

    await ignore(partial(first_of, refusing.reply, watch))
    assert [each() for each in refusing.read] == [None]


async def test_nor_does_a_page_that_has_not_been_taken_yet() -> None:
    refusing = Refusing()

    async def count() -> int:
        return 1

    paging = Paging(refusing.ask, count, step=1, slots=anyio.Semaphore(1), most=1)
    await ignore(partial(paging.take, 0))
    assert [each() for each in refusing.read] == [None]


def test_nor_does_the_error_that_an_answer_stands_for() -> None:
    reply = Watched(200, {}, b'{"errors": ["not like this"]}')
    read = weakref.ref(reply)
    with suppress(SourceRejectedError):
        raise_failure(reply)
    del reply
    assert read() is None


class Pages:
    """A transport of three pages, and a clock; it notes which earlier ones are still there when one is asked for."""

    def __init__(self) -> None:
        self.read: list[weakref.ref[Reply]] = []
        self.left: list[int] = []

    def monotonic(self) -> float:
        return 10.0

    def wall(self) -> float:
        return 1_700_000_000.0

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        assert (document.startswith("query"), at) == (True, "2023-11-14T22:13:20.000000Z")
        self.left.append(sum(each() is not None for each in self.read))
        offset, limit = variables["offset"], variables["limit"]
        assert isinstance(offset, int)
        assert isinstance(limit, int)
        nodes = range(offset, min(offset + limit, 3 * limit - 1))
        edges = [{"node": {"id": str(number), "__typename": "InfraDevice", "hfid": None}} for number in nodes]
        reply = Watched(200, {}, msgspec.json.encode({"data": {"InfraDevice": {"edges": edges}}}))
        self.read.append(weakref.ref(reply))
        return reply

    async def get(self, path: str) -> Reply:
        raise AssertionError(path)

    async def close(self) -> None:
        """Hold on to nothing."""


async def test_the_next_page_is_asked_for_without_the_one_before_in_memory() -> None:
    pages = Pages()
    source = InfrahubReader(pages, clock=pages, page_size=2)
    selection = Selection("InfraDevice", (), ())
    rows = [row.id async for page in source.pages(selection, at=pages.wall()) for row in page.rows]
    assert len(rows) == 23
    assert pages.left == [0, 0, 0]


async def test_nor_does_a_page_that_infrahub_refuses() -> None:
    class Refused(Pages):
        async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
            del document, variables, at
            reply = Watched(200, {}, b'{"errors": ["not like this"]}')
            self.read.append(weakref.ref(reply))
            return reply

    pages = Refused()
    source = InfrahubReader(pages, clock=pages, page_size=2)
    with pytest.raises(SourceRejectedError):
        await anext(source.pages(Selection("InfraDevice", (), ()), at=pages.wall()))
    assert [each() for each in pages.read] == [None]
