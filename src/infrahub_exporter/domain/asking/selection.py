"""From what the user asks for and the kinds' schema to what is read: columns and typed filters."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from msgspec import Struct

from infrahub_exporter.domain.asking.columns import Column, Hop
from infrahub_exporter.domain.asking.filters import argument_type, kinds_needed, typed
from infrahub_exporter.domain.asking.places import MissingKindsError, Place, Schemas
from infrahub_exporter.domain.asking.resolving import column
from infrahub_exporter.domain.asking.rows import RowsPath, row_column, rows_path
from infrahub_exporter.domain.asking.specs import Filters, FilterValue
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import KindSchema

__all__ = ["Column", "Filter", "Hop", "Selection", "missing_kinds", "select"]


class Filter(Struct, frozen=True):
    """An argument of the root field, its GraphQL type and its value (never null: null would select everything)."""

    argument: str
    type: str
    value: object


class Selection(Struct, frozen=True):
    """What one entry reads: the nodes of a kind that pass the filters, and of each the columns.

    `under` names kinds that inherit from it and have a filter that it has not: the nodes of those, without columns.
    With `rows` there are as many rows of a node as it leads to, and the columns are those of a row.
    """

    kind: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    under: tuple[str, ...] = ()
    rows: Column | None = None

    @property
    def variables(self) -> Mapping[str, object]:
        """The filters' values by argument."""
        return {each.argument: each.value for each in self.filters}


def select(
    kind: str, include: Iterable[str], filters: Filters, kinds: Mapping[str, KindSchema], rows: str | None = None
) -> Selection:
    """Resolve paths and filters against the schema; with `rows` the paths are those of a row.

    `kinds` holds at least what `missing_kinds` asked for. Raises SourceRejectedError, with a suggestion, for what the
    schema does not have, and for attributes whose kind is a secret, also where a node is named by one.
    """
    schemas = Schemas(kinds)
    schemas.check_name("hfid", "hfid", Place((), kind))
    start = None if rows is None else rows_path(rows, kind, schemas)
    return Selection(
        kind=kind,
        columns=tuple(_column(text, kind, start, schemas) for text in include),
        filters=tuple(_filter(argument, value, kind, kinds) for argument, value in filters.items()),
        rows=None if start is None else start.column,
    )


def _column(text: str, kind: str, start: RowsPath | None, schemas: Schemas) -> Column:
    return column(text, kind, schemas) if start is None else row_column(text, start, schemas)


def _filter(argument: str, value: FilterValue, kind: str, kinds: Mapping[str, KindSchema]) -> Filter:
    type_name = argument_type(argument, kinds[kind], kinds)
    return Filter(argument, type_name, typed(argument, type_name, value))


def missing_kinds(
    kind: str,
    include: Iterable[str],
    filters: Iterable[str],
    kinds: Mapping[str, KindSchema],
    rows: str | None = None,
) -> frozenset[str]:
    """Name the kinds whose schema `select` needs and `kinds` lacks, as far as can be told: ask until none is left."""
    if kind not in kinds:
        return frozenset({kind})
    schemas = Schemas(kinds)
    needed = frozenset[str]().union(*(kinds_needed(argument, kinds[kind], kinds) for argument in filters))
    missing = {each for each in needed if each not in kinds}
    missing |= _missing(lambda: schemas.check_name("hfid", "hfid", Place((), kind)))
    start = None
    if rows is not None:
        try:
            start = rows_path(rows, kind, schemas)
        except MissingKindsError as error:
            return frozenset(missing | error.kinds)
        except SourceRejectedError:
            return frozenset(missing)
    return frozenset(missing).union(*(_missing(partial(_column, path, kind, start, schemas)) for path in include))


def _missing(look_up: Callable[[], object]) -> frozenset[str]:
    """Name the kinds that are missing to look something up; what is refused, `select` refuses."""
    try:
        look_up()
    except MissingKindsError as error:
        return error.kinds
    except SourceRejectedError:
        pass
    return frozenset()
