from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.gnmic import GnmicFormat, targets

FORM = GnmicFormat(name="device", subscriptions="measures", tags=("kind", "room"))


def test_a_group_is_a_target_by_its_name_with_subscriptions_and_tags() -> None:
    groups = [
        TargetGroup(("10.0.0.1:6030",), {"device": "spine1", "measures": "counters,sessions", "kind": "Switch"}),
        TargetGroup(("10.0.0.2", "10.0.0.3"), {"device": "leaf1", "room": "R1", "other": "x"}),
    ]
    assert targets(groups, FORM) == {
        "spine1": {
            "address": "10.0.0.1:6030",
            "subscriptions": ["counters", "sessions"],
            "event-tags": {"kind": "Switch"},
        },
        "leaf1": {"address": "10.0.0.2,10.0.0.3", "event-tags": {"room": "R1"}},
    }


def test_a_name_is_needed_and_is_taken_once() -> None:
    groups = [
        TargetGroup(("10.0.0.1",), {"device": ""}),
        TargetGroup(("10.0.0.2",), {"device": "a"}),
        TargetGroup(("10.0.0.3",), {"device": "a"}),
        TargetGroup(("10.0.0.4",), {}),
    ]
    assert targets(groups, GnmicFormat(name="device")) == {"a": {"address": "10.0.0.2"}}


def test_the_labels_of_a_format_are_listed() -> None:
    assert FORM.labels == ("device", "measures", "kind", "room")
    assert GnmicFormat(name="device").labels == ("device",)
