"""Has anything changed? One probe for all that a cycle reads, and of what changed the nodes that are not known yet."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from infrahub_exporter.domain.ports import ChangeProbe


class Change(Struct, frozen=True):
    """What changed of a kind: the nodes to look at again, and how many there are in all."""

    ids: frozenset[str]
    count: int


class Watch:
    """Ask what changed since the last time, `overlap_seconds` earlier still: stamps are taken before commit.

    A node that is known by its stamp is not reported again inside the overlap, and once more when it leaves it. Stamps
    are today's whatever instant is read, so one that is later than that instant is not known yet. The time covered does
    not advance while a branch is merging: what a merge brings is stamped with the merge's beginning.
    """

    def __init__(self, probe: ChangeProbe, *, overlap_seconds: float) -> None:
        self._probe = probe
        self._overlap_seconds = overlap_seconds
        self._complete: float | None = None
        self._counts: dict[str, int] = {}
        self._recent: dict[str, Mapping[str, float]] = {}

    def start(self, at: float) -> None:
        """Learn that something was read whole at an instant: what changed after it is to be reported."""
        self._complete = at if self._complete is None else min(at, self._complete)

    async def look(self, kinds: Iterable[str], *, at: float) -> Mapping[str, Change]:
        """Return the kinds of which anything changed. Raises SourceError; the next look then covers the same time."""
        if self._complete is None:
            return {}
        since = self._complete - self._overlap_seconds
        probed = await self._probe.probe(sorted(kinds), since=since, at=at)
        stamps = {
            kind: await self._probe.stamps(kind, since=since, at=at) if counted.changed else {}
            for kind, counted in probed.kinds.items()
        }
        changes = {
            kind: Change(_fresh(self._recent.get(kind, {}), stamps[kind]), counted.count)
            for kind, counted in probed.kinds.items()
        }
        moved = {
            kind: change for kind, change in changes.items() if change.ids or change.count != self._counts.get(kind)
        }
        self._counts = {kind: change.count for kind, change in changes.items()}
        self._recent = {
            kind: {identifier: stamp for identifier, stamp in found.items() if stamp <= at}
            for kind, found in stamps.items()
        }
        if not probed.merging:
            self._complete = at
        return moved


def _fresh(before: Mapping[str, float], now: Mapping[str, float]) -> frozenset[str]:
    """Return the nodes with a new stamp, and those that leave the overlap."""
    stamped = {identifier for identifier, stamp in now.items() if before.get(identifier) != stamp}
    return frozenset(stamped.union(before.keys() - now.keys()))
