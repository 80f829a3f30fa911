"""The collectors as the configuration says them: each off unless it is named."""

from collections.abc import Iterator
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from infrahub_exporter.domain.asking.collecting import MOST_SERIES, CollectorSpec
from infrahub_exporter.domain.asking.specs import KindName, Seconds


class CollectorSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a collector asks, and how many series it may have."""

    refresh_interval_seconds: Seconds | None = None
    max_series: Annotated[int, Meta(ge=1)] = MOST_SERIES


class ProposedChangesSettings(CollectorSettings, frozen=True):
    """The same of proposed changes; `contents` are the kinds whose nodes open ones add, update and remove."""

    contents: tuple[KindName, ...] = ()


Collector: TypeAlias = bool | CollectorSettings | None
"""`true` is the collector as it is by itself."""


class CollectorsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of Infrahub itself is told."""

    branches: Collector = None
    proposed_changes: bool | ProposedChangesSettings | None = None
    validators: Collector = None
    tasks: Collector = None
    events: Collector = None
    pools: Collector = None
    repositories: Collector = None
    artifacts: Collector = None
    server: Collector = None

    def specs(self, *, interval_seconds: float) -> Iterator[CollectorSpec]:
        """Yield the collectors that are on; those that say no interval have the given one."""
        for name in self.__struct_fields__:
            said = getattr(self, name)
            if said is None or said is False:
                continue
            options = {} if said is True else msgspec.structs.asdict(said)
            options["refresh_interval_seconds"] = options.get("refresh_interval_seconds") or interval_seconds
            yield CollectorSpec(collector=name, **options)
