"""What entries have in common that run a document when something that it reads has changed."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from infrahub_exporter.app.refreshing.entries.attempts import Counts, GuardedEntry, Item
from infrahub_exporter.app.refreshing.pool import Source, answers
from infrahub_exporter.app.refreshing.watched_document import WatchedDocument
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.asking.stored import settled
from infrahub_exporter.domain.errors import DerivationError, SourceUnavailableError
from infrahub_exporter.domain.model import JSON


class QueriedEntry(GuardedEntry[Item]):
    """An entry whose rows are the answer of a document."""

    _document: WatchedDocument
    _source: Source
    _has_news = False

    @property
    @abstractmethod
    def _query(self) -> DiscoverySpec | QuerySource:
        """Return what says the variables."""

    def reads(self, kinds: frozenset[str]) -> bool:
        """Tell whether the document may read any of these kinds."""
        return self._document.reads(kinds)

    async def _attempt_where_due(self, read: Callable[[], Awaitable[Any]], counts: Callable[[], Counts]) -> bool:
        """Read, unless what was refused waits its time; tell whether that was tried.

        It waits no longer when an outage is over, or the schema is another one. An answer that does not fit waits no
        longer when something has changed that it is made of.
        """
        if self.is_backing_off and not await self._may_go_well():
            return False
        await self.attempt(read, counts)
        if not isinstance(self.status.error, SourceUnavailableError):
            self._has_news = False
        return True

    async def _answer(self) -> Mapping[str, JSON] | None:
        """Run the document; None where what it has brought last is still so. Raises SourceError, DerivationError."""
        if self.status.error is None and not self.is_behind and not await self._document.is_due():
            return None
        if await self._document.began():
            self.outages.went_well()
        return await self._source.run(self._document.text, self._variables())

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

    def _variables(self) -> Mapping[str, JSON]:
        """Return the values of the variables; of a stored document they could not be checked before."""
        declared, query = self._document.declared, self._query
        return query.variables if query.stored is None or declared is None else settled(query, declared)
