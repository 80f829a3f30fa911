"""The newest snapshot's text, kept ready."""

import anyio
import anyio.to_thread

from infrahub_exporter.adapters.prometheus.exposition import Exposition
from infrahub_exporter.adapters.prometheus.rendering import NOTHING, compare, render
from infrahub_exporter.domain.model import Snapshot

_FEW_SAMPLES = 1_000
"""Up to how many new samples are rendered at once: some 2 ms. More of them go to a worker thread."""


class PrometheusSink:
    """Keep the text of the newest snapshot ready, plain and gzipped, whatever is scraped.

    A section is rendered once, when it first appears, and forgotten when it leaves.
    """

    def __init__(self) -> None:
        self._rendering = NOTHING
        self._former = NOTHING
        self._turn = anyio.Lock()

    @property
    def exposition(self) -> Exposition | None:
        """Return the body of the newest snapshot, None before the first."""
        return None if self._rendering is NOTHING else self._rendering.exposition

    @property
    def body(self) -> bytes | None:
        """Return the plain body in one piece, joined at each call, None before the first snapshot."""
        exposition = self.exposition
        return None if exposition is None else b"".join(exposition.plain)

    def take_over(self, former: "PrometheusSink") -> None:
        """Take what another sink has rendered for what is still the same in the first snapshot."""
        self._former = former._rendering  # noqa: SLF001 - of its own class

    async def publish(self, snapshot: Snapshot) -> None:
        """Render what is new in a snapshot and swap the body (see `SnapshotSink`); calls take their turns."""
        async with self._turn:
            before = self._former if self._rendering is NOTHING else self._rendering
            changes = compare(snapshot.families, before)
            if sum(changed.samples for changed in changes) <= _FEW_SAMPLES:
                self._rendering = render(changes)
            else:
                self._rendering = await anyio.to_thread.run_sync(render, changes, abandon_on_cancel=True)
            self._former = NOTHING
