from prometheus_client import CollectorRegistry, generate_latest

from infrahub_exporter.adapters.prometheus import SnapshotCollector
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot

DEVICES = Family(
    "infrahub_infradevice_info",
    FamilyType.INFO,
    "Nodes of kind InfraDevice in Infrahub.",
    (
        Section(("id", "hfid", "name"), (Sample("1", ("1", "InfraDevice__a", "a")), Sample("2", ("2", "2", "")))),
        Section(("id", "hfid"), (Sample("1", ("1", "InfraDevice__a")),)),
    ),
)


def test_a_host_registry_collects_the_same_series() -> None:
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: Snapshot((DEVICES,), 1.0)))

    assert generate_latest(registry).decode().splitlines() == [
        "# HELP infrahub_infradevice_info Nodes of kind InfraDevice in Infrahub.",
        "# TYPE infrahub_infradevice_info gauge",
        'infrahub_infradevice_info{hfid="InfraDevice__a",id="1",name="a"} 1.0',
        'infrahub_infradevice_info{hfid="2",id="2",name=""} 1.0',
        'infrahub_infradevice_info{hfid="InfraDevice__a",id="1"} 1.0',
    ]
