from infrahub_exporter.adapters.http_sd import render
from infrahub_exporter.domain.model import TargetGroup


def test_the_body_is_a_list_of_objects_of_two_keys() -> None:
    groups = [TargetGroup(("a:1", "b:1"), {"x": "ü"}), TargetGroup(("c",), {})]

    assert render(groups).decode() == '[{"targets":["a:1","b:1"],"labels":{"x":"ü"}},{"targets":["c"],"labels":{}}]'


def test_no_targets_are_an_empty_list_never_null() -> None:
    assert render([]) == b"[]"


def test_an_equal_group_appears_once() -> None:
    group = TargetGroup(("a",), {"x": "1", "y": "2"})

    assert render([group, TargetGroup(("a",), {"y": "2", "x": "1"})]) == render([group])
