"""How each entry of the configuration is doing, as values that a refresh replaces."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceRejectedError, UnexpectedError
from infrahub_exporter.domain.publishing.distribution import Distribution
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.guard import Hold
from infrahub_exporter.domain.publishing.saved import StoreStatus
from infrahub_exporter.domain.views.coverage import Uncovered

_OWN_FAULTS = frozenset({SourceRejectedError.reason, DerivationError.reason, UnexpectedError.reason})


class EntryStatus(Struct, frozen=True):
    """The state of one entry: `source` is `kind`, `series`, `query` or `uncovered`, `name` is unique among those.

    `success` is None before the first refresh has ended. `published` counts the series or target groups of the last
    good refresh, which stay published; `skipped` its nodes that gave none, by reason. `errors` counts failed refreshes
    by class since the start; `error` is the last refresh's, None after a good one. `hold` says what the guard holds
    back, `is_restored` that the data is from before a restart, `reading` how many nodes of a whole read have come,
    `on_demand` that it is there because somebody asked for it, `durations` are those of all good refreshes in seconds,
    `series_limit_ratio` is how much of its `max_series` an entry has, where it has one. `is_written` tells whether its
    last list is in its file, None where it has none or no list was good yet; `write_error` says why it is not.
    `examples` names some of the skipped nodes by reason.
    """

    source: str
    name: str
    success: bool | None = None
    succeeded_at: float | None = None
    duration_seconds: float = 0.0
    nodes: int = 0
    published: int = 0
    skipped: Mapping[str, int] = {}
    errors: Mapping[str, int] = {}
    error: ExporterError | None = None
    hold: Hold | None = None
    is_restored: bool = False
    reading: int | None = None
    on_demand: bool = False
    series_limit_ratio: float | None = None
    is_written: bool | None = None
    write_error: str | None = None
    examples: Mapping[str, tuple[str, ...]] = {}
    durations: Distribution = Distribution((0.01, 0.1, 1.0, 10.0, 60.0, 600.0))

    @property
    def settled(self) -> bool:
        """Tell whether waiting longer would change nothing: it was read well once, or found to be itself at fault.

        What is read only because somebody asked for it is not waited for.
        """
        return self.on_demand or self.succeeded_at is not None or not _OWN_FAULTS.isdisjoint(self.errors)

    def restored(self, *, read_at: float, nodes: int, published: int) -> "EntryStatus":
        """Return the status of data that was kept over a restart, until the first refresh has ended."""
        return msgspec.structs.replace(self, succeeded_at=read_at, nodes=nodes, published=published, is_restored=True)

    def succeeded(
        self, *, at: float, duration_seconds: float, nodes: int, published: int, skipped: Mapping[str, int]
    ) -> "EntryStatus":
        """Return the status after a good refresh that began at `at` (unix seconds)."""
        return msgspec.structs.replace(
            self,
            success=True,
            succeeded_at=at,
            duration_seconds=duration_seconds,
            nodes=nodes,
            published=published,
            skipped=skipped,
            error=None,
            is_restored=False,
            durations=self.durations.observed(duration_seconds),
        )

    def failed(self, error: ExporterError, *, duration_seconds: float) -> "EntryStatus":
        """Return the status after a failed refresh: what was read before stays."""
        errors = {**self.errors, error.reason: self.errors.get(error.reason, 0) + 1}
        return msgspec.structs.replace(
            self, success=False, duration_seconds=duration_seconds, errors=errors, error=error
        )


class PushStatus(Struct, frozen=True):
    """What OTLP pushes to a destination have done since the start.

    `pushes` counts those that the collector took whole. `points_rejected` are those that it said no to in a partial
    success, `points_dropped` those of refused requests and those too large for any request. `failures` counts failed
    requests by gRPC code in lower case or HTTP status, or as `credentials` where those cannot be read.
    `last_error` is the message of the newest push, None where that went well; it holds no secret.
    """

    pushes: int = 0
    points_delivered: int = 0
    points_rejected: int = 0
    points_dropped: int = 0
    failures: Mapping[str, int] = {}
    last_success_timestamp_seconds: float | None = None
    last_error: str | None = None
    destination: str = "default"


class SourceStatus(Struct, frozen=True):
    """How it goes with Infrahub since the start; `skew_seconds` is how far its clock is ahead of this one.

    `version` is None before it was asked. `retrying` says why the last try of a request failed in passing, None where
    it did not: what passes is tried again.

    `requests` are counted by what they ask and how they ended, however many tries each took.
    """

    requests: Mapping[tuple[str, str], int] = {}
    retries: int = 0
    skew_seconds: float | None = None
    read_bytes: int = 0
    version: str | None = None
    retrying: str | None = None

    @property
    def sent(self) -> int:
        """The number of all requests."""
        return sum(self.requests.values())


class PoolStatus(Struct, frozen=True):
    """What is held of Infrahub: how many readings there are, how many views show them, and how many rows of each kind.

    A reading is a kind with its filters; entries that read the same share it.
    """

    readings: int = 0
    views: int = 0
    rows: Mapping[str, int] = {}


class ConfigStatus(Struct, frozen=True):
    """What became of the configuration: `loaded_at` is when the one in use was loaded (unix seconds).

    `error` says why the last reload was refused, None where it was not. `hash` is equal for equal configurations.
    """

    loaded_at: float
    error: str | None = None
    hash: int = 0


class Status(Struct, frozen=True):
    """How the exporter is doing: `dead` names refresh loops that have ended unexpectedly.

    `config` is None where a host configures the exporter.
    `poll_interval_seconds` is the interval of the rounds as it is just now, `round_seconds` how long the last one took.
    `loop_lag` is how late the event loop was, `change_age` how old changes were when they became visible, in seconds.
    `deliveries` counts those of webhooks by outcome, `sizes` are bytes of the inventory's metrics, plain and gzipped,
    `uncovered` are the nodes that are in no list of targets, by kind.
    """

    entries: tuple[EntryStatus, ...]
    dead: tuple[str, ...] = ()
    pushes: tuple[PushStatus, ...] = ()
    source: SourceStatus | None = None
    store: StoreStatus | None = None
    config: ConfigStatus | None = None
    poll_interval_seconds: float | None = None
    round_seconds: float | None = None
    pool: PoolStatus | None = None
    loop_lag: Distribution | None = None
    change_age: Distribution | None = None
    deliveries: Mapping[str, int] = {}
    sizes: Mapping[Format, tuple[int, int]] = {}
    uncovered: tuple[Uncovered, ...] = ()

    @property
    def ready(self) -> bool:
        """Tell whether every entry has settled and every loop lives."""
        return not self.dead and all(entry.settled for entry in self.entries)
