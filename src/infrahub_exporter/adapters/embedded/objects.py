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
