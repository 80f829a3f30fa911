import msgspec
import pytest

from infrahub_exporter.domain.asking.conditions import Check, Condition, holds, matches
from infrahub_exporter.domain.errors import ConfigError


@pytest.mark.parametrize(
    ("condition", "found", "expected"),
    [
        ("live", ("live",), True),
        ("live", ("gone",), False),
        ("live", (), False),
        ("live", ("gone", "live"), True),
        (("leaving", "gone"), ("gone",), True),
        (("leaving", "gone"), ("live",), False),
        ((), ("live",), False),
        (True, (True,), True),
        (True, (False,), False),
        (True, ("true",), True),
        (True, (1,), False),
        (1, (True,), False),
        (5, (5.0,), True),
        (5, ("5",), True),
        ("5", (5,), True),
        (5.5, (5,), False),
        ("", ("",), False),
        (Check(unlike="gone"), ("live",), True),
        (Check(unlike="gone"), ("gone",), False),
        (Check(unlike="gone"), ("live", "gone"), False),
        (Check(unlike="gone"), (), True),
        (Check(unlike=("leaving", "gone")), ("leaving",), False),
        (Check(present=True), ("x",), True),
        (Check(present=True), (False,), True),
        (Check(present=True), (), False),
        (Check(present=True), ("",), False),
        (Check(present=False), (), True),
        (Check(present=False), ("x",), False),
        (Check(matches="leaf[0-9]+"), ("leaf12",), True),
        (Check(matches="leaf"), ("leaf12",), False),
        (Check(matches="leaf"), (), False),
        (Check(above=2), (3,), True),
        (Check(above=2), (2,), False),
        (Check(above=2), ("3.5",), True),
        (Check(above=2), ("many",), False),
        (Check(below=2), (1,), True),
        (Check(below=2), (2,), False),
        (Check(above=2, below=10), (1, 11), False),
        (Check(above=2, below=10), (1, 5), True),
        (Check(unlike="a", matches="[ab]"), ("b",), True),
        (Check(unlike="a", matches="[ab]"), ("c",), False),
    ],
)
def test_a_condition_holds_or_not(condition: Condition, found: tuple[object, ...], expected: bool) -> None:  # noqa: FBT001 - a table
    assert holds(condition, found) is expected


@pytest.mark.parametrize(
    ("found", "other", "expected"),
    [
        (("leaf",), ("leaf",), True),
        (("leaf",), ("spine",), False),
        (("leaf",), (), True),
        (("leaf",), ("",), True),
        ((), ("leaf",), False),
        ((5,), ("5",), True),
        (("a", "b"), ("b", "c"), True),
    ],
)
def test_two_paths_match_where_they_share_a_value_or_the_second_has_none(
    found: tuple[object, ...],
    other: tuple[object, ...],
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    assert matches(found, other) is expected


def test_a_condition_is_read_as_it_is_written() -> None:
    assert msgspec.convert({"not": ["a", "b"], "above": 2}, Check) == Check(unlike=("a", "b"), above=2.0)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "expected one of not, present, matches, above and below, got nothing"),
        (
            {"matches": "leaf("},
            "matches: expected a regular expression of RE2, got 'leaf(' (missing ): leaf()",
        ),
    ],
)
def test_a_test_that_says_nothing_or_no_expression_is_refused(keys: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Check(**keys)  # type: ignore[arg-type]
    assert str(raised.value) == message
