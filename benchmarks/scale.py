"""What one changed device costs among many: `scale.py DEVICES` prints milliseconds of CPU from probe to new bytes.

The whole exporter but its sockets, in one process: the canned Infrahub answers in place of the transport, and its own
time is left out. So is the rolling read: it is paid by the hour, whether anything changes or not.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Mapping
from email.utils import formatdate

import msgspec
from canned import Canned

from infrahub_exporter import build_exporter
from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.configuration.settings import Settings
from infrahub_exporter.domain.ports import Reply

CHANGES = 9
NEVER_SECONDS = 10_000_000.0


class Direct:
    """A transport to a canned Infrahub of the same process; `spent` is the CPU of that one, in seconds."""

    def __init__(self, canned: Canned) -> None:
        self._canned = canned
        self.spent = 0.0

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        """Answer a document."""
        del at
        return self._answer("POST", "/graphql/main", msgspec.json.encode({"query": document, "variables": variables}))

    async def get(self, path: str) -> Reply:
        """Answer a path."""
        return self._answer("GET", path, b"")

    def _answer(self, method: str, path: str, body: bytes) -> Reply:
        began = time.process_time()
        status, answer = self._canned.answer(method, path, body)
        self.spent += time.process_time() - began
        return Reply(status, {"date": formatdate(usegmt=True)}, answer)

    async def close(self) -> None:
        """Have nothing to close."""


async def main(devices: int) -> None:
    """Read all, then change one after another."""
    canned = Canned(devices)
    settings = msgspec.convert(
        {
            "infrahub": {"address": "http://127.0.0.1", "full_refresh_seconds": NEVER_SECONDS},
            "metrics": {
                "kind": [{"kind": "BenchDevice", "include": ["name", "role", "serial", "address", "site.name"]}]
            },
        },
        Settings,
    )
    transport = Direct(canned)
    reader = InfrahubReader(transport, clock=SystemClock(), page_size=500)
    exporter = build_exporter(settings, source=reader)
    await exporter.refresh()
    await exporter.refresh()
    spent = []
    for _ in range(CHANGES):
        canned.inventory.change("one")
        await asyncio.sleep(1.1)  # reads are at an instant that is up to a second behind the server's clock
        before, began = exporter.exposition(), time.process_time() - transport.spent
        await exporter.refresh()
        after = exporter.exposition()
        spent.append((time.process_time() - transport.spent - began) * 1000)
        assert before is not None
        assert after is not None
        assert before.sum != after.sum
    print(statistics.median(spent))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
