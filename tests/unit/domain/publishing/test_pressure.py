import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.publishing.pressure import LONGEST_WAIT_SECONDS, MOST, Pressure

ASKED = st.none() | st.floats()
BASE_SECONDS = 60.0


class Cycles:
    """A pressure, and cycles one after another, each an interval long."""

    def __init__(self, base_seconds: float = BASE_SECONDS) -> None:
        self.now = 1000.0
        self.pressure = Pressure()
        self._base_seconds = base_seconds

    @property
    def seconds(self) -> float:
        return self.pressure.interval(self._base_seconds)

    def shed(self, asked: float | None = None) -> float:
        """Have a cycle shed, and return the interval after it."""
        self.now += self.seconds
        self.pressure = self.pressure.shed(asked, now=self.now, base_seconds=self._base_seconds)
        return self.seconds

    def passed(self) -> float:
        """Have a cycle pass, and return the interval after it."""
        self.now += self.seconds
        self.pressure = self.pressure.passed(now=self.now, base_seconds=self._base_seconds)
        return self.seconds


def test_without_pressure_the_interval_is_what_it_is() -> None:
    assert Pressure().interval(60.0) == 60.0
    assert Pressure().passed(now=1000.0, base_seconds=60.0) == Pressure()


def test_the_interval_doubles_with_every_shed_cycle_up_to_a_bound() -> None:
    cycles = Cycles()
    assert [cycles.shed() for _ in range(5)] == [120.0, 240.0, 480.0, 480.0, 480.0]


def test_the_interval_halves_with_every_good_cycle_from_the_second_on() -> None:
    cycles = Cycles()
    for _ in range(3):
        cycles.shed()
    assert [cycles.passed() for _ in range(5)] == [480.0, 240.0, 120.0, 60.0, 60.0]
    assert cycles.pressure == Pressure()


def test_what_is_shed_within_one_interval_is_one_cycle() -> None:
    pressure = Pressure().shed(None, now=1000.0, base_seconds=60.0)
    assert pressure.shed(None, now=1059.0, base_seconds=60.0).interval(60.0) == 120.0
    assert pressure.shed(500.0, now=1059.0, base_seconds=60.0).interval(60.0) == LONGEST_WAIT_SECONDS
    assert pressure.shed(None, now=1060.0, base_seconds=60.0).interval(60.0) == 240.0


def test_while_something_is_shed_within_an_interval_what_passes_beside_it_relaxes_nothing() -> None:
    pressure = Pressure().shed(None, now=1000.0, base_seconds=60.0).shed(None, now=1050.0, base_seconds=60.0)
    assert pressure.passed(now=1229.0, base_seconds=60.0) is pressure
    assert pressure.passed(now=1230.0, base_seconds=60.0) == Pressure()


def test_what_passes_within_one_interval_is_one_cycle() -> None:
    pressure = Pressure(4.0).passed(now=1000.0, base_seconds=60.0)
    assert pressure.factor == 2.0
    assert pressure.passed(now=1059.0, base_seconds=60.0) is pressure
    assert pressure.passed(now=1060.0, base_seconds=60.0) == Pressure()


def test_short_intervals_relax_when_nothing_was_shed_for_some_seconds() -> None:
    pressure = Pressure().shed(None, now=1000.0, base_seconds=1.0)
    assert pressure.passed(now=1004.0, base_seconds=1.0) is pressure
    assert pressure.passed(now=1005.0, base_seconds=1.0) == Pressure()


def test_the_next_cycle_waits_at_least_as_long_as_infrahub_asks() -> None:
    assert Cycles(1.0).shed(10.0) == 10.0
    assert Cycles().shed(10.0) == 120.0


def test_a_shorter_wait_does_not_replace_a_longer_one() -> None:
    for asked in (2.0, None):
        cycles = Cycles(1.0)
        assert [cycles.shed(10.0), cycles.shed(asked)] == [10.0, 10.0]


def test_what_infrahub_asked_for_relaxes_with_the_rest() -> None:
    cycles = Cycles(1.0)
    assert [cycles.shed(16.0), cycles.shed(16.0), *(cycles.passed() for _ in range(3))] == [16.0, 16.0, 16.0, 8.0, 1.0]


@pytest.mark.parametrize("asked", [None, 0.0, -5.0, math.nan, -math.inf])
def test_a_wait_that_is_none_counts_as_none(asked: float | None) -> None:
    assert Cycles().shed(asked) == 120.0
    assert Cycles(1.0).shed(asked) == 2.0


@pytest.mark.parametrize("asked", [3600.0, math.inf])
def test_a_wait_has_a_bound(asked: float) -> None:
    assert Cycles(1.0).shed(asked) == LONGEST_WAIT_SECONDS


@given(st.lists(st.booleans().flatmap(lambda shed: ASKED if shed else st.just(False))), st.floats(0.1, 1e6))
def test_whatever_happens_the_interval_lies_between_the_base_and_its_bound(
    rounds: list[float | bool | None], base: float
) -> None:
    cycles = Cycles(base)
    for asked in rounds:
        seconds = cycles.passed() if asked is False else cycles.shed(asked)
        assert base <= seconds <= max(base * MOST, LONGEST_WAIT_SECONDS)


@given(st.lists(ASKED, max_size=6))
def test_four_good_cycles_take_all_pressure_away(sheds: list[float | None]) -> None:
    cycles = Cycles()
    for asked in sheds:
        cycles.shed(asked)
    for _ in range(4):
        cycles.passed()
    assert cycles.pressure == Pressure()
