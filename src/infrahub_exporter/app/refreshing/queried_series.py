"""An entry of `metrics.series` whose rows are those of a query's answer."""

from collections.abc import Callable, Mapping

import anyio
import anyio.to_thread

from infrahub_exporter.app.refreshing.handover import KeptQueried
from infrahub_exporter.app.refreshing.measured import MeasuredEntry
from infrahub_exporter.app.refreshing.pool import Source, answers
from infrahub_exporter.app.refreshing.series import SeriesEntry
from infrahub_exporter.app.refreshing.watched import WatchedDocument
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.stored import settled
from infrahub_exporter.domain.errors import DerivationError, SourceUnavailableError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import fingerprint


class QueriedSeries(SeriesEntry):
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
        self.lock = anyio.Lock()
        self._document = document
        self._source = source
        self._has_news = False

    async def ask(self) -> None:
        """Run the query where that is due. A failure keeps the last good series; what was refused waits its time.

        It waits no longer when an outage is over, or the schema is another one. An answer that does not fit waits no
        longer when something has changed that it is made of.
        """
        if self.is_backing_off and not await self._may_go_well():
            return
        await self.attempt(self._ask, self._counts)
        if not isinstance(self.status.error, SourceUnavailableError):
            self._has_news = False

    def reads(self, kinds: frozenset[str]) -> bool:
        """Tell whether the document may read any of these kinds."""
        return self._document.reads(kinds)

    def kept_query(self) -> KeptQueried:
        """Return what an entry that runs the same document and derives the same can go on from."""
        return KeptQueried(fingerprint(self.spec), self.kept(), self._document)

    def go_on_query(self, kept: KeptQueried) -> None:
        """Go on from that."""
        self.go_on(kept.series)
        self._document = kept.document

    async def _may_go_well(self) -> bool:
        """Tell whether what was refused is worth another try by now."""
        if self.is_in_doubt and await answers(self._source):
            self.outages.went_well()
            return True
        if await self._document.has_other_schema():
            return True
        if isinstance(self.status.error, DerivationError):
            self._has_news |= await self._document.has_news()
        return self._has_news

    async def _ask(self) -> None:
        if self.status.error is None and not self.is_behind and not await self._document.is_due():
            return
        if await self._document.began():
            self.outages.went_well()
        answer = await self._source.run(self._document.text, self._variables())
        await anyio.to_thread.run_sync(self._take, answer)
        self._document.ended_well()

    def _take(self, answer: Mapping[str, JSON]) -> None:
        self._behind = True
        self.held.take(answer, optional=self._document.optional)
        self._offer_read(verified=True)

    def _variables(self) -> Mapping[str, JSON]:
        """Return the values of the variables; of a stored document they could not be checked before."""
        declared, query = self._document.declared, self.spec.query or QuerySource()
        return query.variables if query.stored is None or declared is None else settled(query, declared)
