"""The discoveries at work: each holds its last good list, and how it is doing."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec

from infrahub_exporter.adapters import http_sd
from infrahub_exporter.adapters.file_sd import FileSd
from infrahub_exporter.adapters.gnmic import GnmicMap
from infrahub_exporter.app.refreshing.entries.attempts import Counts, GuardedEntry
from infrahub_exporter.app.refreshing.entries.derivation import Refreshed
from infrahub_exporter.app.refreshing.entries.handover import KeptByKind, KeptList, KeptQuery
from infrahub_exporter.app.refreshing.entries.queried import QueriedEntry
from infrahub_exporter.app.refreshing.entries.target_derivation import TargetDerivation
from infrahub_exporter.app.refreshing.pool import Source, Turn
from infrahub_exporter.app.refreshing.watched_document import WatchedDocument
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.errors import ExporterError, SourceUnavailableError
from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.saved import Saved, SavedList, fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.views import discovery, skipped
from infrahub_exporter.domain.views.discovery import SKIP_REASONS, Decision
from infrahub_exporter.domain.views.queried import check_ends, derive_answer

logger = logging.getLogger("infrahub_exporter")


class DiscoveryEntry(GuardedEntry[Decision]):
    """A discovery: its last good list, as groups and as ready bytes. The first attempt can be waited for."""

    def __init__(
        self, spec: DiscoverySpec, clock: Clock, *, guard: GuardSpec, limits: Limits, on_demand: bool = False
    ) -> None:
        super().__init__(
            EntryStatus("query", spec.name, on_demand=on_demand), guard.overridden(spec.guard), limits, clock
        )
        self.spec = spec
        self.chunks: Sequence[bytes] | None = None
        self._file = None if spec.file is None else FileSd(Path(spec.file))
        self._maps = {} if spec.formats.gnmic is None else {"gnmic": GnmicMap(spec.formats.gnmic)}
        self._formatted: Mapping[str, Sequence[bytes]] = {}
        self.lock = anyio.Lock()
        self.attempted = anyio.Event()
        self._counted: Counts = (0, 0, {})
        self._told: frozenset[str] = frozenset()
        self._tally = skipped.Tally()

    @property
    def groups(self) -> tuple[TargetGroup, ...]:
        """Return the last good list; None of `chunks` tells that there is none yet."""
        return tuple(each.group for block in self.publication.blocks for each in block if each.group is not None)

    @property
    def left_out(self) -> tuple[Decision, ...]:
        """Return what is left out of the last good list, each row with its reason."""
        return tuple(each for block in self.publication.blocks for each in block if each.reason is not None)

    def body(self, form: str | None = None) -> Sequence[bytes]:
        """Return the last good list in chunks, in another format where one is named.

        Raises the last attempt's error, or SourceUnavailableError.
        """
        if self.chunks is None:
            error = self.status.error
            if error is not None:
                raise error.with_traceback(None)  # it is kept, and each raise would add to its traceback
            raise SourceUnavailableError(f"discovery {self.spec.name!r} has not been read yet")
        return self.chunks if form is None else self._formatted[form]

    def failed(self, error: ExporterError, seconds: float = 0.0) -> None:
        """Note a failure, which ends the wait for the first attempt too."""
        super().failed(error, seconds)
        self.attempted.set()

    async def write(self) -> None:
        """Put the last good list into its file where it is not there already; a failure is noted, and told once."""
        if self._file is None or self.chunks is None:
            return
        before, name, error = self.status.write_error, self.spec.name, None
        try:
            await anyio.to_thread.run_sync(self._file.write, self.chunks)
        except (OSError, ValueError) as failure:
            error = f"{self.spec.file}: {getattr(failure, 'strerror', None) or failure}"
        self.status = msgspec.structs.replace(self.status, is_written=error is None, write_error=error)
        if error is not None and error != before:
            logger.warning("query %s: its file cannot be written: %s", name, error)
        elif error is None and before is not None:
            logger.info("query %s: its file is written again", name)

    def counts(self) -> Counts:
        """Return what the list was made of."""
        return self._counted

    def saved(self) -> SavedList | None:
        """Return what is kept over a restart."""
        if self.status.succeeded_at is None:
            return None
        return SavedList(self.spec.name, fingerprint(self.spec), self.status.succeeded_at, self.publication.blocks)

    def restore(self, saved: Saved) -> bool:
        """Publish what was kept; tell whether there was anything."""
        kept = saved.find_list(self.spec)
        if kept is None:
            return False
        self.publication.restore(kept.blocks, sum(each.group is not None for block in kept.blocks for each in block))
        self._behind = True
        _, left_out = self._tally.of(kept.blocks)
        self._render(left_out)
        nodes, published, _ = self._counted
        self.status = self.status.restored(read_at=kept.read_at, nodes=nodes, published=published)
        return True

    def _kept_list(self) -> KeptList:
        return KeptList(self._kept(), self.chunks, self._counted, self._told, self.attempted.is_set())

    def _go_on_from(self, kept: KeptList) -> None:
        self._go_on(kept.entry)
        self.chunks, self._counted, self._told = kept.chunks, kept.counted, kept.told
        self._render_formats()
        self.status = msgspec.structs.replace(self.status, is_written=None, write_error=None)
        if kept.was_attempted:
            self.attempted.set()

    def _offer_decisions(self, blocks: tuple[tuple[Decision, ...], ...], *, verified: bool) -> bool:
        """Publish a list unless the guard holds it. Raises DerivationError for one whose nodes are all bad."""
        count, left_out = self._tally.of(blocks)
        skipped.check_any(self.spec, left_out, count)
        published = self._offer(blocks, count, verified=verified, check=self._limits.check_decisions)
        if published:
            self._render(left_out)
            self._tell(left_out, count)
        return published

    def _tell(self, left_out: Mapping[str, skipped.Skipped], published: int) -> None:
        """Say once which nodes are left out, and once that none is any more."""
        before, self._told = self._told, frozenset(left_out)
        if self._told == before:
            return
        if not left_out:
            logger.info("query %s leaves out no node any more", self.spec.name)
            return
        count = sum(each.count for each in left_out.values())
        logger.warning(
            "query %s leaves out %d of %d %s: %s",
            self.spec.name,
            count,
            published + count,
            noun(published + count, "node"),
            skipped.told(left_out),
        )

    def _render(self, left_out: Mapping[str, skipped.Skipped]) -> None:
        self.chunks = self._rendered()
        self._render_formats()
        counts = {reason: left_out[reason].count if reason in left_out else 0 for reason in SKIP_REASONS}
        self._counted = self.publication.count + sum(counts.values()), self.publication.count, counts
        examples = {reason: each.names for reason, each in left_out.items()}
        self.status = msgspec.structs.replace(self.status, examples=examples)

    def _render_formats(self) -> None:
        self._formatted = {name: each.render(self.publication.blocks) for name, each in self._maps.items()}

    def _rendered(self) -> Sequence[bytes]:
        return (http_sd.render(self.groups),)


class QueryDiscovery(QueriedEntry[Decision], DiscoveryEntry):
    """A discovery by a GraphQL document, which is run when something that it reads has changed."""

    def __init__(
        self,
        spec: DiscoverySpec,
        document: WatchedDocument,
        *,
        source: Source,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
        on_demand: bool = False,
    ) -> None:
        super().__init__(spec, clock, guard=guard, limits=limits, on_demand=on_demand)
        self._document = document
        self._source = source
        self._found: tuple[tuple[Decision, ...], ...] = ()

    @property
    def _query(self) -> DiscoverySpec:
        return self.spec

    async def ask(self) -> None:
        """Run the query where that is due. A failure keeps the last good list; what was refused waits its time."""
        if await self._attempt_where_due(self._refresh, self.counts):
            self.attempted.set()

    async def _refresh(self) -> None:
        answer = await self._answer()
        if answer is None:
            return
        if self._document.outlined is not None:
            check_ends(self.spec, self._document.outlined)
        found = derive_answer(self.spec, answer, optional=self._document.optional)
        self._limits.check_nodes(len(found.decisions))
        self._found = (found.decisions,)
        self._offer_decisions(self._found, verified=True)
        self._document.ended_well()

    def kept(self) -> KeptQuery:
        """Return what a discovery that runs the same document and derives the same can go on from."""
        return KeptQuery(fingerprint(self.spec), self._kept_list(), self._document, self._found)

    def go_on(self, kept: KeptQuery) -> None:
        """Go on from that."""
        self._go_on_from(kept.shown)
        self._document, self._found = kept.document, kept.found

    def _offer_again(self) -> None:
        self._offer_decisions(self._found, verified=False)


class KindDiscovery(DiscoveryEntry):
    """A discovery by kind: rows like a metric's. What is `derived` of them other lists may share."""

    def __init__(
        self, spec: DiscoverySpec, derived: TargetDerivation, *, clock: Clock, guard: GuardSpec, limits: Limits
    ) -> None:
        super().__init__(spec, clock, guard=guard, limits=limits)
        self.share(derived)
        self._edition = 0
        self._checked_by: Kinds | None = None

    def share(self, derived: TargetDerivation) -> None:
        """List what has been derived for lists that are made alike."""
        self.derived, self._tally = derived, derived.tally
        derived.most_rows = self._limits.max_rows_per_node

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the last good list."""
        refreshed = await self.attempt(lambda: self._refresh(turn), self.counts, lambda done: turn.own_time(done.at))
        self.attempted.set()
        return refreshed

    async def roll(self, *, at: float) -> bool:
        """Read again what is due; tell whether anything published differs. Raises SourceError, DerivationError."""
        await self.derived.roll(at=at)
        is_new, self._edition = self.derived.edition != self._edition, self.derived.edition
        return is_new and self._offer_read(verified=False)

    async def _check_ends(self, kinds: Kinds) -> None:
        """Refuse a target or a port that ends on a relation, by the schema as it is by now."""
        if self._checked_by is not kinds:
            paths = discovery.paths(self.spec)
            selection = await kinds.select(str(self.spec.kind), paths, self.spec.filters, self.spec.rows)
            discovery.check_columns(self.spec, selection.columns)
            self._checked_by = kinds

    async def _refresh(self, turn: Turn) -> Refreshed:
        await self._check_ends(turn.kinds)
        refreshed = await self.derived.take(turn, self._edition)
        self._edition = self.derived.edition
        self._behind |= refreshed.changed  # until it is offered: a cancellation may come first
        if refreshed.changed or self.is_behind:
            hold = self.publication.guard.hold
            verified = refreshed.whole or (hold is not None and await self.derived.agrees(at=turn.at))
            offer = partial(self._offer_read, verified=verified)
            await anyio.to_thread.run_sync(offer) if refreshed.whole else offer()
        return refreshed

    def kept(self) -> KeptByKind:
        """Return what a discovery that reads and derives the same, from the same source, can go on from."""
        return KeptByKind(fingerprint(self.spec), self._kept_list(), self.derived, self._edition)

    def go_on(self, kept: KeptByKind) -> None:
        """Go on from that."""
        self._go_on_from(kept.shown)
        self.share(kept.derived)
        self._edition = kept.edition

    def _offer_again(self) -> None:
        self._offer_read(verified=False)

    def _offer_read(self, *, verified: bool) -> bool:
        self._behind = True
        self._limits.check_nodes(len(self.derived))
        return self._offer_decisions(self.derived.listed, verified=verified)

    def _rendered(self) -> Sequence[bytes]:
        return self.derived.text.render(self.publication.blocks)
