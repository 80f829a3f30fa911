import pytest

from infrahub_exporter.adapters.infrahub.server_time import ServerTime, iso


class Ticks:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        raise AssertionError("the wall clock here must not matter")


NOON = "Tue, 24 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "Wed, 01 Jan 2200 00:00:01 GMT",
        "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
        "Fri, 99999999999999999999 Dec 2026 23:59:59 GMT",
        "",
    ],
)
def test_what_is_no_date_of_our_time_teaches_nothing(date: str) -> None:
    time = ServerTime(Ticks())

    time.observe(date, sent=1.0, received=2.0)

    assert time.instant() is None


def test_nothing_is_told_before_any_answer() -> None:
    time = ServerTime(Ticks())

    time.observe(None, sent=1.0, received=2.0)
    time.observe("yesterday", sent=1.0, received=2.0)

    assert time.instant() is None


def test_the_instant_runs_on_the_monotonic_clock() -> None:
    ticks = Ticks()
    time = ServerTime(ticks)

    time.observe(NOON, sent=999.9, received=1000.0)
    ticks.now = 1002.5

    assert iso(time.instant() or 0.0) == "2026-11-24T12:00:02.500000Z"


def test_a_tighter_lower_bound_moves_the_instant_forward_but_a_looser_one_never_back() -> None:
    ticks = Ticks()
    time = ServerTime(ticks)

    time.observe(NOON, sent=999.9, received=1000.0)
    time.observe("Tue, 24 Nov 2026 12:00:01 GMT", sent=1000.2, received=1000.25)
    ticks.now = 1000.5
    assert iso(time.instant() or 0.0) == "2026-11-24T12:00:01.250000Z"

    time.observe("Tue, 24 Nov 2026 12:00:01 GMT", sent=1000.4, received=1000.5)
    assert iso(time.instant() or 0.0) == "2026-11-24T12:00:01.250000Z"


def test_a_server_clock_that_is_set_back_is_followed() -> None:
    ticks = Ticks()
    time = ServerTime(ticks)

    time.observe(NOON, sent=999.9, received=1000.0)
    time.observe("Tue, 24 Nov 2026 11:00:00 GMT", sent=1000.0, received=1000.0)

    assert iso(time.instant() or 0.0) == "2026-11-24T11:00:00.000000Z"


NOON_SECONDS = 1795521600.0


def stamped(*, at: float) -> tuple[Ticks, ServerTime]:
    """Follow a server whose last answer said noon, and that has set a stamp so many seconds after noon since."""
    ticks = Ticks()
    time = ServerTime(ticks)
    time.observe(NOON, sent=1000.0, received=1000.0)
    assert time.instant() == NOON_SECONDS
    time.observe_stamp(NOON_SECONDS + at, received=1000.0)
    return ticks, time


def test_a_stamp_tells_the_time_more_exactly_than_a_date_that_may_be_old() -> None:
    _, time = stamped(at=1.75)

    assert time.instant() == NOON_SECONDS + 1.75
    time.observe(NOON, sent=1000.0, received=1000.0)
    assert time.instant() == NOON_SECONDS + 1.75


def test_a_stamp_counts_for_a_minute() -> None:
    ticks, time = stamped(at=1.75)
    ticks.now += 59.0
    assert time.instant() == NOON_SECONDS + 60.75
    ticks.now += 1.0
    assert time.instant() == NOON_SECONDS + 60.0


@pytest.mark.parametrize("at", [-1.0, 0.0, 2.0, 3600.0])
def test_a_stamp_that_is_old_or_that_no_date_bears_out_teaches_nothing(at: float) -> None:
    _, time = stamped(at=at)

    assert time.instant() == NOON_SECONDS


def test_a_stamp_before_any_answer_teaches_nothing() -> None:
    time = ServerTime(Ticks())
    time.observe_stamp(NOON_SECONDS, received=1000.0)
    assert time.instant() is None


@pytest.mark.parametrize("date", ["Tue, 24 Nov 2026 11:59:00 GMT", "Tue, 24 Nov 2026 12:01:00 GMT"])
def test_a_date_that_contradicts_a_stamp_is_believed(date: str) -> None:
    _, time = stamped(at=1.75)
    time.observe(date, sent=1000.0, received=1000.0)
    assert iso(time.instant() or 0.0)[11:19] == date[17:25]
