"""Paths that lead on into Lists and JSON."""

import pytest
from hypothesis import given

from infrahub_exporter.domain.asking.paths import Step, parse
from infrahub_exporter.domain.asking.values import inside
from infrahub_exporter.domain.model import JSON
from tests.unit.domain.anything import JSON_VALUES, PATHS

RENDERED: JSON = {
    "tables": [{"name": "inet.0", "size": 3}, {"name": "inet6.0"}],
    "snmp": {"module": "if_mib"},
    "off": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("snmp.module", "if_mib"),
        ("snmp", {"module": "if_mib"}),
        ("off", None),
        ("off.more", None),
        ("nothing", None),
        ("snmp.module.deeper", None),
        ("tables[].name", ("inet.0", "inet6.0")),
        ("tables.name", ("inet.0", "inet6.0")),
        ("tables[].size", (3,)),
        ("tables.size", 3),
        ("tables[].nothing", ()),
        ("nothing[]", ()),
    ],
)
def test_steps_lead_into_mappings_by_name_and_into_lists_by_brackets_or_by_going_on(path: str, found: object) -> None:
    assert inside(RENDERED, parse(path).steps) == found


def test_a_step_without_a_name_is_the_value_itself() -> None:
    assert inside(["if_mib", "bgp4"], (Step("", many=True),)) == ("if_mib", "bgp4")
    assert inside(RENDERED, (Step(""), Step("snmp"), Step("module"))) == "if_mib"
    assert inside("if_mib", (Step("", many=True),)) == ("if_mib",)
    assert inside(None, (Step("", many=True),)) == (None,)


@given(JSON_VALUES, PATHS)
def test_whatever_a_value_is_steps_lead_somewhere_or_nowhere(value: JSON, path: str) -> None:
    steps = parse(path).steps
    assert isinstance(inside(value, steps), tuple) or not any(step.many for step in steps)


def test_lists_may_be_nested_however_deeply() -> None:
    value: JSON = ["end"]
    for _ in range(20_000):
        value = [value]
    assert inside(value, (Step("", many=True), Step("name"))) == ()
