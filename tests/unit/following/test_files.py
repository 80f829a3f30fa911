"""What a file says in metrics, as the file changes: read when its checksum does, and left out while it is bad."""

import json
from pathlib import Path

import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.refreshing.figures import Figures
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pool import Pool
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import Snapshot
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


class Boxes:
    """Boxes with files in an embedded Infrahub, and what is published of them."""

    def __init__(self, folder: Path) -> None:
        for name, text in {"s.yml": SCHEMA, "o.yml": OBJECTS, "f.yml": "mode: x", "g.yml": "mode: y"}.items():
            (folder / name).write_text(text)
        self.times, self.shown = Times(), Shown()
        self.infrahub = EmbeddedInfrahub.load([folder / "s.yml"], [folder / "o.yml"], now=self.times.now)
        self.reader = InfrahubReader(EmbeddedTransport(self.infrahub), clock=self.times, page_size=500)
        self.inventory = Inventory(
            metrics=[MetricSpec(kind="LabBox", include=("name", "file.content.mode"))],
            discoveries=(),
            pool=Pool(self.reader, clock=self.times),
            sinks=(self.shown,),
            clock=self.times,
            outline=None,
            overlap_seconds=300.0,
            full_refresh_seconds=3600.0,
            refresh_timeout_seconds=60.0,
            guard=GuardSpec(enabled=False),
            limits=Limits(),
            figures=Figures(),
        )

    @property
    def fetched(self) -> int:
        return self.reader.tally.requests["content", "ok"]

    async def round(self) -> dict[str, int]:
        """Take a round; return what is skipped."""
        self.times.wait(10.0)
        await self.inventory.round()
        (status,) = self.inventory.statuses
        assert status.error is None
        return dict(status.skipped)

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
    (status,) = boxes.inventory.statuses
    assert [each.partition(" ")[0] for each in status.examples["bad_content"]] == ["LabBox", "LabBox"]
    boxes.upload("g", b"mode: w")
    assert await boxes.round() == {"duplicate": 0, "bad_content": 2}
    boxes.upload("f", b"mode: x")
    assert await boxes.round() == {"duplicate": 0}
    assert boxes.shown.labels() == [("a", "x"), ("b", "x"), ("c", "w"), ("d", "")]
