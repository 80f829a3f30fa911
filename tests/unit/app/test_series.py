"""Metrics by name, from the configuration to what is published, over changes, reloads and restarts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.configuration.settings import Settings, parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter

pytestmark = pytest.mark.anyio
HARBOUR = Path(__file__).parent / "harbour"
SHIPS = {"name": "ships", "kind": "PortShip", "count": {"by": {"state": "state", "kind": "__typename"}}}


def settings(*series: Mapping[str, Any], **others: Any) -> Settings:
    files = {"schema": [str(HARBOUR / "schema.yml")], "objects": [str(HARBOUR / "objects.yml")]}
    tree = {"infrahub": {"embedded": files}, "metrics": {"prefix": "port_", "series": list(series)}, **others}
    return parse_settings(tree)


def harbour(*series: Mapping[str, Any], **others: Any) -> tuple[Exporter, EmbeddedInfrahub]:
    infrahub = EmbeddedInfrahub.load([HARBOUR / "schema.yml"], [HARBOUR / "objects.yml"])
    reader = InfrahubReader(EmbeddedTransport(infrahub), clock=SystemClock(), page_size=2)
    return build_exporter(settings(*series, **others), source=reader, environment={}), infrahub


def lines(subject: Exporter) -> list[str]:
    text = subject.metrics_text()
    return sorted(line for line in text.splitlines() if line.startswith("port_"))


async def shown(*series: Mapping[str, Any]) -> list[str]:
    subject, _ = harbour(*series)
    await subject.refresh()
    assert [str(entry.error) for entry in subject.status.entries if entry.error is not None] == []
    return lines(subject)


async def test_a_row_has_exactly_the_labels_that_are_named() -> None:
    labels = {"ship": "call_sign", "kind": "__typename", "groups": "member_of_groups[].name", "tonnes": "tonnes"}
    assert await shown({"name": "ship_info", "kind": "PortShip", "value": 1, "labels": labels}) == [
        'port_ship_info{ship="dora",kind="PortTanker",groups="night,pilots",tonnes="80"} 1',
        'port_ship_info{ship="emil",kind="PortTanker",groups="",tonnes="40"} 1',
        'port_ship_info{ship="fritz",kind="PortTug",groups="night",tonnes=""} 1',
    ]


async def test_counts_have_what_is_there_and_with_zeros_every_choice() -> None:
    assert await shown(SHIPS) == [
        'port_ships{state="idle",kind="PortTanker"} 1',
        'port_ships{state="idle",kind="PortTug"} 1',
        'port_ships{state="sailing",kind="PortTanker"} 1',
    ]
    assert await shown({**SHIPS, "count": {**SHIPS["count"], "zeros": ["state"]}}) == [  # type: ignore[dict-item]
        'port_ships{state="idle",kind="PortTanker"} 1',
        'port_ships{state="idle",kind="PortTug"} 1',
        'port_ships{state="loading",kind="PortTanker"} 0',
        'port_ships{state="loading",kind="PortTug"} 0',
        'port_ships{state="sailing",kind="PortTanker"} 1',
        'port_ships{state="sailing",kind="PortTug"} 0',
    ]


async def test_a_count_by_nothing_is_there_when_it_is_0() -> None:
    late = {"name": "voyages_late", "kind": "PortVoyage", "count": {"by": {}}}
    assert await shown({**late, "where": {"late": True}}) == ["port_voyages_late 1"]
    assert await shown({**late, "exclude": {"late": [True, False]}}) == ["port_voyages_late 0"]


async def test_one_row_for_each_membership_counts_memberships() -> None:
    by_group = {"name": "ships_by_group", "kind": "PortShip", "rows": "member_of_groups[]"}
    assert await shown({**by_group, "count": {"by": {"group": "name"}}}) == [
        'port_ships_by_group{group="night"} 2',
        'port_ships_by_group{group="pilots"} 1',
    ]


async def test_a_value_is_read_by_its_kind_in_the_schema() -> None:
    voyage = {"kind": "PortVoyage", "labels": {"code": "code"}}
    assert await shown(
        {**voyage, "name": "late", "value": "late"},
        {**voyage, "name": "sailed_timestamp_seconds", "value": "sailed_at"},
        {**voyage, "name": "draught_metres", "value": "draught"},
        {**voyage, "name": "pace", "value": "grade", "state_label": "pace"},
        {
            "name": "kilograms",
            "kind": "PortTanker",
            "value": {"path": "tonnes", "times": 1000},
            "labels": {"ship": "call_sign"},
        },
    ) == [
        'port_draught_metres{code="v1"} 7.5',
        'port_kilograms{ship="dora"} 80000',
        'port_kilograms{ship="emil"} 40000',
        'port_late{code="v1"} 1',
        'port_late{code="v2"} 0',
        'port_late{code="v3"} 0',
        'port_pace{code="v1",pace="fast"} 1',
        'port_pace{code="v1",pace="slow"} 0',
        'port_sailed_timestamp_seconds{code="v1"} 1772366400',
        'port_sailed_timestamp_seconds{code="v2"} 1772359200',
    ]
