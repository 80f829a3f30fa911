"""Which columns of a selection Infrahub refuses, where the errors of its answer tell fields of the document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import FieldNode, InlineFragmentNode, Node, OperationDefinitionNode, SelectionSetNode, parse
from msgspec import Struct

from infrahub_exporter.adapters.infrahub.answers import rejections
from infrahub_exporter.adapters.infrahub.documents import Document
from infrahub_exporter.domain.asking.refused import RefusedColumnsError
from infrahub_exporter.domain.asking.selection import Column, Selection
from infrahub_exporter.domain.ports import Reply


class _Place(Struct, frozen=True):
    """A field, or a fragment within a kind: where it begins, the names that lead to it, and those in the answer."""

    starts: tuple[int, ...]
    names: tuple[str, ...]
    keys: tuple[str, ...]


def refused_columns(reply: Reply, selection: Selection) -> RefusedColumnsError | None:
    """Tell which columns are refused; None where an error tells none, or what is asked for in any case."""
    places = list(_places(Document(selection).text))
    asked = {column: _names(selection, column) for column in selection.columns}
    always = _names(selection)
    reasons: dict[Column, str] = {}
    for error, line in rejections(reply):
        wrong = {place.names for place in places if _tells(error, place)}
        if not wrong or not wrong.isdisjoint(always):
            return None
        reasons.update((column, line) for column, names in asked.items() if not wrong.isdisjoint(names))
    return RefusedColumnsError(reasons) if reasons else None


def _names(selection: Selection, *columns: Column) -> frozenset[tuple[str, ...]]:
    """Return the names that lead to each field of a selection of some columns."""
    alone = Selection(selection.kind, columns, selection.filters)
    return frozenset(place.names for place in _places(Document(alone).text))


def _tells(error: Mapping[str, Any], place: _Place) -> bool:
    """Tell whether an error is of a field: by its path in the answer, or by where it is in the document of one line."""
    path = error.get("path")
    if isinstance(path, list):
        return place.keys == tuple(each for each in path if isinstance(each, str))
    locations = error.get("locations")
    named = locations if isinstance(locations, list) else ()
    return any(isinstance(each, Mapping) and each.get("column") in place.starts for each in named)


def _places(document: str) -> Iterator[_Place]:
    for definition in parse(document).definitions:
        if isinstance(definition, OperationDefinitionNode):
            yield from _within(definition.selection_set, (), ())


def _within(selected: SelectionSetNode | None, names: Sequence[str], keys: Sequence[str]) -> Iterator[_Place]:
    for each in () if selected is None else selected.selections:
        if isinstance(each, FieldNode):
            key = each.alias or each.name
            place = _Place(_starts(each), (*names, each.name.value), (*keys, key.value))
        elif isinstance(each, InlineFragmentNode) and each.type_condition is not None:
            kind = each.type_condition
            place = _Place(_starts(each, kind), (*names, f"... on {kind.name.value}"), tuple(keys))
        else:
            continue
        yield place
        yield from _within(each.selection_set, place.names, place.keys)


def _starts(*nodes: Node) -> tuple[int, ...]:
    """Return the columns at which nodes begin, as errors count them: from 1."""
    return tuple(node.loc.start + 1 for node in nodes if node.loc is not None)
