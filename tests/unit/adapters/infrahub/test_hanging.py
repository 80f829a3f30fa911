"""A larger question that hangs may be slow, and is waited for; one that was lost is asked once more beside."""

from collections.abc import Awaitable, Callable, Mapping

import anyio
import pytest

from infrahub_exporter.adapters.infrahub.patience import PatientTransport
from infrahub_exporter.adapters.infrahub.probes import PING
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Reply

pytestmark = pytest.mark.anyio
PAGE = "query infrahub_exporter($limit: Int) { NetRouter(limit: $limit) { edges { node { id } } } }"
GOOD = Reply(200, {}, b'{"data": {}}')
LOST = SourceUnavailableError("Infrahub cannot be reached: reset")
SOON = 0.01
FIRST, SECOND = (Reply(200, {}, b'{"data": {"of": "%d"}}' % number) for number in (1, 2))


class Line:
    """A transport that does with pages and with the smallest question as told, and a clock that those move on."""

    def __init__(self, *pages: Callable[["Line"], Awaitable[Reply]]) -> None:
        self.pages = list(pages)
        self.looks: list[SourceUnavailableError | None] = [None]
        self.look_seconds = 1.0
        self.asked = 0
        self.looked = 0
        self.seen = anyio.Event()
        self.now = 1000.0
        self.stands_still = False

    def monotonic(self) -> float:
        return self.now if self.stands_still else self.now + anyio.current_time()

    def wall(self) -> float:
        raise AssertionError("the wall clock must not matter here")

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        assert (variables, at) == ({}, None)
        if document == PING:
            return await self._look()
        self.asked += 1
        return await self.pages.pop(0)(self)

    async def get(self, path: str) -> Reply:
        return await self.graphql(path, {})

    async def close(self) -> None:
        """Hold on to nothing."""

    async def _look(self) -> Reply:
        self.looked += 1
        self.now += self.look_seconds
        self.seen.set()
        self.seen = anyio.Event()
        error = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if error is HANGS:
            await anyio.sleep_forever()
        if error is not None:
            raise error
        return GOOD


HANGS = SourceUnavailableError("(never answered)")


async def never(line: Line) -> Reply:
    await anyio.sleep_forever()
    raise AssertionError(line)


async def good(line: Line) -> Reply:
    del line
    return SECOND


def after(looks: int) -> Callable[[Line], Awaitable[Reply]]:
    """Answer when so many looks have been taken."""

    async def slow(line: Line) -> Reply:
        while line.looked < looks:
            await line.seen.wait()
        return FIRST

    return slow


def within(seconds: float) -> Callable[[Line], Awaitable[Reply]]:
    """Answer after a time."""

    async def slow(line: Line) -> Reply:
        line.now += seconds
        return FIRST

    return slow


async def failing(line: Line) -> Reply:
    raise LookupError(line.asked)


def patient(line: Line, deadline: float = 30.0) -> PatientTransport:
    return PatientTransport(line, clock=line, deadline_seconds=deadline, hang_seconds=SOON)


@pytest.mark.parametrize("away", [LOST, HANGS], ids=["refused", "hanging"])
async def test_what_was_lost_in_an_outage_is_asked_again_when_infrahub_answers_again(
    away: SourceUnavailableError, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(never, good)
    line.looks = [away, away, None]
    subject = patient(line)
    assert await subject.graphql(PAGE, {}) == SECOND
    assert (line.asked, line.looked, subject.retries, subject.trouble) == (2, 3, 1, None)
    words = str(LOST) if away is LOST else f"no answer from Infrahub for {SOON:g} s"
    assert caplog.messages == [f"{words}; trying again"]


async def test_a_second_outage_is_as_the_first() -> None:
    line = Line(never, never, good)
    line.looks = [LOST, None, LOST, None]
    assert await patient(line).graphql(PAGE, {}) == SECOND
    assert (line.asked, line.looked) == (3, 4)


async def test_who_is_slow_is_waited_for_while_infrahub_answers_other_questions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line(after(9))
    assert await patient(line).graphql(PAGE, {}) == FIRST
    assert (line.asked, line.looked, caplog.messages) == (1, 9, [])


async def test_who_is_slow_is_heard_though_asked_once_more_after_an_outage() -> None:
    line = Line(after(4), never)
    line.looks = [LOST, None]
    assert await patient(line).graphql(PAGE, {}) == FIRST
    assert line.asked == 2


async def test_what_takes_too_long_beside_an_infrahub_that_answers_is_asked_once_more_and_no_oftener() -> None:
    line = Line(after(9), never)
    line.look_seconds = 6.0
    assert await patient(line).graphql(PAGE, {}) == FIRST
    assert (line.asked, line.looked) == (2, 9)


async def test_what_takes_long_as_usual_is_waited_for() -> None:
    line = Line(within(20.0), after(9), after(18), never)
    line.look_seconds = 6.0
    subject = patient(line)
    for _ in range(2):
        assert await subject.graphql(PAGE, {}) == FIRST
    assert (line.asked, line.looked) == (2, 9)
    line.look_seconds = 20.0
    assert await subject.graphql(PAGE, {}) == FIRST
    assert (line.asked, line.looked) == (4, 18)


async def test_what_has_become_fast_is_no_longer_waited_for_so_long() -> None:
    line = Line(within(20.0), *[within(0.1)] * 20, never, good)
    line.look_seconds = 6.0
    subject = patient(line)
    for _ in range(21):
        await subject.graphql(PAGE, {})
    assert await subject.graphql(PAGE, {}) == SECOND
    assert (line.asked, line.looked) == (23, 2)


async def test_files_are_one_sort_of_question() -> None:
    line = Line(within(20.0), after(5), never)
    line.look_seconds = 6.0
    subject = patient(line)
    for number in range(2):
        assert await subject.get(f"/api/storage/files/{number}?at=now") == FIRST
    assert line.asked == 2


async def test_nothing_besides_is_asked_while_others_are_answered() -> None:
    line = Line(within(1.0), never)
    line.stands_still = True
    subject = patient(line)
    await subject.graphql(PAGE, {})
    with anyio.move_on_after(10 * SOON):
        await subject.graphql(PAGE, {})
    assert (line.asked, line.looked) == (2, 0)


async def test_of_several_that_hang_one_at_a_time_looks() -> None:
    line = Line(never, never, good, good)
    line.looks = [HANGS, None]
    subject = patient(line)
    answers = []

    async def ask() -> None:
        answers.append(await subject.graphql(PAGE, {}))

    async with anyio.create_task_group() as asking:
        asking.start_soon(ask)
        asking.start_soon(ask)
    assert (answers, line.asked, line.looked) == ([SECOND, SECOND], 4, 2)


async def test_what_hangs_for_good_ends_at_the_deadline() -> None:
    line = Line(never)
    line.looks = [HANGS]
    with pytest.raises(SourceUnavailableError, match=r"^no answer from Infrahub within 0\.1 s$"):
        await patient(line, deadline=0.1).graphql(PAGE, {})
    assert line.asked == 1


async def test_another_error_is_raised_as_it_is() -> None:
    with pytest.raises(LookupError):
        await patient(Line(failing)).graphql(PAGE, {})
