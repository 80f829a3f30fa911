"""Object files: what `infrahubctl object load` takes, loaded into the store."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from infrahub_exporter.adapters.embedded import documents
from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.names import Names
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store
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
    """A reference from a loaded node to one that was not there yet."""

    place: str
    record: Record
    relationship: Relationship
    references: list[Any]


def expand(data: Sequence[Object]) -> Iterator[Object]:
    """Expand ranges: an object with `eth[1-3]` becomes three; all ranges of one object have to be equally long.

    Raises:
        ValueError: where they are not.
    """
    for each in data:
        expanded = {key: _expand_text(value) for key, value in each.items() if isinstance(value, str) and "[" in value}
        expanded = {key: value for key, value in expanded.items() if len(value) > 1 or value[0] != each[key]}
        if not expanded:
            yield each
            continue
        lengths = {len(value) for value in expanded.values()}
        if len(lengths) > 1:
            sizes = ", ".join(f"{key} {len(value)}" for key, value in expanded.items())
            raise ValueError(f"ranges of different lengths ({sizes}), expected equally many")
        for index in range(lengths.pop()):
            yield {**each, **{key: value[index] for key, value in expanded.items()}}


_RANGE = re.compile(r"\[([A-Za-z0-9,\-]+)\]")


def _expand_text(text: str) -> list[str]:
    parts: list[list[str]] = []
    at = 0
    for match in _RANGE.finditer(text):
        parts.append([text[at : match.start()]])
        parts.append([item for piece in match.group(1).split(",") for item in _expand_piece(piece)])
        at = match.end()
    parts.append([text[at:]])
    return ["".join(each) for each in product(*parts)]


def _expand_piece(piece: str) -> list[str]:
    first, dash, last = piece.partition("-")
    if dash and first.isdigit() and last.isdigit():
        return [str(each) for each in range(int(first), int(last) + 1)]
    if dash and len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        return [chr(each) for each in range(ord(first), ord(last) + 1)]
    return [piece]


class Loader:
    """Loads object files in the order given; what refers to later objects waits for them."""

    def __init__(self, kinds: Kinds, store: Store, names: Names, writer: Writer, instant: int) -> None:
        self._kinds = kinds
        self._store = store
        self._names = names
        self._writer = writer
        self._instant = instant
        self._pending: list[_Pending] = []

    def load(self, paths: Sequence[Path]) -> None:
        """Load files.

        Raises:
            ConfigError: one line that names file, place and expectation.
        """
        waiting: list[tuple[str, Kind, Object]] = []
        for path in paths:
            count = 0
            for number, document in enumerate(documents.read(path), 1):
                count += 1
                source = f"{path}: document {number}"
                content = documents.convert(document, ObjectFile, source)
                kind = self._kind(content.spec.kind, f"{source}: spec.kind")
                data = self._ranges(content.spec.data, source, content.spec.parameters.expand_range)
                waiting += [(f"{source}: {kind.key}[{index}]", kind, each) for index, each in enumerate(data)]
            if not count:
                raise ConfigError(f"{path}: empty, expected objects (`apiVersion: infrahub.app/v1`, `kind: Object`)")
        while waiting:
            left = []
            for place, kind, data in waiting:
                try:
                    self._load(place, kind, data, {})
                except _MissingError as exc:
                    left.append((place, kind, data, str(exc)))
            if len(left) == len(waiting):
                place, _, _, message = left[0]
                raise ConfigError(f"{place}: {message}")
            waiting = [(place, kind, data) for place, kind, data, _ in left]
        for each in self._pending:
            try:
                peers = [self._find(each.relationship, reference, each.place) for reference in each.references]
            except _MissingError as exc:
                raise ConfigError(f"{each.place}: {exc}") from exc
            self._writer.add(each.record, each.relationship, peers, self._instant)

    def _kind(self, key: str, place: str) -> Kind:
        if key not in self._kinds or self._kinds[key].generic:
            raise ConfigError(f"{place}: {key}: unknown node kind, expected one of the schema")
        return self._kinds[key]

    @staticmethod
    def _ranges(data: Sequence[Object], place: str, wanted: bool) -> list[Object]:  # noqa: FBT001 - private
        if not wanted:
            return list(data)
        try:
            return list(expand(data))
        except ValueError as exc:
            raise ConfigError(f"{place}: {exc}") from exc

    def _load(self, place: str, kind: Kind, data: Object, context: Mapping[str, Sequence[Record]]) -> Record:
        """Create or update one object, with what is nested in it."""
        values: dict[str, object] = {}
        peers: dict[str, Sequence[Record]] = dict(context)
        later: list[tuple[Relationship, Any]] = []
        waiting: list[tuple[Relationship, list[Any]]] = []
        for name, value in data.items():
            if name in kind.attributes:
                if kind.attributes[name].read_only:
                    raise ConfigError(f"{place}.{name}: read-only, expected no value")
                values[name] = value
            elif name in kind.relationships:
                relationship = kind.relationships[name]
                nested = _nested(relationship, value, f"{place}.{name}")
                if nested is not None:
                    later.append((relationship, nested))
                    continue
                references = _references(relationship, value, f"{place}.{name}")
                try:
                    peers[name] = [self._find(relationship, each, f"{place}.{name}") for each in references]
                except _MissingError:
                    if not relationship.optional or name in _paths_crossed(kind):
                        raise
                    waiting.append((relationship, references))
            else:
                known = ", ".join([*kind.attributes, *kind.relationships])
                raise ConfigError(f"{place}.{name}: unknown field of {kind.key}, expected one of {known}")
        for relationship, nested in later:
            if not relationship.optional:
                made = [self._load_nested(relationship, each, f"{place}.{relationship.name}", None) for each in nested]
                peers[relationship.name] = made
        record = self._save(place, kind, values, peers)
        for relationship, references in waiting:
            self._pending.append(_Pending(f"{place}.{relationship.name}", record, relationship, references))
        for relationship, nested in later:
            if relationship.optional:
                made = [self._load_nested(relationship, each, f"{place}.{relationship.name}", record) for each in nested]
                self._writer.add(record, relationship, made, self._instant)
        return record

    def _load_nested(self, relationship: Relationship, item: Object, place: str, owner: Record | None) -> Record:
        """Load an object inside another one, which it belongs to where the schema says that it must."""
        kind = self._kind(item.get("kind") or relationship.peer, place)
        mirror = self._kinds.opposite(relationship, kind) if owner is not None else None
        context = {mirror.name: [owner]} if mirror is not None and owner is not None and not mirror.optional else {}
        return self._load(f"{place}: {kind.key}", kind, item["data"], context)

    def _save(self, place: str, kind: Kind, values: Mapping[str, object], peers: Mapping[str, Sequence[Record]]) -> Record:
        """Create an object, or update the one of this human-friendly id, as loading a file again does."""
        try:
            plain = {name: value for name, value in values.items() if value is None or isinstance(value, str | int)}
            existing = self._names.holder(kind, plain, peers)  # type: ignore[arg-type] - plain values
            if existing is None:
                return self._writer.create(kind, values, peers, self._instant)
            self._writer.update(existing, values, peers, self._instant)
        except RefusedError as exc:
            raise ConfigError(f"{place}: {exc.message}") from exc
        return existing

    def _find(self, relationship: Relationship, reference: object, place: str) -> Record:
        """Find the node that a reference means: a human-friendly id, an id, or the default filter's value."""
        kind = self._kinds[relationship.peer]
        hfid = [str(each) for each in reference] if isinstance(reference, list) else [str(reference)]
        kinds = [self._kinds[each] for each in kind.used_by] if kind.generic else [kind]
        for each in (kind, *kinds):
            if each.human_friendly_id and len(each.human_friendly_id) == len(hfid):
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


def _paths_crossed(kind: Kind) -> frozenset[str]:
    """Name the relationships that identify a node: they have to be there when it is made."""
    paths = [*kind.human_friendly_id, *(each for group in kind.uniqueness_constraints for each in group)]
    return frozenset(each.partition("__")[0] for each in paths)


def _nested(relationship: Relationship, value: object, place: str) -> list[Object] | None:
    """Give the nested objects of a value, each with its kind and data; None where the value is references."""
    if isinstance(value, Mapping):
        if "data" not in value:
            raise ConfigError(f"{place}: expected a reference, or `kind` and `data`")
        data = value["data"]
        if relationship.many != isinstance(data, list):
            raise ConfigError(f"{place}.data: expected {'a list of objects' if relationship.many else 'one object'}")
        items = data if isinstance(data, list) else [data]
        if not all(isinstance(each, Mapping) for each in items):
            raise ConfigError(f"{place}.data: expected objects")
        parameters = value.get("parameters")
        if isinstance(parameters, Mapping) and parameters.get("expand_range"):
            try:
                items = list(expand(items))
            except ValueError as exc:
                raise ConfigError(f"{place}: {exc}") from exc
        return [{"kind": value.get("kind"), "data": each} for each in items]
    if relationship.many and isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for each in value:
            if not isinstance(each, Mapping) or not isinstance(each.get("data"), Mapping):
                raise ConfigError(f"{place}: expected references, or objects each with `kind` and `data`")
        return value
    return None


def _references(relationship: Relationship, value: object, place: str) -> list[Any]:
    """Give the references of a value: for a to-many each a human-friendly id as text or list."""
    if relationship.many:
        if not isinstance(value, list):
            raise ConfigError(f"{place}: expected a list of human-friendly ids")
        return value
    if value is None:
        return []
    if isinstance(value, dict):
        raise ConfigError(f"{place}: expected a human-friendly id")
    return [value]
