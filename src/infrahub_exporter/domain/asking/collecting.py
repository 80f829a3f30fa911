"""What a collector is asked for: which one, how often, and what it may come to."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from infrahub_exporter.domain.asking.specs import KindName

MOST_SERIES = 10_000
"""How many series a collector may have unless its `max_series` says otherwise."""
READS: Mapping[str, frozenset[str]] = {
    "branches": frozenset(),
    "proposed_changes": frozenset({"CoreProposedChange"}),
    "validators": frozenset({"CoreValidator", "CoreProposedChange"}),
    "tasks": frozenset(),
    "events": frozenset(),
    "pools": frozenset({"CoreResourcePool"}),
    "repositories": frozenset({"CoreGenericRepository"}),
    "artifacts": frozenset({"CoreArtifact"}),
    "server": frozenset(),
}
"""The collectors that there are, and the kinds whose changes each of them shows at once."""


class CollectorSpec(Struct, frozen=True, kw_only=True):
    """A collector by its name; `contents` are the kinds whose nodes it names, where it names any."""

    collector: str
    refresh_interval_seconds: Annotated[float, Meta(gt=0)] = 60.0
    max_series: int = MOST_SERIES
    contents: tuple[KindName, ...] = ()
