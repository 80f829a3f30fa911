"""The files of file objects, of a real Infrahub and of the embedded one: brought, read, and brought anew."""

import json
import uuid
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.adapters.infrahub.sdk import SdkTransport
from infrahub_exporter.domain.model import BadContent
from infrahub_exporter.domain.replica.kinds import Kinds

pytestmark = pytest.mark.anyio
KIND, BRANCH = "DcimMonitoringFile", "main"
"""A kind of the demo's schema."""
PATHS = ("name", "file_name", "file_size", "content.snmp.module", "content.ports[]")
_SECONDS = 120.0


class Files:
    """Makes and changes file objects, and reads them as the exporter does."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token
        self._transport = SdkTransport(address=address, token=token, branch=BRANCH, timeout_seconds=_SECONDS)
        self.reader = InfrahubReader(self._transport, clock=SystemClock(), page_size=100, branch=BRANCH)
        self.name = f"file {uuid.uuid4()}"

    async def bring(self, file_name: str, content: bytes) -> None:
        """Upload a file: the node's first, or another one."""
        data = f'{{name: {{value: "{self.name}"}}}}'
        query = f"mutation ($file: Upload!) {{ {KIND}Upsert(data: {data}, file: $file) {{ ok }} }}"
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            answer = await client.post(
                f"{self._address}/graphql/{quote(BRANCH, safe='')}",
                headers={"X-INFRAHUB-KEY": self._token},
                data={
                    "operations": json.dumps({"query": query, "variables": {"file": None}}),
                    "map": json.dumps({"0": ["variables.file"]}),
                },
                files={"0": (file_name, content)},
            )
        assert answer.json().get("errors") is None

    async def read(self) -> tuple[object, ...]:
        """Return what the paths find."""
        selection = await Kinds(self.reader).select(KIND, PATHS, {"name__value": self.name})
        rows = [row async for page in self.reader.pages(selection, at=2e9) for row in page.rows]
        (row,) = rows
        return row.values[1:]

    async def remove(self) -> None:
        """Delete the node."""
        document = f'mutation {{ {KIND}Delete(data: {{hfid: ["{self.name}"]}}) {{ ok }} }}'
        await self._transport.graphql(document, {})
        await self._transport.close()


@pytest.fixture(params=["embedded", "real"])
async def files(request: pytest.FixtureRequest) -> AsyncIterator[Files]:
    address = request.getfixturevalue(f"{request.param}_address")
    subject = Files(address, request.getfixturevalue(f"{request.param}_token"))
    yield subject
    await subject.remove()


async def test_a_file_is_read_by_its_paths_once_for_each_of_its_checksums(files: Files) -> None:
    await files.bring("one.json", b'{"snmp": {"module": "if_mib"}, "ports": [1, 2]}')
    assert await files.read() == ("one.json", 47, "if_mib", (1, 2))
    assert await files.read() == ("one.json", 47, "if_mib", (1, 2))
    await files.bring("two.yml", b"snmp: {module: other}\n")
    assert await files.read() == ("two.yml", 22, "other", ())
    assert dict(files.reader.tally.requests)["content", "ok"] == 2


async def test_a_file_that_is_no_data_is_bad_for_its_node(files: Files) -> None:
    await files.bring("config.txt", b"interface Ethernet1\n  description: [\n\xff")
    assert await files.read() == ("config.txt", 38, BadContent(), (BadContent(),))
