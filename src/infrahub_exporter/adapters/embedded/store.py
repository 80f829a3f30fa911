"""The nodes and edges, with their history: every instant since the start can be read.

An instant is a number of microseconds since 1970. A node keeps a version of its attributes per change, an edge the
span of its life, so that a change costs what it changes and a past instant is read as cheaply as the present one.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone

from infrahub_exporter.adapters.embedded.kinds import Kind, Relationship
from infrahub_exporter.domain.model import JSON

NOW = 2**62
"""Later than every change: reading at it is reading the latest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


def to_instant(moment: datetime) -> int:
    """Turn a time with a zone into an instant."""
    return (moment - _EPOCH) // _MICROSECOND


def from_instant(instant: int) -> datetime:
    """Turn an instant into a time in UTC."""
    return _EPOCH + instant * _MICROSECOND


def to_text(instant: int) -> str:
    """Write an instant as node metadata do: `2026-11-24T05:52:12.887372+00:00`."""
    return from_instant(instant).isoformat()


class Value:
    """An attribute's value at a node, when it was set, and whether it is the default or a profile's, or protected.

    Without `updated_at` it is computed for the answer: of such an attribute Infrahub tells the value alone.
    """

    __slots__ = ("from_profile", "is_default", "is_protected", "updated_at", "value")

    def __init__(
        self,
        value: JSON,
        is_default: bool | None,  # noqa: FBT001 - made by the thousand
        updated_at: int | None,
        *,
        from_profile: bool = False,
        is_protected: bool = False,
    ) -> None:
        self.value = value
        self.is_default = is_default
        self.updated_at = updated_at
        self.from_profile = from_profile
        self.is_protected = is_protected


class Version:
    """The attributes of a node from an instant on, and what Infrahub stores beside them.

    `stamped`: an answer tells when they were set.
    """

    __slots__ = ("display_label", "hfid", "record", "stamped", "start", "values")

    def __init__(
        self,
        record: "Record",
        start: int,
        values: Mapping[str, Value],
        hfid: tuple[str, ...] | None = None,
        display_label: str | None = "",
    ) -> None:
        self.record = record
        self.start = start
        self.values = values
        self.hfid = hfid
        self.display_label = display_label
        self.stamped = True

    def unstamped(self) -> "Version":
        """Give the same without the stamps of its attributes."""
        made = Version(self.record, self.start, self.values, self.hfid, self.display_label)
        made.stamped = False
        return made


class Edge:
    """One end of a relation, at one node: the node at the other end, the span in which it holds, who gave it."""

    __slots__ = ("end", "from_profile", "peer", "start")

    def __init__(self, peer: "Record", start: int, *, from_profile: bool = False) -> None:
        self.peer = peer
        self.start = start
        self.end = NOW + 1
        self.from_profile = from_profile


class Record:
    """A node through time. `updated_at` is the stamp of its last change, whatever instant is read."""

    __slots__ = ("created_at", "deleted_at", "edges", "id", "kind", "updated_at", "versions")

    def __init__(self, identity: str, kind: Kind, created_at: int) -> None:
        self.id = identity
        self.kind = kind
        self.created_at = created_at
        self.updated_at = created_at
        self.deleted_at = NOW + 1
        self.versions: list[Version] = []
        self.edges: dict[str, list[Edge]] = {}

    def alive(self, instant: int) -> bool:
        """Tell whether the node exists at an instant."""
        return self.created_at <= instant < self.deleted_at

    def at(self, instant: int) -> Version:
        """Give the version of an instant at which the node is alive."""
        versions = self.versions
        if versions[-1].start <= instant:
            return versions[-1]
        return next((each for each in reversed(versions) if each.start <= instant), versions[0])

    def peers(self, relationship: Relationship, instant: int) -> Iterator["Record"]:
        """Yield the nodes at the other ends of a relationship, in the order in which they came."""
        wanted = relationship.peer
        for edge in self.edges.get(relationship.edge, ()):
            if edge.start <= instant < edge.end and wanted in edge.peer.kind.labels:
                yield edge.peer


class Store:
    """All nodes; `start` is the first instant that can be read. Ids grow with creation and do not depend on time."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.latest = start
        self.by_id: dict[str, Record] = {}
        self.files: dict[str, bytes] = {}
        """The contents of files by their storage ids."""
        self._by_label: dict[str, list[Record]] = {}

    def find(self, identity: object, instant: int, label: str | None = None) -> Record | None:
        """Find a living node by its id, of a kind or generic where one is given."""
        record = self.by_id.get(identity) if isinstance(identity, str) else None
        if record is None or not record.alive(instant) or (label is not None and label not in record.kind.labels):
            return None
        return record

    def of(self, label: str, instant: int) -> list[Record]:
        """List the living nodes of a kind or generic in the order of their creation, which is that of their ids."""
        return [each for each in self._by_label.get(label, ()) if each.created_at <= instant < each.deleted_at]

    def create(self, kind: Kind, instant: int, identity: str | None = None) -> Record:
        """Add a node without a version yet."""
        record = Record(identity or self._next_id(), kind, instant)
        self.by_id[record.id] = record
        for label in kind.labels:
            self._by_label.setdefault(label, []).append(record)
        return record

    def _next_id(self) -> str:
        number = len(self.by_id)
        noise = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=10).digest()
        return str(uuid.UUID(bytes=(0x18_0000_0000_00 + number).to_bytes(6, "big") + noise))

    @staticmethod
    def link(
        one: Record, relationship: Relationship, other: Record, instant: int, *, from_profile: bool = False
    ) -> None:
        """Relate two nodes from an instant on."""
        one.edges.setdefault(relationship.edge, []).append(Edge(other, instant, from_profile=from_profile))
        other.edges.setdefault(relationship.mirror, []).append(Edge(one, instant))

    @staticmethod
    def unlink(one: Record, relationship: Relationship, other: Record, instant: int) -> None:
        """End what relates two nodes."""
        for node, key, peer in ((one, relationship.edge, other), (other, relationship.mirror, one)):
            for edge in node.edges.get(key, ()):
                if edge.peer is peer and edge.end > instant:
                    edge.end = instant
