"""What is kept over a restart: the last good data of every entry, as it was published."""

import hashlib
import math
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec, UncoveredSpec
from infrahub_exporter.domain.model import Family, Sample
from infrahub_exporter.domain.views.discovery import Decision

_NOT_READ = frozenset(
    {"name", "help", "unit", "paths", "formats", "file", "guard", "max_series", "refresh_interval_seconds"}
)
"""What a spec says that does not change what is read and derived."""


class SavedKind(Struct, frozen=True):
    """The samples of an entry of `metrics`, block by block, each with a label value per name.

    `fingerprint` is that of its spec, `read_at` when its last good read began (unix seconds). `nodes` is how many nodes
    they were made of; None in what was saved when each node was a series.
    """

    name: str
    fingerprint: str
    read_at: float
    label_names: tuple[str, ...]
    blocks: tuple[tuple[Sample, ...], ...]
    nodes: int | None = None


class SavedList(Struct, frozen=True):
    """The decisions of a discovery, block by block; the rest as in `SavedKind`."""

    name: str
    fingerprint: str
    read_at: float
    blocks: tuple[tuple[Decision, ...], ...]


class SavedCollector(Struct, frozen=True):
    """The families of a collector; the rest as in `SavedKind`."""

    name: str
    fingerprint: str
    read_at: float
    families: tuple[Family, ...]

    @property
    def blocks(self) -> tuple[object, ...]:
        """Return what was read."""
        return self.families


class Saved(Struct, frozen=True):
    """Everything that is kept: `source` tells which Infrahub and branch it came from, `schema` is the schema's hash."""

    source: str
    schema: str
    kinds: tuple[SavedKind, ...] = ()
    lists: tuple[SavedList, ...] = ()
    collectors: tuple[SavedCollector, ...] = ()

    def find_kind(self, name: str, spec: MetricSpec | SeriesSpec) -> SavedKind | None:
        """Return the samples of an entry, where they were derived as the spec wants them."""
        wanted = fingerprint(spec)
        return next((each for each in self.kinds if each.name == name and each.fingerprint == wanted), None)

    def find_list(self, spec: DiscoverySpec) -> SavedList | None:
        """Return the decisions of a discovery, where they were derived as the spec wants them."""
        wanted = fingerprint(spec)
        return next((each for each in self.lists if each.name == spec.name and each.fingerprint == wanted), None)

    def find_collector(self, spec: CollectorSpec) -> SavedCollector | None:
        """Return the families of a collector that asked the same."""
        wanted = fingerprint(spec)
        named = (each for each in self.collectors if each.name == spec.collector)
        return next((each for each in named if each.fingerprint == wanted), None)

    def since(self, oldest: float) -> "Saved":
        """Return this without the entries that were read before an instant (unix seconds)."""
        return msgspec.structs.replace(
            self,
            kinds=tuple(each for each in self.kinds if each.read_at >= oldest),
            lists=tuple(each for each in self.lists if each.read_at >= oldest),
            collectors=tuple(each for each in self.collectors if each.read_at >= oldest),
        )

    @property
    def entries(self) -> "tuple[SavedKind | SavedList | SavedCollector, ...]":
        """Return the kinds, the lists and the collectors."""
        return (*self.kinds, *self.lists, *self.collectors)

    @property
    def content(self) -> tuple[object, ...]:
        """Return what was read, without when."""
        return tuple((each.name, each.fingerprint, each.blocks) for each in self.entries)

    @property
    def read_at(self) -> float | None:
        """Tell when the newest entry was read; None where there is none."""
        return max((each.read_at for each in self.entries), default=None)

    @property
    def flaw(self) -> str | None:
        """Say what in it cannot be, None where all fits together: types are for the decoder to check."""
        for each in self.entries:
            if not math.isfinite(each.read_at):
                return f"{each.name}: it was read at no time"
        for kind in self.kinds:
            labels = len(kind.label_names)
            if any(len(sample.labels) != labels for block in kind.blocks for sample in block):
                return f"{kind.name}: a series has other labels than its kind"
        for collector in self.collectors:
            sections = [section for family in collector.families for section in family.sections]
            if any(len(each.labels) != len(section.label_names) for section in sections for each in section.samples):
                return f"{collector.name}: a series has other labels than its collector"
        return None


class StoreStatus(Struct, frozen=True):
    """How saving goes since the start: `last_error` is the newest save's, None after a good one.

    `saved_at` (unix seconds) and `size_bytes` are those of the last good one.
    """

    saves: int = 0
    failures: int = 0
    saved_at: float | None = None
    size_bytes: int = 0
    last_error: str | None = None

    def saved(self, *, at: float, size_bytes: int) -> "StoreStatus":
        """Return the status after a good save."""
        return StoreStatus(self.saves + 1, self.failures, at, size_bytes)

    def failed(self, reason: str) -> "StoreStatus":
        """Return the status after one that failed."""
        return msgspec.structs.replace(self, failures=self.failures + 1, last_error=reason)


def fingerprint(spec: MetricSpec | SeriesSpec | DiscoverySpec | UncoveredSpec | CollectorSpec) -> str:
    """Return a text that changes with what a spec reads and derives, not with how it is named, served and limited."""
    return digest([(name, value) for name, value in msgspec.structs.asdict(spec).items() if name not in _NOT_READ])


def digest(parts: Sequence[object]) -> str:
    """Return a text that changes with any of these plain values: of a source, say, its address and branch."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
