"""What the exporter refuses to read `check` refuses beforehand, in the same words."""

import re
from functools import cache
from pathlib import Path

import anyio
import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.cli import run
from infrahub_exporter.app.configuration.fitting import misfits
from infrahub_exporter.app.configuration.settings import load_settings, parse_settings
from infrahub_exporter.app.container import build_exporter
from tests.e2e.children import DEMO, free_port
from tests.faults.line import Line

DEVICES = "query ($name: String!) { DcimDevice(name__value: $name) { edges { node { id name { value } } } } }"
KIND = "metrics: {kind: [%s]}"
SERIES = "metrics: {series: [%s]}"
QUERY = "service_discovery: {enabled: true, queries: [%s]}"


def by_kind(more: str) -> str:
    return KIND % f"{{kind: DcimDevice, {more}}}"


def counted(more: str) -> str:
    return SERIES % f"{{name: devices, help: Devices., kind: DcimDevice, {more}}}"


def targets(more: str) -> str:
    return QUERY % f"{{name: listed, kind: DcimDevice, {more}}}"


def document(text: str, more: str = "") -> str:
    """Write an entry whose document stands in a comment, from where it comes into the file."""
    return QUERY % f"{{name: listed, file_path: listed.gql, target_field: name.value{more}}}" + f"\n# {text}"


BAD = {
    "an unknown kind": KIND % "{kind: DcimDevise, include: [name]}",
    "an unknown field": by_kind("include: [nmae]"),
    "an unknown field of a peer": by_kind("include: [site.nmae]"),
    "a path into a value": by_kind("include: [name.first]"),
    "a label of an unknown field": by_kind("labels: {x: nmae}"),
    "an unknown filter": by_kind("filters: {nmae__value: x}"),
    "an unknown filter over a relation": by_kind("filters: {site__nmae__value: x}"),
    "a filter of another type": by_kind("filters: {exporter_port__value: x}"),
    "a filter with a list": by_kind("filters: {name__value: [a, b]}"),
    "a filter over two relations": by_kind("filters: {site__region__name__value: x}"),
    "rows that are nowhere": counted("rows: 'interfces[]', value: 1, labels: {name: name}"),
    "rows that are values": counted("rows: name, value: 1, labels: {name: name}"),
    "a label of rows that is nowhere": counted("value: 1, labels: {name: nmae}"),
    "a value that is no number": counted("value: {path: site}, labels: {name: name}"),
    "a target that is nowhere": targets("target_field: nmae"),
    "a target that ends on a relation": targets("target_field: site"),
    "a port that ends on a relation": targets("target_field: name, port_field: site"),
    "a list with an unknown filter": targets("target_field: name, filters: {nmae__value: x}"),
    "a list of an unknown kind": QUERY % "{name: listed, kind: DcimDevise, target_field: name}",
    "a list of rows that are nowhere": targets("target_field: name, rows: 'interfces[]'"),
    "a stored query that is not there": QUERY % "{name: listed, stored: nowhere, target_field: name}",
    "series of a stored query that is not there": (
        SERIES % "{name: devices, help: Devices., query: {stored: nowhere}, value: 1, labels: {name: name}}"
    ),
    "a document with an unknown field": document("{ DcimDevice { edges { node { name { value } nmae { id } } } } }"),
    "a document of an unknown kind": document("{ DcimDevise { edges { node { name { value } } } } }"),
    "a document with an unknown filter": document(
        '{ DcimDevice(nmae__value: "x") { edges { node { name { value } } } } }'
    ),
    "a kind that nothing covers": (
        "service_discovery: {enabled: true, uncovered: {kind: DcimDevise}, "
        "queries: [{name: listed, kind: DcimDevice, target_field: name}]}"
    ),
}
GOOD = {
    "a kind": by_kind("include: [name, site.name], filters: {site__name__value: par1}"),
    "series": counted("value: 1, labels: {name: name}"),
    "a list": targets("target_field: name, port_field: exporter_port"),
    "a document": document("{ DcimDevice { edges { node { id name { value } } } } }"),
    "a document with variables": document(DEVICES, ", variables: {name: par1-leaf1}"),
    "a document whose variables a url gives": document(DEVICES, ", parameters: [name]"),
}


@cache
def infrahub() -> EmbeddedInfrahub:
    return EmbeddedInfrahub.load([DEMO / "schema.yml"], [DEMO / "objects.yml"])


def source() -> InfrahubReader:
    return InfrahubReader(EmbeddedTransport(infrahub()), clock=SystemClock(), page_size=500)


def checked(folder: Path, entries: str) -> str | None:
    path = folder / "config.yml"
    (folder / "listed.gql").write_text(entries.rpartition("\n# ")[2])
    path.write_text(f"infrahub: {{address: 'http://infrahub:8000', token: x}}\n{entries}\n")
    faults = anyio.run(misfits, load_settings(path, {}, lambda _: None), source())
    return "\n".join(map(str, faults)) or None


def refused(folder: Path) -> list[str]:
    """Return what a run refuses of the same."""
    exporter = build_exporter(load_settings(folder / "config.yml", {}, lambda _: None), source=source(), environment={})
    anyio.run(exporter.refresh)
    return [str(each.error) for each in exporter.status.entries if each.error is not None]


@pytest.mark.parametrize("entries", BAD.values(), ids=BAD.keys())
def test_check_says_of_each_entry_that_the_run_refuses_what_the_run_says(tmp_path: Path, entries: str) -> None:
    said = checked(tmp_path, entries)
    (error,) = refused(tmp_path)
    assert said is not None
    assert said.partition(": ")[2] == error


@pytest.mark.parametrize("entries", GOOD.values(), ids=GOOD.keys())
def test_what_the_run_reads_is_good(tmp_path: Path, entries: str) -> None:
    assert checked(tmp_path, entries) is None
    assert refused(tmp_path) == []


STORED = """
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: CoreGraphQLQuery
  data: [{name: sites, query: "{ DcimDevice { edges { node { id name { value } site { node { id } } } } } }"}]
"""


def test_what_a_stored_query_does_not_ask_for_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "stored.yml").write_text(STORED)
    files = EmbeddedInfrahub.load([DEMO / "schema.yml"], [tmp_path / "stored.yml"])
    entries = [{"name": target, "stored": "sites", "target_field": target} for target in ("name", "nmae", "site")]
    settings = parse_settings(
        {
            "infrahub": {"address": "http://infrahub", "token": "x"},
            "service_discovery": {"enabled": True, "queries": entries},
        }
    )
    reader = InfrahubReader(EmbeddedTransport(files), clock=SystemClock(), page_size=500)
    assert list(map(str, anyio.run(misfits, settings, reader))) == [
        "service_discovery.queries[1]: target_field: the query does not ask for 'nmae', did you mean 'name'?",
        (
            "service_discovery.queries[2]: target_field: 'site': expected a path that ends on an attribute, "
            "got one that ends on a relation"
        ),
    ]


def test_check_says_so_of_every_entry_at_once(tmp_path: Path) -> None:
    said = checked(
        tmp_path, "metrics: {kind: [{kind: DcimDevise}, {kind: DcimDevice}, {kind: DcimRack, include: [x]}]}"
    )
    assert str(said).splitlines() == [
        "metrics.kind[0]: Infrahub has no kind 'DcimDevise', did you mean 'DcimDevice'?",
        "metrics.kind[2]: Infrahub has no kind 'DcimRack', did you mean 'DcimInterface'?",
    ]


ASKED = "{ DcimDevice { edges { node { id name { value } site { node { name { value } } } } } } }"


LISTED = QUERY % "{file_path: listed.gql, target_field: %s}"
MEASURED = (
    SERIES % "{name: x, help: X., query: {file_path: listed.gql}, rows: 'DcimDevice[]', value: 1, labels: {x: %s}}"
)


@pytest.mark.parametrize(
    ("entry", "place", "path"),
    [
        (LISTED % "nmae.value", "service_discovery.queries[0].target_field", "'nmae.value', did you mean 'name'?"),
        (LISTED % "name, port_field: port", "service_discovery.queries[0].port_field", "'port'"),
        (
            LISTED % "name, rows: 'DcimDevise[]'",
            "service_discovery.queries[0].rows",
            "'DcimDevise[]', did you mean 'DcimDevice'?",
        ),
        (
            LISTED % "name, label_mappings: {site: site.node.nam.value}",
            "service_discovery.queries[0].label_mappings.site",
            "'site.node.nam.value', did you mean 'name'?",
        ),
        (MEASURED % "serial.value", "metrics.series[0].labels.x", "'serial.value'"),
    ],
)
def test_a_path_that_no_answer_of_a_query_can_contain_is_refused_without_infrahub(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entry: str, place: str, path: str
) -> None:
    (tmp_path / "listed.gql").write_text(ASKED)
    file = tmp_path / "config.yml"
    file.write_text(f"infrahub: {{address: 'http://infrahub:8000', token: x}}\n{entry}\n")
    assert run(["check", "--config", str(file)]) == 2
    assert capsys.readouterr().err == f"infrahub-exporter: {file}: {place}: the query does not ask for {path}\n"


def test_a_start_warns_of_such_a_path_and_serves_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "listed.gql").write_text(ASKED)
    file = tmp_path / "config.yml"
    more = "{name: good, file_path: listed.gql, target_field: name}"
    entry = QUERY % f"{{name: bad, file_path: listed.gql, target_field: name, port_field: port}}, {more}"
    file.write_text(f"infrahub: {{address: 'http://infrahub:8000', token: x}}\n{entry}\n")
    exporter = build_exporter(load_settings(file, {}, lambda _: None), source=source(), environment={})
    anyio.run(exporter.refresh)
    said = f"{file}: service_discovery.queries[0].port_field: the query does not ask for 'port'"
    assert caplog.messages[0] == said
    assert [each.success for each in exporter.status.entries] == [False, True]


def config(folder: Path, address: str, include: str, seconds: float = 30.0) -> Path:
    path = folder / "config.yml"
    infrahub = f"{{address: '{address}', token: x, timeout_seconds: {seconds:g}}}"
    path.write_text(f"infrahub: {infrahub}\n{by_kind(f'include: [{include}]')}\n")
    return path


def test_check_asks_a_real_infrahub_where_it_is_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Line(DEMO / "schema.yml", DEMO / "objects.yml").serving() as line:
        path = config(tmp_path, line.address, "nmae")
        assert run(["check", "--config", str(path)]) == 0
        assert line.asked == 0
        capsys.readouterr()
        assert run(["check", "--online", "--config", str(path)]) == 2
        said = "metrics.kind[0]: 'nmae': DcimDevice has no field 'nmae', did you mean 'name'?"
        assert capsys.readouterr() == ("", f"infrahub-exporter: {path}: {said}\n")
        assert run(["check", "--online", "--config", str(config(tmp_path, line.address, "name"))]) == 0


def test_an_infrahub_that_does_not_answer_check_is_trouble_and_no_bad_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(tmp_path, f"http://127.0.0.1:{free_port()}", "name", 1.0)
    assert run(["check", "--online", "--config", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        r"infrahub-exporter: (Infrahub cannot be reached: .*|no answer from Infrahub within 1 s)", err.splitlines()[-1]
    )
