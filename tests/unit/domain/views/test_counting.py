"""A tally that is kept equals one that is made anew, whatever comes and goes."""

import math
from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.views.counting import Part, Tally

_PARTS = st.lists(
    st.builds(
        Part,
        st.tuples(st.sampled_from("ab"), st.sampled_from("xy")),
        st.one_of(st.integers(-5, 5).map(float), st.floats(-1e6, 1e6, allow_nan=False)),
    ),
    max_size=4,
)


def test_rows_are_counted_by_key_and_a_key_without_rows_is_gone() -> None:
    tally = Tally()
    tally.put([Part(("a",)), Part(("a",)), Part(("b",))])
    tally.take([Part(("b",)), Part(("a",))])
    assert tally.numbers([None]) == {("a",): 1.0}


def test_choices_without_rows_are_zero() -> None:
    tally = Tally()
    tally.put([Part(("live",))])
    assert list(tally.numbers([["asked", "live"]]).items()) == [(("asked",), 0.0), (("live",), 1.0)]


def test_a_number_without_labels_is_there_when_it_is_zero() -> None:
    tally = Tally()
    assert tally.numbers([]) == {(): 0.0}
    tally.put([Part(()), Part(())])
    assert tally.numbers([]) == {(): 2.0}


def test_what_is_summed_up_leaves_no_rounding_behind() -> None:
    tally = Tally()
    tally.put([Part((), 0.1), Part((), 0.2), Part((), 0.3)])
    tally.take([Part((), 0.1), Part((), 0.2)])
    assert tally.numbers([]) == {(): 0.3}


@given(st.lists(st.tuples(st.integers(0, 3), _PARTS), max_size=30))
def test_a_tally_that_follows_equals_one_made_anew(steps: list[tuple[int, list[Part]]]) -> None:
    tally, held = Tally(), dict[int, list[Part]]()
    for node, parts in steps:
        tally.take(held.get(node, []))
        tally.put(parts)
        held[node] = parts
    amounts: Counter[tuple[str, ...]] = Counter()
    exact: dict[tuple[str, ...], Fraction] = {}
    for part in (part for parts in held.values() for part in parts):
        amounts[part.key] += 1
        exact[part.key] = exact.get(part.key, Fraction(0)) + Fraction(part.amount)
    assert tally.numbers([None, None]) == {key: float(exact[key]) for key in sorted(amounts)}


def test_a_sum_that_no_float_can_say_is_infinite_and_comes_back() -> None:
    tally = Tally()
    large = Part(("a",), 1.7e308)
    tally.put([large, large, Part(("b",), -1.7e308), Part(("b",), -1.7e308)])
    assert tally.numbers([None]) == {("a",): math.inf, ("b",): -math.inf}
    tally.take([large])
    assert tally.numbers([None]) == {("a",): 1.7e308, ("b",): -math.inf}
