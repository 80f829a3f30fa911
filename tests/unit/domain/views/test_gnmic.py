from collections.abc import Iterable, Mapping

from infrahub_exporter.domain.asking.formats import GnmicFormat
from infrahub_exporter.domain.model import JSON, TargetGroup
from infrahub_exporter.domain.views.gnmic import merged, targets, written

FORM = GnmicFormat(name="device", subscriptions="measures", tags=("kind", "my-room"))


def mapped(groups: Iterable[TargetGroup], form: GnmicFormat = FORM) -> Mapping[str, JSON]:
    return {name: written(target) for name, target in targets(groups, form).items()}


def test_a_group_is_a_target_by_its_name_with_subscriptions_and_tags() -> None:
    groups = [
        TargetGroup(
            ("10.0.0.1:6030",), {"device": "spine1", "measures": "counters,sessions,sessions", "kind": "Switch"}
        ),
        TargetGroup(("10.0.0.2", "10.0.0.3"), {"device": "leaf1", "my_room": "R1", "other": "x"}),
    ]
    assert mapped(groups) == {
        "spine1": {
            "address": "10.0.0.1:6030",
            "subscriptions": ["counters", "sessions"],
            "event-tags": {"kind": "Switch"},
        },
        "leaf1": {"address": "10.0.0.2,10.0.0.3", "event-tags": {"my_room": "R1"}},
    }


def test_a_group_without_a_name_has_no_place_in_a_map() -> None:
    groups = [
        TargetGroup(("10.0.0.1",), {"device": ""}),
        TargetGroup(("10.0.0.2",), {"device": "a", "measures": "x"}),
        TargetGroup(("10.0.0.4",), {}),
    ]
    assert mapped(groups, GnmicFormat(name="device")) == {"a": {"address": "10.0.0.2"}}


ONE = TargetGroup(("10.0.0.2",), {"device": "a", "measures": "load,counters", "kind": "Switch"})
OTHER = TargetGroup(
    ("10.0.0.2", "10.0.0.1"), {"device": "a", "measures": "routes,load", "kind": "Leaf,Switch", "my_room": "1"}
)
BOTH: JSON = {
    "address": "10.0.0.1,10.0.0.2",
    "subscriptions": ["counters", "load", "routes"],
    "event-tags": {"kind": "Leaf,Switch", "my_room": "1"},
}


def test_groups_of_one_name_are_one_target_with_what_all_of_them_have() -> None:
    assert mapped([ONE, OTHER]) == mapped([OTHER, ONE]) == {"a": BOTH}


def test_so_are_those_of_several_blocks() -> None:
    third = TargetGroup(("10.0.0.9",), {"device": "b"})
    parts = [targets([ONE], FORM), targets([third], FORM), targets([OTHER], FORM)]
    assert {name: written(target) for name, target in merged(parts).items()} == {
        "a": BOTH,
        "b": {"address": "10.0.0.9"},
    }
