"""What all entries that are read as rows and published as series have in common."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress, count
from operator import attrgetter, is_not
from typing import Any, TypeAlias

import anyio
import anyio.to_thread
import msgspec

from infrahub_exporter.app.refreshing.entries.attempts import Counts, GuardedEntry
from infrahub_exporter.app.refreshing.entries.derivation import Derivation, Refreshed
from infrahub_exporter.app.refreshing.entries.handover import KeptSections
from infrahub_exporter.app.refreshing.pool import Turn
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import Sample, Section
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import NEAR_LIMIT, Limits
from infrahub_exporter.domain.publishing.saved import Saved, SavedKind, fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views.distinct import Shown

logger = logging.getLogger("infrahub_exporter")
_SAMPLES = attrgetter("samples")
Blocks: TypeAlias = tuple[tuple[Sample, ...], ...]


class MeasuredEntry(GuardedEntry[Sample]):
    """An entry with the last good series of its rows. `others` counts the series of all others, for the limit over all.

    The guard counts nodes: how many series there are depends on what is wanted of them.
    """

    derived: Derivation[Any]

    def __init__(
        self,
        status: EntryStatus,
        spec: MetricSpec | SeriesSpec,
        *,
        clock: Clock,
        guard: GuardSpec,
        limits: Limits,
        others: Callable[["MeasuredEntry"], int],
    ) -> None:
        super().__init__(status, guard.overridden(spec.guard), limits, clock)
        self._spec = spec
        self._others = others
        self.lock = anyio.Lock()
        self._label_names: tuple[str, ...] = ()
        self._sections: tuple[Section, ...] = ()
        self._duplicates = 0
        self._is_near_limit = False
        self.series = 0
        """How many series are published."""

    @property
    @abstractmethod
    def shown(self) -> tuple[Shown, ...]:
        """Return the families with what is published."""

    @abstractmethod
    def _read(self) -> tuple[tuple[str, ...], Blocks]:
        """Return the label names and the blocks of what is held."""

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

    async def refresh(self, turn: Turn) -> Refreshed | None:
        """Take a turn; None where it failed. A failure keeps the last good samples."""
        return await self.attempt(lambda: self._refresh(turn), self._counts, lambda done: turn.own_time(done.at))

    async def roll(self, *, at: float) -> bool:
        """Read again what is due; tell whether anything published differs. Raises SourceError, DerivationError."""
        return await self.derived.roll(at=at) and self._offer_read(verified=False)

    def published(self, duplicates: int) -> None:
        """Learn how many of the series an earlier entry had already."""
        self._duplicates = duplicates
        _, published, skipped = self._counts()
        self.status = msgspec.structs.replace(self.status, published=published, skipped=skipped)

    def saved(self) -> SavedKind | None:
        """Return what is kept over a restart."""
        if self.status.succeeded_at is None:
            return None
        shown = self.publication
        key = fingerprint(self._spec)
        return SavedKind(self.status.name, key, self.status.succeeded_at, self._label_names, shown.blocks, shown.count)

    def restore(self, saved: Saved) -> bool:
        """Publish what was kept; tell whether there was anything."""
        kept = saved.find_kind(self.status.name, self._spec)
        if kept is None:
            return False
        self.series = sum(map(len, kept.blocks))
        nodes = self.series if kept.nodes is None else kept.nodes
        self._label_names = kept.label_names
        self.publication.restore(kept.blocks, nodes)
        self._behind = True
        self.status = self.status.restored(read_at=kept.read_at, nodes=nodes, published=self.series)
        return True

    def _kept_sections(self) -> KeptSections:
        return KeptSections(self._kept(), self._label_names, self.sections, self.series, self._duplicates)

    def _go_on_from(self, kept: KeptSections) -> None:
        self._go_on(kept.entry)
        self._label_names, self._sections, self.series = kept.label_names, kept.sections, kept.series
        self._duplicates = kept.duplicates
        self.status = msgspec.structs.replace(self.status, series_limit_ratio=None)
        self._behind |= self._spec.max_series is not None  # it may be another one by now

    def _offer_again(self) -> None:
        self._offer_read(verified=False)

    async def _refresh(self, turn: Turn) -> Refreshed:
        refreshed = await self.derived.refresh(turn)
        self._behind |= refreshed.changed  # until it is offered: a cancellation may come first
        if not refreshed.changed and not self.is_behind:
            return refreshed
        hold = self.publication.guard.hold
        verified = refreshed.whole or (hold is not None and await self.derived.agrees(at=turn.at))
        offer = partial(self._offer_read, verified=verified)
        published = await anyio.to_thread.run_sync(offer) if refreshed.whole else offer()
        return msgspec.structs.replace(refreshed, changed=published)

    def _offer_read(self, *, verified: bool) -> bool:
        nodes = len(self.derived)
        self._behind = True
        self._limits.check_nodes(nodes)
        label_names, blocks = self._read()
        series = sum(map(len, blocks))
        self._limits.check_series(series, others=self._others(self))
        self._note_limit(series)
        self._limits.check_entry(series, self._spec.max_series)
        if not self._offer(blocks, nodes, verified=verified, check=partial(self._check, label_names)):
            return False
        if label_names != self._label_names:
            self._label_names, self._sections = label_names, ()
        self.series = series
        return True

    def _check(self, label_names: Sequence[str], samples: Sequence[Sample]) -> None:
        """Raise DerivationError for a label value that is too long."""
        self._limits.check_samples(label_names, samples)

    def _note_limit(self, series: int) -> None:
        """Tell how near the entry's own limit is, and warn once."""
        most = self._spec.max_series
        if most is None:
            return
        ratio = series / most
        if ratio >= NEAR_LIMIT and not self._is_near_limit:
            source, name = self.status.source, self.status.name
            logger.warning("%s %s has %d series, max_series allows %d", source, name, series, most)
        self._is_near_limit = ratio >= NEAR_LIMIT
        self.status = msgspec.structs.replace(self.status, series_limit_ratio=ratio)

    @abstractmethod
    def _counts(self) -> Counts:
        """Return the nodes that are held, the series that are published of them, and what is left out by reason."""
