"""Object files, as `infrahubctl object load` takes them, loaded into the store."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from infrahub_exporter.adapters.embedded import documents, files, object_files
from infrahub_exporter.adapters.embedded.checks import expected_of
from infrahub_exporter.adapters.embedded.conversion import convert
from infrahub_exporter.adapters.embedded.declared import unknown
from infrahub_exporter.adapters.embedded.faults import Faults
from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.names import Names, identifying
from infrahub_exporter.adapters.embedded.object_files import Nested, Object, ObjectFile
from infrahub_exporter.adapters.embedded.pools import Draw
from infrahub_exporter.adapters.embedded.refusals import RefusedError, mandatory
from infrahub_exporter.adapters.embedded.store import NOW, Record
from infrahub_exporter.adapters.embedded.writer import Writer
from infrahub_exporter.domain.errors import ConfigError

_Peers = dict[str, Sequence[Record | Draw]]


class _MissingError(Exception):
    """A node that is referred to and is not there yet: of this kind, of this name."""

    def __init__(self, place: str, kind: Kind, name: Sequence[str]) -> None:
        text = "__".join(name)
        super().__init__(f"{place}: no {kind.key} {text}, expected one that the object files create")
        self.labels = frozenset((kind.key, *kind.used_by))
        self.name = name


class _Item(Struct, frozen=True):
    """An object to load: where it stands, and the document's kind, which stands in for a generic."""

    place: str
    kind: Kind
    data: Object
    folder: Path


class _Pending(Struct):
    """References to nodes that were not there yet when the node that holds them was made."""

    place: str
    record: Record
    relationship: Relationship
    references: list[Any]


class _Fields(Struct):
    """The data of one object by what they are."""

    values: dict[str, Any]
    peers: _Peers
    nested: list[tuple[Relationship, list[Nested]]]
    pending: list[tuple[Relationship, list[Any]]]
    protected: dict[str, bool]


class Loader:
    """Loads object files in the order given, each object at the next instant; what refers to later ones waits."""

    def __init__(self, kinds: Kinds, names: Names, writer: Writer, instants: range) -> None:
        self._kinds = kinds
        self._names = names
        self._writer = writer
        self._instants = iter(instants)
        self._instant = instants[0]
        self._pending: list[_Pending] = []
        self._folder = Path()
        self._faults = Faults()
        self._failed: list[_Item] = []
        self._missing: dict[int, _MissingError] = {}

    def load(self, paths: Sequence[Path]) -> None:
        """Load files.

        Raises:
            ConfigError: a line for each fault, that names file, place and expectation.
        """
        with self._writer.loading():
            self._load_all([each for path in paths for each in self._read(path)])
        self._faults.check()

    def _load_all(self, items: list[_Item]) -> None:
        waiting = items
        while waiting:
            left = [each for each in waiting if not self._try(each)]
            if len(left) == len(waiting):
                self._give_up(left)
                break
            waiting = left
        for each in self._pending:
            try:
                peers = [self._find(each.relationship, reference, each.place) for reference in each.references]
            except _MissingError as exc:
                self._tell(exc)
                continue
            with self._faults.gathered():
                self._relate(each.place, each.record, each.relationship, peers)

    def _try(self, item: _Item) -> bool:
        """Load an object; tell whether everything that it needs was there. One that is wrong in itself is told."""
        told = len(self._faults)
        self._folder = item.folder
        try:
            with self._faults.gathered():
                self._load(item.place, item.kind, item.data, {}, item.kind)
        except _MissingError as exc:
            self._missing[id(item)] = exc
            if len(self._faults) == told:
                return False
        if len(self._faults) > told:
            self._failed.append(item)
        return True

    def _give_up(self, left: list[_Item]) -> None:
        """Tell of references that lead nowhere, but not of those to an object that is told of itself."""
        self._failed += left
        told = len(self._faults)
        for each in left:
            self._tell(self._missing[id(each)])
        if len(self._faults) == told == 0:
            self._faults.add(str(self._missing[id(left[0])]))

    def _tell(self, missing: _MissingError) -> None:
        meant = str(missing.name[-1]), str(missing.name[0])
        for each in self._failed:
            named = {str(value) for value in each.data.values() if isinstance(value, str | int | float)}
            if each.kind.key in missing.labels and not named.isdisjoint(meant):
                return
        self._faults.add(str(missing))

    def _read(self, path: Path) -> Iterator[_Item]:
        with self._faults.gathered():
            for source, document in object_files.read(path):
                with self._faults.gathered():
                    spec = convert(document, ObjectFile, source).spec
                    kind = self._kind(spec.kind, f"{source}: spec.kind", None)
                    for index, each in enumerate(object_files.objects_of(spec, source)):
                        yield _Item(f"{source}: {kind.key}[{index}]", kind, each, path.parent)

    def _kind(self, key: str, place: str, instead: Kind | None) -> Kind:
        """Find a node kind; for a generic that a relationship leads to, the document's kind is taken."""
        if key not in self._kinds:
            raise ConfigError(f"{place}: {unknown(key, (each.key for each in self._kinds.values()))}")
        kind = self._kinds[key]
        if kind.generic and instead is not None:
            kind = instead
        if kind.generic:
            raise ConfigError(f"{place}: {key}: a generic, expected one of {', '.join(kind.used_by) or 'its kinds'}")
        return kind

    def _load(
        self, place: str, kind: Kind, data: Object, context: Mapping[str, Sequence[Record]], document: Kind
    ) -> Record:
        """Create or update one object, with what is nested in it."""
        fields = self._sort_out(place, kind, data, context)
        fields.peers.update(context)
        later = []
        for relationship, nested in fields.nested:
            if relationship.optional:
                later.append((relationship, nested))
            else:
                fields.peers[relationship.name] = [
                    self._load_nested(relationship, each, document, None) for each in nested
                ]
        record = self._save(place, kind, fields)
        self._writer.protect(record, fields.protected, self._instant)
        for relationship, references in fields.pending:
            self._pending.append(_Pending(f"{place}.{relationship.name}", record, relationship, references))
        for relationship, nested in later:
            made = [self._load_nested(relationship, each, document, record) for each in nested]
            self._relate(f"{place}.{relationship.name}", record, relationship, made)
        return record

    def _sort_out(self, place: str, kind: Kind, data: Object, context: Container[str]) -> _Fields:
        """Tell values, references, nested objects and references that have to wait."""
        fields = _Fields({}, {}, [], [], {})
        wrong = Faults()
        for name in expected_of(kind, data):
            if name not in data and name not in context:
                wrong.add(f"{place}: {mandatory(kind.key, name).message}")
        for name, value in data.items():
            with wrong.gathered():
                if name == files.FIELD and files.is_file_object(kind):
                    fields.values.update(self._file(value, f"{place}.{name}"))
                    continue
                self._take(fields, kind, (name, value), f"{place}.{name}")
        wrong.check()
        return fields

    def _file(self, name: object, where: str) -> Mapping[str, Any]:
        """Keep the file that an object names, a path beside its object file."""
        if not isinstance(name, str):
            raise ConfigError(f"{where}: expected the path of a file")
        try:
            content = documents.content(self._folder / name)
        except OSError as exc:
            raise ConfigError(f"{where}: {name}: {exc.strerror or exc}, expected a readable file") from exc
        return self._writer.keep(files.Upload(Path(name).name, content))

    def _take(self, fields: _Fields, kind: Kind, field: tuple[str, Any], where: str) -> None:
        """Sort out one field; one that nobody may write is ignored, as Infrahub's loader does."""
        name, value = field
        attribute, relationship = kind.attributes.get(name), kind.relationships.get(name)
        if attribute is not None:
            if value is None:
                raise ConfigError(f"{where}: null, expected a value, or no {name} at all")
            if not attribute.read_only:
                fields.values[name] = self._value(value, where)
                fields.protected.update(object_files.protection(name, value))
            return
        if relationship is None:
            known = ", ".join([*kind.attributes, *kind.relationships])
            raise ConfigError(f"{where}: unknown field of {kind.key}, expected one of {known}")
        if relationship.read_only:
            return
        pool = object_files.from_pool(value, where)
        if pool is not None:
            fields.peers[name] = [self._draw(pool, where)]
            return
        nested = object_files.nested(relationship, value, where)
        if nested is not None:
            fields.nested.append((relationship, nested))
            return
        references = object_files.references(relationship, value, where)
        try:
            fields.peers[name] = [self._find(relationship, each, where) for each in references]
        except _MissingError:
            if not relationship.optional or relationship.kind == "Template" or name in identifying(kind):
                raise
            fields.pending.append((relationship, references))

    def _value(self, value: Any, where: str) -> Any:
        """Give the value of an attribute: as it is, beside its metadata, or to be taken from a pool."""
        pool = object_files.from_pool(value, where)
        if pool is not None:
            return self._draw(pool, where)
        return object_files.keyed(value["value"] if isinstance(value, Mapping) and "value" in value else value)

    def _draw(self, wanted: object_files.FromPool, where: str) -> Draw:
        try:
            return Draw(self._writer.pools.find(wanted.pool), wanted.data)
        except RefusedError:
            raise _MissingError(where, self._kinds["CoreResourcePool"], [wanted.pool]) from None

    def _load_nested(self, relationship: Relationship, item: Nested, document: Kind, owner: Record | None) -> Record:
        """Load an object inside another one, which it belongs to where the schema says that it must."""
        kind = self._kind(item.kind or relationship.peer, item.place, document)
        if relationship.peer not in kind.labels:
            raise ConfigError(f"{item.place}: {kind.key}: expected a {relationship.peer}")
        context: dict[str, Sequence[Record]] = {}
        if owner is not None:
            mirror = self._kinds.opposite(relationship, kind)
            if mirror is not None and not mirror.optional:
                context = {mirror.name: [owner]}
        return self._load(f"{item.place}: {kind.key}", kind, item.data, context, document)

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

    def _relate(self, place: str, record: Record, relationship: Relationship, peers: Iterable[Record]) -> None:
        try:
            self._writer.add(record, relationship, peers, self._instant)
        except RefusedError as exc:
            raise ConfigError(f"{place}: {exc.message}") from exc

    def _find(self, relationship: Relationship, reference: object, place: str) -> Record:
        """Find the node that a reference means: of the relationship's kind, where that is a generic of none below it.

        A list is a human-friendly id, and a text one of a single part where the kind has any; else it is an id, or the
        value of the default filter.
        """
        kind = self._kinds[relationship.peer]
        hfid = [str(each) for each in reference] if isinstance(reference, list) else [str(reference)]
        if isinstance(reference, list) or (kind.human_friendly_id and not object_files.is_id(hfid[0])):
            found = self._by_hfid(kind, hfid, place)
        else:
            found = self._names.by_text(kind, hfid[0])
        if found is None:
            raise _MissingError(place, kind, hfid)
        return found

    def _by_hfid(self, kind: Kind, hfid: Sequence[str], place: str) -> Record | None:
        try:
            return self._names.by_hfid(kind, hfid, NOW)
        except RefusedError as exc:
            raise ConfigError(f"{place}: {exc.message}") from exc
