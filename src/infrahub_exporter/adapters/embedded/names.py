"""How a node is found by what people call it: its human-friendly id, its default filter, what must be unique."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infrahub_exporter.adapters.embedded.attribute_paths import parse_path
from infrahub_exporter.adapters.embedded.identity import read_path
from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError, NodeNotFoundError
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Version
from infrahub_exporter.domain.model import JSON

Key = tuple[object, ...]


class Names:
    """The names of all living nodes, kept up with every change."""

    def __init__(self, kinds: Kinds, store: Store) -> None:
        self._kinds = kinds
        self._store = store
        self._by_name: dict[Key, dict[str, Record]] = {}
        self._unique: dict[Key, Record] = {}
        self._entries: dict[str, tuple[list[Key], list[Key]]] = {}

    def add(self, record: Record) -> None:
        """Learn the names of a node, in place of the ones it had."""
        self.remove(record)
        version = record.versions[-1]
        called: list[Key] = []
        if version.hfid is not None:
            called = [(label, version.hfid) for label in record.kind.labels]
        if record.kind.default_filter:
            text = read_path(version, record.kind.default_filter)
            called += [(label, str(text)) for label in record.kind.labels]
        for key in called:
            self._by_name.setdefault(key, {})[record.id] = record
        unique = [key for key, _ in self._keys(record.kind, _Stored(version))]
        for key in unique:
            self._unique[key] = record
        self._entries[record.id] = (called, unique)

    def remove(self, record: Record) -> None:
        """Forget the names of a node."""
        called, unique = self._entries.pop(record.id, ([], []))
        for key in called:
            del self._by_name[key][record.id]
        for key in unique:
            if self._unique.get(key) is record:
                del self._unique[key]

    def by_hfid(self, kind: Kind, hfid: Sequence[str], instant: int = NOW) -> Record | None:
        """Find a node by its human-friendly id.

        Raises:
            NodeNotFoundError: where the kind has none, one of another length, or several nodes share it.
        """
        shown = " :: ".join(hfid)
        if not kind.human_friendly_id:
            message = f"Unable to lookup node by HFID, schema '{kind.key}' does not have a HFID defined."
            raise NodeNotFoundError(kind.key, shown, message)
        if len(kind.human_friendly_id) != len(hfid):
            message = (
                f"Unable to lookup node by HFID, schema '{kind.key}' HFID does not contain the same number of "
                f"elements as {list(hfid)}"
            )
            raise NodeNotFoundError(kind.key, shown, message)
        wanted = tuple(hfid)
        if instant >= self._store.latest:
            found = list(self._by_name.get((kind.key, wanted), {}).values())
        else:
            found = [each for each in self._store.of(kind.key, instant) if each.at(instant).hfid == wanted]
        if len(found) > 1:
            message = f"Unable to find node {shown!r}, {len(found)} nodes returned, expected 1"
            raise NodeNotFoundError(kind.key, shown, message)
        return found[0] if found else None

    def by_text(self, kind: Kind, text: str) -> Record | None:
        """Find a node by its id or by the kind's default filter."""
        record = self._store.find(text, NOW, kind.key)
        if record is None and kind.default_filter:
            return next(iter(self._by_name.get((kind.key, text), {}).values()), None)
        return record

    def check_unique(
        self, kind: Kind, values: Mapping[str, JSON], peers: Mapping[str, Iterable[Record]], this: Record | None
    ) -> None:
        """Refuse values and peers that another node of the kind, or of a generic of it, has already.

        Raises:
            InvalidInputError: with the message of Infrahub.
        """
        for key, fields in self._keys(kind, _Planned(values, peers)):
            other = self._unique.get(key)
            if other is not None and other is not this:
                raise InvalidInputError(f"Violates uniqueness constraint '{'-'.join(fields)}'")

    def holder(self, kind: Kind, values: Mapping[str, Any], peers: Mapping[str, Iterable[Record]]) -> Record | None:
        """Find the node that has the human-friendly id which these values and peers would make."""
        planned = _Planned(values, peers)
        parts = [planned.read(each) for each in kind.human_friendly_id]
        hfid = tuple(str(each) for each in parts if each is not None)
        found = self._by_name.get((kind.key, hfid), {}) if hfid else {}
        return next(iter(found.values()), None)

    def _keys(self, kind: Kind, source: "_Stored | _Planned") -> Iterable[tuple[Key, tuple[str, ...]]]:
        for label in kind.labels:
            for constraint in self._kinds[label].uniqueness_constraints:
                values = tuple(source.identify(each) for each in constraint)
                if None not in values:
                    fields = tuple(parse_path(each).relationship or parse_path(each).attribute for each in constraint)
                    yield (label, constraint, values), fields


class _Stored:
    """What a version holds, read by paths."""

    def __init__(self, version: Version) -> None:
        self._version = version

    def identify(self, path: str) -> object:
        """Read a path of a constraint: a relationship stands for the peer's id."""
        relationship = self._version.record.kind.relationships.get(path)
        if relationship is not None:
            peer = next(iter(self._version.record.peers(relationship, NOW)), None)
            return peer.id if peer else None
        return _hashable(read_path(self._version, path))


class _Planned:
    """What a node would hold, read by paths."""

    def __init__(self, values: Mapping[str, Any], peers: Mapping[str, Iterable[Record]]) -> None:
        self._values = values
        self._peers = peers

    def identify(self, path: str) -> object:
        """Read a path of a constraint: a relationship stands for the peer's id."""
        if path in self._peers:
            return next((each.id for each in self._peers[path]), None)
        return _hashable(self.read(path))

    def read(self, text: str) -> JSON:
        """Read a path."""
        path = parse_path(text)
        if path.relationship is None:
            return self._values.get(path.attribute)
        peer = next(iter(self._peers.get(path.relationship, ())), None)
        return read_path(peer.versions[-1], f"{path.attribute}__{path.property}") if peer else None


def _hashable(value: JSON) -> object:
    return str(value) if isinstance(value, list | dict) else value


def identifying(kind: Kind) -> frozenset[str]:
    """Name the fields that identify a node: what of them are relationships has to be there when it is made."""
    paths = [*kind.human_friendly_id, *(each for group in kind.uniqueness_constraints for each in group)]
    return frozenset(each.partition("__")[0] for each in paths)
