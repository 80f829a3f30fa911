"""What a predicate takes: null is unequal to everything, and a pattern is about the whole text."""

import pytest

from infrahub_exporter.domain.asking.paths import Fitting, Predicate, parse
from infrahub_exporter.domain.asking.selecting import fits


def predicate(written: str) -> Predicate:
    selector = parse(f"peers[{written}]").steps[0].selector
    assert isinstance(selector, Fitting)
    return selector.predicates[0]


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("x=a", ("a",)),
        ("x=a|b", ("b",)),
        ("x=true", (True,)),
        ("x=9100", (9100,)),
        ("x!=a", ("b",)),
        ("x!=a", (None,)),
        ("x~a.*", ("abc",)),
        ("x!~a.*", ()),
    ],
)
def test_what_fits_is_taken(written: str, values: tuple[object, ...]) -> None:
    assert fits(predicate(written), values)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("x=a", ("b",)),
        ("x=a", ()),
        ("x=a", (None,)),
        ("x=", (None,)),
        ("x!=a", ("a",)),
        ("x!=a|b", ("b",)),
        ("x~b", ("abc",)),
        ("x~.*", (None,)),
        ("x!~a.*", ("abc",)),
    ],
)
def test_what_does_not_fit_is_not(written: str, values: tuple[object, ...]) -> None:
    assert not fits(predicate(written), values)
