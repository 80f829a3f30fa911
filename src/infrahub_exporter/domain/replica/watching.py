"""Has anything changed? One probe for all that a cycle reads, and of what changed the nodes that are not known yet."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceUnavailableError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import Arrived, ChangeProbe, Counted, Stamp
from infrahub_exporter.domain.replica.concurrency import Together, one_by_one

_MANY = 500
"""More stamps than these in the overlap are listed again only where counts say that there may be others."""
RESOLUTION_SECONDS = 2.0
"""How far an instant may fall behind the last one by its own uncertainty: a `Date` is whole seconds."""


ReadChanged = Callable[[str, float, float], Awaitable[Arrived | None]]
"""Read what changed of a kind after an instant as of another, rows and stamps at once; None where that is not to be."""


class Change(Struct, frozen=True):
    """What changed of a kind: the nodes to look at again, how many there are in all, and which of them are new.

    `untold` says why it cannot be told which nodes those are. `rows` are of those that need not be asked for any more.
    """

    ids: frozenset[str]
    count: int
    created: frozenset[str] = frozenset()
    untold: str | None = None
    rows: Mapping[str, Row] = {}


class _Told(Struct, frozen=True):
    """The stamps of a kind, the rows that came with them, and why it cannot be told."""

    stamps: Mapping[str, Stamp] = {}
    rows: Mapping[str, Row] = {}
    untold: str | None = None


class SetBackError(DerivationError):
    """Infrahub's clock was set back, so that stamps no longer tell what is new: everything has to be read."""


class Watch:
    """Ask what changed since the last time, `overlap_seconds` earlier still: stamps are taken before commit.

    A node that is known by its stamp is not reported again inside the overlap, and once more when it leaves it. Stamps
    are today's whatever instant is read, so one that is later than that instant is not known yet. The time covered does
    not advance while a branch is merging: what a merge brings is stamped with the merge's beginning.
    """

    def __init__(
        self,
        probe: ChangeProbe,
        *,
        overlap_seconds: float,
        together: Together = one_by_one,
        read_changed: ReadChanged | None = None,
    ) -> None:
        self._together = together
        self._read_changed = read_changed
        self._probe = probe
        self._overlap_seconds = overlap_seconds
        self._complete: float | None = None
        self._looked = 0.0
        self._since = 0.0
        self._counts: dict[str, int] = {}
        self._known: dict[str, Mapping[str, Stamp]] = {}
        self._begun = 0.0
        self._fresh: dict[str, list[float]] = {}

    def start(self, at: float) -> None:
        """Learn that something was read whole at an instant: what changed after it is to be reported, again if need be.

        It is earlier than the last look where the read had been interrupted, or Infrahub's clock was set back since.
        """
        if at < self._looked:
            self._counts = {}
            self._known = {kind: _until(at, stamps) for kind, stamps in self._known.items()}
        if self._complete is None:
            self._begun = self._complete = at
        self._complete = min(at, self._complete)

    def take_fresh(self) -> Mapping[str, Sequence[float]]:
        """Return, once, by kind the stamps of the changes since everything was read that looks have found."""
        fresh, self._fresh = self._fresh, {}
        return fresh

    async def look(self, kinds: Iterable[str], *, at: float) -> Mapping[str, Change]:
        """Return the kinds of which anything changed.

        Raises SourceError, and the next look then covers the same time (what is refused of one kind is `untold` of that
        kind alone); SetBackError, and what has been reported until
        then is void: the next look begins at this instant.
        """
        if self._complete is None:
            return {}
        if at < self._complete - RESOLUTION_SECONDS:
            behind, self._complete, self._looked, self._counts, self._known = self._complete - at, at, at, {}, {}
            self._begun = at
            raise SetBackError(f"Infrahub's clock was set back, by {behind:.0f} s or more")
        since = self._complete - self._overlap_seconds
        probed = await self._probe.probe(sorted(kinds), since=since, at=at)
        told = {kind: _Told() for kind in probed.kinds}

        async def tell(kind: str, counted: Counted) -> None:
            told[kind] = await self._told(kind, counted, since, at)

        changed = [kind for kind, counted in probed.kinds.items() if counted.changed]
        await self._together([partial(tell, kind, probed.kinds[kind]) for kind in changed])
        changes = {kind: self._change(kind, found, probed.kinds[kind].count, since, at) for kind, found in told.items()}
        moved = {
            kind: change
            for kind, change in changes.items()
            if change.ids or change.untold or change.count != self._counts.get(kind)
        }
        self._counts = {kind: change.count for kind, change in changes.items()}
        self._known = {kind: _until(at, found.stamps) for kind, found in told.items()}
        self._since, self._looked = since, at
        if not probed.merging:
            self._complete = at
        return moved

    async def _stamps(self, kind: str, counted: Counted, since: float, at: float) -> _Told:
        """List the stamps after `since`; where many are known already, and no others are there, those.

        Where many are not known, their rows will be asked for: they come with the stamps.
        """
        known = {each: stamp for each, stamp in self._known.get(kind, {}).items() if stamp.updated > since}
        if counted.changed > _MANY:
            all_known = len(known) == counted.changed and counted.count == self._counts.get(kind)
            new = counted.changed - len(known)
            if self._complete is not None and known and (all_known or self._read_changed is not None):
                newer = (await self._probe.probe([kind], since=self._complete, at=at)).kinds[kind].changed
                if all_known and not newer:
                    return _Told(known)
                new = max(new, newer)
            if self._read_changed is not None and 2 * new > counted.changed:
                found = await self._read_changed(kind, since, at)
                if found is not None:
                    return _Told(found.stamps, found.rows)
        return _Told(await self._probe.stamps(kind, since=since, at=at))

    async def _told(self, kind: str, counted: Counted, since: float, at: float) -> _Told:
        """List the stamps of a kind, or say why that cannot be told."""
        try:
            return await self._stamps(kind, counted, since, at)
        except SourceUnavailableError:
            raise
        except ExporterError as error:
            return _Told(untold=str(error))

    def _change(self, kind: str, told: _Told, count: int, since: float, at: float) -> Change:
        """Find the nodes with a new stamp, and those that leave the overlap."""
        stamps = told.stamps
        known = self._known.get(kind, {})
        new = stamps
        if known:
            new = {each: stamp for each, stamp in stamps.items() if known.get(each) != stamp or stamp.updated > at}
        left = known.keys() - stamps.keys()
        created = {each for each, stamp in new.items() if stamp.created > since}
        if fresh := [stamp.updated for stamp in new.values() if self._begun < stamp.updated <= at]:
            self._fresh.setdefault(kind, []).extend(fresh)
        created.update(each for each in left if known[each].created > self._since)
        rows = told.rows
        if len(rows) > len(new):
            rows = {each: rows[each] for each in new}
        return Change(frozenset(new).union(left), count, frozenset(created), told.untold, rows)


def _until(at: float, stamps: Mapping[str, Stamp]) -> Mapping[str, Stamp]:
    """Leave out what is later than an instant; the same object where nothing is."""
    late = [identifier for identifier, stamp in stamps.items() if stamp.updated > at]
    return {each: stamps[each] for each in stamps.keys() - set(late)} if late else stamps
