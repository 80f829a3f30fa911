"""An entry of `metrics.kind` at work: it holds what it read well last, and how it is doing."""

import logging
from collections.abc import Callable
from functools import partial
from itertools import compress, count
from operator import attrgetter, is_not

import anyio.to_thread
import msgspec

from infrahub_exporter.app.refreshing.attempts import Counts, GuardedEntry
from infrahub_exporter.app.refreshing.handover import KeptMetric
from infrahub_exporter.app.refreshing.held import Held, Refreshed
from infrahub_exporter.app.refreshing.pool import Turn
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import Sample, Section
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import NEAR_LIMIT, Limits
from infrahub_exporter.domain.publishing.saved import Saved, SavedKind, fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views import metrics

logger = logging.getLogger("infrahub_exporter")
_SAMPLES = attrgetter("samples")


class MetricEntry(GuardedEntry[Sample]):
    """An entry of `metrics.kind`. `others` counts the series of the other entries, for the limit over all."""

    def __init__(
        self,
        name: str,
        spec: MetricSpec,
        *,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
        others: Callable[["MetricEntry"], int],
    ) -> None:
        super().__init__(EntryStatus("kind", name), guard.overridden(spec.guard), limits, clock)
        self.spec = spec
        sample = metrics.sampler(spec)
        self.held: Held[Sample] = Held(
            spec.kind, spec.paths, spec.filters, derive=lambda delta: {row.id: sample(row) for row in delta.rows()}
        )
        self._others = others
        self._label_names = spec.label_names
        self._sections: tuple[Section, ...] = ()
        self._duplicates = 0
        self._is_near_limit = False

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return a section per published block; one whose samples are the same stays the same object."""
        blocks = tuple(filter(None, self.publication.blocks))
        held = tuple(map(_SAMPLES, self._sections))
        if len(blocks) != len(held):
            kept = dict(zip(map(id, held), self._sections, strict=True))
            self._sections = tuple(kept.get(id(block)) or Section(self._label_names, block) for block in blocks)
        elif touched := list(compress(count(), map(is_not, blocks, held))):
            sections = list(self._sections)
            for index in touched:
                sections[index] = Section(self._label_names, blocks[index])
            self._sections = tuple(sections)
        return self._sections

    def finder(self) -> Callable[[str], Sample | None]:
        """Return what finds a node's published sample by its id."""
        if not self.is_behind and self.status.success:
            return self.held.blocks.get
        return {each.id: each for block in self.publication.blocks for each in block}.get

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the last good samples."""
        return await self.attempt(lambda: self._refresh(turn), self._counts)

    async def roll(self, *, at: float) -> bool:
        """Read again what is due; tell whether anything published differs. Raises SourceError, DerivationError."""
        return await self.held.roll(at=at) and self._offer_read(verified=False)

    def published(self, duplicates: int) -> None:
        """Learn how many of the series an earlier entry had already."""
        self._duplicates = duplicates
        _, published, skipped = self._counts()
        self.status = msgspec.structs.replace(self.status, published=published, skipped=skipped)

    def saved(self) -> SavedKind | None:
        """Return what is kept over a restart."""
        if self.status.succeeded_at is None:
            return None
        key = fingerprint(self.spec)
        return SavedKind(self.status.name, key, self.status.succeeded_at, self._label_names, self.publication.blocks)

    def restore(self, saved: Saved) -> bool:
        """Publish what was kept; tell whether there was anything."""
        kept = saved.find_kind(self.status.name, self.spec)
        if kept is None:
            return False
        count = sum(map(len, kept.blocks))
        self.publication.restore(kept.blocks, count)
        self._behind = True
        self.status = self.status.restored(read_at=kept.read_at, nodes=count, published=count)
        return True

    def kept(self) -> KeptMetric:
        """Return what an entry that reads and derives the same, from the same source, can go on from."""
        return KeptMetric(fingerprint(self.spec), self._kept(), self.held, self.sections, self._duplicates)

    def go_on(self, kept: KeptMetric) -> None:
        """Go on from that."""
        self._go_on(kept.entry)
        self.held, self._sections, self._duplicates = kept.held, kept.sections, kept.duplicates
        self.status = msgspec.structs.replace(self.status, series_limit_ratio=None)
        self._behind |= self.spec.max_series is not None  # it may be another one by now

    def _offer_again(self) -> None:
        self._offer_read(verified=False)

    async def _refresh(self, turn: Turn) -> Refreshed:
        refreshed = await self.held.refresh(turn)
        self._behind |= refreshed.changed  # until it is offered: a cancellation may come first
        if not refreshed.changed and not self.is_behind:
            return refreshed
        hold = self.publication.guard.hold
        verified = refreshed.whole or (hold is not None and await self.held.agrees(at=turn.at))
        offer = partial(self._offer_read, verified=verified)
        published = await anyio.to_thread.run_sync(offer) if refreshed.whole else offer()
        return msgspec.structs.replace(refreshed, changed=published)

    def _offer_read(self, *, verified: bool) -> bool:
        count = len(self.held.blocks)
        self._behind = True
        self._limits.check_nodes(count)
        self._limits.check_series(count, others=self._others(self))
        self._note_limit(count)
        self._limits.check_entry(count, self.spec.max_series)
        check = partial(self._limits.check_samples, self._label_names)
        return self._offer(self.held.blocks.blocks, count, verified=verified, check=check)

    def _note_limit(self, count: int) -> None:
        """Tell how near the entry's own limit is, and warn once."""
        most = self.spec.max_series
        if most is None:
            return
        ratio = count / most
        if ratio >= NEAR_LIMIT and not self._is_near_limit:
            logger.warning("kind %s has %d series, max_series allows %d", self.status.name, count, most)
        self._is_near_limit = ratio >= NEAR_LIMIT
        self.status = msgspec.structs.replace(self.status, series_limit_ratio=ratio)

    def _counts(self) -> Counts:
        return len(self.held.blocks), self.publication.count - self._duplicates, {"duplicate": self._duplicates}
