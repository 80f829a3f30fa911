"""Whether the answer of a document can contain a path at all: what the document does not ask for is in no answer.

Of a value nobody can tell what is in it, and neither of a field that the document takes as it is: there every path may
lead on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from infrahub_exporter.domain.asking.columns import METADATA
from infrahub_exporter.domain.asking.outlines import EVERYTHING, Field, Outlined
from infrahub_exporter.domain.asking.paths import WRAPPERS, Fitting, OfKind, Path, Selector, Steps, parse, suggestion

_Fields: TypeAlias = Sequence[Field]


class _At(Struct, frozen=True):
    """Where a path has come to: a node, by the fields that are asked of it; None is a value. `before` is the hop."""

    fields: _Fields | None
    before: "_At | None" = None


_VALUE = _At(None)


class _UnaskedError(LookupError):
    """A name that is not asked for where a path has come to."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name)
        self.near = suggestion(name, known)


def unasked(document: Outlined, rows: str | None, paths: Iterable[str]) -> Mapping[str, str]:
    """Return the paths that no answer can contain, each with a suggestion or nothing; the path of the rows, too."""
    try:
        starts = _nodes(document.fields) if rows is None else [_follow(_At(document.fields), parse(rows).written)]
    except _UnaskedError as error:
        return {str(rows): error.near}
    found: dict[str, str] = {}
    for text in dict.fromkeys(paths):
        path = parse(text, rows=rows is not None)
        faults = [_fault(start, path.up, path.written) for start in starts]
        if faults and None not in faults:
            found[text] = faults[0] or ""
    return found


def on_relations(document: Outlined, rows: str | None, paths: Iterable[str]) -> frozenset[str]:
    """Return the paths that end on a node of the answer and not on what it has; those that are not asked for do not."""
    try:
        starts = _nodes(document.fields) if rows is None else [_follow(_At(document.fields), parse(rows).written)]
    except _UnaskedError:
        return frozenset()
    return frozenset(
        text for text in paths if any(_is_node(start, parse(text, rows=rows is not None)) for start in starts)
    )


def _is_node(at: _At, path: Path) -> bool:
    start = _above(at, path.up)
    try:
        return start is not None and _follow(start, path.written) is not _VALUE
    except _UnaskedError:
        return False


def _above(at: _At, up: int) -> _At | None:
    """Go back by hops; None where there are not so many."""
    start: _At | None = at
    for _ in range(up):
        start = _VALUE if start is _VALUE else start and start.before
    return start


def _nodes(roots: _Fields) -> Sequence[_At]:
    """Find the nodes under the root fields."""
    below = [field.fields for root in _keys(roots) for field in _below(roots, root) if _key(field) == "edges"]
    return [_At(_peers(edges) or None) for edges in below]


def _fault(at: _At, up: int, steps: Steps) -> str | None:
    """Return a suggestion, or nothing, where a path cannot be followed; None where it may be."""
    start = _above(at, up)
    if start is None:
        return ""
    try:
        _follow(start, steps)
    except _UnaskedError as error:
        return error.near
    return None


def _follow(at: _At, steps: Steps) -> _At:
    """Follow a path from a node, as it is followed in an answer. Raises _UnaskedError."""
    fields = at.fields
    while steps and fields is not None:
        step, steps = steps[0], steps[1:]
        known = _keys(fields)
        if step.name in WRAPPERS and step.name not in known and steps:
            continue
        if step.name not in known:
            if EVERYTHING in known:
                return _VALUE
            raise _UnaskedError(step.name, known)
        below = _below(fields, step.name)
        beside, selector = _keys(below), step.selector
        if "edges" not in beside and "node" not in beside:
            fields = None if EVERYTHING in known else _entered(below, beside, steps)
            continue
        if "edges" in beside:
            below = _below(below, "edges")
            selector, steps = _unwrapped("edges", selector, steps)
        selector, steps = _unwrapped("node", selector, steps)
        peers = _peers(below)
        _check(selector, peers)
        if steps and steps[0].name in beside and steps[0].name not in _keys(peers):
            return _VALUE
        at = _At(peers or None, at)
        fields = at.fields
    return _VALUE if fields is None else at


def _entered(below: _Fields, beside: Collection[str], steps: Steps) -> _Fields | None:
    """Go on into an attribute, or whatever else has fields; None is a value."""
    if not below or not steps:
        return None
    if steps[0].name not in beside and "value" not in beside:
        raise _UnaskedError(steps[0].name, beside)
    return below if steps[0].name in beside else None


def _unwrapped(wrapper: str, selector: Selector | None, steps: Steps) -> tuple[Selector | None, Steps]:
    """Leave out what a path says of GraphQL's shape; its brackets belong to the relation."""
    if not steps or steps[0].name != wrapper:
        return selector, steps
    return steps[0].selector or selector, steps[1:]


def _check(selector: Selector | None, peers: _Fields) -> None:
    """Refuse a selector that looks at what is not asked of the peers. Raises _UnaskedError."""
    if isinstance(selector, Fitting):
        for predicate in selector.predicates:
            _follow(_At(peers), predicate.path)
    elif selector is not None:
        wanted, known = "__typename" if isinstance(selector, OfKind) else "id", _keys(peers)
        if wanted not in known and EVERYTHING not in known:
            raise _UnaskedError(wanted, ())


def _peers(edges: _Fields) -> _Fields:
    """List what is asked of the nodes of edges, with the instants of each that stand beside it."""
    nodes = _below(edges, "node")
    return [*nodes, *(field for field in edges if _key(field) == METADATA)] if nodes else nodes


def _key(field: Field) -> str:
    return field.key or field.name


def _keys(fields: _Fields) -> Collection[str]:
    return dict.fromkeys(_key(field) for field in fields)


def _below(fields: _Fields, key: str) -> _Fields:
    """List the fields below all that the answer calls so."""
    return [below for field in fields if _key(field) == key for below in field.fields]
