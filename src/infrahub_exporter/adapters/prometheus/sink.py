"""The newest snapshot's text, kept ready."""

from collections.abc import Collection, Mapping

import anyio
import anyio.to_thread

from infrahub_exporter.adapters.prometheus.exposition import Exposition
from infrahub_exporter.adapters.prometheus.rendering import NOTHING, Rendering, compare, render
from infrahub_exporter.domain.model import Snapshot
from infrahub_exporter.domain.publishing.formats import Format

_FEW_SAMPLES = 1_000
"""Up to how many new samples are rendered at once: some 2 ms. More of them go to a worker thread."""


class PrometheusSink:
    """Keep the text of the newest snapshot ready in each format, plain and gzipped, whatever is scraped.

    A section is rendered once, when it first appears, and forgotten when it leaves.
    """

    def __init__(self) -> None:
        self._rendering = NOTHING
        self._former = NOTHING
        self._turn = anyio.Lock()
        self._sizes: Mapping[Format, tuple[int, int]] = {}

    @property
    def body(self) -> bytes | None:
        """Return the plain body in one piece, joined at each call, None before the first snapshot."""
        exposition = self.exposition()
        return None if exposition is None else b"".join(exposition.plain)

    def exposition(self, format_: Format = Format.TEXT, names: Collection[str] | None = None) -> Exposition | None:
        """Return the body of the newest snapshot, or of its families with these names; None before the first.

        It has no end yet: other families may follow.
        """
        if self._rendering is NOTHING:
            return None
        return self._rendering.bodies[format_] if names is None else self._rendering.named(names, format_)

    @property
    def sizes(self) -> Mapping[Format, tuple[int, int]]:
        """Tell how many bytes the newest snapshot's body has in each format, plain and gzipped; none before one."""
        return self._sizes

    @property
    def rendering(self) -> Rendering:
        """Return what was rendered of the newest snapshot."""
        return self._rendering

    def go_on(self, rendering: Rendering) -> None:
        """Take what another sink has rendered for what is still the same in the first snapshot."""
        self._former = rendering

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
            bodies = self._rendering.bodies.items()
            self._sizes = {format_: (body.length, sum(map(len, body.gzip))) for format_, body in bodies}
