"""A row as every view sees it: what it is, and what the paths of a spec find there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct

from infrahub_exporter.domain.asking.conditions import Condition, holds, matches
from infrahub_exporter.domain.asking.forms import Written, apply, paths
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.texts import label_form

_BATCH = 1000


def batches(rows: Iterable[Row]) -> Iterator[tuple[Row, ...]]:
    """Yield rows some at a time: by the column they cost half, and what is made of them is not there all at once."""
    left = iter(rows)
    while batch := tuple(islice(left, _BATCH)):
        yield batch


class Batch(Struct, frozen=True, gc=False):
    """Some nodes, and for each column of a selection the values of all of them, in their order."""

    nodes: Sequence[Row]
    columns: Sequence[Sequence[object]]


class Found(Struct, frozen=True, gc=False):
    """One row: the node that it is, or that holds it, and for each path the values that are there, without nulls.

    `fault` says why it is to be left out, whatever is asked for; None where it is not. `hfid` and `display_label` are
    the node's where what is read has them.
    """

    id: str
    kind: str
    values: tuple[tuple[object, ...], ...]
    fault: str | None = None
    hfid: tuple[str, ...] | None = None
    display_label: str | None = None

    @property
    def name(self) -> str | None:
        """Name the node for a reader, where more of it is known than its kind and id."""
        if self.hfid:
            return label_form(self.kind, self.hfid, self.id) if self.kind else "__".join(self.hfid)
        return f"{self.kind} {self.display_label}".strip() if self.display_label else None


class Places:
    """Where the paths of a spec stand among a row's values: each once, in the order in which they are first named."""

    def __init__(self, named: Iterable[str]) -> None:
        self.paths = tuple(dict.fromkeys(named))
        self._places = {path: index for index, path in enumerate(self.paths)}

    def of(self, written: Written) -> tuple[int, ...]:
        """Return the places of a value's paths."""
        return tuple(self._places[path] for path in paths(written))


class Value:
    """A value that is written in a configuration, at its places."""

    def __init__(self, written: Written, places: Places) -> None:
        self._written = written
        self._places = places.of(written)
        self._only = self._places[0] if isinstance(written, str) else None

    def read(self, row: Found) -> tuple[object, ...]:
        """Return what it is at a row; nothing where it is nothing."""
        if self._only is not None:
            return row.values[self._only]
        return apply(self._written, [row.values[place] for place in self._places])


class Sieve:
    """The conditions on a row: all of `where` and `match` hold, and not all of `exclude`."""

    def __init__(
        self,
        where: Mapping[str, Condition],
        exclude: Mapping[str, Condition],
        match: Mapping[str, str],
        places: Places,
    ) -> None:
        self._where = _placed(where, places)
        self._exclude = _placed(exclude, places)
        self._match = [(places.of(one)[0], places.of(other)[0]) for one, other in match.items()]

    def passes(self, row: Found) -> bool:
        """Tell whether a row is one that is wanted."""
        return (
            all(holds(condition, row.values[place]) for place, condition in self._where)
            and all(matches(row.values[one], row.values[other]) for one, other in self._match)
            and not (self._exclude and all(holds(condition, row.values[place]) for place, condition in self._exclude))
        )


def _placed(conditions: Mapping[str, Condition], places: Places) -> Sequence[tuple[int, Condition]]:
    return [(places.of(path)[0], condition) for path, condition in conditions.items()]
