"""Object files: what `infrahubctl object load` takes, loaded into the store."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from infrahub_exporter.adapters.embedded import documents
from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.names import Names
from infrahub_exporter.adapters.embedded.ranges import expand
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.adapters.embedded.store import NOW, Record
from infrahub_exporter.adapters.embedded.writer import Writer
from infrahub_exporter.domain.errors import ConfigError

Object = Mapping[str, Any]


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """How the data of a document are to be read."""

    expand_range: bool = False


class Spec(Struct, frozen=True, forbid_unknown_fields=True):
    """The objects of a document."""

    kind: str
    data: list[dict[str, Any]]
    strategy: str | None = None
    parameters: Parameters = Parameters()


class ObjectFile(Struct, frozen=True, forbid_unknown_fields=True, rename={"api_version": "apiVersion"}):
    """A document of an object file."""

    api_version: Literal["infrahub.app/v1"]
    kind: Literal["Object"]
    spec: Spec
    metadata: dict[str, Any] | None = None


class _MissingError(Exception):
    """A node that is referred to and is not there yet."""


class _Pending(Struct):
    """References to nodes that were not there yet when the node that holds them was made."""

    place: str
    record: Record
    relationship: Relationship
    references: list[Any]


class _Fields(Struct):
    """The data of one object by what they are."""

    values: dict[str, Any]
    peers: dict[str, Sequence[Record]]
    nested: list[tuple[Relationship, list[Object]]]
    pending: list[tuple[Relationship, list[Any]]]


class Loader:
    """Loads object files in the order given, each object at the next instant; what refers to later ones waits."""

    def __init__(self, kinds: Kinds, names: Names, writer: Writer, instants: range) -> None:
        self._kinds = kinds
        self._names = names
        self._writer = writer
        self._instants = iter(instants)
        self._instant = instants[0]
        self._pending: list[_Pending] = []
        self._missing = ""

    def load(self, paths: Sequence[Path]) -> None:
        """Load files.

        Raises:
            ConfigError: one line that names file, place and expectation.
        """
        with self._writer.loading():
            self._load_all([each for path in paths for each in self._read(path)])

    def _load_all(self, waiting: list[tuple[str, Kind, Object]]) -> None:
        while waiting:
            left = [each for each in waiting if not self._try(*each)]
            if len(left) == len(waiting):
                raise ConfigError(self._missing)
            waiting = left
        for each in self._pending:
            try:
                peers = [self._find(each.relationship, reference, each.place) for reference in each.references]
            except _MissingError as exc:
                raise ConfigError(f"{each.place}{exc}") from exc
            self._writer.add(each.record, each.relationship, peers, self._instant)

    def _try(self, place: str, kind: Kind, data: Object) -> bool:
        """Load an object; tell whether everything that it needs was there."""
        try:
            self._load(place, kind, data, {})
        except _MissingError as exc:
            self._missing = f"{place}{exc}"
            return False
        return True

    def _read(self, path: Path) -> list[tuple[str, Kind, Object]]:
        objects: list[tuple[str, Kind, Object]] = []
        number = 0
        for number, document in enumerate(documents.read(path), 1):
            source = f"{path}: document {number}"
            spec = documents.convert(document, ObjectFile, source).spec
            kind = self._kind(spec.kind, f"{source}: spec.kind")
            data: Sequence[Object] = spec.data
            if spec.parameters.expand_range:
                data = _expand(data, source)
            objects += [(f"{source}: {kind.key}[{index}]", kind, each) for index, each in enumerate(data)]
        if not number:
            raise ConfigError(f"{path}: empty, expected objects (`apiVersion: infrahub.app/v1`, `kind: Object`)")
        return objects

    def _kind(self, key: str, place: str) -> Kind:
        if key not in self._kinds or self._kinds[key].generic:
            raise ConfigError(f"{place}: {key}: unknown node kind, expected one of the schema")
        return self._kinds[key]

    def _load(self, place: str, kind: Kind, data: Object, context: Mapping[str, Sequence[Record]]) -> Record:
        """Create or update one object, with what is nested in it."""
        fields = self._sort_out(place, kind, data)
        fields.peers.update(context)
        for relationship, nested in fields.nested:
            if not relationship.optional:
                where = f"{place}.{relationship.name}"
                fields.peers[relationship.name] = [self._load_nested(relationship, each, where) for each in nested]
        record = self._save(place, kind, fields)
        for relationship, references in fields.pending:
            self._pending.append(_Pending(f"{place}.{relationship.name}: ", record, relationship, references))
        for relationship, nested in fields.nested:
            if relationship.optional:
                where = f"{place}.{relationship.name}"
                made = [self._load_nested(relationship, each, where, record) for each in nested]
                self._writer.add(record, relationship, made, self._instant)
        return record

    def _sort_out(self, place: str, kind: Kind, data: Object) -> _Fields:
        """Tell values, references, nested objects and references that have to wait."""
        fields = _Fields({}, {}, [], [])
        for name, value in data.items():
            where = f"{place}.{name}"
            if name in kind.attributes:
                if kind.attributes[name].read_only:
                    raise ConfigError(f"{where}: read-only, expected no value")
                fields.values[name] = value
                continue
            relationship = kind.relationships.get(name)
            if relationship is None or relationship.read_only:
                known = ", ".join([*kind.attributes, *kind.relationships])
                raise ConfigError(f"{where}: unknown field of {kind.key}, expected one of {known}")
            nested = _nested(relationship, value, where)
            if nested is not None:
                fields.nested.append((relationship, nested))
                continue
            references = _references(relationship, value, where)
            try:
                fields.peers[name] = [self._find(relationship, each, where) for each in references]
            except _MissingError as exc:
                if not relationship.optional or name in _identifying(kind):
                    raise _MissingError(f".{name}: {exc}") from exc
                fields.pending.append((relationship, references))
        return fields

    def _load_nested(self, relationship: Relationship, item: Object, place: str, owner: Record | None = None) -> Record:
        """Load an object inside another one, which it belongs to where the schema says that it must."""
        kind = self._kind(item.get("kind") or relationship.peer, place)
        context: dict[str, Sequence[Record]] = {}
        if owner is not None:
            mirror = self._kinds.opposite(relationship, kind)
            if mirror is not None and not mirror.optional:
                context = {mirror.name: [owner]}
        return self._load(f"{place}: {kind.key}", kind, item["data"], context)

    def _save(self, place: str, kind: Kind, fields: _Fields) -> Record:
        """Create an object, or update the one of this human-friendly id, as loading a file again does."""
        self._instant = next(self._instants, self._instant)
        try:
            existing = self._writer.holder(kind, fields.values, fields.peers)
            if existing is None:
                return self._writer.create(kind, fields.values, fields.peers, self._instant)
            self._writer.update(existing, fields.values, fields.peers, self._instant)
        except RefusedError as exc:
            raise ConfigError(f"{place}: {exc.message}") from exc
        return existing

    def _find(self, relationship: Relationship, reference: object, place: str) -> Record:
        """Find the node that a reference means: a human-friendly id, an id, or the default filter's value."""
        kind = self._kinds[relationship.peer]
        hfid = [str(each) for each in reference] if isinstance(reference, list) else [str(reference)]
        kinds = [self._kinds[each] for each in kind.used_by] if kind.generic else [kind]
        for each in (kind, *kinds):
            if len(each.human_friendly_id) == len(hfid):
                found = self._by_hfid(each, hfid, place)
                if found is not None:
                    return found
        if len(hfid) == 1:
            for each in kinds:
                found = self._names.by_text(each, hfid[0])
                if found is not None:
                    return found
        raise _MissingError(f"no {kind.key} {'__'.join(hfid)}, expected one that the object files create")

    def _by_hfid(self, kind: Kind, hfid: Sequence[str], place: str) -> Record | None:
        try:
            return self._names.by_hfid(kind, hfid, NOW)
        except RefusedError as exc:
            raise ConfigError(f"{place}: {exc.message}") from exc


def _expand(data: Sequence[Object], place: str) -> list[Object]:
    try:
        return list(expand(data))
    except ValueError as exc:
        raise ConfigError(f"{place}: {exc}") from exc


def _identifying(kind: Kind) -> frozenset[str]:
    """Name the relationships that identify a node: they have to be there when it is made."""
    paths = [*kind.human_friendly_id, *(each for group in kind.uniqueness_constraints for each in group)]
    return frozenset(each.partition("__")[0] for each in paths)


def _nested(relationship: Relationship, value: object, place: str) -> list[Object] | None:
    """Give the nested objects of a value, each with its kind and data; None where the value is references."""
    if isinstance(value, Mapping):
        data = value.get("data")
        items: list[Any] = data if isinstance(data, list) else [data]
        if relationship.many != isinstance(data, list) or not all(isinstance(each, Mapping) for each in items):
            shape = "a list of objects" if relationship.many else "one object"
            raise ConfigError(f"{place}: expected a reference, or `kind` and `data` with {shape}")
        parameters = value.get("parameters")
        if isinstance(parameters, Mapping) and parameters.get("expand_range"):
            items = _expand(items, place)
        return [{"kind": value.get("kind"), "data": each} for each in items]
    if relationship.many and isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for each in value:
            if not isinstance(each, Mapping) or not isinstance(each.get("data"), Mapping):
                raise ConfigError(f"{place}: expected references, or objects each with `kind` and `data`")
        return value
    return None


def _references(relationship: Relationship, value: object, place: str) -> list[Any]:
    """Give the references of a value: for a to-many each a human-friendly id as text or list."""
    if not relationship.many:
        return [] if value is None else [value]
    if not isinstance(value, list):
        raise ConfigError(f"{place}: expected a list of human-friendly ids")
    return value
