"""From a selection to one constant GraphQL document, the types that decode its answer, and the rows in it."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any

import msgspec
from msgspec import Struct, structs

from infrahub_exporter.adapters.infrahub.reads import of_all
from infrahub_exporter.adapters.infrahub.selection_sets import Level
from infrahub_exporter.domain.asking.columns import CONTENT
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.model import Row

OPERATION = "infrahub_exporter"
"""The operation's name: it shows in Infrahub's own metrics."""


class Decoded(Struct):
    """The rows of a page, and how many nodes it had, of several roots the most of one.

    `aside` are the values of columns that are no part of the rows, each of all rows in their order.
    """

    rows: list[Row]
    nodes: int
    aside: Sequence[Sequence[object]] = ()


class Document:
    """What a selection sends and how its answer reads. The text depends on the selection alone, never on the values.

    Its last columns may stand `aside`: so many are no part of the rows.
    """

    def __init__(self, selection: Selection, *, aside: int = 0) -> None:
        self._width = len(selection.columns) - aside
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
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_envelope(tuple(_roots(selection)), edge))

    def decode(self, body: bytes) -> Decoded:
        """Read a page. Raises msgspec.DecodeError where it does not fit."""
        roots = [root.edges for root in structs.astuple(self._decoder.decode(body).data)]
        edges = [edge for root in roots for edge in root]
        present = [edge for edge in edges if edge.node is not None]
        columns = [of_all(read, present) for read in self._readers]
        own, aside = columns[: self._width], columns[self._width :]
        values = zip(*own, strict=True) if own else repeat(())
        rows = [
            Row(edge.node.id, edge.node.kind, edge.node.hfid, each) for edge, each in zip(present, values, strict=False)
        ]
        return Decoded(rows, max(map(len, roots)), aside)


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
