"""From a selection to one constant GraphQL document, the types that decode its answer, and the rows in it."""

from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from msgspec import structs

from infrahub_exporter.adapters.infrahub.levels import Attribute, Level, Reader
from infrahub_exporter.domain.asking.columns import CONTENT
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.model import Row

OPERATION = "infrahub_exporter"
"""The operation's name: it shows in Infrahub's own metrics."""


class Document:
    """What a selection sends and how its answer reads. The text depends on the selection alone, never on the values."""

    def __init__(self, selection: Selection) -> None:
        root = Level(identity=True)
        self._readers = [root.add(column) for column in selection.columns]
        selected, edge = root.compiled()
        declared = "".join(f", ${each.argument}: {each.type}" for each in selection.filters)
        arguments = "".join(f", {each.argument}: ${each.argument}" for each in selection.filters)
        fields = " ".join(
            f"{name}: {kind}(limit: $limit, offset: $offset, order: {{disable: true}}{arguments}) "
            f"{{ edges {{ {selected} }} }}"
            for name, kind in _roots(selection).items()
        ).replace(f"{selection.kind}: ", "")
        self.text = f"query {OPERATION}($limit: Int, $offset: Int{declared}) {{ {fields} }}"
        self.files = tuple(
            place
            for place, column in enumerate(selection.columns)
            if any(way.subfield == CONTENT for way in column.ways)
        )
        """Which columns hold a `File` in place of what is in it."""
        self._read = _values(self._readers)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_envelope(tuple(_roots(selection)), edge))

    def decode(self, body: bytes) -> tuple[list[Row], int]:
        """Read the rows of a page, and how many nodes it had, of several roots the most of one.

        Raises msgspec.DecodeError where it does not fit.
        """
        roots = [root.edges for root in structs.astuple(self._decoder.decode(body).data)]
        edges = [edge for root in roots for edge in root]
        present = [edge for edge in edges if edge.node is not None]
        try:
            read = self._read
            rows = [_row(edge, read) for edge in present]
        except AttributeError:  # an attribute is null as a whole
            read = _one_by_one(self._readers)
            rows = [_row(edge, read) for edge in present]
        return rows, max(map(len, roots))


def _row(edge: Any, read: Callable[[Any], tuple[object, ...]]) -> Row:
    node = edge.node
    return Row(node.id, node.kind, node.hfid, read(edge))


def _roots(selection: Selection) -> dict[str, str]:
    """Name the root fields and the kinds that they ask for."""
    if not selection.under:
        return {selection.kind: selection.kind}
    return {f"under{number}": kind for number, kind in enumerate(selection.under)}


def _envelope(roots: Sequence[str], edge: type) -> type:
    connection = msgspec.defstruct("Connection", [("edges", list[edge])], gc=False)  # type: ignore[valid-type]
    names = {f"root{number}": root for number, root in enumerate(roots)}
    data = msgspec.defstruct("Data", [(name, connection) for name in names], rename=names)
    return msgspec.defstruct("Envelope", [("data", data)])


def _values(readers: Sequence[Reader]) -> Callable[[Any], tuple[object, ...]]:
    """Read all columns of an edge, those that are attributes in one call of an `attrgetter`."""
    dotted = [reader.dotted for reader in readers if isinstance(reader, Attribute)]
    if len(dotted) <= 1:
        return _one_by_one(readers)
    attributes = attrgetter(*dotted)
    if len(dotted) == len(readers):
        return attributes
    read = _one_by_one([reader for reader in readers if not isinstance(reader, Attribute)])
    places = sorted(range(len(readers)), key=lambda index: not isinstance(readers[index], Attribute))
    arranged = itemgetter(*map(places.index, range(len(readers))))
    return lambda edge: arranged((*attributes(edge), *read(edge)))


def _one_by_one(readers: Sequence[Reader]) -> Callable[[Any], tuple[object, ...]]:
    fixed = tuple(readers)
    return lambda edge: tuple([read(edge) for read in fixed])
