"""Figures counted by size."""

import math

from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.publishing.distribution import Distribution

BOUNDS = (0.1, 1.0, 10.0)


def test_before_the_first_all_counts_are_zero() -> None:
    assert list(Distribution(BOUNDS).cumulative()) == [(0.1, 0), (1.0, 0), (10.0, 0), (math.inf, 0)]


def test_a_figure_at_a_bound_is_up_to_it() -> None:
    found = Distribution(BOUNDS).observed(1.0).observed(1.5, times=3).observed(11.0)

    assert found == Distribution(BOUNDS, (0, 1, 3, 1), 16.5)
    assert list(found.cumulative()) == [(0.1, 0), (1.0, 1), (10.0, 4), (math.inf, 5)]


@given(st.lists(st.floats(-5, 20)))
def test_each_bound_counts_all_figures_up_to_it(figures: list[float]) -> None:
    distribution = Distribution(BOUNDS)
    for figure in figures:
        distribution = distribution.observed(figure)

    assert list(distribution.cumulative()) == [
        (bound, sum(figure <= bound for figure in figures)) for bound in (*BOUNDS, math.inf)
    ]
