"""Entries that are followed together, as the exporter does, and held against whole reads at the same instant."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.views import Delta, View
from infrahub_exporter.domain.replica.watching import Watch
from infrahub_exporter.domain.views.rows import Found
from tests.unit.rows import rows_of


class Entry(Struct, frozen=True):
    """What is followed."""

    name: str
    kind: str
    include: tuple[str, ...]
    filters: Filters = {}
    rows: str | None = None


_ALL = ("name", "state", "site", "site.parent.name", "labels[].weight", "ports[]", "ports[].labels[].name")
ENTRIES = (
    Entry("everything", "FollowRouter", _ALL),
    Entry("up", "FollowRouter", ("name", "site.name", "labels[]"), {"state__value": "up"}),
    Entry("by a peer's attribute", "FollowRouter", _ALL, {"site__code__value": "c0"}),
    Entry(
        "by group",
        "FollowRouter",
        ("name", "member_of_groups[].name", "site"),
        {"member_of_groups__name__values": ["follow-0", "follow-1"]},
    ),
    Entry("at no site", "FollowRouter", ("name", "labels[].name"), {"site__isnull": True}),
    Entry("streams", "FollowRouter", ("name", "upstream[].name", "downstream[].site.name")),
    Entry("ports", "FollowPort", ("name", "router", "router.site.parent", "labels[]")),
    Entry("kinds of ports", "FollowPort", ("name", "lanes", "beside.name", "beside.ancestors[].name")),
    Entry("some peers", "FollowRouter", ("ports[FollowFastPort].name", "labels[name~label.*].weight", "ports[].lanes")),
    Entry("others", "FollowRouter", ("name", "upstream[].downstream[other].name", "site.ancestors[].name")),
    Entry("places", "FollowPlace", ("code", "routers[].name", "descendants[].name", "descendants[FollowSite].code")),
    Entry("sites", "FollowSite", ("name", "parent", "routers[].name", "routers[].ports[].name")),
    Entry("rows of ports", "FollowRouter", ("^name", "name", "^site.name", "labels[].name"), rows="ports[]"),
    Entry(
        "rows of streams", "FollowRouter", ("^^name", "^name", "name", "site.name"), rows="upstream[].downstream[other]"
    ),
    Entry("rows of places", "FollowPlace", ("^code", "code", "routers[].name"), rows="descendants[]"),
    Entry("sites of what is up", "FollowSite", ("name", "parent.name"), {"routers__state__value": "up"}),
)


def derived(delta: Delta) -> dict[str, Row]:
    """Make a row of each node, of one with rows that of all these."""
    if delta.joining.plan.rows is None:
        return {row.id: row for row in rows_of(delta)}
    return {row.id: Row(row.id, row.kind, row.hfid, (tuple(map(_written, rows)),)) for row, rows in delta.found()}


def _written(row: Found) -> object:
    return row.id, row.kind, [sorted(map(repr, values)) for values in row.values]


class Held:
    """An entry with what the reader of its deltas would hold."""

    def __init__(self, entry: Entry, selection: Selection, view: View) -> None:
        self.entry = entry
        self.selection = selection
        self.view = view
        self.rows: dict[str, Row] = {}
        self.is_whole = False

    def take(self, delta: Delta) -> None:
        """Take what a refresh brought."""
        if delta.whole:
            self.rows.clear()
            self.is_whole = True
        self.rows.update(derived(delta))
        for identifier in delta.removed:
            self.rows.pop(identifier, None)


class Followed:
    """Entries under one watch; one that has not been read yet is read whole at its next turn."""

    def __init__(self, reader: InfrahubReader, truth: InfrahubReader, *, overlap_seconds: float) -> None:
        self._reader = reader
        self._truth = truth
        self._kinds = Kinds(reader)
        self._watch = Watch(reader, overlap_seconds=overlap_seconds)
        self._following = Following(reader, self._watch.start)
        self._overlap_seconds = overlap_seconds
        self.entries: list[Held] = []
        self.changed = 0

    def __str__(self) -> str:
        names = ", ".join(each.entry.name for each in self.entries)
        return f"{names} with an overlap of {self._overlap_seconds:g} s"

    async def add(self, entry: Entry) -> None:
        """Follow an entry from the next refresh on."""
        selection = await self._kinds.select(entry.kind, entry.include, entry.filters, entry.rows)
        plan, dependencies = await self._kinds.plan(selection, in_pieces=True)
        self.entries.append(Held(entry, selection, self._following.view(plan, dependencies)))

    async def refresh(self) -> float:
        """Ask what changed, read that, and return the instant."""
        at = await self._reader.instant()
        watched = self._following.kinds
        if watched:
            self._following.learn(await self._watch.look(watched, at=at))
        for each in self.entries:
            delta = await self._following.follow(each.view, at=at)
            if each.is_whole:
                self.changed += len(delta.changed) + len(delta.removed)
            each.take(delta)
        return at

    async def differences(self, at: float) -> list[str]:
        """Read each entry whole as it was at an instant, and tell what is held otherwise."""
        found = []
        for each in self.entries:
            read = plain(await self._read(each.selection, at))
            held = plain(each.rows)
            found += [
                f"{each.entry.name}, {key}:\n  held {held.get(key)}\n  read {read.get(key)}"
                for key in sorted(held.keys() | read.keys())
                if held.get(key) != read.get(key)
            ]
        return found

    async def _read(self, selection: Selection, at: float) -> Mapping[str, Row]:
        """Read in one piece; what has rows, as who follows it reads it first."""
        if selection.rows is None:
            pages = [page.rows async for page in self._truth.pages(selection, at=at)]
            return {row.id: row for rows in pages for row in rows}
        following = Following(self._truth)
        delta, _ = await following.read(following.view(*await self._kinds.plan(selection, in_pieces=True)), at=at)
        return derived(delta)


def plain(rows: Mapping[str, Row]) -> dict[str, Any]:
    """Write rows as they are shown: without the order and the nulls of what a relation to many brings."""
    return {
        key: (row.kind, row.hfid, [_shown(value) if isinstance(value, tuple) else value for value in row.values])
        for key, row in rows.items()
    }


def _shown(values: tuple[object, ...]) -> list[str]:
    return sorted(repr(each) for each in values if each is not None)
