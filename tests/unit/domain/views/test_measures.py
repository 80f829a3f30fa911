import pytest

from infrahub_exporter.domain.views.measures import combinations, measure, states


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("Number", 5, 5.0),
        ("Bandwidth", 1000, 1000.0),
        ("NumberPool", 64512, 64512.0),
        ("Boolean", True, 1.0),
        ("Checkbox", False, 0.0),
        ("DateTime", "2026-11-02T08:00:00Z", 1793606400.0),
        ("DateTime", "soon", None),
        ("Text", "12.5", 12.5),
        ("Text", "12 units", None),
        ("Text", "2026-11-02", None),
        (None, "2026-11-02", 1793577600.0),
        (None, "12.5", 12.5),
        (None, "soon", None),
        ("Number", None, None),
        ("JSON", [1], None),
    ],
)
def test_a_value_is_a_number_by_the_kind_of_its_attribute(
    kind: str | None, value: object, expected: float | None
) -> None:
    assert measure(kind, value) == expected


def test_a_state_is_one_series_per_choice() -> None:
    assert list(states("live", ["asked", "live"])) == [("asked", 0.0), ("live", 1.0)]


def test_a_state_that_the_schema_lacks_is_shown_too() -> None:
    assert list(states("odd", ["asked", "live"])) == [("asked", 0.0), ("live", 0.0), ("odd", 1.0)]


def test_without_zeros_the_combinations_are_those_that_are_there() -> None:
    assert list(combinations([("a", "x"), ("b", "y")], [None, None])) == [("a", "x"), ("b", "y")]


def test_each_choice_of_a_zero_label_stands_with_each_combination_of_the_others() -> None:
    present = [("asked", "Vpn"), ("live", "Uplink"), ("asked", "Uplink")]
    assert list(combinations(present, [["asked", "live"], None])) == [
        ("asked", "Vpn"),
        ("live", "Vpn"),
        ("asked", "Uplink"),
        ("live", "Uplink"),
    ]


def test_without_a_row_only_zero_labels_alone_have_combinations() -> None:
    assert list(combinations([], [["asked", "live"]])) == [("asked",), ("live",)]
    assert list(combinations([], [["asked", "live"], None])) == []


def test_no_label_at_all_is_one_combination() -> None:
    assert list(combinations([], [])) == [()]
