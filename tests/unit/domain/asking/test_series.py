import pytest

from infrahub_exporter.domain.asking.forms import Form
from infrahub_exporter.domain.asking.series import CountSpec, SeriesSpec, SumSpec, check, warnings
from infrahub_exporter.domain.errors import ConfigError

KIND = {"name": "ports", "kind": "InfraPort"}


def test_every_path_of_a_spec_is_named() -> None:
    spec = SeriesSpec(
        name="ports",
        kind="InfraPort",
        rows="cable.ends[other]",
        where={"status": "up"},
        exclude={"^^name": "lo0"},
        match={"role": "^^role"},
        value=Form(path=("speed", "^^speed"), times=1000.0),
        labels={"port": "name", "device": ("device.name", "^^device.name")},
    )
    check(spec)
    assert list(spec.paths()) == [
        "name",
        "device.name",
        "^^device.name",
        "speed",
        "^^speed",
        "status",
        "^^name",
        "role",
        "^^role",
    ]


@pytest.mark.parametrize(
    "keys",
    [
        {"value": 1},
        {"value": 0.5},
        {"value": "mtu", "unit": "ports"} | {"name": "open_ports"},
        {"count": CountSpec(by={"site": "device.site.name"})},
        {"count": CountSpec(by={"status": "status"}, zeros=("status",))},
        {"sum": SumSpec(of="mtu", by={})},
        {"missing": ("mtu", "description"), "labels": {"site": "device.site.name"}},
        {"value": "status", "state_label": "is"},
        {"value": 1, "labels": {"name": "name", "speed": "speed"}, "distinct": ("name",)},
    ],
)
def test_what_goes_together_is_taken(keys: dict[str, object]) -> None:
    check(SeriesSpec(**(KIND | keys)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "expected one of value, count, sum and missing, got none of them"),
        (
            {"value": 1, "count": CountSpec()},
            "expected one of value, count, sum and missing, got value and count",
        ),
        (
            {"name": "ports_total", "value": 1},
            "name: 'ports_total' ends in _total, which is for counters; an inventory goes up and down",
        ),
        ({"value": 1, "unit": "bytes"}, "unit: expected a name that ends in _bytes, got 'ports'"),
        (
            {"count": CountSpec(), "labels": {"a": "name"}},
            "labels: the labels of a count stand in its by",
        ),
        ({"count": CountSpec(), "state_label": "is"}, "state_label: expected value beside it"),
        ({"missing": ()}, "missing: expected at least one path, got an empty list"),
        (
            {"missing": ("mtu",), "labels": {"field": "name"}},
            "labels: 'field' is the label in which missing names its paths",
        ),
        (
            {"count": CountSpec(by={"status": "status"}, zeros=("state",))},
            "count.zeros: 'state' is none of the labels of by, did you mean 'status'?",
        ),
        (
            {"sum": SumSpec(of="mtu"), "distinct": ("name",)},
            "distinct: expected value beside it",
        ),
        (
            {"value": 1, "labels": {"name": "name"}, "distinct": ("nane",)},
            "distinct: 'nane' is none of the labels, did you mean 'name'?",
        ),
        (
            {"value": "phase", "labels": {"state": "name"}, "state_label": "state"},
            "state_label: 'state' is one of the labels already",
        ),
        (
            {"value": 1, "labels": {"far-device": "name"}},
            "'far-device' is no label, expected letters, digits and underscores, as in 'far_device'",
        ),
        (
            {"value": 1, "labels": {"__name": "name"}},
            "label '__name': names that begin with __ belong to Prometheus",
        ),
        (
            {"value": 1, "labels": {"name": "^name"}},
            "labels.name: path '^name': ^ leads from a row to what stands before it, and no rows are given here",
        ),
        (
            {"value": 1, "rows": "^ends"},
            "rows: path '^ends': ^ leads from a row to what stands before it, and no rows are given here",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_by_its_key(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check(SeriesSpec(**(KIND | keys)))  # type: ignore[arg-type]
    assert str(raised.value) == message


def test_a_unit_that_is_none_of_the_base_units_is_warned_of() -> None:
    spec = SeriesSpec(name="warranty_days", kind="InfraDevice", value="warranty")
    assert list(warnings(spec)) == [
        "'warranty_days' ends in _days, the base unit is seconds (value: {path: ..., times: 86400})"
    ]
    assert list(warnings(SeriesSpec(name="warranty_seconds", kind="InfraDevice", value="warranty"))) == []
