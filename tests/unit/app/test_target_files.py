"""Lists of targets that are written for `file_sd_configs`."""

import logging
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from infrahub_exporter.adapters.http.page import render
from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import JSON, AttributeSchema, KindSchema
from infrahub_exporter.domain.ports import Page
from infrahub_exporter.domain.publishing.saved import fingerprint
from tests.unit.app.test_exporter import Ticks

pytestmark = pytest.mark.anyio
SCHEMA = (KindSchema("LabProbe", {"ip": AttributeSchema("ip", "Text")}, {}),)
DOCUMENT = "{ LabProbe { edges { node { ip { value } } } } }"
ANSWER: Mapping[str, JSON] = {"LabProbe": {"edges": [{"node": {"ip": {"value": "10.0.0.1"}}}]}}
BODY = b'[{"targets":["10.0.0.1"],"labels":{"__meta_infrahub_kind":"LabProbe"}}]'
BY_KIND = b'[{"targets":["10.0.0.1"],"labels":{"__meta_infrahub_id":"1","__meta_infrahub_kind":"LabProbe"}}]'


def by_file(path: Path | None) -> DiscoverySpec:
    file = None if path is None else str(path)
    return DiscoverySpec(name="probes", paths=("/sd/probes",), target_field="ip", document=DOCUMENT, file=file)


def by_kind(path: Path) -> DiscoverySpec:
    return DiscoverySpec(name="kinds", paths=("/sd/kinds",), target_field="ip", kind="LabProbe", file=str(path))


class Probes(MemorySource):
    """One probe, unless it is away."""

    def __init__(self) -> None:
        super().__init__([{"id": "1", "kind": "LabProbe", "ip": "10.0.0.1"}], schema=SCHEMA, answers={DOCUMENT: ANSWER})
        self.is_away = False

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        self._ask()
        async for page in super().pages(selection, at=at, offset=offset):
            yield page

    async def run(self, document: str, variables: Mapping[str, JSON] | None = None) -> Mapping[str, JSON]:
        self._ask()
        return await super().run(document, variables)

    def _ask(self) -> None:
        if self.is_away:
            raise SourceUnavailableError("away")


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def exporter(inside: Probes, *specs: DiscoverySpec) -> Exporter:
    return Exporter(
        metrics=(), discoveries=specs, source=inside, clock=Ticks(), poll_interval_seconds=60.0, version="1.0"
    )


async def test_a_list_is_written_when_it_is_read_well_and_not_before(tmp_path: Path) -> None:
    inside = Probes()
    subject = exporter(inside, by_file(tmp_path / "probes.json"), by_kind(tmp_path / "kinds.json"))
    inside.is_away = True
    await subject.refresh()
    assert files(tmp_path) == []
    assert [each.is_written for each in subject.status.entries] == [None, None]
    inside.is_away = False
    await subject.refresh()
    assert (tmp_path / "probes.json").read_bytes() == BODY
    assert (tmp_path / "kinds.json").read_bytes() == BY_KIND
    assert [each.is_written for each in subject.status.entries] == [True, True]


async def test_a_list_that_stays_is_not_written_again_and_one_that_is_gone_is(tmp_path: Path) -> None:
    inside, path = Probes(), tmp_path / "probes.json"
    subject = exporter(inside, by_file(path))
    await subject.refresh()
    before = path.stat()
    await subject.refresh()
    assert path.stat() == before
    path.unlink()
    inside.is_away = True
    await subject.refresh()
    assert path.read_bytes() == BODY


async def test_the_first_request_for_a_list_writes_it_too(tmp_path: Path) -> None:
    path = tmp_path / "probes.json"
    assert await exporter(Probes(), by_file(path)).discovery("probes") == BODY
    assert path.read_bytes() == BODY


async def test_a_file_that_cannot_be_written_is_told_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "away" / "probes.json"
    subject = exporter(Probes(), by_file(path))
    caplog.set_level(logging.INFO, logger="infrahub_exporter")
    await subject.refresh()
    await subject.refresh()
    (status,) = subject.status.entries
    problem = f"{path}: No such file or directory"
    assert (status.success, status.is_written, status.write_error) == (True, False, problem)
    assert await subject.discovery("probes") == BODY
    assert [each.getMessage() for each in caplog.records if "file" in each.getMessage()] == [
        f"query probes: its file cannot be written: {problem}"
    ]
    assert f"its file cannot be written: {problem}".encode() in render(subject.status, now=0.0)
    assert 'infrahub_exporter_file_written{name="probes"} 0.0' in subject.own_metrics_body().decode()
    path.parent.mkdir()
    await subject.refresh()
    assert path.read_bytes() == BODY
    assert caplog.records[-1].getMessage() == "query probes: its file is written again"
    assert 'infrahub_exporter_file_written{name="probes"} 1.0' in subject.own_metrics_body().decode()


async def test_a_released_list_is_written(tmp_path: Path) -> None:
    inside, path = Probes(), tmp_path / "probes.json"
    many: list[JSON] = [{"node": {"ip": {"value": f"10.0.0.{number}"}}} for number in range(1, 41)]
    inside.answers = {DOCUMENT: {"LabProbe": {"edges": many}}}
    subject = exporter(inside, by_file(path))
    await subject.refresh()
    before = path.read_bytes()
    inside.answers = {DOCUMENT: ANSWER}
    await subject.refresh()
    assert path.read_bytes() == before
    assert await subject.release("probes")
    assert path.read_bytes() == BODY


async def test_after_a_reload_without_a_file_nothing_is_said_of_it(tmp_path: Path) -> None:
    inside = Probes()
    before = exporter(inside, by_file(tmp_path / "probes.json"))
    await before.refresh()
    after = exporter(inside, by_file(None))
    await after.resume(before.handover())
    (status,) = after.status.entries
    assert (status.published, status.is_written) == (1, None)


def test_a_relative_file_is_beside_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "probes.json").write_bytes(b"[]")
    (tmp_path / "etc").mkdir()
    query = {"kind": "LabProbe", "target_field": "ip", "file": "sd/../probes.json"}
    tree = {"infrahub": {"address": "http://x"}, "service_discovery": {"enabled": True, "queries": [query]}}
    (spec,) = parse_settings(tree, directory=tmp_path / "etc").discoveries
    assert spec.file == os.fspath(tmp_path / "etc" / "probes.json")


def test_where_a_list_is_written_makes_no_other_list_of_it(tmp_path: Path) -> None:
    assert fingerprint(by_file(tmp_path / "x.json")) == fingerprint(by_file(None))
