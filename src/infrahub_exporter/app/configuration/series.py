"""What the entries of `metrics.series` have to be, each for itself and beside what else is published."""

from collections.abc import Sequence

from msgspec import structs

from infrahub_exporter.app.configuration.decoding import InnerPath
from infrahub_exporter.app.configuration.places import Faults, Place, SettingError, at
from infrahub_exporter.app.configuration.queries import declared_by, query_text, typed_by
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.series import SeriesSpec, check
from infrahub_exporter.domain.errors import ConfigError

_OWN = ("infrahub_exporter_", "process_", "python_gc_")
"""What the names of the exporter's own metrics begin with: no family is there twice (TX-03)."""
_KEYS = frozenset(field.name for field in structs.fields(SeriesSpec))


class QueryOfSeries(QuerySource, frozen=True):
    """The query of a metric as the configuration says it: in a file, too."""

    file_path: InnerPath | None = None

    def __post_init__(self) -> None:
        given = [key for key in ("file_path", "stored", "document") if getattr(self, key) is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none of them"
            raise SettingError((), f"expected one of file_path, stored and document, got {got}")


class SeriesSettings(SeriesSpec, frozen=True):
    """An entry of `metrics.series` as the configuration says it."""

    query: QueryOfSeries | None = None

    def resolved(self) -> SeriesSpec:
        """Read the document of its query, and bring the variables to their types. Raises SettingError."""
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        if self.query is not None:
            with at("query"):
                said["query"] = _read(self.query)
        return SeriesSpec(**said)


def _read(query: QueryOfSeries) -> QuerySource:
    if query.stored is not None:
        return QuerySource(stored=query.stored, variables=query.variables)
    document = str(query.document) if query.file_path is None else query_text(query.file_path)
    return QuerySource(document=document, variables=typed_by(declared_by(document), query.variables))


def check_series(specs: Sequence[SeriesSpec], *, kinds: Sequence[str], prefix: str) -> None:
    """Raise SettingError, below `metrics`, for entries that cannot be, or whose name stands for something else."""
    units: dict[str, tuple[str, int]] = {}
    faults = Faults()
    for index, spec in enumerate(specs):
        with faults.gathered(), at("series", index):
            _check(spec, prefix + spec.name, kinds)
            if spec.unit is not None:
                unit, first = units.setdefault(spec.name, (spec.unit, index))
                if unit != spec.unit:
                    raise SettingError(
                        ("unit",), f"expected {unit!r} as in metrics.series[{first}].unit, got {spec.unit!r}"
                    )
    faults.check()


def _check(spec: SeriesSpec, name: str, kinds: Sequence[str]) -> None:
    try:
        check(spec)
    except ConfigError as error:
        raise _placed((), str(error)) from None
    if own := next(filter(name.startswith, _OWN), None):
        raise SettingError(("name",), f"{name!r}: names that begin with {own} are the exporter's own")
    if name in kinds:
        raise SettingError(("name",), f"{name!r} is how the entry of metrics.kind is named")


def _placed(place: Place, problem: str) -> SettingError:
    """Put the key that a problem begins with into its place."""
    key, colon, rest = problem.partition(": ")
    steps = tuple(key.split("."))
    return SettingError((*place, *steps), rest) if colon and steps[0] in _KEYS else SettingError(place, problem)
