"""From a node to its rows: itself, or every node or JSON element at the end of the path that leads to them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import cast

from msgspec import structs

from infrahub_exporter.domain.asking.paths import Steps
from infrahub_exporter.domain.asking.values import follow
from infrahub_exporter.domain.counts import counted
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import BAD_CONTENT, JSON, BadContent, Row
from infrahub_exporter.domain.replica.plan import Plan
from infrahub_exporter.domain.replica.reaches import Leap, Peers, Way, keeper, peers_over, walk
from infrahub_exporter.domain.views.rows import Found

Expand = Callable[[Row], tuple[Found, ...]]
_Nodes = tuple[Row, ...]
"""A node, those on the way to a row, and the one that is the row or holds it."""
_Elements = tuple[JSON, ...]
"""The elements behind each `[]` of JSON on the way to a row."""
_Read = Callable[[_Nodes, _Elements], Iterator[object]]


def expander(plan: Plan, peers: Peers, *, most: int | None = None) -> Expand:
    """Make what finds the rows of a node, and at each row the values of each path without nulls.

    It raises DerivationError for a node that has more than `most` rows.
    """
    if plan.rows is None:
        reads = plan.readers(peers)

        def alone(row: Row) -> tuple[Found, ...]:
            return (Found(row.id, row.kind, tuple([_present(read(row)) for read in reads]), hfid=row.hfid),)

        return _judged(alone) if plan.reads_files else alone
    finds = [_finder(way, plan, peers) for way in plan.rows.ways]

    def expand(row: Row) -> tuple[Found, ...]:
        found = (each for find in finds for each in find(row))
        rows = tuple(found if most is None else islice(found, most + 1))
        if most is not None and len(rows) > most:
            allowed = counted(most, "row")
            raise DerivationError(f"{row.kind} {row.id} has more than {allowed} (limits.max_rows_per_node)")
        return rows

    return _judged(expand) if plan.reads_files else expand


def _judged(expand: Expand) -> Expand:
    """Say of rows with bad content that they are to be left out."""

    def judged(row: Row) -> tuple[Found, ...]:
        return tuple([_unless_bad(each) for each in expand(row)])

    return judged


def _unless_bad(found: Found) -> Found:
    return structs.replace(found, fault=BAD_CONTENT) if any(map(is_bad, found.values)) else found


def is_bad(value: object) -> bool:
    """Tell whether a value, or one of several, is bad content."""
    if isinstance(value, tuple):
        return any(isinstance(each, BadContent) for each in value)
    return isinstance(value, BadContent)


def _present(value: object) -> tuple[object, ...]:
    if isinstance(value, tuple):
        return tuple([each for each in value if each is not None])
    return () if value is None else (value,)


def _finder(way: Way, plan: Plan, peers: Peers) -> Callable[[Row], Iterator[Found]]:
    """Make what follows one way to the rows."""
    nodes = _followed(way.leaps, peers)
    reads = [
        [_reader(each, len(way.leaps), peers) for each in reach.ways if _fits(each, way)] for reach in plan.reaches
    ]

    def find(row: Row) -> Iterator[Found]:
        for stack in nodes((row,)):
            own = stack[-1]
            if isinstance(way.leaf, int) and is_bad(own.values[way.leaf]):
                yield Found(own.id, own.kind, ((),) * len(reads), BAD_CONTENT, own.hfid)
                continue
            for elements in _elements(own, way):
                values = tuple([tuple([each for read in column for each in read(stack, elements)]) for column in reads])
                yield Found(own.id, own.kind, values, hfid=own.hfid)

    return find


def _followed(leaps: Sequence[Leap], peers: Peers) -> Callable[[_Nodes], Iterator[_Nodes]]:
    """Make what goes on over leaps from the last of some nodes."""
    if not leaps:
        return lambda stack: iter((stack,))
    leap, go_on = leaps[0], _followed(leaps[1:], peers)
    kept, held = keeper(leap, peers), peers.get(leap.crossing.peer, {})

    def over(stack: _Nodes) -> Iterator[_Nodes]:
        origin = stack[-2] if len(stack) > 1 else stack[-1]
        for peer in peers_over(stack[-1], leap, held):
            if kept is None or kept(peer, origin):
                yield from go_on((*stack, peer))

    return over


def _fits(way: Way, rows: Way) -> bool:
    """Tell whether a column's way begins on this way to the rows."""
    shared = min(way.start, len(rows.leaps))
    if way.leaps[:shared] != rows.leaps[:shared]:
        return False
    return way.start <= len(rows.leaps) or way.leaf == rows.leaf


def _reader(way: Way, nodes: int, peers: Peers) -> _Read:
    """Make what reads a column at a row: from one of the nodes on, or from an element of JSON."""
    if way.start > nodes:
        level = way.start - nodes
        steps = _after(way.inner, level)
        return lambda _, elements: _within(elements[level - 1], steps)
    go, start = walk(way.leaps[way.start :], way.leaf, peers), way.start
    before = max(start - 1, 0)
    return lambda stack, _: (each for found in go(stack[start], stack[before]) for each in _present(found))


def _after(inner: Steps, level: int) -> Steps:
    """Leave out the steps up to so many `[]`."""
    ends = [index for index, step in enumerate(inner, 1) if step.many]
    return inner[ends[level - 1] :]


def _within(element: JSON, steps: Steps) -> Iterator[object]:
    """Follow steps into an element; the `value` of one that is no mapping is itself."""
    if len(steps) == 1 and steps[0].name == "value" and not isinstance(element, dict):
        return iter(_present(element))
    return (each for each in follow(element, steps) if each is not None)


def _elements(row: Row, way: Way) -> Iterator[_Elements]:
    """Yield the elements on the way into a row's JSON, one behind each `[]`; once none where the node is the row."""
    if not way.inner:
        yield ()
        return
    assert isinstance(way.leaf, int)  # noqa: S101 - `plan` places the JSON that rows are in
    yield from _behind(cast("JSON", row.values[way.leaf]), way.inner, ())


def _behind(value: JSON, inner: Steps, before: _Elements) -> Iterator[_Elements]:
    last = next(index for index, step in enumerate(inner) if step.many) + 1
    for element in follow(value, inner[:last]):
        if element is None:
            continue
        if last == len(inner):
            yield (*before, element)
        else:
            yield from _behind(element, inner[last:], (*before, element))
