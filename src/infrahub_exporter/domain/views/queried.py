"""Target groups of a GraphQL answer: a node under a root field is what a row is of a kind."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from infrahub_exporter.domain.asking.forms import Form
from infrahub_exporter.domain.asking.paths import parse, suggestion
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.views.answers import Absent, dig
from infrahub_exporter.domain.views.discovery import Discovery, decider, places

_Node = tuple[str, Mapping[str, JSON]]


def derive_answer(spec: DiscoverySpec, data: Mapping[str, JSON], *, optional: Collection[str] = ()) -> Discovery:
    """Make a group of each node under the root fields of a GraphQL answer.

    Raises DerivationError where no root field holds `edges`, and where no node even contains what a path names: that is
    a query that does not fit its spec, not an empty inventory. `optional` are the names that the query asks for of some
    kinds only, of which there may be no node just now.
    """
    lists = {root: edges for root, field in data.items() if (edges := _edges(field)) is not None}
    if not lists:
        raise DerivationError("the query's answer has no root field with edges { node { ... } }")
    nodes = [(root, node) for root, edges in lists.items() for node in _nodes(edges)]
    named = tuple(places(spec))
    followed = tuple(parse(path).steps for _, path in named)
    found = [tuple(dig(node, steps) for steps in followed) for _, node in nodes]
    known = {name for _, node in nodes for name in node}
    lacking = "no node of the query's answer contains it"
    wrong = [
        f"{place} {path!r}: {lacking}{suggestion(steps[0].name, known - {steps[0].name})}"
        for (place, path), steps, column in zip(named, followed, zip(*found, strict=True), strict=False)
        if all(isinstance(each, Absent) for each in column)
        and not any(step.name in optional for step in steps)
        and not (Absent.KEY in column and _has_default(spec, place))
    ]
    if wrong:
        raise DerivationError("; ".join(wrong))
    decide = decider(spec)
    return Discovery(
        tuple(decide(*_identity(node), _present(values)) for node, values in zip(nodes, found, strict=True))
    )


def _has_default(spec: DiscoverySpec, place: str) -> bool:
    written = {"target_field": spec.target_field, "port_field": spec.port_field}
    value = written.get(place) or spec.label_mappings.get(place.partition(".")[2])
    return isinstance(value, Form) and value.default is not None


def _edges(field: JSON) -> list[JSON] | None:
    edges = field.get("edges") if isinstance(field, dict) else None
    return edges if isinstance(edges, list) else None


def _nodes(edges: Iterable[JSON]) -> Iterator[dict[str, JSON]]:
    for edge in edges:
        node = edge.get("node") if isinstance(edge, dict) else None
        if isinstance(node, dict):
            yield node


def _identity(node: _Node) -> tuple[str, str | None]:
    root, fields = node
    kind, identifier = fields.get("__typename"), fields.get("id")
    return kind if isinstance(kind, str) else root, identifier if isinstance(identifier, str) else None


def _present(found: Sequence[tuple[JSON, ...] | Absent]) -> tuple[tuple[JSON, ...], ...]:
    return tuple(() if isinstance(values, Absent) else values for values in found)
