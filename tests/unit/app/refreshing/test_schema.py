"""Which schema Infrahub has is asked for once for all."""

import gc
import weakref
from collections.abc import Collection, Mapping

import anyio
import pytest

from infrahub_exporter.app.refreshing.schema import SchemaHash
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import KindSchema

pytestmark = pytest.mark.anyio


class Answer:
    """A large answer."""


class Source:
    """A source whose hash comes when a test lets it, after so many seconds; or an error in its place."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 1000.0
        self.seconds = 0.0
        self.error: SourceUnavailableError | None = None
        self.gate: anyio.Event | None = None
        self.answers: list[weakref.ref[Answer]] = []

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now

    async def kind(self, kind: str) -> KindSchema:
        raise NotImplementedError(kind)

    async def kinds(self, kinds: Collection[str]) -> Mapping[str, KindSchema]:
        raise NotImplementedError(kinds)

    async def fingerprint(self) -> str:
        self.asked += 1
        self.now += self.seconds
        if self.gate is not None:
            await self.gate.wait()
        answer = Answer()
        self.answers.append(weakref.ref(answer))
        if self.error is not None:
            raise self.error
        return f"hash {self.asked}"


async def test_it_is_asked_for_once_a_minute_and_when_it_is_in_doubt() -> None:
    source = Source()
    schema = SchemaHash(source, source)
    seen = [schema.known]
    for seconds in (0.0, 59.0, 1.0):
        source.now += seconds
        await schema.check()
        seen.append(schema.known)
    schema.doubt()
    await schema.check()
    assert [*seen, schema.known] == [None, "hash 1", "hash 1", "hash 2", "hash 3"]


@pytest.mark.parametrize(("seconds", "asked"), [(0.01, 10), (0.05, 3)])
async def test_where_it_is_cheap_it_is_asked_for_whenever_there_is_nothing_else_to_do(
    seconds: float, asked: int
) -> None:
    source = Source()
    source.seconds = seconds
    schema = SchemaHash(source, source)
    for _ in range(10):
        await schema.check_if_cheap()
        await schema.check_if_cheap()
        source.now += 1.0
    assert source.asked == asked


async def test_those_who_wait_for_one_answer_have_it_together_be_it_a_failure() -> None:
    source = Source()
    source.gate, source.error = anyio.Event(), SourceUnavailableError("gone")
    schema = SchemaHash(source, source)
    failures: list[str] = []

    async def check() -> None:
        try:
            await schema.check()
        except SourceUnavailableError as error:
            failures.append(str(error))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(check)
        await anyio.wait_all_tasks_blocked()
        source.gate.set()
    assert (source.asked, failures) == (1, ["gone"] * 3)
    with pytest.raises(SourceUnavailableError):
        await schema.check()
    assert source.asked == 2


async def test_in_passing_it_may_fail() -> None:
    source = Source()
    source.error = SourceUnavailableError("gone")
    await SchemaHash(source, source).check_if_cheap()
    assert source.asked == 1


async def test_the_failure_that_is_remembered_holds_on_to_no_answer() -> None:
    source = Source()
    source.error = SourceUnavailableError("gone")
    schema = SchemaHash(source, source)
    with pytest.raises(SourceUnavailableError):
        await schema.check()
    source.error = None
    gc.collect()
    assert [each() for each in source.answers] == [None]
