"""The examples do what they say."""

import re
from pathlib import Path

import pytest
from litestar.testing import TestClient

from examples import asgi, embedding, litestar_host, own_registry, sqlite_source
from examples.network import network, settings
from examples.test_sqlite_source import TestSqliteNodeSource, TestSqliteSchemaSource
from infrahub_exporter import build_exporter

ROOT = Path(__file__).parent.parent.parent

__all__ = ["TestSqliteNodeSource", "TestSqliteSchemaSource"]
"""The suites that the example binds run here too."""


@pytest.mark.anyio
async def test_an_exporter_is_embedded_without_http(capsys: pytest.CaptureFixture[str]) -> None:
    await embedding.main()
    assert capsys.readouterr().out == (
        "2 series; ready: True\n"
        'infrahub_infradevice_info{id="lyon-1",hfid="InfraDevice__lyon-leaf1",name="lyon-leaf1",'
        'site="LocationSite__lyon"} 1\n'
        "('192.0.2.1',) lyon\n"
    )


@pytest.mark.anyio
async def test_the_inventory_stands_in_a_registry_of_the_host(capsys: pytest.CaptureFixture[str]) -> None:
    await own_registry.main()
    lines = [line for line in capsys.readouterr().out.splitlines(keepends=True) if "host_jobs_created" not in line]
    assert "".join(lines) == (
        "# HELP host_jobs_total Jobs that this service has done.\n"
        "# TYPE host_jobs_total counter\n"
        "host_jobs_total 3.0\n"
        "# HELP infrahub_infradevice_info Nodes of kind InfraDevice in Infrahub.\n"
        "# TYPE infrahub_infradevice_info gauge\n"
        'infrahub_infradevice_info{hfid="InfraDevice__lyon-leaf1",id="lyon-1",name="lyon-leaf1",'
        'site="LocationSite__lyon"} 1.0\n'
        'infrahub_infradevice_info{hfid="InfraDevice__lyon-leaf2",id="lyon-2",name="lyon-leaf2",'
        'site="LocationSite__lyon"} 1.0\n'
    )


def test_two_exporters_live_in_one_litestar() -> None:
    lyon, paris = (build_exporter(settings(), source=network(site)) for site in ("lyon", "paris"))
    with TestClient(litestar_host.create_host(lyon, paris)) as client:
        client.blocking_portal.call(lyon.refresh)
        client.blocking_portal.call(paris.refresh)
        assert client.get("/").json() == {"lyon": "/lyon/metrics", "paris": "/paris/metrics"}
        for site, other in (("lyon", "paris"), ("paris", "lyon")):
            text = client.get(f"/{site}/metrics").text
            assert f'name="{site}-leaf1"' in text
            assert other not in text
            targets = client.get(f"/{site}/sd/devices").json()
            assert [group["labels"]["site"] for group in targets] == [site, site]
            assert client.get(f"/{site}/-/ready").status_code == 200


def test_the_service_runs_in_any_asgi_server(capsys: pytest.CaptureFixture[str]) -> None:
    with TestClient(asgi.service()) as client:
        assert client.get("/").text == "OK"
        groups = client.get("/sd/devices").json()
    assert groups[0]["labels"]["__meta_infrahub_kind"] == "DcimDevice"
    assert capsys.readouterr().out == ""


@pytest.mark.anyio
async def test_a_source_of_ones_own_is_exported(capsys: pytest.CaptureFixture[str]) -> None:
    await sqlite_source.main()
    assert capsys.readouterr().out == "('192.0.2.1',) lyon\n('192.0.2.2',) lyon\n"


def test_the_guide_shows_the_examples_as_they_are() -> None:
    guide = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    programs = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.py"))]
    shown = re.findall(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert len(shown) == 6
    assert [part for part in shown if not any(part in program for program in programs)] == []
