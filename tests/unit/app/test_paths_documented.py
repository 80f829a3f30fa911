"""The examples of docs/paths.md, each asked of the network that it is about."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infrahub_exporter import build_exporter
from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.configuration.everything import MetricsSettings
from infrahub_exporter.app.configuration.infrahub import EmbeddedSettings, InfrahubSettings
from infrahub_exporter.app.configuration.settings import Settings
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.texts import text

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "paths.md").read_text(encoding="utf-8")
DEMO = EmbeddedSettings(
    schema=(ROOT / "demo" / "schema.yml",), objects=(ROOT / "demo" / "objects.yml", ROOT / "demo" / "files.yml")
)
FOLDER = Path(__file__).parent / "library"
LIBRARY = EmbeddedSettings(schema=(FOLDER / "schema.yml",), objects=(FOLDER / "objects.yml",))
TABLE = re.compile(r"^\| path of a `(\w+)` \|[^|]*\| for `([^`]+)` \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
ROWS = re.compile(r"^\| `rows` of a `(\w+)` \| paths \| rows for `([^`]+)` \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
CELL = re.compile(r"(?<!\\)\|")
REFUSED = re.compile(r"^kind (\w+) cannot be read: ('([^']+)': .*)$", re.MULTILINE)


class Table(NamedTuple):
    """A table of examples: paths from one node, and what each of them finds."""

    embedded: EmbeddedSettings
    kind: str
    name: str
    values: dict[str, str]


def code(cell: str) -> list[str]:
    return [each.replace("\\|", "|") for each in re.findall(r"`([^`]*)`", cell)]


def tables() -> list[Table]:
    """Read the tables; an empty cell is no value, several paths of a row have a value each."""
    found = []
    for match in TABLE.finditer(TEXT):
        of_library = match.start() > TEXT.index("### With OpsMill's schema library")
        values: dict[str, str] = {}
        for line in match[3].splitlines():
            _, paths, _, shown, _ = CELL.split(line)
            values |= dict(zip(code(paths), code(shown) or [""], strict=True))
        found.append(Table(LIBRARY if of_library else DEMO, match[1], match[2], values))
    return found


def test_there_are_examples() -> None:
    assert [len(table.values) for table in tables()] == [13, 3, 10, 4, 2, 6, 6, 6, 2]


@pytest.mark.parametrize("table", tables(), ids=lambda table: f"{table.kind} {table.name}")
async def test_each_path_leads_to_what_its_table_shows(table: Table) -> None:
    names = {f"label{number}": path for number, path in enumerate(table.values)}
    settings = Settings(
        infrahub=InfrahubSettings(embedded=table.embedded),
        metrics=MetricsSettings(kind=(MetricSpec(kind=table.kind, labels=names),)),
    )
    async with build_exporter(settings, environment={}) as exporter:
        await exporter.refresh()
        assert [entry.error for entry in exporter.status.entries] == [None]
        families = text_string_to_metric_families(exporter.metrics_text())
        samples = [sample.labels for family in families for sample in family.samples if "hfid" in sample.labels]
    labels = next(each for each in samples if each["hfid"].partition("__")[2] == table.name)
    assert {path: labels.get(name, "") for name, path in names.items()} == table.values


def rows() -> list[tuple[str, str, str, list[str], list[list[str]]]]:
    """Read the examples of rows: a kind, a node, the path to its rows, other paths, and what each row has there."""
    found = []
    for match in ROWS.finditer(TEXT):
        for line in match[3].splitlines():
            _, path, others, shown, _ = CELL.split(line)
            found.append((match[1], match[2], code(path)[0], code(others), [code(each) for each in shown.split(";")]))
    return found


@pytest.mark.parametrize(("kind", "name", "path", "others", "expected"), rows(), ids=lambda each: str(each)[:40])
async def test_each_node_has_the_rows_that_its_table_shows(
    kind: str, name: str, path: str, others: list[str], expected: list[list[str]]
) -> None:
    infrahub = EmbeddedInfrahub.load(DEMO.schema, DEMO.objects)
    reader = InfrahubReader(EmbeddedTransport(infrahub), clock=SystemClock(), page_size=100)
    kinds, following = Kinds(reader), Following(reader)
    selection = await kinds.select(kind, others, {}, path)
    view = following.view(*await kinds.plan(selection, in_pieces=True))
    delta, _ = await following.read(view, at=await reader.instant())
    found = {row.hfid[-1]: rows for row, rows in delta.found() if row.hfid}
    assert sorted([text(each) for values in row.values for each in values] for row in found[name]) == expected


@pytest.mark.parametrize(
    ("kind", "message", "path"), [each for each in REFUSED.findall(TEXT) if each[0] != "LabRouter"]
)
async def test_each_path_is_refused_in_the_words_of_the_page(kind: str, message: str, path: str) -> None:
    infrahub = EmbeddedInfrahub.load(DEMO.schema, [])
    kinds = Kinds(InfrahubReader(EmbeddedTransport(infrahub), clock=SystemClock(), page_size=10))
    with pytest.raises(SourceRejectedError) as raised:
        await kinds.select(kind, [path], {})
    assert str(raised.value) == message
