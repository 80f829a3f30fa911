"""A GraphQL document that is run again only when something that it reads has changed."""

import logging
from collections.abc import Callable, Mapping

from infrahub_exporter.adapters.infrahub.request_names import ENTRY
from infrahub_exporter.app.refreshing.pool import Source, written
from infrahub_exporter.app.refreshing.schema import SchemaHash
from infrahub_exporter.domain.asking import stored
from infrahub_exporter.domain.asking.outlines import Outlined, optional_keys
from infrahub_exporter.domain.asking.variables import Variable
from infrahub_exporter.domain.errors import ExporterError, SourceUnavailableError
from infrahub_exporter.domain.ports import ChangeProbe, Clock
from infrahub_exporter.domain.replica.concurrency import Together, one_by_one
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.watching import Change, Watch

logger = logging.getLogger("infrahub_exporter")

Outline = Callable[[str], Outlined]
"""List the root fields of a document, and its variables. Raises SourceRejectedError."""


class WatchedDocument:
    """Tell whether a document has to be run: when it never was, when nothing can tell, and now and then anyway.

    `document` is its text; that of a `stored` one is read from Infrahub each time before it is run.
    """

    def __init__(
        self,
        document: str | None,
        *,
        stored: str | None = None,
        source: Source,
        clock: Clock,
        outline: Outline | None,
        overlap_seconds: float,
        full_refresh_seconds: float,
        schema: SchemaHash | None = None,
        together: Together | None = None,
    ) -> None:
        self._together = together or one_by_one
        self._has_just_looked = False
        self._schema = schema or SchemaHash(source, clock)
        self._text = document
        self._stored = stored
        self._outlined: Outlined | None = None
        self._source = source
        self._clock = clock
        self._outline = outline
        self._full_refresh_seconds = full_refresh_seconds
        self._probe = source if isinstance(source, ChangeProbe) else None
        self._watch = (
            None
            if self._probe is None
            else Watch(self._probe, overlap_seconds=overlap_seconds, together=self._together)
        )
        self._kinds: frozenset[str] | None = None
        self._fingerprint: str | None = None
        self._seen: str | None = None
        self._ran_at: float | None = None
        self._is_due = False

    @property
    def outlined(self) -> Outlined | None:
        """Return what the document asks for, None where that is not known."""
        return self._outlined

    @property
    def optional(self) -> frozenset[str]:
        """Name what the answer may lack as a whole, because the document asks for it of some kinds only."""
        return frozenset() if self._outlined is None else optional_keys(self._outlined.fields)

    @property
    def text(self) -> str:
        """Return the document, once it has begun."""
        return self._text or ""

    @property
    def declared(self) -> tuple[Variable, ...] | None:
        """Return the document's variables once it has begun, None where nothing reads them."""
        return None if self._outlined is None else self._outlined.variables

    def reads(self, kinds: frozenset[str]) -> bool:
        """Tell whether the document reads any of these kinds, or nobody knows what it reads."""
        return self._kinds is None or not kinds.isdisjoint(self._kinds)

    async def is_due(self) -> bool:
        """Tell whether the document has to be run. Raises SourceError where Infrahub does not answer."""
        if self._probe is None or self._watch is None or self._outline is None or self._ran_at is None:
            return True
        now, self._has_just_looked = self._clock.monotonic(), False
        if self._is_due or now - self._ran_at >= self._full_refresh_seconds or self._kinds is None:
            return True
        changes: Mapping[str, Change] | None = {}
        watch, kinds, at = self._watch, self._kinds, await self._probe.instant()

        async def look() -> None:
            nonlocal changes
            if self._schema.known == self._fingerprint:
                changes = await self._looked(watch, kinds, at=at)
                self._is_due = changes != {}  # whatever comes before it has been run: the next look tells it no more
                self._has_just_looked = changes is not None

        await self._together([self._schema.check, look])
        if self._schema.known != self._fingerprint or changes != {}:
            return True
        await self._schema.check_if_cheap()
        return self._schema.known != self._fingerprint

    async def has_news(self) -> bool:
        """Tell whether anything that the document reads is known to have changed since it began to be run last."""
        if self._probe is None or self._watch is None or self._kinds is None:
            return False
        try:
            found = bool(await self._watch.look(self._kinds, at=await self._probe.instant()))
        except Exception:  # noqa: BLE001 - the next run tells what it is
            return False
        self._is_due |= found
        return found

    async def has_other_schema(self) -> bool:
        """Tell whether the schema is another one than when the document was to be run last."""
        if self._outline is None:
            return False
        try:
            await self._schema.check()
        except Exception:  # noqa: BLE001 - the next run tells what it is
            return False
        return self._schema.known != self._seen

    async def began(self) -> bool:
        """Note, before the document is run, the instant that its answer will show at least.

        Tell whether Infrahub has answered anything in GraphQL meanwhile. Raises SourceError, and DerivationError where
        the document asks for secrets.
        """
        if self._outline is None:
            await self._learn_text()
            return self._stored is not None
        await self._schema.check()
        has_looked, self._has_just_looked = self._has_just_looked, False
        self._seen = fingerprint = self._schema.known
        at = None if self._probe is None else await self._probe.instant()
        is_new = await self._learn_text()
        is_other = is_new or fingerprint != self._fingerprint or self._outlined is None
        if is_other or self._outlined is None:
            self._fingerprint = None
            self._outlined = self._outline(self.text)
            read = await Kinds(self._source).read_by(self._outlined.fields)
            self._kinds = read if self._probe is not None and await self._probe.is_followable() else None
            if self._stored is not None and self._kinds is not None:
                self._kinds |= {stored.KIND}
            self._fingerprint = fingerprint
        if at is None or self._watch is None:
            return False
        self._watch.start(at)
        if has_looked and not is_other:
            return True
        if self._kinds is None:
            return False
        # until now: that is in the answer to come
        return await self._looked(self._watch, self._kinds, at=at) is not None

    async def _learn_text(self) -> bool:
        """Read the text of a stored document; tell whether it is another one."""
        if self._stored is None:
            return False
        before = self._text
        self._text = stored.text_of(self._stored, await self._source.run(stored.TEXT_BY_NAME, {"name": self._stored}))
        return self._text != before

    def ended_well(self) -> None:
        """Note that the document has been run."""
        self._ran_at, self._is_due = self._clock.monotonic(), False

    @staticmethod
    async def _looked(watch: Watch, kinds: frozenset[str], *, at: float) -> Mapping[str, Change] | None:
        """Return what of the kinds has changed, None where nothing can tell. Raises SourceUnavailableError."""
        try:
            changes = await watch.look(kinds, at=at)
        except SourceUnavailableError:
            raise
        except ExporterError:
            return None
        logger.debug("changed for %s: %s", ENTRY.get(), written(changes))
        return changes
