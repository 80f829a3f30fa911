"""A collector at work: it asks its questions at its own pace, and holds what it read well last."""

import logging
from collections.abc import Callable

import anyio
import msgspec

from infrahub_exporter.app.refreshing.entries.attempts import Attempts, Counts
from infrahub_exporter.app.refreshing.entries.handover import KeptCollector
from infrahub_exporter.app.refreshing.pool import Source, answers
from infrahub_exporter.domain.asking.collecting import READS, CollectorSpec
from infrahub_exporter.domain.model import Family
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.limits import NEAR_LIMIT, Limits
from infrahub_exporter.domain.publishing.saved import Saved, SavedCollector, fingerprint
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views.collectors import collection
from infrahub_exporter.domain.views.distinct import Shown
from infrahub_exporter.domain.views.events import Memory
from infrahub_exporter.domain.views.families import shown

logger = logging.getLogger("infrahub_exporter")


class CollectorEntry(Attempts):
    """A collector with its last good families. `others` counts the series of all other entries, for the limit over all.

    There is no guard: these are numbers and states of Infrahub itself, which may well go at once.
    """

    def __init__(
        self,
        spec: CollectorSpec,
        *,
        source: Source,
        clock: Clock,
        limits: Limits,
        others: Callable[["CollectorEntry"], int],
    ) -> None:
        super().__init__(EntryStatus("collector", spec.collector), clock)
        self.spec = spec
        self.lock = anyio.Lock()
        self._source = source
        self._limits = limits
        self._others = others
        self._families: tuple[Family, ...] = ()
        self._duplicates = 0
        self._is_near_limit = False
        self._memory = Memory()
        self.shown: tuple[Shown, ...] = ()
        """The families that are published."""
        self.series = 0

    async def ask(self) -> None:
        """Ask; a failure keeps the last good families, and what was refused waits its time unless an outage is over."""
        if self.is_backing_off:
            if not (self.is_in_doubt and await answers(self._source)):
                return
            self.outages.went_well()
        await self.attempt(self._refresh, self._counts)

    def reads(self, kinds: frozenset[str]) -> bool:
        """Tell whether this shows changes of any of these kinds."""
        return not kinds.isdisjoint(READS[self.spec.collector])

    def published(self, duplicates: int) -> None:
        """Learn how many of the series an earlier entry had already."""
        self._duplicates = duplicates
        _, published, skipped = self._counts()
        self.status = msgspec.structs.replace(self.status, published=published, skipped=skipped)

    def saved(self) -> SavedCollector | None:
        """Return what is kept over a restart."""
        if self.status.succeeded_at is None:
            return None
        return SavedCollector(self.spec.collector, fingerprint(self.spec), self.status.succeeded_at, self._families)

    def restore(self, saved: Saved) -> bool:
        """Publish what was kept; tell whether there was anything."""
        kept = saved.find_collector(self.spec)
        if kept is None:
            return False
        self._show(kept.families)
        self.status = self.status.restored(read_at=kept.read_at, nodes=self.series, published=self.series)
        return True

    def kept(self) -> KeptCollector:
        """Return what a collector that asks the same, of the same source, can go on from."""
        return KeptCollector(fingerprint(self.spec), self._families, self._duplicates, self.status, self._memory)

    def go_on(self, kept: KeptCollector) -> None:
        """Go on from that."""
        self._show(kept.families)
        self._duplicates, self._memory = kept.duplicates, kept.memory
        self.status = kept.status

    async def _refresh(self) -> None:
        collecting = collection(self.spec, self._memory)
        try:
            question = next(collecting)
            while True:
                question = collecting.send(await self._source.run(question.document, question.variables))
        except StopIteration as end:
            families: tuple[Family, ...] = end.value
        self._check(families)
        self._show(families)

    def _check(self, families: tuple[Family, ...]) -> None:
        """Raise DerivationError past a limit."""
        series = _count(families)
        self._limits.check_series(series, others=self._others(self))
        self._note_limit(series)
        self._limits.check_entry(series, self.spec.max_series)
        for family in families:
            for section in family.sections:
                self._limits.check_samples(section.label_names, section.samples)

    def _note_limit(self, series: int) -> None:
        """Tell how near the own limit is, and warn once."""
        most = self.spec.max_series
        is_near = series >= NEAR_LIMIT * most
        if is_near and not self._is_near_limit:
            logger.warning("collector %s has %d series, max_series allows %d", self.spec.collector, series, most)
        self._is_near_limit = is_near
        self.status = msgspec.structs.replace(self.status, series_limit_ratio=series / most)

    def _show(self, families: tuple[Family, ...]) -> None:
        """Show families; those that are equal to what is shown stay the same objects."""
        if families == self._families and self.shown:
            return
        self._families, self.series = families, _count(families)
        self.shown = tuple(map(shown, families))

    def _counts(self) -> Counts:
        return self.series, self.series - self._duplicates, {"duplicate": self._duplicates}


def _count(families: tuple[Family, ...]) -> int:
    return sum(len(section.samples) for family in families for section in family.sections)
