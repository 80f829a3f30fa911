"""What one configuration's entries leave to those of the next that read and derive the same, as plain values."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from infrahub_exporter.adapters.prometheus.rendering import Rendering
from infrahub_exporter.app.refreshing.entries.derivation import Derivation
from infrahub_exporter.app.refreshing.entries.info_derivation import InfoDerivation
from infrahub_exporter.app.refreshing.entries.series_derivation import SeriesDerivation
from infrahub_exporter.app.refreshing.entries.target_derivation import TargetDerivation
from infrahub_exporter.app.refreshing.pool import Pool, Source
from infrahub_exporter.app.refreshing.watched_document import WatchedDocument
from infrahub_exporter.domain.model import JSON, Family, Sample, Section
from infrahub_exporter.domain.publishing.guard import Guard
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.pressure import Pressure
from infrahub_exporter.domain.publishing.saved import Saved
from infrahub_exporter.domain.publishing.status import EntryStatus
from infrahub_exporter.domain.views.coverage import Named
from infrahub_exporter.domain.views.discovery import Decision
from infrahub_exporter.domain.views.events import Memory

Item = TypeVar("Item")


class Kept(Struct, Generic[Item], frozen=True):
    """What an entry published last, and how it was doing; `count` is what the guard judges by: nodes, or groups."""

    blocks: tuple[tuple[Item, ...], ...]
    count: int
    guard: Guard
    limits: Limits
    is_behind: bool
    status: EntryStatus


class KeptSections(Struct, frozen=True):
    """What an entry of rows shows as series; `series` is how many."""

    entry: Kept[Sample]
    label_names: tuple[str, ...]
    sections: tuple[Section, ...]
    series: int
    duplicates: int


class Left(Struct, frozen=True):
    """What an entry leaves; `fingerprint` is that of its spec."""

    fingerprint: str


class KeptMetric(Left, frozen=True):
    """An entry of `metrics.kind`."""

    shown: KeptSections
    derived: InfoDerivation


class KeptSeries(Left, frozen=True):
    """An entry of `metrics.series`, with its document where it has one."""

    shown: KeptSections
    derived: SeriesDerivation
    document: WatchedDocument | None = None


class KeptList(Struct, frozen=True):
    """A discovery's list, as groups and as ready bytes."""

    entry: Kept[Decision]
    chunks: Sequence[bytes] | None
    counted: tuple[int, int, Mapping[str, int]]
    told: frozenset[str]
    was_attempted: bool


class KeptByKind(Left, frozen=True):
    """A discovery by kind, and up to which edition it has taken what is derived."""

    shown: KeptList
    derived: TargetDerivation
    edition: int


class KeptQuery(Left, frozen=True):
    """A discovery by a document."""

    shown: KeptList
    document: WatchedDocument
    found: tuple[tuple[Decision, ...], ...]


class KeptUncovered(Left, frozen=True):
    """The nodes of a kind that should be in some list."""

    derived: Derivation[Named]
    blocks: tuple[tuple[Named, ...], ...]
    status: EntryStatus


class KeptCollector(Left, frozen=True):
    """A collector's last good families, and what it remembers."""

    families: tuple[Family, ...]
    duplicates: int
    status: EntryStatus
    memory: Memory


class KeptSet(Struct, frozen=True):
    """The list of one set of parameters, and when it was asked for last."""

    name: str
    variables: Mapping[str, JSON]
    asked: float
    query: KeptQuery


class KeptEntries(Struct, frozen=True):
    """All entries, and the pool in which their rows are."""

    pool: Pool
    metrics: tuple[KeptMetric, ...]
    series: tuple[KeptSeries, ...]
    by_kind: tuple[KeptByKind, ...]
    queries: tuple[KeptQuery, ...]
    sets: Mapping[str, tuple[KeptSet, ...]]
    uncovered: tuple[KeptUncovered, ...] = ()
    collectors: tuple[KeptCollector, ...] = ()


class Handover(Struct, frozen=True):
    """What an exporter that has ended leaves to the next one."""

    source: Source
    source_id: str
    pressure: Pressure
    rendering: Rendering
    entries: KeptEntries
    saved: Saved
