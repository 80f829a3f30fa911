"""What an entry of `metrics.series` asks for: rows, what is measured of them, and by which labels."""

import re
from collections.abc import Iterator
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from infrahub_exporter.domain.asking.conditions import Condition
from infrahub_exporter.domain.asking.forms import Form, Written, paths
from infrahub_exporter.domain.asking.paths import parse, suggestion
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.specs import Filters, KindName, Override
from infrahub_exporter.domain.errors import ConfigError

MetricName = Annotated[
    str, Meta(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*\Z", description="the name of a metric, such as devices")
]
Most = Annotated[int, Meta(ge=1)]
Measured: TypeAlias = int | float | Written
"""A number for each row, or what is read of it."""

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
FIELD = "field"
"""The label by which `missing` names its paths."""
_UNITS = {
    "milliseconds": ("seconds", 0.001),
    "minutes": ("seconds", 60),
    "hours": ("seconds", 3600),
    "days": ("seconds", 86400),
    "kilobytes": ("bytes", 1000),
    "megabytes": ("bytes", 1_000_000),
    "gigabytes": ("bytes", 1_000_000_000),
    "kbps": ("bits_per_second", 1000),
    "mbps": ("bits_per_second", 1_000_000),
    "gbps": ("bits_per_second", 1_000_000_000),
    "percent": ("ratio", 0.01),
}
"""Endings of names that say a unit which is none of the base units, and what a number of it is in that."""


class CountSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many rows there are by some labels; each choice of those of `zeros` is there, with 0 where no row has it."""

    by: dict[str, Written] = {}
    zeros: tuple[str, ...] = ()


class SumSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sum of a number over the rows, by some labels."""

    of: Written
    by: dict[str, Written] = {}


class SeriesSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric by its name: one of `value`, `count`, `sum` and `missing` over the rows of a kind, or of a query."""

    name: MetricName
    kind: KindName | None = None
    query: QuerySource | None = None
    help: str = ""
    unit: str | None = None
    filters: Filters = {}
    rows: str | None = None
    where: dict[str, Condition] = {}
    exclude: dict[str, Condition] = {}
    match: dict[str, str] = {}
    distinct: tuple[str, ...] = ()
    labels: dict[str, Written] = {}
    value: Measured | None = None
    state_label: str | None = None
    count: CountSpec | None = None
    sum: SumSpec | None = None
    missing: tuple[str, ...] | None = None
    max_series: Most | None = None
    guard: Override = None

    @property
    def by(self) -> dict[str, Written]:
        """The labels of what is counted or summed up, those of each row otherwise."""
        counted = self.count or self.sum
        return self.labels if counted is None else counted.by

    def measured(self) -> Iterator[tuple[str, Written]]:
        """Yield what a number is read of, with the key that it stands below."""
        if isinstance(self.value, str | tuple | Form):
            yield "value", self.value
        if self.sum is not None:
            yield "sum.of", self.sum.of

    def places(self) -> Iterator[tuple[str, str]]:
        """Yield every path that is read of a row with the key that it stands below, perhaps more than once."""
        below = "labels" if self.count is None and self.sum is None else "count.by" if self.sum is None else "sum.by"
        written = [*((f"{below}.{name}", each) for name, each in self.by.items()), *self.measured()]
        yield from ((place, path) for place, each in written for path in paths(each))
        yield from (("missing", path) for path in self.missing or ())
        yield from (("where", path) for path in self.where)
        yield from (("exclude", path) for path in self.exclude)
        yield from (("match", path) for pair in self.match.items() for path in pair)

    def paths(self) -> Iterator[str]:
        """Yield every path that is read of a row, perhaps more than once."""
        yield from (path for _, path in self.places())


def check(spec: SeriesSpec) -> None:
    """Raise ConfigError for what does not go together, naming the key."""
    _check_origin(spec)
    said = [key for key in ("value", "count", "sum", "missing") if getattr(spec, key) is not None]
    if len(said) != 1:
        raise ConfigError(f"expected one of value, count, sum and missing, got {' and '.join(said) or 'none of them'}")
    if spec.name.endswith("_total"):
        raise ConfigError(f"name: {spec.name!r} ends in _total, which is for counters; an inventory goes up and down")
    if spec.unit is not None and not spec.name.endswith(f"_{spec.unit}"):
        raise ConfigError(f"unit: expected a name that ends in _{spec.unit}, got {spec.name!r}")
    _check_labels(spec, said[0])
    if spec.rows is not None:
        _check_path("rows", spec.rows, in_rows=False)
    for place, path in spec.places():
        _check_path(place, path, in_rows=spec.rows is not None)


def _check_origin(spec: SeriesSpec) -> None:
    """Check where rows come from: a kind, or a query, of whose values nothing but the answer is known."""
    if (spec.kind is None) == (spec.query is None):
        raise ConfigError(f"kind: expected one of kind and query, got {'neither' if spec.kind is None else 'both'}")
    if spec.query is None:
        return
    if spec.filters:
        raise ConfigError("filters: expected kind beside it: the filters of a query stand in its GraphQL")
    if spec.count is not None and spec.count.zeros:
        raise ConfigError("count.zeros: expected kind beside it: what choices there are stands in the schema")


def _check_path(place: str, path: str, *, in_rows: bool) -> None:
    try:
        parse(path, rows=in_rows)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None


def _check_labels(spec: SeriesSpec, measured: str) -> None:
    counted = measured in {"count", "sum"}
    if counted and spec.labels:
        raise ConfigError(f"labels: the labels of a {measured} stand in its by")
    if spec.state_label is not None and measured != "value":
        raise ConfigError("state_label: expected value beside it")
    if spec.state_label is not None and spec.state_label in spec.labels:
        raise ConfigError(f"state_label: {spec.state_label!r} is one of the labels already")
    for name in (*spec.by, *([] if spec.state_label is None else [spec.state_label])):
        _check_label(name)
    if measured == "missing":
        if not spec.missing:
            raise ConfigError("missing: expected at least one path, got an empty list")
        if FIELD in spec.labels:
            raise ConfigError(f"labels: {FIELD!r} is the label in which missing names its paths")
    _check_named(spec, per_row=measured == "value")


def _check_named(spec: SeriesSpec, *, per_row: bool) -> None:
    """Check what names labels of the same entry."""
    if spec.count is not None:
        for name in spec.count.zeros:
            if name not in spec.count.by:
                near = suggestion(name, spec.count.by)
                raise ConfigError(f"count.zeros: {name!r} is none of the labels of by{near}")
    if spec.distinct and not per_row:
        raise ConfigError("distinct: expected value beside it")
    for name in spec.distinct:
        if name not in spec.labels:
            raise ConfigError(f"distinct: {name!r} is none of the labels{suggestion(name, spec.labels)}")


def _check_label(name: str) -> None:
    if not _LABEL.fullmatch(name):
        raise ConfigError(f"{name!r} is no label, expected letters, digits and underscores, as in 'far_device'")
    if name.startswith("__"):
        raise ConfigError(f"label {name!r}: names that begin with __ belong to Prometheus")


def warnings(spec: SeriesSpec) -> Iterator[str]:
    """Yield what the field's rules for names would have otherwise (prometheus.io, "Metric and label naming")."""
    for ending, (base, factor) in _UNITS.items():
        if spec.name.endswith(f"_{ending}"):
            yield f"{spec.name!r} ends in _{ending}, the base unit is {base} (value: {{path: ..., times: {factor}}})"
