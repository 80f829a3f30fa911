"""Where the rows of an entry are, and paths that begin there: `rows: interfaces[].cable.ends[other]`, `^^name`.

A hop is a relation, or a `[]` inside a List or JSON. Before each of them stands a node, or an element of JSON, that a
path may begin at: at the row itself, and with each `^` one hop before it.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from infrahub_exporter.domain.asking.columns import Column
from infrahub_exporter.domain.asking.paths import Step, Steps, parse
from infrahub_exporter.domain.asking.places import Place, Schemas
from infrahub_exporter.domain.asking.resolving import (
    NODE_FIELDS,
    cross,
    look_up,
    meant,
    of_attributes,
    resolve,
)
from infrahub_exporter.domain.counts import counted
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema


class RowsPath(Struct, frozen=True):
    """The path to the rows: its column, and the places of nodes before each of its relations and behind the last."""

    column: Column
    places: tuple[Sequence[Place], ...]

    @property
    def depth(self) -> int:
        """How many hops there are from a node to its rows."""
        return len(self.places) - 1 + sum(step.many for step in self.column.inner)


def rows_path(text: str, kind: str, schemas: Schemas) -> RowsPath:
    """Resolve the path to the rows. Raises SourceRejectedError for one that ends on a single value, and as `column`."""
    levels: list[Sequence[Place]] = [(Place((), kind),)]
    steps = meant(text, parse(text), levels[0], schemas)
    for index, step in enumerate(steps):
        if step.name in NODE_FIELDS:
            raise SourceRejectedError(f"rows {text!r}: expected a path to nodes, or to the elements of a List or JSON")
        found = look_up(text, step, levels[-1], schemas)
        if any(isinstance(each.field, AttributeSchema) for each in found):
            elements = of_attributes(text, steps[index:], found, schemas)
            if not steps[-1].many:
                raise SourceRejectedError(f"rows {text!r}: expected a path that ends in [], for a row of each element")
            return RowsPath(elements, tuple(levels))
        levels.append(cross(text, step, found, schemas))
    first, *others = [Column(text, place.hops, "id") for place in levels[-1]]
    return RowsPath(structs.replace(first, also=tuple(others)), tuple(levels))


def row_column(text: str, rows: RowsPath, schemas: Schemas) -> Column:
    """Resolve a path of a row. Raises SourceRejectedError for more `^` than there are hops, and as `column`."""
    path = parse(text, rows=True)
    start = rows.depth - path.up
    if start < 0:
        hops = counted(rows.depth, "hop")
        raise SourceRejectedError(f"{text!r}: the rows {rows.column.path!r} are {hops} away, no more ^ than that")
    if start < len(rows.places):
        places = rows.places[start]
        found = resolve(text, meant(text, path, places, schemas), places, schemas)
    else:
        found = _of_elements(text, path.written, rows, start - len(rows.places) + 1)
    ways = [structs.replace(way, start=start, also=()) for way in found.ways]
    return structs.replace(ways[0], also=tuple(ways[1:]))


def _of_elements(text: str, steps: Steps, rows: RowsPath, level: int) -> Column:
    """Lead on from the elements that stand behind so many `[]` of the rows."""
    if any(step.selector is not None for step in steps):
        raise SourceRejectedError(f"{text!r}: [...] chooses among the peers of a relation, not in JSON")
    ways = [structs.replace(way, path=text, inner=(*_up_to(way.inner, level), *steps)) for way in rows.column.ways]
    return structs.replace(ways[0], also=tuple(ways[1:]))


def _up_to(inner: Iterable[Step], level: int) -> Steps:
    kept: list[Step] = []
    for step in inner:
        if level == 0:
            break
        kept.append(step)
        level -= step.many
    return tuple(kept)
