"""What the user asks for, as it decodes."""

import msgspec
import pytest

from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec


def test_a_metric_spec_decodes_with_its_filters_as_they_are() -> None:
    tree = {
        "kind": "InfraDevice",
        "include": ["name", "site.name"],
        "filters": {"a__value": "x", "b__value": 5, "c__value": False, "d__values": ["y", 1]},
    }
    assert msgspec.convert(tree, MetricSpec) == MetricSpec(
        kind="InfraDevice",
        include=("name", "site.name"),
        filters={"a__value": "x", "b__value": 5, "c__value": False, "d__values": ["y", 1]},
    )
    assert msgspec.convert({"kind": "InfraDevice"}, MetricSpec) == MetricSpec(
        kind="InfraDevice", include=(), filters={}
    )


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"kind": "infraDevice"},
        {"kind": "InfraDevice\n"},
        {"kind": "Infra-Device"},
        {"kind": ""},
        {"kind": "InfraDevice", "includes": []},
        {"kind": "InfraDevice", "include": [None]},
        # Infrahub drops a null filter and answers unfiltered
        {"kind": "InfraDevice", "filters": {"role__value": None}},
        {"kind": "InfraDevice", "filters": {"role__values": ["a", None]}},
        {"kind": "InfraDevice", "filters": {"role__value": {"a": 1}}},
    ],
)
def test_what_cannot_be_meant_is_refused(tree: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(tree, MetricSpec)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_discovery_is_refreshed_after_some_time_not_none(seconds: float) -> None:
    tree = {"name": "d", "paths": ["/sd/d"], "target_field": "ip", "refresh_interval_seconds": seconds}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(tree, DiscoverySpec)
