import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.answers import status_of
from infrahub_exporter.adapters.infrahub.patience import HANG_SECONDS, PatientTransport
from infrahub_exporter.adapters.infrahub.probes import DEFAULT_BRANCH, ProbeDocument
from infrahub_exporter.adapters.infrahub.request_names import ENTRY
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Reply, Transport
from infrahub_exporter.domain.publishing.pressure import Pressure

pytestmark = pytest.mark.anyio
GOOD = Reply(200, {}, b'{"data": {}}')
LOST = SourceUnavailableError("Infrahub cannot be reached: reset")
BASE_SECONDS = 60.0
Answer = Reply | SourceUnavailableError | Callable[[], Awaitable[Reply]]


def stamped(status: object) -> Reply:
    """A 200 that says in its errors what it is."""
    error = {"message": "no", "extensions": {"http_status": status}}
    return Reply(200, {}, msgspec.json.encode({"data": None, "errors": [error]}))


class Line:
    """A transport that answers as it is told, and a clock that only sleeping moves."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.calls: list[object] = []
        self.slept: list[float] = []
        self.overslept = 0.0
        self.closed = False
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        raise AssertionError("the wall clock must not matter here")

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds + self.overslept

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        self.calls.append((document, variables, at))
        return await self._answer()

    async def get(self, path: str) -> Reply:
        self.calls.append(path)
        return await self._answer()

    async def close(self) -> None:
        self.closed = True

    async def _answer(self) -> Reply:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, SourceUnavailableError):
            raise answer
        return answer if isinstance(answer, Reply) else await answer()


async def _never() -> Reply:
    await anyio.sleep_forever()
    raise AssertionError("unreachable")


def patient(line: Line, *, deadline: float = 30.0, chance: float = 1.0, hang: float = HANG_SECONDS) -> PatientTransport:
    return PatientTransport(
        line, clock=line, deadline_seconds=deadline, random=lambda: chance, sleep=line.sleep, hang_seconds=hang
    )


async def test_it_is_a_transport_that_hands_calls_on() -> None:
    line = Line(GOOD)
    transport = patient(line)

    replies = [await transport.graphql("{ x }", {"a": 1}, at="2026-01-01T00:00:00Z"), await transport.get("/api/x")]
    await transport.close()

    assert isinstance(transport, Transport)
    assert replies == [GOOD, GOOD]
    assert line.calls == [("{ x }", {"a": 1}, "2026-01-01T00:00:00Z"), "/api/x"]
    assert (line.slept, transport.retries, line.closed) == ([], 0, True)


@pytest.mark.parametrize(
    "passing", [LOST, *(Reply(status, {}, b"") for status in (502, 503, 504)), *map(stamped, (502, 503, 504))]
)
async def test_what_passes_is_tried_again(passing: Answer) -> None:
    line = Line(passing, passing, GOOD)
    transport = patient(line)

    assert await transport.graphql("{ x }", {"a": 1}, at="now") == GOOD
    assert line.calls == [("{ x }", {"a": 1}, "now")] * 3
    assert transport.retries == 2


@pytest.mark.parametrize("reply", [*(Reply(status, {}, b"") for status in (200, 400, 401, 403, 404, 422, 429, 500))])
async def test_no_other_status_is_tried_again(reply: Reply) -> None:
    line = Line(reply, GOOD)

    assert await patient(line).get("/api/x") == reply
    assert len(line.calls) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, None, "503", [503], 503.0, True])
async def test_no_other_errors_of_a_200_are_tried_again(status: object) -> None:
    line = Line(stamped(status), GOOD)

    assert await patient(line).graphql("{ x }", {}) == stamped(status)
    assert len(line.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>please log in</html>",
        b'{"errors": ["Branch: x not found."], "http_status": 503}',
        b'{"data": {"note": "http_status"}, "http_status": 503}',
        b'{"errors": {"extensions": {"http_status": 503}}}',
        b'{"errors": [{"extensions": ["http_status"]}]}',
        b'["http_status"]',
        b'{"http_status"',
    ],
)
async def test_a_200_that_stamps_nothing_is_not_tried_again(body: bytes) -> None:
    line = Line(Reply(200, {}, body), GOOD)

    assert await patient(line).graphql("{ x }", {}) == Reply(200, {}, body)


@given(st.binary() | st.binary().map(lambda noise: b'{"errors": [{"extensions": {"http_status": ' + noise))
def test_no_body_surprises(body: bytes) -> None:
    assert status_of(Reply(200, {}, body)) in {200, 429, 502, 503, 504}


async def test_an_error_besides_one_that_passes_is_tried_again() -> None:
    errors = ["no", {"message": "no"}, {"extensions": {"http_status": 500}}, {"extensions": {"http_status": 503}}]
    line = Line(Reply(200, {}, msgspec.json.encode({"data": None, "errors": errors})), GOOD)

    assert await patient(line).graphql("{ x }", {}) == GOOD


@pytest.mark.parametrize(
    ("chance", "waits"), [(1.0, [0.5, 1, 2, 4, 8, 8, 8]), (0.0, [0.25, 0.5, 1, 2, 4, 4, 4]), (0.5, [0.375, 0.75, 1.5])]
)
async def test_waits_double_up_to_a_bound_and_are_half_chance(chance: float, waits: Sequence[float]) -> None:
    line = Line(*[LOST] * len(waits), GOOD)

    assert await patient(line, deadline=1000.0, chance=chance).get("/api/x") == GOOD
    assert line.slept == waits


async def test_very_many_tries_are_still_a_number() -> None:
    line = Line(*[LOST] * 1100, GOOD)

    assert await patient(line, deadline=1e9).get("/api/x") == GOOD


async def test_a_longer_wait_that_infrahub_asks_for_is_kept() -> None:
    line = Line(Reply(503, {"retry-after": "7"}, b""), SourceUnavailableError("x", retry_after_seconds=3.0), GOOD)

    assert await patient(line).get("/api/x") == GOOD
    assert line.slept == [7.0, 3.0]


async def test_when_time_is_out_the_last_reply_is_what_comes_of_it() -> None:
    line = Line(LOST, Reply(503, {}, b"1"), Reply(503, {}, b"2"))

    assert await patient(line, deadline=2.0).get("/api/x") == Reply(503, {}, b"2")
    assert line.slept == [0.5, 1.0]


async def test_when_time_is_out_the_last_error_is_what_comes_of_it() -> None:
    line = Line(Reply(503, {}, b""), LOST)

    with pytest.raises(SourceUnavailableError) as caught:
        await patient(line, deadline=2.0).get("/api/x")

    assert caught.value is LOST
    assert len(line.calls) == 3


async def test_a_wait_that_would_end_after_the_deadline_is_not_begun() -> None:
    line = Line(Reply(503, {"retry-after": "60"}, b""), GOOD)

    assert (await patient(line, deadline=30.0).get("/api/x")).status == 503
    assert line.slept == []


async def test_a_call_that_hangs_ends_at_the_deadline() -> None:
    with pytest.raises(SourceUnavailableError, match=r"^no answer from Infrahub within 0 s$"):
        await patient(Line(_never), deadline=0.0).get("/api/x")


async def test_a_try_that_hangs_leaves_the_reply_before_it() -> None:
    line = Line(Reply(503, {}, b"1"), _never)
    line.overslept = 60.0

    assert await patient(line).get("/api/x") == Reply(503, {}, b"1")
    assert len(line.calls) == 2


async def test_who_is_cancelled_meanwhile_tries_no_more() -> None:
    line = Line(_never)

    with anyio.move_on_after(0) as scope:
        await patient(line).get("/api/x")

    assert scope.cancelled_caught
    assert len(line.calls) == 1


async def test_other_errors_are_nothing_to_be_patient_with() -> None:
    async def broken() -> Reply:
        raise ValueError("a bug")

    line = Line(broken, GOOD)

    with pytest.raises(ValueError, match="a bug"):
        await patient(line).get("/api/x")


@pytest.mark.parametrize("shed", [Reply(429, {}, b""), stamped(429)])
async def test_what_was_shed_raises_the_pressure_once(shed: Reply) -> None:
    line = Line(shed, shed, GOOD)
    transport = patient(line)
    for _ in range(3):
        await transport.graphql("{ x }", {})

    after = transport.after_work(Pressure(), base_seconds=BASE_SECONDS)

    assert after == Pressure().shed(None, now=line.now, base_seconds=BASE_SECONDS)
    assert transport.after_work(after, base_seconds=BASE_SECONDS) == after
    line.now += 3 * BASE_SECONDS
    assert transport.after_work(after, base_seconds=BASE_SECONDS) == Pressure()


async def test_the_longest_wait_that_was_asked_for_counts_and_is_forgotten_then() -> None:
    transport = patient(Line(*(Reply(429, {"retry-after": text}, b"") for text in ("2", "9", "soon", "3"))))
    for _ in range(3):
        await transport.get("/api/x")

    assert transport.after_work(Pressure(), base_seconds=BASE_SECONDS).wait_seconds == 9.0

    await transport.get("/api/x")

    assert transport.after_work(Pressure(), base_seconds=BASE_SECONDS).wait_seconds == 3.0


async def test_an_infrahub_that_cannot_answer_is_no_pressure() -> None:
    transport = patient(Line(Reply(503, {}, b"")), deadline=1.0)
    await transport.get("/api/x")

    assert transport.after_work(Pressure(), base_seconds=BASE_SECONDS) == Pressure()


async def test_at_debug_each_request_is_a_line_without_its_text_and_values(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="infrahub_exporter.infrahub")
    line = Line(LOST, Reply(503, {}, b"{}"), GOOD)
    subject = PatientTransport(line, clock=line, deadline_seconds=30.0, random=lambda: 1.0, sleep=line.sleep)
    ours = "query infrahub_exporter($limit: Int, $name: String) { all0: InfraDevice(limit: $limit) { count } }"
    entry = ENTRY.set("kind InfraDevice")
    await subject.graphql(ours, {"name": "open-sesame", "limit": 5})
    ENTRY.reset(entry)
    await subject.graphql("query Probes { LabProbe { count } }", {})
    await subject.graphql("{ LabProbe { count } }", {"site": "open-sesame"})
    await subject.get("/api/schema/summary")
    line.answers = [LOST]
    with pytest.raises(SourceUnavailableError):
        await subject.get("/api/schema/summary")
    assert caplog.messages == [
        "Infrahub cannot be reached: reset; trying again",
        (
            "request infrahub_exporter(InfraDevice) for kind InfraDevice: status 200, 1500 ms, 12 bytes, 3 tries, "
            "variables limit, name"
        ),
        "request Probes: status 200, 0 ms, 12 bytes, 1 try, variables none",
        "request a query without a name: status 200, 0 ms, 12 bytes, 1 try, variables site",
        "request GET /api/schema/summary: status 200, 0 ms, 12 bytes, 1 try, variables none",
        "request GET /api/schema/summary: no answer, 23500 ms, 0 bytes, 7 tries, variables none",
    ]


PROBE = ProbeDocument(["BuiltinTag"]).text
SMALL = pytest.mark.parametrize(
    "ask",
    [
        lambda transport: transport.graphql(PROBE, {}),
        lambda transport: transport.graphql(DEFAULT_BRANCH, {}),
        lambda transport: transport.get("/api/schema/summary"),
    ],
    ids=["probe", "branch", "REST"],
)
SOON = 0.01
Ask = Callable[[PatientTransport], Awaitable[Reply]]


@SMALL
async def test_a_small_question_that_hangs_is_asked_once_more_beside(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(_never, _never, GOOD)
    subject = patient(line, hang=SOON)

    assert await ask(subject) == GOOD

    assert (len(line.calls), subject.retries, line.slept) == (3, 2, [])
    assert caplog.messages == ["no answer from Infrahub for 0.01 s; trying again"]


async def test_who_is_slow_is_heard_though_asked_once_more() -> None:
    asked_again = anyio.Event()

    async def slow() -> Reply:
        await asked_again.wait()
        return GOOD

    async def never() -> Reply:
        asked_again.set()
        return await _never()

    line = Line(slow, never)
    assert await patient(line, hang=SOON).graphql(PROBE, {}) == GOOD
    assert len(line.calls) == 2


async def test_a_small_question_that_hangs_for_good_ends_at_the_deadline() -> None:
    with pytest.raises(SourceUnavailableError, match=r"^no answer from Infrahub within 0\.05 s$"):
        await patient(Line(_never), deadline=0.05, hang=SOON).graphql(PROBE, {})


async def test_another_error_of_a_small_question_is_raised_as_it_is() -> None:
    async def broken() -> Reply:
        raise ValueError("broken")

    with pytest.raises(ValueError, match=r"^broken$"):
        await patient(Line(broken)).graphql(PROBE, {})


async def test_the_first_failed_try_is_told_at_once_and_the_end_when_it_is_sure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    line = Line(LOST, Reply(503, {}, b""), LOST, GOOD, LOST, GOOD)
    subject = patient(line)
    states: list[str | None] = [subject.trouble]

    async def sleep(seconds: float) -> None:
        states.append(subject.trouble)
        await line.sleep(seconds)

    subject._sleep = sleep
    await subject.get("/api/x")
    states.append(subject.trouble)
    assert states == [None, str(LOST), "Infrahub is not available (503)", str(LOST), None]
    await subject.get("/api/x")
    assert caplog.messages == ["Infrahub cannot be reached: reset; trying again"]
    line.now += 5.0
    await subject.get("/api/x")
    assert caplog.messages == ["Infrahub cannot be reached: reset; trying again", "Infrahub answers again"]


async def test_what_infrahub_refuses_or_sheds_is_no_trouble_of_the_line() -> None:
    subject = patient(Line(Reply(429, {}, b"")))
    await subject.get("/api/x")
    assert subject.trouble is None
