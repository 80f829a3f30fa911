"""What rows come to: series, counts, sums, what is missing, and why a row is left out."""

from collections.abc import Mapping

import pytest

from infrahub_exporter.domain.asking.conditions import Check
from infrahub_exporter.domain.asking.forms import Form, Written
from infrahub_exporter.domain.asking.series import CountSpec, SeriesSpec, SumSpec
from infrahub_exporter.domain.model import AttributeSchema
from infrahub_exporter.domain.views.counting import Part
from infrahub_exporter.domain.views.rows import Found, Places
from infrahub_exporter.domain.views.series import Outcome, Point, deriver, joined, label_names, outcomes, zeros

PHASE = AttributeSchema("phase", "Dropdown", choices=("asked", "live"))
ATTRIBUTES = {
    "phase": PHASE,
    "mtu": AttributeSchema("mtu", "Number"),
    "since": AttributeSchema("since", "DateTime"),
    "frozen": AttributeSchema("frozen", "Boolean"),
    "slots": AttributeSchema("slots", "Number", choices=("1", "2")),
    "speed": AttributeSchema("speed", "Text", choices=("1", "10")),
    "mood": AttributeSchema("mood", "Text", choices=("good", "bad")),
}


def outcome(spec: SeriesSpec, *rows: Mapping[str, object]) -> Outcome:
    """Derive from rows that say what each path finds: a value, several in a tuple, nothing."""
    places = Places(spec.paths())
    found = []
    for number, row in enumerate(rows):
        values = (row.get(path, ()) for path in places.paths)
        several = tuple(each if isinstance(each, tuple) else (each,) for each in values)
        found.append(Found(f"n{number}", "InfraPort", several))
    return deriver(spec, places, ATTRIBUTES)(found)


def test_a_row_with_a_fault_has_no_series() -> None:
    found = Found("n0", "InfraPort", (), fault="bad_content")
    assert deriver(series(value=1), Places(()), ATTRIBUTES)([found]) == Outcome(skipped=("bad_content",))


def series(**keys: object) -> SeriesSpec:
    return SeriesSpec(name="ports", kind="InfraPort", **keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "row", "expected"),
    [
        (1, {}, 1.0),
        (0.5, {}, 0.5),
        ("mtu", {"mtu": 9000}, 9000.0),
        ("mtu", {"mtu": 2**53 + 1}, 2.0**53),
        ("since", {"since": "2026-11-02T08:00:00Z"}, 1793606400.0),
        ("frozen", {"frozen": True}, 1.0),
        ("slots", {"slots": 2}, 2.0),
        ("speed", {"speed": "10"}, 10.0),
        ("description", {"description": "12.5"}, 12.5),
        (("mtu", "slots"), {"slots": 2}, 2.0),
        (Form(path="mtu", times=8.0), {"mtu": 1500}, 12000.0),
        (Form(path="phase", map={"live": 1}, default=0), {"phase": "asked"}, 0.0),
        (Form(value=7), {}, 7.0),
        (Form(path="since", times=1000.0), {"since": "2026-11-02T08:00:00Z"}, 1793606400000.0),
        (("since", "mtu"), {"mtu": 9000}, 9000.0),
        (("mtu", "since"), {"since": "2026-11-02T08:00:00Z"}, 1793606400.0),
        (("since", "mtu"), {"since": "", "mtu": 9000}, 9000.0),
        (Form(path="since", default=0), {}, 0.0),
        (Form(path="since", map={"2026-11-02": 3}), {"since": "2026-11-02"}, 3.0),
        ("of_unknown_kind", {"of_unknown_kind": "2026-11-02T09:00:00+01:00"}, 1793606400.0),
        ("of_unknown_kind", {"of_unknown_kind": "2026"}, 2026.0),
    ],
)
def test_a_row_has_a_number(value: object, row: dict[str, object], expected: float) -> None:
    spec = series(value=value, labels={"port": "name"})
    assert outcome(spec, row | {"name": "et1"}) == Outcome(points=(Point((("et1",),), expected),))
    assert label_names(spec, ATTRIBUTES) == ("port",)


@pytest.mark.parametrize(
    ("value", "row", "reason"),
    [
        ("mtu", {}, "no_value"),
        ("description", {"description": "fast"}, "no_value"),
        ("since", {"since": "soon"}, "no_value"),
        (("since", "mtu"), {"since": "soon", "mtu": 9000}, "no_value"),
        ("speed", {"speed": "2026-11-02"}, "no_value"),
        ("mtu", {"mtu": (1500, 9000)}, "several_values"),
        ("phase", {}, "no_value"),
        ("phase", {"phase": ""}, "no_value"),
        ("phase", {"phase": ("asked", "live")}, "several_values"),
        (Form(path="phase", map={"live": 1}), {"phase": "asked"}, "no_value"),
    ],
)
def test_a_row_without_one_number_is_left_out_and_says_why(value: object, row: dict[str, object], reason: str) -> None:
    assert outcome(series(value=value), row) == Outcome(skipped=(reason,))


@pytest.mark.parametrize("value", ["phase", ("phase",), Form(path="phase", default="asked")])
def test_a_choice_is_a_state_set_in_a_label_named_after_its_path(value: object) -> None:
    spec = series(value=value, labels={"port": "name"})
    assert outcome(spec, {"phase": "live", "name": "et1"}).points == (
        Point((("et1",), ("asked",)), 0.0),
        Point((("et1",), ("live",)), 1.0),
    )
    assert label_names(spec, ATTRIBUTES) == ("port", "phase")


def test_a_text_of_choices_is_a_state_set_and_its_label_can_be_named() -> None:
    spec = series(value="mood", state_label="is")
    assert outcome(spec, {"mood": "bad"}).points == (Point((("good",),), 0.0), Point((("bad",),), 1.0))
    assert label_names(spec, ATTRIBUTES) == ("is",)


def test_a_label_has_all_values_of_its_path_and_nothing_where_there_is_none() -> None:
    spec = series(value=1, labels={"tags": "tags[].name", "site": "site.name"})
    assert outcome(spec, {"tags[].name": ("b", "a")}).points == (Point((("b", "a"), ()), 1.0),)
    assert [joined(values) for values in (("b", "a"), (), ("a",))] == ["a,b", "", "a"]


def test_rows_are_counted_by_labels_and_choices_that_are_to_be_there() -> None:
    spec = series(count=CountSpec(by={"phase": "phase", "kind": "__typename"}, zeros=("phase",)))
    found = outcome(spec, {"phase": "live", "__typename": "InfraPort"}, {"__typename": "InfraPort"})
    assert found == Outcome(parts=(Part(("live", "InfraPort")), Part(("", "InfraPort"))))
    assert label_names(spec, ATTRIBUTES) == ("phase", "kind")
    assert zeros(spec, ATTRIBUTES) == (("asked", "live"), None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("phase", ("asked", "live")),
        (("phase", "mood"), ("asked", "live", "good", "bad")),
        (Form(path="phase", default="none"), ("asked", "live", "none")),
        (Form(path="phase", map={"live": "up"}), ("up",)),
        (Form(path="phase", map={"live": "up", "gone": "down"}, default="other"), ("up", "other")),
        (Form(path="phase", map={"live": True}, default=True), ("true",)),
        ("slots", ("1", "2")),
        ("frozen", ("true", "false")),
        (Form(path="frozen", map={"true": "yes"}, default="no"), ("yes", "no")),
        (Form(path="name", map={"a": "b"}), ("b",)),
        ("name", ()),
        ("mtu", ()),
        (("frozen", "mtu"), ()),
        (Form(value="x"), ()),
        (Form(path="slots", times=2.0), ()),
        (Form(path="name", default="x"), ()),
    ],
)
def test_a_label_can_be_what_the_schema_and_its_form_say(written: Written, expected: tuple[str, ...]) -> None:
    assert outcomes(written, ATTRIBUTES) == expected


def test_numbers_are_summed_up_by_labels() -> None:
    spec = series(sum=SumSpec(of=Form(path="mtu", times=2.0), by={"site": "site.name"}))
    found = outcome(spec, {"mtu": 1500, "site.name": "par"}, {"mtu": (1, 2), "site.name": "par"}, {"site.name": "ams"})
    assert found == Outcome(parts=(Part(("par",), 3000.0), Part(("par",), 6.0)), skipped=("no_value",))
    assert zeros(spec, ATTRIBUTES) == (None,)


def test_what_is_missing_is_counted_by_path_and_nothing_missing_is_a_zero() -> None:
    spec = series(missing=("mtu", "description"), labels={"site": "site.name"})
    found = outcome(spec, {"mtu": 1500, "description": "", "site.name": "par"})
    assert found == Outcome(parts=(Part(("mtu", "par"), 0.0), Part(("description", "par"), 1.0)))
    assert label_names(spec, ATTRIBUTES) == ("field", "site")
    assert zeros(spec, ATTRIBUTES) == (("mtu", "description"), None)


def test_only_rows_that_pass_are_looked_at() -> None:
    spec = series(
        value=1,
        labels={"port": "name"},
        where={"phase": "live", "mtu": Check(above=1000.0)},
        exclude={"name": ("lo0", "lo1"), "role": "own"},
        match={"role": "wanted"},
    )
    rows = [
        {"name": "a", "phase": "live", "mtu": 1500, "role": "x"},
        {"name": "b", "phase": "asked", "mtu": 1500, "role": "x"},
        {"name": "c", "phase": "live", "mtu": 100, "role": "x"},
        {"name": "lo0", "phase": "live", "mtu": 1500, "role": "own"},
        {"name": "lo1", "phase": "live", "mtu": 1500, "role": "x"},
        {"name": "d", "phase": "live", "mtu": 1500, "role": "x", "wanted": "y"},
        {"name": "e", "phase": "live", "mtu": 1500, "role": "x", "wanted": "x"},
    ]
    assert [point.labels[0][0] for point in outcome(spec, *rows).points] == ["a", "lo1", "e"]


@pytest.mark.parametrize(
    "spec",
    [
        series(value="mtu"),
        series(value=Form(path="mtu", times=1e10)),
        series(sum=SumSpec(of="mtu")),
    ],
)
def test_a_number_that_is_too_large_for_a_sample_is_none(spec: SeriesSpec) -> None:
    assert outcome(spec, {"mtu": 10**400}, {"mtu": -(10**400)}).skipped == ("no_value", "no_value")
    assert outcome(spec, {"mtu": 10**15}).skipped == ()


def test_numbers_that_are_too_large_together_are_none() -> None:
    assert outcome(series(sum=SumSpec(of="mtu")), {"mtu": (1.7e308, 1.7e308)}).skipped == ("no_value",)
    assert outcome(series(value=Form(path="mtu", times=1e300)), {"mtu": 10**100}).skipped == ("no_value",)
