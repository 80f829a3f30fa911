"""What a file says in metrics, as the file changes: read when its checksum does, and left out while it is bad."""

import json
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.patience import PatientTransport
from infrahub_exporter.adapters.infrahub.probes import PING
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.app.refreshing.roster import Roster
from infrahub_exporter.domain.asking.columns import CONTENT
from infrahub_exporter.domain.asking.paths import Step
from infrahub_exporter.domain.asking.selection import Column, Selection
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from tests.unit.following.world import Times

pytestmark = pytest.mark.anyio
SCHEMA = """
version: "1.0"
nodes:
  - name: File
    namespace: Lab
    inherit_from: [CoreFileObject]
    human_friendly_id: [name__value]
    attributes: [{name: name, kind: Text, unique: true}]
  - name: Box
    namespace: Lab
    human_friendly_id: [name__value]
    attributes: [{name: name, kind: Text, unique: true}]
    relationships: [{name: file, peer: LabFile, cardinality: one, optional: true}]
"""
OBJECTS = """
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: LabFile
  data: [{name: f, file: f.yml}, {name: g, file: g.yml}]
---
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: LabBox
  data: [{name: a, file: f}, {name: b, file: f}, {name: c, file: g}, {name: d}]
"""


class Shown:
    """A sink that keeps the newest snapshot."""

    snapshot = Snapshot()

    async def publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def labels(self) -> list[tuple[str, ...]]:
        sections = [section for family in self.snapshot.families for section in family.sections]
        return sorted(sample.labels[2:] for section in sections for sample in section.samples)


class Between(EmbeddedTransport):
    """Answers something else in the place of files; `files` counts what was asked for of them."""

    def __init__(self, infrahub: EmbeddedInfrahub) -> None:
        super().__init__(infrahub)
        self.in_place: Reply | None = None
        self.files = 0

    async def get(self, path: str) -> Reply:
        is_file = path.startswith("/api/storage/files")
        self.files += is_file
        return self.in_place if is_file and self.in_place is not None else await super().get(path)


class Boxes:
    """Boxes with files in an embedded Infrahub, and what is published of them."""

    def __init__(self, folder: Path, *metrics: MetricSpec) -> None:
        for name, text in {"s.yml": SCHEMA, "o.yml": OBJECTS, "f.yml": "mode: x", "g.yml": "mode: y"}.items():
            (folder / name).write_text(text)
        self.times, self.shown = Times(), Shown()
        self.infrahub = EmbeddedInfrahub.load([folder / "s.yml"], [folder / "o.yml"], now=self.times.now)
        self.between = Between(self.infrahub)
        self.reader = InfrahubReader(self.between, clock=self.times, page_size=500)
        pool = Pool(self.reader, clock=self.times)
        entries = Roster(
            metrics=metrics or [MetricSpec(kind="LabBox", include=("name", "file.content.mode"))],
            discoveries=(),
            pool=pool,
            clock=self.times,
            outline=None,
            overlap_seconds=300.0,
            full_refresh_seconds=3600.0,
            guard=GuardSpec(enabled=False),
            limits=Limits(),
        )
        self.inventory = Inventory(
            entries,
            pool=pool,
            sinks=(self.shown,),
            clock=self.times,
            full_refresh_seconds=3600.0,
            refresh_timeout_seconds=60.0,
            figures=Figures(),
        )

    @property
    def fetched(self) -> int:
        return self.reader.tally.requests["content", "ok"]

    async def asks(self, rounds: int) -> list[int]:
        """Take rounds, half a minute apart, and tell at which of them a file was asked for."""
        found = []
        for number in range(rounds):
            before = self.between.files
            await self.round(30.0)
            if self.between.files > before:
                found.append(number)
        return found

    async def round(self, after: float = 10.0) -> dict[str, int]:
        """Take a round; return what is skipped."""
        await self.look(after)
        (status,) = self.inventory.entries.statuses
        assert status.error is None
        return dict(status.skipped)

    async def look(self, after: float = 10.0) -> None:
        self.times.wait(after)
        await self.inventory.round()

    def upload(self, name: str, content: bytes) -> None:
        query = f'mutation ($file: Upload) {{ LabFileUpdate(data: {{hfid: ["{name}"]}}, file: $file) {{ ok }} }}'
        parts = {
            'name="operations"': json.dumps({"query": query, "variables": {"file": None}}).encode(),
            'name="map"': b'{"0": ["variables.file"]}',
            'name="0"; filename="new.yml"': content,
        }
        lines = [
            b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), body)
            for head, body in parts.items()
        ]
        headers = {"content-type": "multipart/form-data; boundary=x"}
        assert (
            self.infrahub.handle("POST", "/graphql/main", headers, b"".join(lines) + b"--x--\r\n").body.count(b"true")
            == 1
        )


async def test_one_changed_file_costs_one_request_and_changes_what_shows_it(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path)
    assert await boxes.round() == {"duplicate": 0}
    assert boxes.shown.labels() == [("a", "x"), ("b", "x"), ("c", "y"), ("d", "")]
    boxes.upload("f", b"mode: z")
    await boxes.round()
    assert boxes.shown.labels() == [("a", "z"), ("b", "z"), ("c", "y"), ("d", "")]
    await boxes.round()
    assert boxes.fetched == 3


async def test_a_bad_file_leaves_out_the_nodes_that_show_it_until_it_is_mended(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path)
    await boxes.round()
    boxes.upload("f", b"mode: [")
    assert await boxes.round() == {"duplicate": 0, "bad_content": 2}
    assert boxes.shown.labels() == [("c", "y"), ("d", "")]
    (status,) = boxes.inventory.entries.statuses
    assert [each.partition(" ")[0] for each in status.examples["bad_content"]] == ["LabBox", "LabBox"]
    boxes.upload("g", b"mode: w")
    assert await boxes.round() == {"duplicate": 0, "bad_content": 2}
    boxes.upload("f", b"mode: x")
    assert await boxes.round() == {"duplicate": 0}
    assert boxes.shown.labels() == [("a", "x"), ("b", "x"), ("c", "w"), ("d", "")]


@pytest.mark.parametrize("reply", [Reply(404, {}, b""), Reply(500, {}, b""), Reply(200, {}, b"mode: other")])
async def test_a_file_that_cannot_be_had_is_asked_for_again_by_itself_ever_less_often(
    tmp_path: Path, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    boxes = Boxes(tmp_path)
    await boxes.round()
    boxes.upload("f", b"mode: z")
    boxes.between.in_place = reply
    assert await boxes.round() == {"duplicate": 0, "bad_content": 2}
    assert boxes.shown.labels() == [("c", "y"), ("d", "")]
    for _ in range(2):  # it was changed, and leaves the overlap of changes
        await boxes.round(200.0)
    assert await boxes.asks(30) == [0, 2, 6, 14, 24]
    assert len([each for each in caplog.messages if "is left out until it can be had" in each]) == 1
    boxes.between.in_place = None
    assert await boxes.asks(12) == [4]
    assert boxes.shown.labels() == [("a", "z"), ("b", "z"), ("c", "y"), ("d", "")]
    assert await boxes.asks(12) == []


async def test_a_file_that_cannot_be_had_at_first_is_there_at_the_next_look(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path)
    boxes.between.in_place = Reply(404, {}, b"")
    assert await boxes.round() == {"duplicate": 0, "bad_content": 3}
    boxes.between.in_place = None
    assert await boxes.round() == {"duplicate": 0}
    assert boxes.shown.labels() == [("a", "x"), ("b", "x"), ("c", "y"), ("d", "")]


async def test_a_file_that_is_bad_in_itself_is_not_asked_for_again(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path)
    await boxes.round()
    boxes.upload("f", b"mode: [")
    await boxes.round(400.0)
    await boxes.round(400.0)
    assert await boxes.asks(30) == []


async def test_nodes_whose_file_cannot_be_had_may_go(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path)
    boxes.between.in_place = Reply(404, {}, b"")
    await boxes.round()
    for kind, name in (("LabBox", "c"), ("LabFile", "g")):
        query = f'mutation {{ {kind}Delete(data: {{hfid: ["{name}"]}}) {{ ok }} }}'
        await boxes.between.graphql(query, {})
    assert await boxes.round(400.0) == {"duplicate": 0, "bad_content": 2}
    boxes.between.in_place = None
    assert await boxes.round(400.0) == {"duplicate": 0}


async def test_who_may_not_read_files_still_reads_what_is_beside_them(tmp_path: Path) -> None:
    beside = MetricSpec(kind="LabFile", include=("name",))
    boxes = Boxes(tmp_path, MetricSpec(kind="LabFile", include=("name", "content.mode")), beside)
    boxes.between.in_place = Reply(403, {}, b"")
    await boxes.look()
    told = [None if each.error is None else str(each.error) for each in boxes.inventory.entries.statuses]
    assert told == ["Infrahub does not allow this read (403)", None]
    assert boxes.shown.labels() == [("f",), ("g",)]
    boxes.between.in_place = None
    await boxes.look()
    assert boxes.shown.labels() == [("f",), ("f", "x"), ("g",), ("g", "y")]


class Silent(Between):
    """Loses the first questions for files, and is away when it is first looked for; a clock that goes with a look."""

    def __init__(self, infrahub: EmbeddedInfrahub, *, lost: int) -> None:
        super().__init__(infrahub)
        self._lost = lost
        self.looks = 0

    def monotonic(self) -> float:
        return anyio.current_time() + self.looks

    def wall(self) -> float:
        raise AssertionError("the wall clock must not matter here")

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        if document == PING:
            self.looks += 1
            if self.looks == 1:
                raise SourceUnavailableError("lost")
            return Reply(200, {}, b'{"data": {}}')
        return await super().graphql(document, variables, at=at)

    async def get(self, path: str) -> Reply:
        if path.startswith("/api/storage/files") and self.files < self._lost:
            self.files += 1
            await anyio.sleep_forever()
        return await super().get(path)


CONTENTS = Selection("LabFile", (Column("content.mode", (), "checksum", CONTENT, inner=(Step(""), Step("mode"))),))


async def test_a_file_whose_answer_was_lost_is_asked_for_again_as_soon_as_infrahub_answers(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path)
    silent = Silent(boxes.infrahub, lost=1)
    patient = PatientTransport(silent, clock=silent, deadline_seconds=30.0, hang_seconds=0.01)
    pages = InfrahubReader(patient, clock=boxes.times, page_size=500).pages(CONTENTS)
    assert sorted(str(row.values[0]) for row in (await anext(pages)).rows) == ["x", "y"]
    assert silent.files == 3


async def test_a_file_that_never_comes_ends_with_the_time_of_its_request(tmp_path: Path) -> None:
    boxes = Boxes(tmp_path)
    silent = Silent(boxes.infrahub, lost=1000)
    patient = PatientTransport(silent, clock=silent, deadline_seconds=5.0, hang_seconds=0.01)
    with pytest.raises(SourceUnavailableError, match=r"^no answer from Infrahub within 5 s$"):
        await anext(InfrahubReader(patient, clock=boxes.times, page_size=500).pages(CONTENTS))
    assert silent.files > 1
