"""What a regular expression describes, and what none of RE2 is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.asking.conditions import Check, holds
from infrahub_exporter.domain.asking.expressions import describes, fault
from infrahub_exporter.domain.asking.paths import Fitting, parse
from infrahub_exporter.domain.asking.selecting import fits


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("leaf[0-9]+", "leaf17", True),
        ("leaf[0-9]+", "leaf17 ", False),
        ("leaf", "leaf\n", False),
        ("a|ab", "ab", True),
        ("(?i)paris-.*", "Paris-Nord", True),
        ("a.c", "a\nc", False),
        ("(?s)a.c", "a\nc", True),
        (r"\d+", "17", True),
        (r"\d+", "\u0661\u0667", False),
        (r"\p{Arabic}+|\pN+", "\u0661\u0667", True),
        ("Zürich.", "Zürich✓", True),
        ("", "", True),
        (".", "\ud800", True),
    ],
)
def test_an_expression_describes_a_text_as_a_whole(
    expression: str,
    text: str,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    assert describes(expression, text) is expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("leaf(", "missing ): leaf("),
        ("leaf(?=[0-9])", "invalid perl operator: (?=; RE2 looks neither ahead nor back"),
        ("leaf(?!0)", "invalid perl operator: (?!; RE2 looks neither ahead nor back"),
        ("(?<=leaf)0", "invalid perl operator: (?<=; RE2 looks neither ahead nor back"),
        ("(?<!leaf)0", "invalid perl operator: (?<!; RE2 looks neither ahead nor back"),
        (r"(a)\1", r"invalid escape sequence: \1; RE2 does not refer back to a group"),
        ("(?P<x>a)(?P=x)", "invalid perl operator: (?P"),
        (r"leaf\Z", r"invalid escape sequence: \Z; RE2 writes \z for the end"),
        ("(?>a)", "invalid perl operator: (?>"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("(a{1000}){1000}", "invalid repetition size: {1000}"),
        (".{1000}" * 9, "pattern too large - compile failed"),
        ("[" + "z" * 1000, "missing ]: [" + "z" * 188),
    ],
)
def test_what_re2_cannot_run_is_none_and_said_why(expression: str, reason: str) -> None:
    assert fault(expression) == reason


@pytest.mark.parametrize(
    "expression", ["(a+)+b", "(a|aa)+b", "(a|a)*b", "(.*)*b", "((a*)*)*b", r"(\w+\s?)*b", "a?" * 30 + "a" * 30]
)
@pytest.mark.parametrize("length", [50, 100_000])
def test_no_text_takes_longer_than_its_length_is_worth(expression: str, length: int) -> None:
    """What goes back tries each of these in more ways than there are atoms: that this test ends is what it shows."""
    text = "a" * length + "!"
    assert not holds(Check(matches=expression), (text,))
    selector = parse(f"peers[name~{expression}]").steps[0].selector
    assert isinstance(selector, Fitting)
    assert not fits(selector.predicates[0], (text,))


@given(st.text(), st.text(max_size=50))
def test_any_text_is_an_expression_or_has_a_reason_in_one_line(expression: str, text: str) -> None:
    reason = fault(expression)
    if reason is None:
        assert describes(expression, text) in {True, False}
    else:
        assert reason
