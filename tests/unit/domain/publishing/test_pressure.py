import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.publishing.pressure import LONGEST_WAIT_SECONDS, MOST, Pressure

ASKED = st.none() | st.floats()


def test_without_pressure_the_interval_is_what_it_is() -> None:
    assert Pressure().interval(60.0) == 60.0
    assert Pressure().relaxed() == Pressure()


def test_the_interval_doubles_with_every_shed_cycle_up_to_a_bound() -> None:
    pressure, intervals = Pressure(), []
    for _ in range(5):
        pressure = pressure.shed(None)
        intervals.append(pressure.interval(60.0))

    assert intervals == [120.0, 240.0, 480.0, 480.0, 480.0]


def test_the_interval_halves_with_every_good_cycle() -> None:
    pressure, intervals = Pressure().shed(None).shed(None).shed(None), []
    for _ in range(4):
        pressure = pressure.relaxed()
        intervals.append(pressure.interval(60.0))

    assert intervals == [240.0, 120.0, 60.0, 60.0]


def test_the_next_cycle_waits_at_least_as_long_as_infrahub_asks() -> None:
    assert Pressure().shed(10.0).interval(1.0) == 10.0
    assert Pressure().shed(10.0).interval(60.0) == 120.0


def test_a_shorter_wait_does_not_replace_a_longer_one() -> None:
    assert Pressure().shed(10.0).shed(2.0).interval(1.0) == 10.0
    assert Pressure().shed(10.0).shed(None).interval(1.0) == 10.0


def test_what_infrahub_asked_for_relaxes_with_the_rest() -> None:
    pressure = Pressure().shed(8.0).shed(8.0)

    assert pressure.relaxed().interval(1.0) == 4.0
    assert pressure.relaxed().relaxed() == Pressure()


@pytest.mark.parametrize("asked", [None, 0.0, -5.0, math.nan, -math.inf])
def test_a_wait_that_is_none_counts_as_none(asked: float | None) -> None:
    assert Pressure().shed(asked) == Pressure(factor=2.0)


@pytest.mark.parametrize("asked", [3600.0, math.inf])
def test_a_wait_has_a_bound(asked: float) -> None:
    assert Pressure().shed(asked).interval(1.0) == LONGEST_WAIT_SECONDS


@given(st.lists(st.booleans().flatmap(lambda shed: ASKED if shed else st.just(False))), st.floats(0.1, 1e6))
def test_whatever_happens_the_interval_lies_between_the_base_and_its_bound(
    cycles: list[float | bool | None], base: float
) -> None:
    pressure = Pressure()
    for asked in cycles:
        pressure = pressure.relaxed() if asked is False else pressure.shed(asked)

    assert base <= pressure.interval(base) <= max(base * MOST, LONGEST_WAIT_SECONDS)


@given(st.lists(ASKED, max_size=6))
def test_three_good_cycles_take_all_pressure_away(sheds: list[float | None]) -> None:
    pressure = Pressure()
    for asked in sheds:
        pressure = pressure.shed(asked)

    assert pressure.relaxed().relaxed().relaxed() == Pressure()
