"""Nodes that are in no list of targets: counted, named on the page, and answered whole."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from infrahub_exporter.adapters.http.page import render
from infrahub_exporter.adapters.http.routes import build_router
from infrahub_exporter.app.configuration.settings import Settings, parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.specs import UncoveredSpec
from infrahub_exporter.domain.errors import ConfigError

pytestmark = pytest.mark.anyio
YARD = Path(__file__).parent / "targets"
TEAMS = {
    "name": "teams",
    "kind": "CoreStandardGroup",
    "rows": "members[YardBox]",
    "target_field": ["panel.address.ip", "spare.address.ip"],
    "label_mappings": {"box": "label"},
}
BOXES = {"kind": "YardBox"}


def settings(uncovered: object, *queries: dict[str, Any], enabled: bool = True) -> Settings:
    files = {"schema": [str(YARD / "schema.yml")], "objects": [str(YARD / "objects.yml")]}
    discovery = {"enabled": enabled, "queries": list(queries), "uncovered": uncovered}
    return parse_settings({"infrahub": {"embedded": files}, "service_discovery": discovery}, directory=YARD)


def names(subject: Exporter) -> dict[str, list[str | None] | None]:
    return {
        each.kind: None if each.nodes is None else [node.name for node in each.nodes]
        for each in subject.status.uncovered
    }


async def test_what_is_in_no_list_is_counted_and_named() -> None:
    cranes = {"kind": "YardCrane", "where": {"duty": "lift"}, "exclude": {"label": "crane4"}}
    subject = build_exporter(settings([BOXES, cranes, {"kind": "YardRound"}, BOXES], TEAMS))
    await subject.refresh()
    assert names(subject) == {
        "YardBox": ["crane3", "crane4"],
        "YardCrane": ["crane3"],
        "YardRound": ["all", "hourly", "lifts"],
        "YardBox#2": ["crane3", "crane4"],
    }
    own = subject.own_metrics_body().decode()
    assert [line for line in own.splitlines() if line.startswith("infrahub_exporter_uncovered_nodes{")] == [
        'infrahub_exporter_uncovered_nodes{kind="YardBox"} 2.0',
        'infrahub_exporter_uncovered_nodes{kind="YardCrane"} 1.0',
        'infrahub_exporter_uncovered_nodes{kind="YardRound"} 3.0',
        'infrahub_exporter_uncovered_nodes{kind="YardBox#2"} 2.0',
    ]
    assert b"<dt>YardRound</dt><dd>3: all, hourly, lifts</dd>" in render(subject.status, now=0.0)


async def test_what_a_row_belongs_to_is_in_a_list_as_well_as_the_row() -> None:
    scales = {"kind": "YardScale", "rows": "channels[]", "target_field": "^panel.address.ip", "port_field": "port"}
    subject = build_exporter(settings([BOXES, {"kind": "CoreStandardGroup"}], scales, TEAMS))
    await subject.refresh()
    assert names(subject) == {"YardBox": ["crane3", "crane4"], "CoreStandardGroup": []}
    assert b"<dt>CoreStandardGroup</dt><dd>0</dd>" in render(subject.status, now=0.0)


async def test_before_every_list_was_read_well_nobody_knows() -> None:
    subject = build_exporter(settings(BOXES, TEAMS, {**TEAMS, "name": "wrong", "target_field": "nobody"}))
    await subject.refresh()
    assert names(subject) == {"YardBox": None}
    assert "infrahub_exporter_uncovered_nodes{" not in subject.own_metrics_body().decode()
    assert b"<dt>YardBox</dt><dd>not known yet</dd>" in render(subject.status, now=0.0)
    async with AsyncTestClient(Litestar([build_router(subject, page_is_open=True)])) as client:
        answer = await client.get("/-/uncovered")
        assert (answer.status_code, answer.json()["title"]) == (503, "Not known yet")


async def test_of_many_the_page_names_some() -> None:
    subject = build_exporter(settings(BOXES))
    await subject.refresh()
    (every,) = subject.status.uncovered
    assert every.nodes is not None
    many = msgspec.structs.replace(every, nodes=every.nodes * 5)
    page = render(msgspec.structs.replace(subject.status, uncovered=(many,)), now=0.0)
    assert b"<dt>YardBox</dt><dd>25: crane1, crane2," in page
    assert b", and 5 more</dd>" in page


async def test_all_of_them_are_answered_to_whom_the_page_is_shown() -> None:
    subject = build_exporter(settings(BOXES, TEAMS))
    await subject.refresh()
    async with AsyncTestClient(Litestar([build_router(subject, page_is_open=True)])) as client:
        answer = await client.get("/-/uncovered")
        assert answer.headers["content-type"] == "application/json"
        assert [(each["kind"], [node["name"] for node in each["nodes"]]) for each in json.loads(answer.content)] == [
            ("YardBox", ["crane3", "crane4"])
        ]
    async with AsyncTestClient(Litestar([build_router(subject)])) as client:
        answer = await client.get("/-/uncovered")
        assert (answer.status_code, answer.json()["title"]) == (403, "Not allowed")


async def test_without_such_kinds_there_are_none() -> None:
    subject = build_exporter(settings([], TEAMS))
    await subject.refresh()
    async with AsyncTestClient(Litestar([build_router(subject, page_is_open=True)])) as client:
        assert (await client.get("/-/uncovered")).json() == []
    assert b"In no list of targets" not in render(subject.status, now=0.0)


async def test_a_reload_goes_on_from_the_nodes_that_were_there() -> None:
    before = build_exporter(settings(BOXES, TEAMS))
    await before.refresh()
    after = build_exporter(settings([BOXES, {"kind": "YardRound"}], TEAMS))
    left = before.handover()
    await after.resume(msgspec.structs.replace(left, source=after._source))
    assert names(after) == {"YardBox": ["crane3", "crane4"], "YardRound": None}
    last = build_exporter(settings([], TEAMS))
    await last.resume(msgspec.structs.replace(after.handover(), source=last._source))
    assert names(last) == {}


def test_one_kind_may_stand_without_a_list() -> None:
    assert settings(BOXES).uncovered == settings([BOXES]).uncovered == (UncoveredSpec(kind="YardBox"),)
    assert settings(BOXES, enabled=False).uncovered == ()


@pytest.mark.parametrize(
    ("uncovered", "problem"),
    [
        ("YardBox", "uncovered: expected a mapping with keys such as kind, or a list of mappings, got text"),
        ([{"kind": "YardBox", "where": {"a..b": 1}}], "uncovered[0]: path 'a..b': expected names joined by dots"),
        ({"kind": "YardBox", "rows": "x"}, "uncovered.rows: unknown key, expected one of kind, filters, where"),
        ({"where": {"a": 1}}, "uncovered.kind: expected the name of a kind, such as InfraDevice, got nothing"),
    ],
)
def test_what_cannot_be_is_refused(uncovered: object, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        settings(uncovered)
    assert str(raised.value).startswith(f"settings: service_discovery.{problem}")
