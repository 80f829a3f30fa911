"""An entry of `metrics.series` whose rows are those of a query's answer."""

from collections.abc import Callable, Mapping

import anyio.to_thread
import msgspec

from infrahub_exporter.app.refreshing.entries.handover import KeptSeries
from infrahub_exporter.app.refreshing.entries.measured import MeasuredEntry
from infrahub_exporter.app.refreshing.entries.queried import QueriedEntry
from infrahub_exporter.app.refreshing.entries.series import SeriesEntry
from infrahub_exporter.app.refreshing.pool import Source
from infrahub_exporter.app.refreshing.watched_document import WatchedDocument
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.model import JSON, Sample
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits


class QueriedSeries(QueriedEntry[Sample], SeriesEntry):
    """Series by a GraphQL document, which is run when something that it reads has changed."""

    def __init__(
        self,
        name: str,
        spec: SeriesSpec,
        document: WatchedDocument,
        *,
        source: Source,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
        others: Callable[[MeasuredEntry], int],
    ) -> None:
        super().__init__(name, spec, clock=clock, guard=guard, limits=limits, others=others)
        self._document = document
        self._source = source

    @property
    def _query(self) -> QuerySource:
        return self.spec.query or QuerySource()

    async def ask(self) -> None:
        """Run the query where that is due. A failure keeps the last good series; what was refused waits its time."""
        await self._attempt_where_due(self._ask, self._counts)

    def kept(self) -> KeptSeries:
        """Return what an entry that runs the same document and derives the same can go on from."""
        return msgspec.structs.replace(super().kept(), document=self._document)

    def go_on(self, kept: KeptSeries) -> None:
        """Go on from that."""
        super().go_on(kept)
        self._document = kept.document or self._document

    async def _ask(self) -> None:
        answer = await self._answer()
        if answer is not None:
            await anyio.to_thread.run_sync(self._take, answer)
            self._document.ended_well()

    def _take(self, answer: Mapping[str, JSON]) -> None:
        self._behind = True
        self.derived.take(answer, optional=self._document.optional)
        self._offer_read(verified=True)
