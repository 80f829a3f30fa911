"""Booleans stay as the earlier exporter wrote them, as long as somebody says so."""

from collections.abc import Mapping

import pytest

from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.domain.model import AttributeSchema, KindSchema

pytestmark = pytest.mark.anyio
SCHEMA = [
    KindSchema(
        kind,
        {
            "name": AttributeSchema("name", "Text"),
            "suspend": AttributeSchema("suspend", "Boolean"),
            "facts": AttributeSchema("facts", "JSON"),
        },
        {},
    )
    for kind in ("LabDevice", "LabRack")
]
NODES: list[Mapping[str, object]] = [
    {"id": "1", "kind": "LabDevice", "hfid": ("a",), "name": "a", "suspend": True, "facts": [True]},
    {"id": "2", "kind": "LabDevice", "hfid": ("b",), "name": "b", "suspend": False},
    {"id": "3", "kind": "LabRack", "hfid": ("r",), "name": "r", "suspend": True},
]


async def published(compat: Mapping[str, str]) -> tuple[list[str], bytes]:
    mapped = {"target_field": "name", "label_mappings": {"suspend": "suspend"}}
    tree = {
        "infrahub": {"address": "http://a"},
        "compat": compat,
        "metrics": {
            "kind": [
                {"kind": "LabDevice", "include": ["suspend", "facts"]},
                {"kind": "LabRack", "include": ["suspend"], "booleans": "true"},
            ]
        },
        "service_discovery": {"enabled": True, "queries": [{"kind": "LabRack", **mapped}]},
    }
    subject = build_exporter(parse_settings(tree), source=MemorySource(NODES, schema=SCHEMA))
    await subject.refresh()
    lines = [line for line in subject.metrics_text().splitlines() if line.startswith("infrahub_lab")]
    return sorted(lines), await subject.discovery("labrack")


async def test_they_are_written_as_json_does() -> None:
    lines, body = await published({})
    assert lines == [
        'infrahub_labdevice_info{id="1",hfid="LabDevice__a",suspend="true",facts="[true]"} 1',
        'infrahub_labdevice_info{id="2",hfid="LabDevice__b",suspend="false",facts=""} 1',
        'infrahub_labrack_info{id="3",hfid="LabRack__r",suspend="true"} 1',
    ]
    assert b'"suspend":"true"' in body


async def test_or_as_python_does_but_for_the_entries_that_say_otherwise() -> None:
    lines, body = await published({"booleans": "True"})
    assert lines == [
        'infrahub_labdevice_info{id="1",hfid="LabDevice__a",suspend="True",facts="[true]"} 1',
        'infrahub_labdevice_info{id="2",hfid="LabDevice__b",suspend="False",facts=""} 1',
        'infrahub_labrack_info{id="3",hfid="LabRack__r",suspend="true"} 1',
    ]
    assert b'"suspend":"True"' in body
