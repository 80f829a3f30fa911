"""The rows of a GraphQL answer: its nodes, or whatever a `rows` path leads to, with what other paths find there.

`rows: "DcimDevice[].interfaces[]"` begins at a root field of the answer. The other paths begin where it ends, and `^`
leads back: to the device, `^^` to the answer itself. A relation is a hop, and so is a `[]` in JSON.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.paths import Path, Step, parse, suggestion
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.texts import text as written
from infrahub_exporter.domain.views.answers import Absent, Place, read, start, walk
from infrahub_exporter.domain.views.rows import Found


class Lacking(Struct, frozen=True):
    """A path that no row contains, with a suggestion; `is_key` where it is a key of JSON, which need not be there."""

    path: str
    suggestion: str
    is_key: bool


class AnswerRows(Struct, frozen=True):
    """The rows, in the answer's order, and the paths that none of them contains although there are rows.

    Each row has the values of all paths, in the order in which they were given, without nulls; its `id` and `kind` are
    those of the node that it is, or that holds it, and empty where the query does not ask for them.
    """

    rows: tuple[Found, ...]
    lacking: tuple[Lacking, ...] = ()


def rows_of(
    answer: Mapping[str, JSON], rows: str | None, paths: Sequence[str], *, optional: Collection[str] = ()
) -> AnswerRows:
    """Find the rows of an answer; without `rows` they are the nodes under its root fields.

    `optional` are the names that the query asks for of some kinds only, of which there may be no node just now: what
    goes over one of them is never lacking. Raises DerivationError for an answer without what the rows are to be.
    """
    began = list(_nodes(answer) if rows is None else _ends(answer, rows, optional))
    followed = [parse(path, rows=rows is not None) for path in paths]
    found = [[_read(place, path) for path in followed] for _, place in began]
    lacking = [
        Lacking(text, _suggestion(path, [place for _, place in began]), Absent.KEY in column)
        for text, path, column in zip(paths, followed, zip(*found, strict=True), strict=False)
        if all(isinstance(each, Absent) for each in column) and not any(step.name in optional for step in path.steps)
    ]
    return AnswerRows(
        tuple(_row(place, kind, values) for (kind, place), values in zip(began, found, strict=True)), tuple(lacking)
    )


def _nodes(answer: Mapping[str, JSON]) -> Iterator[tuple[str, Place]]:
    """Yield the nodes under the root fields, each with the name of that: an alias, or a kind."""
    roots = [name for name, field in answer.items() if isinstance(field, dict) and isinstance(field.get("edges"), list)]
    if not roots:
        raise DerivationError("the query's answer has no root field with edges { node { ... } }")
    for name in roots:
        for place in walk(start(answer), (Step(name),)):
            if isinstance(place, Place) and place.node is not None:
                yield name, place


def _ends(answer: Mapping[str, JSON], rows: str, optional: Collection[str]) -> Iterator[tuple[str, Place]]:
    """Yield what a path leads to, where it is one step alone each with the name of that."""
    path = parse(rows)
    steps, root = path.written, path.steps[0].name
    if not isinstance(answer.get(root), dict | list):
        near = suggestion(root, answer.keys() - {root})
        raise DerivationError(f"rows {rows!r}: the query's answer has no {root!r}{near}")
    ends = list(walk(start(answer), steps))
    if ends and all(isinstance(each, Absent) for each in ends) and not any(step.name in optional for step in steps):
        raise DerivationError(f"rows {rows!r}: the query's answer does not contain it")
    for end in ends:
        if isinstance(end, Place) and (end.node is not None or end.value is not None):
            yield root if len(path.steps) == 1 else "", end


def _up(place: Place, number: int) -> Place | None:
    at: Place | None = place
    for _ in range(number):
        at = None if at is None else at.before
    return at


def _read(place: Place, path: Path) -> tuple[JSON, ...] | Absent:
    at = _up(place, path.up)
    return Absent.FIELD if at is None else read(at, path.written)


def _row(place: Place, root: str, values: Sequence[tuple[JSON, ...] | Absent]) -> Found:
    at: Place | None = place
    while at is not None and at.node is None:
        at = at.before
    node = {} if at is None or at.node is None else at.node
    identifier, kind = node.get("id"), node.get("__typename")
    for name, given in (("id", identifier), ("__typename", kind)):
        if not isinstance(given, str | dict | None):  # an object is an alias of the query's for something else
            raise DerivationError(f"the query's answer has a node whose {name} is no text")
    hfid, shown = node.get("hfid"), node.get("display_label")
    return Found(
        identifier if isinstance(identifier, str) else "",
        kind if isinstance(kind, str) else root,
        tuple(() if isinstance(each, Absent) else each for each in values),
        hfid=tuple(map(written, hfid)) if isinstance(hfid, list) and hfid else None,
        display_label=shown if isinstance(shown, str) else None,
    )


def _suggestion(path: Path, places: Sequence[Place]) -> str:
    """Suggest another name for a path's first step."""
    name = path.steps[0].name
    known: set[str] = set()
    for place in places:
        at = _up(place, path.up)
        fields = None if at is None else at.value if at.node is None else at.node
        known.update(fields if isinstance(fields, Mapping) else ())
    return suggestion(name, known - {name})
