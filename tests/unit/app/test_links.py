"""Links and sessions that are meant: rows over generics, far ends, both ends, equal ends."""

from pathlib import Path

import pytest

from infrahub_exporter import Exporter, build_exporter, load_settings

pytestmark = pytest.mark.anyio
FOLDER = Path(__file__).parent / "links"


async def refreshed() -> Exporter:
    warned: list[str] = []
    exporter = build_exporter(load_settings(FOLDER / "config.yml", {}, warned.append), environment={})
    await exporter.refresh()
    assert warned == []
    assert {entry.name: entry.error for entry in exporter.status.entries if entry.error} == {}
    return exporter


async def test_every_way_to_ask_for_links_and_sessions_gives_its_series() -> None:
    exporter = await refreshed()
    lines = [line for line in exporter.metrics_text().splitlines() if line.startswith("net_")]
    assert sorted(lines) == sorted((FOLDER / "expected.txt").read_text(encoding="utf-8").splitlines())


async def test_what_is_left_out_is_counted_by_its_reason() -> None:
    exporter = await refreshed()
    skipped = {
        entry.name: reasons
        for entry in exporter.status.entries
        if (reasons := {reason: count for reason, count in entry.skipped.items() if count})
    }
    assert skipped == {
        "net_of_ends": {"duplicate": 1},
        "net_protocols": {"duplicate": 1},
        "net_speed": {"no_value": 5},
    }


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("far", [("10.0.0.0", {"device": "r2", "far": "r1"}), ("10.0.0.1", {"device": "r1", "far": "r2"})]),
        ("peers", [("10.0.0.0", {"device": "r2", "asn": "65001"}), ("10.0.0.1", {"device": "r1", "asn": "65002"})]),
    ],
)
async def test_far_ends_are_targets(name: str, groups: list[tuple[str, dict[str, str]]]) -> None:
    exporter = await refreshed()
    found = [
        (*group.targets, {name: text for name, text in group.labels.items() if not name.startswith("__")})
        for group in exporter.target_groups(name)
    ]
    assert sorted(found, key=str) == groups
