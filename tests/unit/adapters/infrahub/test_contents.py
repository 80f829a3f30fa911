"""The files of file objects: fetched by checksum, left out one by one where they are bad."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub import contents
from infrahub_exporter.adapters.infrahub.contents import weight
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.columns import CONTENT, Column, Hop
from infrahub_exporter.domain.asking.paths import Step
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.errors import SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.model import BadContent
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.publishing.limits import Limits

pytestmark = pytest.mark.anyio
SCHEMA = """
version: "1.0"
nodes:
  - name: File
    namespace: Lab
    inherit_from: [CoreFileObject]
    human_friendly_id: [name__value]
    attributes: [{name: name, kind: Text, unique: true}]
    relationships: [{name: files, peer: LabFile, cardinality: many, direction: outbound, optional: true}]
"""
OBJECTS = """
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: LabFile
  data: [{name: one, file: one.yml}, {name: again, file: one.yml}, {name: two, file: two.json, files: [one, two]}]
"""
MODULE = (Step(""), Step("snmp"), Step("module"))
PORTS = (Step(""), Step("ports", many=True))


def content(*steps: Step, hops: tuple[Hop, ...] = ()) -> Column:
    return Column("content", hops, "checksum", CONTENT, inner=steps)


NAME = Column("name", (), "name", "value")
SELECTION = Selection("LabFile", (NAME, content(*MODULE), content(*PORTS)))
FILES = "/api/storage/files/"


LATER = 4e9
"""What Infrahub takes for now."""


class Between:
    """A transport that counts files, and answers for some of them what it is told to."""

    def __init__(self, infrahub: EmbeddedInfrahub) -> None:
        self._transport = EmbeddedTransport(infrahub)
        self.replies: Mapping[str, Reply] = {}
        self.files: list[str] = []

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        return await self._transport.graphql(document, variables, at=at)

    async def get(self, path: str) -> Reply:
        if not path.startswith(FILES):
            return await self._transport.get(path)
        identifier = path.removeprefix(FILES).partition("?")[0]
        self.files.append(identifier)
        return self.replies.get(identifier) or await self._transport.get(path)

    async def close(self) -> None:
        pass


class World:
    """An embedded Infrahub of three file objects, two of them with the same file, and what reads it."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        (folder / "schema.yml").write_text(SCHEMA)
        (folder / "objects.yml").write_text(OBJECTS)
        (folder / "one.yml").write_text("snmp: {module: if_mib}\nports: [1, 2]\n")
        (folder / "two.json").write_text('{"snmp": {"module": "cisco"}}')
        self.infrahub = EmbeddedInfrahub.load([folder / "schema.yml"], [folder / "objects.yml"])
        self.between = Between(self.infrahub)
        self.reader = InfrahubReader(self.between, clock=SystemClock(), page_size=2, limits=limits)

    async def rows(self, selection: Selection = SELECTION) -> list[tuple[object, ...]]:
        return [row.values async for page in self.reader.pages(selection, at=LATER) for row in page.rows]

    async def ids(self) -> dict[object, str]:
        return {
            row.values[0]: row.id
            async for page in self.reader.pages(Selection("LabFile", (NAME,)), at=LATER)
            for row in page.rows
        }

    def upload(self, identifier: str, content: bytes) -> None:
        operations = {
            "query": "mutation ($id: String, $file: Upload) { LabFileUpdate(data: {id: $id}, file: $file) { ok } }",
            "variables": {"id": identifier, "file": None},
        }
        parts = [
            ('name="operations"', json.dumps(operations).encode()),
            ('name="map"', b'{"0": ["variables.file"]}'),
            ('name="0"; filename="new.yml"', content),
        ]
        lines = [
            b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), body) for head, body in parts
        ]
        reply = self.infrahub.handle(
            "POST", "/graphql/main", {"content-type": "multipart/form-data; boundary=x"}, b"".join(lines) + b"--x--\r\n"
        )
        assert msgspec.json.decode(reply.body) == {"data": {"LabFileUpdate": {"ok": True}}}


async def test_a_file_is_fetched_once_for_all_paths_and_all_nodes_that_have_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    expected = [("one", "if_mib", (1, 2)), ("again", "if_mib", (1, 2)), ("two", "cisco", ())]
    assert await world.rows() == expected
    assert await world.rows() == expected
    assert len(world.between.files) == 2
    assert world.reader.tally.requests["content", "ok"] == 2


async def test_a_file_is_fetched_again_where_its_checksum_or_the_path_is_a_new_one(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.rows()
    ids = await world.ids()
    world.between.files.clear()
    world.upload(ids["again"], b"snmp: {module: other}")
    world.upload(ids["two"], b'{"snmp": {"module": "cisco"}}')
    assert await world.rows() == [("one", "if_mib", (1, 2)), ("again", "other", ()), ("two", "cisco", ())]
    assert world.between.files == [ids["again"]]
    assert await world.rows(Selection("LabFile", (content(),))) == [
        ({"snmp": {"module": "if_mib"}, "ports": [1, 2]},),
        ({"snmp": {"module": "other"}},),
        ({"snmp": {"module": "cisco"}},),
    ]
    assert len(world.between.files) == 4


def test_a_value_weighs_what_is_in_it() -> None:
    assert weight(None) == weight("short") == weight(BadContent()) == 1
    assert weight("x" * 640) == 11
    assert weight({"a": [1, 2], "b": "x" * 64}) == 8


async def test_what_was_found_is_remembered_within_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "_MOST_KNOWN", 6)
    world = World(tmp_path)
    expected = [("one", "if_mib", (1, 2)), ("again", "if_mib", (1, 2)), ("two", "cisco", ())]
    assert await world.rows() == expected
    assert len(world.between.files) == 2, "one value and three, twice over, are too much together"
    assert await world.rows() == expected
    assert len(world.between.files) == 4
    assert world.reader._contents._weight == sum(world.reader._contents._weights.values()) <= 6


async def test_files_are_found_over_relations(tmp_path: Path) -> None:
    over = (Hop("files", many=True, peer="LabFile"),)
    rows = await World(tmp_path).rows(
        Selection("LabFile", (NAME, content(*MODULE, hops=over), content(*PORTS, hops=over)))
    )
    assert rows == [("one", (), ()), ("again", (), ()), ("two", ("if_mib", "cisco"), (1, 2))]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(200, {}, b"other"), "it is not what its checksum says"),
        (Reply(404, {}, b'{"errors": [{"message": "gone"}]}'), "Infrahub does not have this (404): gone"),
        (Reply(500, {}, b"Internal Server Error"), "Infrahub cannot answer (500)"),
    ],
)
async def test_a_file_that_cannot_be_had_is_bad_for_its_node_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, reply: Reply, reason: str
) -> None:
    world = World(tmp_path)
    two = (await world.ids())["two"]
    world.between.replies = {two: reply}
    with caplog.at_level(logging.WARNING):
        rows = await world.rows()
    bad = BadContent(may_pass=True)
    assert rows == [("one", "if_mib", (1, 2)), ("again", "if_mib", (1, 2)), ("two", bad, (bad,))]
    assert (await world.rows())[2] == ("two", bad, (bad,))
    assert caplog.messages == [f"the file of {two} is left out until it can be had: {reason}"]
    world.between.replies = {}
    assert (await world.rows())[2] == ("two", "cisco", ())


async def test_a_broken_file_is_asked_for_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(tmp_path)
    two = (await world.ids())["two"]
    world.upload(two, b"secret: [hunter2")
    with caplog.at_level(logging.WARNING):
        assert (await world.rows())[2] == ("two", BadContent(), (BadContent(),))
        assert (await world.rows())[2] == ("two", BadContent(), (BadContent(),))
    assert caplog.messages == [f"the file of {two} is left out: it is neither JSON nor YAML in line 2, column 1"]
    assert world.between.files.count(two) == 1


async def test_a_file_that_is_too_large_is_not_asked_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(tmp_path, Limits(max_response_bytes=35))
    ids = await world.ids()
    assert [row[0] for row in await world.rows() if BadContent() in row] == ["one", "again"]
    assert world.between.files == [ids["two"]]
    told = "is left out: it has 37 bytes, limits.max_response_bytes allows 35"
    assert caplog.messages == [f"the file of {ids['one']} {told}"]


async def test_a_file_with_too_many_values_is_bad(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(tmp_path, Limits(max_response_values=1000))
    two = (await world.ids())["two"]
    world.upload(two, b"ports: [" + b", ".join([b"1"] * 2000) + b"]")
    assert (await world.rows())[2] == ("two", BadContent(), (BadContent(),))
    expected = "Infrahub's answer has more values than limits.max_response_values allows (1000), some 2000"
    assert caplog.messages == [f"the file of {two} is left out: {expected}"]


@pytest.mark.parametrize(
    ("status", "error"), [(403, SourceRejectedError), (401, SourceRejectedError), (503, SourceUnavailableError)]
)
async def test_what_concerns_all_files_fails_the_read(tmp_path: Path, status: int, error: type[Exception]) -> None:
    world = World(tmp_path)
    world.between.replies = {identifier: Reply(status, {}, b"") for identifier in (await world.ids()).values()}
    with pytest.raises(error):
        await world.rows()


async def test_large_files_are_read_beside_the_event_loop(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.upload((await world.ids())["two"], b"ports: [" + b", ".join(b"%d" % each for each in range(5000)) + b"]")
    assert (await world.rows())[2] == ("two", None, tuple(range(5000)))
