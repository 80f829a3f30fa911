"""The shipped network: what Infrahub's own tools take, and what the exporter makes of it."""

from pathlib import Path

import pytest
import yaml
from infrahub_sdk.schema import validate_schema

from infrahub_exporter import Exporter, build_exporter, load_settings
from infrahub_exporter.domain.model import TargetGroup

DEMO = Path(__file__).resolve().parents[2] / "demo"


def _exporter() -> Exporter:
    warnings: list[str] = []
    settings = load_settings(DEMO / "config.yml", {}, warnings.append)
    assert warnings == []
    return build_exporter(settings, environment={})


def test_infrahub_s_own_tools_find_nothing_wrong_with_the_schema() -> None:
    result = validate_schema(schema=yaml.safe_load((DEMO / "schema.yml").read_text(encoding="utf-8")))
    assert [error.message for error in result.errors] == []


@pytest.mark.anyio
async def test_every_entry_of_the_configuration_is_read_well() -> None:
    exporter = _exporter()
    await exporter.refresh()
    counts = {entry.name: (entry.error, entry.nodes) for entry in exporter.status.entries}
    assert counts == {
        "DcimDevice": (None, 63),
        "DcimDevice#2": (None, 6),
        "DcimInterface": (None, 115),
        "LocationSite": (None, 3),
        "LocationRack": (None, 18),
        "WanCircuit": (None, 6),
        "IpamIPPrefix": (None, 14),
        "infrahub_link": (None, 115),
        "infrahub_circuits": (None, 6),
        "infrahub_devices": (None, 63),
        "infrahub_contract_end_timestamp_seconds": (None, 3),
        "infrahub_devices_missing": (None, 63),
        "branches": (None, 7),
        "proposed_changes": (None, 4),
        "devices": (None, 59),
        "routers": (None, 12),
        "neighbours": (None, 3),
    }


@pytest.mark.anyio
async def test_the_metrics_show_what_the_files_say() -> None:
    exporter = _exporter()
    await exporter.refresh()
    lines = [line for line in exporter.metrics_text().splitlines() if 'site_name="new-york"' in line]
    line = next(line for line in lines if 'name="nyc1-leaf8"' in line)
    labels = (
        'hfid="DcimDevice__nyc1-leaf8",name="nyc1-leaf8",status="provisioning",role="leaf",serial="",monitored="true",'
        'rack="LocationRack__nyc1-r4",site_name="new-york",site_parent_name="north-america",'
        'platform_manufacturer_name="Arista",primary_address_address_ip="10.30.0.38",tags="BuiltinTag__pilot"} 1'
    )
    assert line.split(",", 1)[1] == labels


@pytest.mark.anyio
async def test_the_metrics_by_name_show_what_the_files_say() -> None:
    exporter = _exporter()
    await exporter.refresh()
    lines = exporter.metrics_text().splitlines()
    assert [line for line in lines if line.startswith("infrahub_circuits{")] == [
        'infrahub_circuits{status="active"} 4',
        'infrahub_circuits{status="ordered"} 1',
        'infrahub_circuits{status="terminated"} 1',
    ]
    cable = 'infrahub_link{device="par1-edge2",interface="et-0/0/0",far_device="nyc1-edge2",far_interface="et-0/0/0"} 1'
    assert cable in lines
    assert 'infrahub_contract_end_timestamp_seconds{contract="JN-2022-07",vendor="Juniper"} 1806444000' in lines
    assert 'infrahub_devices_missing{field="rack",role="access"} 3' in lines


@pytest.mark.anyio
async def test_the_discoveries_show_what_the_files_say() -> None:
    exporter = _exporter()
    await exporter.refresh()
    routers = exporter.target_groups("routers")
    assert [group.targets for group in routers if group.labels["site"] == "frankfurt"] == [
        ("[2001:db8:20::1]:9100",),
        ("[2001:db8:20::2]:9100",),
        ("[2001:db8:20::3]:9100",),
        ("[2001:db8:20::4]:9100",),
    ]
    firewall = next(group for group in exporter.target_groups("devices") if group.labels["name"] == "par1-fw2")
    identifier = firewall.labels["__meta_infrahub_id"]
    assert firewall == TargetGroup(
        ("10.10.0.72:9116",),
        {
            "name": "par1-fw2",
            "role": "Firewall",
            "site": "paris",
            "region": "europe",
            "platform": "pan-os",
            "tags": "critical,internet",
            "__meta_infrahub_id": identifier,
            "__meta_infrahub_kind": "DcimDevice",
        },
    )
