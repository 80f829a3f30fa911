"""One reader for every Infrahub: rows, answers, changes and schema over a transport."""

import logging
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import anyio
import anyio.to_thread
import msgspec
from msgspec import Struct

from infrahub_exporter.adapters.infrahub.answers import UNREADABLE, failure, refusal
from infrahub_exporter.adapters.infrahub.contents import Contents
from infrahub_exporter.adapters.infrahub.decoding import decoded, fit, misfit, raise_failure
from infrahub_exporter.adapters.infrahub.describing import SUMMARY, Described
from infrahub_exporter.adapters.infrahub.documents import Decoded, Document
from infrahub_exporter.adapters.infrahub.large_answers import LargeAnswers
from infrahub_exporter.adapters.infrahub.paging import Paging, most_nodes
from infrahub_exporter.adapters.infrahub.probes import (
    DEFAULT_BRANCH,
    Branches,
    ProbeDocument,
    StampsDocument,
    count_document,
    decode_count,
)
from infrahub_exporter.adapters.infrahub.server_time import ServerTime, iso
from infrahub_exporter.adapters.infrahub.stamped import STAMPS, stamped, stamps_of
from infrahub_exporter.adapters.infrahub.tally import Tally
from infrahub_exporter.adapters.infrahub.version import SMALL_PAGE, loses_peers
from infrahub_exporter.domain.asking.refused import RefusedColumnsError
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError
from infrahub_exporter.domain.model import JSON, KindSchema, Row
from infrahub_exporter.domain.ports import Arrived, Clock, Page, Probed, Reply, Stamp, Transport
from infrahub_exporter.domain.publishing.limits import Limits

logger = logging.getLogger("infrahub_exporter.infrahub")

_SKEW_SECONDS = 30.0
"""A difference of clocks that is worth a warning."""
_MOST_REPEATED = 3
"""How many pages after one another may bring nothing new: one that comes again and again has no end."""
_BARE_PAGES, _MOST_BARE = 4, 2000
"""How many pages' nodes one has where ids alone are asked for, and how many at most."""


class InfrahubReader:
    """A `NodeSource`, `ChangeProbe`, `ChangedRows`, `QueryRunner` and `SchemaSource` over a `Transport`.

    Pages of `page_size` nodes of all that a selection has come `parallel_pages` at a time, whoever reads. The end is
    told by a short page, so that nothing needs to be counted where that is one.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock,
        page_size: int,
        branch: str = "main",
        limits: Limits | None = None,
        parallel_pages: int = 1,
        large: LargeAnswers | None = None,
    ) -> None:
        self._parallel_pages = parallel_pages
        self._slots = anyio.Semaphore(parallel_pages)
        self._transport = transport
        self._clock = clock
        self._page_size = page_size
        self._branch = branch
        self._limits = limits or Limits()
        self._server_time = ServerTime(clock)
        self._documents: dict[tuple[Selection, int], Document] = {}
        self._large = large or LargeAnswers()
        self._described = Described(self._get, self._large)
        self._contents = Contents(self._file, limits=self._limits)
        self.tally = Tally()
        self._skew_told = False
        self._stampless: set[str] = set()
        self.version: str | None = None
        """Which version the Infrahub is, None before it was asked."""

    @property
    def skew_seconds(self) -> float | None:
        """How far the server's clock is ahead of this one, None before any answer came."""
        now = self._server_time.instant()
        return None if now is None else now - self._clock.wall()

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        """Yield the rows of a selection (see `NodeSource`)."""
        at = await self.instant() if at is None else at
        async for page, _ in self._pages(selection, self._document(selection), at, offset):
            yield page

    async def _pages(
        self, selection: Selection, document: Document, at: float, offset: int = 0
    ) -> AsyncIterator[tuple[Page, Decoded]]:
        """Yield pages, each beside all that its answer says."""
        instant = iso(at)
        most = most_nodes(selection)
        seen: set[str] = set()
        size = repeated = 0
        limit = self._limit(selection)

        async def ask(offset: int) -> Reply:
            variables = {**selection.variables, "limit": limit, "offset": offset}
            return await self._rows(selection, document, variables, instant)

        parallel = 1 if selection.under else self._parallel_pages  # the nodes of several roots have no one count
        paging = Paging(ask, partial(self.count, selection, at=at), step=limit, slots=self._slots, most=parallel)
        take = ask if most is not None else paging.take
        while most is None or offset < most:
            reply = await take(offset)
            size += len(reply.body)
            self._limits.check_read(size)
            try:
                page = await decoded(document.decode, reply.body, self._large)
            except UNREADABLE as error:
                raise misfit(selection.kind, error) from error
            del reply  # the next one is asked for without it in memory
            rows = page.rows
            identities = [row.id for row in rows]
            self._limits.check_identities(identities)
            offset += page.nodes
            self._limits.check_nodes(offset)
            fresh: Sequence[Row] = rows
            if not seen.isdisjoint(identities) or len(set(identities)) < len(rows):
                fresh = list({row.id: row for row in rows if row.id not in seen}.values())
            repeated = repeated + 1 if rows and not fresh else 0
            if repeated > _MOST_REPEATED and not selection.under:  # the second of several kinds may bring the first's
                raise DerivationError(f"{selection.kind}: Infrahub answers pages of nodes that it has answered before")
            seen.update(identities)
            yield Page(await self._filled(selection, fresh, document.files, instant), offset), page
            if page.nodes < limit:
                return

    async def count(self, selection: Selection, *, at: float | None = None) -> int:
        """Count the nodes of a selection (see `NodeSource`)."""
        document = count_document(selection.kind, selection.filters)
        reply = await self._graphql("count", document, selection.variables, None if at is None else iso(at))
        try:
            return decode_count(selection.kind, reply.body)
        except UNREADABLE as error:
            raise misfit(selection.kind, error) from error

    async def is_followable(self) -> bool:
        """Tell whether this is the default branch (see `ChangeProbe`)."""
        reply = await self._graphql("branch", DEFAULT_BRANCH, {"branch": self._branch}, None)
        answer: Branches = await fit(reply.body, Branches, self._large)
        self._learn_version(answer.version)
        return answer.default

    async def instant(self) -> float:
        """Return the server's now (see `ChangeProbe`); ask the cheapest question for it where no answer has told it."""
        now = self._server_time.instant()
        if now is None:
            raise_failure(await self._get(SUMMARY))
            now = self._server_time.instant()
        return self._clock.wall() if now is None else now

    async def probe(self, kinds: Sequence[str], *, since: float, at: float) -> Probed:
        """Count what changed (see `ChangeProbe`)."""
        document = ProbeDocument(kinds)
        reply = await self._graphql("probe", document.text, {"since": iso(since)}, iso(at))
        try:
            return document.decode(reply.body)
        except UNREADABLE as error:
            raise misfit("the probe", error) from error

    async def stamps(self, kind: str, *, since: float, at: float) -> Mapping[str, Stamp]:
        """Return what changed, with its stamps (see `ChangeProbe`)."""
        stamps = None if kind in self._stampless else await self._stamps(kind, since, at)
        if stamps is not None:
            return stamps
        self._stampless.add(kind)
        inheriting = (await self.kind(kind)).used_by
        found = {each: await self._stamps(each, since, at) for each in inheriting if each not in self._stampless}
        if not found or None in found.values():
            self._stampless.discard(kind)
            raise DerivationError(f"Infrahub does not tell when nodes of {kind} were changed")
        return {identifier: stamp for each in found.values() if each for identifier, stamp in each.items()}

    async def _stamps(self, kind: str, since: float, at: float) -> Mapping[str, Stamp] | None:
        """List the stamps of a kind, None where it gives none."""
        document = StampsDocument(kind)
        stamps: dict[str, Stamp] = {}
        nodes, offset = self._page_size, 0
        while nodes == self._page_size:
            variables = {"since": iso(since), "limit": self._page_size, "offset": offset}
            reply = await self._graphql("stamps", document.text, variables, iso(at))
            try:
                found, nodes = await decoded(document.decode, reply.body, self._large)
            except UNREADABLE as error:
                raise misfit(kind, error) from error
            if found is None:
                return None
            self._limits.check_identities(found)
            self._limits.check_nodes(offset + nodes)
            if found and stamps.keys() >= found.keys():
                raise DerivationError(f"{kind}: Infrahub answers changes that it has answered before")
            stamps.update(found)
            self._observe_stamps(found.values())
            offset += nodes
        return stamps

    async def changed(self, selection: Selection, *, since: float, at: float) -> Arrived | None:
        """Return what changed, rows and stamps (see `ChangedRows`)."""
        rows: dict[str, Row] = {}
        stamps: dict[str, Stamp] = {}
        asked = stamped(selection, iso(since))
        async for page, answer in self._pages(asked, self._document(asked, aside=STAMPS), at):
            try:
                changed = stamps_of(answer)
            except UNREADABLE as error:
                raise misfit(selection.kind, error) from error
            if changed is None:
                return None
            rows.update({row.id: row for row in page.rows})
            stamps.update(changed)
            self._observe_stamps(changed.values())
        return Arrived(rows, stamps)

    async def run(self, document: str, variables: Mapping[str, JSON] | None = None) -> Mapping[str, JSON]:
        """Return the answer's data (see `QueryRunner`)."""
        reply = await self._graphql("query", document, variables or {}, None)
        answer: Mapping[str, JSON] = (await fit(reply.body, _QueryAnswer, self._large)).data
        return answer

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind (see `SchemaSource`)."""
        return await self._described.kind(kind)

    async def kinds(self, kinds: Collection[str]) -> Mapping[str, KindSchema]:
        """Describe kinds (see `SchemaSource`)."""
        return await self._described.kinds(kinds)

    async def fingerprint(self) -> str:
        """Return the schema's hash (see `SchemaSource`)."""
        return await self._described.fingerprint()

    async def close(self) -> None:
        """Let go of the transport's connections."""
        await self._transport.close()

    def _observe_stamps(self, stamps: Iterable[Stamp]) -> None:
        newest = max((stamp.updated for stamp in stamps), default=None)
        if newest is not None:
            self._server_time.observe_stamp(newest, received=self._clock.monotonic())

    def _learn_version(self, version: str | None) -> None:
        if loses_peers(version) and not loses_peers(self.version):
            logger.warning(
                "Infrahub %s may lose peers of relations to many without a word, 1.11.5 does not: "
                "kinds with such paths are read in pages of %d nodes",
                version,
                min(SMALL_PAGE, self._page_size),
            )
        self.version = version

    def _limit(self, selection: Selection) -> int:
        """Return how many nodes a page of a selection has; of ids alone there may be more."""
        if not selection.columns:
            return min(self._page_size * _BARE_PAGES, _MOST_BARE)
        is_small = loses_peers(self.version) and any(column.many for column in selection.columns)
        return min(SMALL_PAGE, self._page_size) if is_small else self._page_size

    def _document(self, selection: Selection, *, aside: int = 0) -> Document:
        valueless = tuple(msgspec.structs.replace(each, value=None) for each in selection.filters)
        key = msgspec.structs.replace(selection, filters=valueless), aside
        if key not in self._documents:
            self._documents[key] = Document(key[0], aside=aside)
        return self._documents[key]

    async def _rows(self, selection: Selection, document: Document, variables: Mapping[str, object], at: str) -> Reply:
        """Ask for a page. Raises RefusedColumnsError where Infrahub names what it refuses."""
        reply = await self._reply("nodes", document.text, variables, at)
        error = failure(reply)
        try:
            if isinstance(error, SourceRejectedError):
                from infrahub_exporter.adapters.infrahub.refused_columns import refused_columns  # noqa: PLC0415 - as outline

                raise refused_columns(reply, selection) or error
            if error is not None:
                raise error
            return reply
        finally:
            del error  # as in `raise_failure`

    async def _filled(self, selection: Selection, rows: Sequence[Row], files: Sequence[int], at: str) -> Sequence[Row]:
        """Put what is in files into rows. Raises RefusedColumnsError where Infrahub allows no files."""
        try:
            return await self._contents.fill(rows, files, at=at) if files else rows
        except SourceRejectedError as error:
            raise RefusedColumnsError({selection.columns[place]: str(error) for place in files}) from error

    async def _graphql(self, operation: str, document: str, variables: Mapping[str, object], at: str | None) -> Reply:
        reply = await self._reply(operation, document, variables, at)
        raise_failure(reply)
        return reply

    async def _reply(self, operation: str, document: str, variables: Mapping[str, object], at: str | None) -> Reply:
        return await self.tally.count(operation, self._checked(self._transport.graphql(document, variables, at=at)))

    async def _get(self, path: str) -> Reply:
        return await self.tally.count("schema", self._checked(self._transport.get(path)))

    async def _file(self, identifier: str, at: str) -> Reply:
        """Get the file of a node as it was at an instant, and whatever is answered in its place."""
        path = f"/api/storage/files/{quote(identifier, safe='')}?{urlencode({'at': at})}"
        return await self.tally.count("content", self._observed(self._transport.get(path)), judge=refusal)

    async def _checked(self, sent: Awaitable[Reply]) -> Reply:
        reply = await self._observed(sent)
        self._limits.check_answer(reply.body)
        return reply

    async def _observed(self, sent: Awaitable[Reply]) -> Reply:
        began = self._clock.monotonic()
        reply = await sent
        self._observe(reply, began)
        return reply

    def _observe(self, reply: Reply, sent: float) -> None:
        self._server_time.observe(reply.headers.get("date"), sent=sent, received=self._clock.monotonic())
        skew = self.skew_seconds
        if skew is not None and abs(skew) > _SKEW_SECONDS and not self._skew_told:
            self._skew_told = True
            logger.warning("Infrahub's clock is %+.0f s off this one; its own is the one that counts", skew)


class _QueryAnswer(Struct):
    data: dict[str, Any]
