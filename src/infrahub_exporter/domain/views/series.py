"""From rows to the series of an entry of `metrics.series`: what each row adds, as a pure function."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.forms import Form, Written, number, paths
from infrahub_exporter.domain.asking.paths import parse
from infrahub_exporter.domain.asking.series import FIELD, SeriesSpec
from infrahub_exporter.domain.model import BAD_CONTENT, AttributeSchema
from infrahub_exporter.domain.texts import text
from infrahub_exporter.domain.views.counting import Part
from infrahub_exporter.domain.views.measures import Attributes, Numbers, states
from infrahub_exporter.domain.views.rows import Found, Places, Sieve, Value

NO_VALUE, SEVERAL_VALUES = "no_value", "several_values"
REASONS = (NO_VALUE, SEVERAL_VALUES, BAD_CONTENT)


class Point(Struct, frozen=True, gc=False):
    """A series of one row: for each label the values that it has there, and the number."""

    labels: tuple[tuple[str, ...], ...]
    value: float


class Outcome(Struct, frozen=True, gc=False):
    """What the rows of a node come to: series, or parts of counts and sums; and why rows are left out."""

    points: tuple[Point, ...] = ()
    parts: tuple[Part, ...] = ()
    skipped: tuple[str, ...] = ()


Derive = Callable[[Iterable[Found]], Outcome]


def label_names(spec: SeriesSpec, attributes: Attributes) -> tuple[str, ...]:
    """Name the labels of all series of a spec, in order."""
    if spec.missing is not None:
        return (FIELD, *spec.labels)
    state = _state_of(spec, attributes)
    return tuple(spec.by) if state is None else (*spec.by, state[0])


def zeros(spec: SeriesSpec, attributes: Attributes) -> tuple[Sequence[str] | None, ...]:
    """Return for each label of a count, a sum or of what is missing the choices that are there whatever rows are."""
    if spec.missing is not None:
        return (spec.missing, *(None for _ in spec.labels))
    wanted = () if spec.count is None else spec.count.zeros
    return tuple(outcomes(written, attributes) if name in wanted else None for name, written in spec.by.items())


def outcomes(written: Written, attributes: Attributes) -> tuple[str, ...]:
    """List what a label can be by the schema: its choices, true and false, or what a map makes of them."""
    if isinstance(written, Form) and written.times is not None:
        return ()
    found: Iterable[object] = _choices(written, attributes) or _truths(written, attributes)
    if isinstance(written, Form) and written.map is not None:
        known = tuple(found) or tuple(written.map)
        found = [written.map[each] for each in map(text, known) if each in written.map]
    if found and isinstance(written, Form) and written.default is not None:
        found = (*found, written.default)
    return tuple(dict.fromkeys(text(each) for each in found))


def deriver(spec: SeriesSpec, places: Places, attributes: Attributes) -> Derive:
    """Return what makes the outcome of a node's rows."""
    sieve = Sieve(spec.where, spec.exclude, spec.match, places)
    measured = _measurer(spec, places, attributes)

    def derive(rows: Iterable[Found]) -> Outcome:
        points: list[Point] = []
        parts: list[Part] = []
        skipped: list[str] = []
        for row in rows:
            if row.fault is not None:
                skipped.append(row.fault)
            elif sieve.passes(row):
                for each in measured(row):
                    if isinstance(each, Point):
                        points.append(each)
                    elif isinstance(each, Part):
                        parts.append(each)
                    else:
                        skipped.append(each)
        return Outcome(tuple(points), tuple(parts), tuple(skipped))

    return derive


Measure = Callable[[Found], Iterator[Point | Part | str]]


def _measurer(spec: SeriesSpec, places: Places, attributes: Attributes) -> Measure:
    labels = [Value(written, places) for written in spec.by.values()]
    if spec.missing is not None:
        return _missing(spec.missing, labels, places)
    if spec.count is not None:
        return lambda row: iter([Part(_key(labels, row))])
    if spec.sum is not None:
        return _sum(Numbers(spec.sum.of, places, attributes), labels)
    state = _state_of(spec, attributes)
    if isinstance(spec.value, bool | int | float):
        constant = float(spec.value)
        return lambda row: iter([Point(_label_values(labels, row), constant)])
    assert spec.value is not None  # noqa: S101 - `check` holds it
    if state is not None:
        return _states(Value(spec.value, places), state[1], labels)
    return _number(Numbers(spec.value, places, attributes), labels)


def _missing(wanted: Sequence[str], labels: Sequence[Value], places: Places) -> Measure:
    fields = [(path, places.of(path)[0]) for path in wanted]

    def measured(row: Found) -> Iterator[Part]:
        key = _key(labels, row)
        for path, place in fields:
            found = any(each != "" for each in row.values[place])
            yield Part((path, *key), 0.0 if found else 1.0)

    return measured


def _sum(of: Numbers, labels: Sequence[Value]) -> Measure:
    def measured(row: Found) -> Iterator[Part | str]:
        numbers = of.read(row)
        total = sum(numbers)
        yield Part(_key(labels, row), total) if numbers and math.isfinite(total) else NO_VALUE

    return measured


def _number(value: Numbers, labels: Sequence[Value]) -> Measure:
    def measured(row: Found) -> Iterator[Point | str]:
        numbers = value.read(row)
        if len(numbers) == 1:
            yield Point(_label_values(labels, row), numbers[0])
        else:
            yield SEVERAL_VALUES if numbers else NO_VALUE

    return measured


def _states(value: Value, choices: Sequence[str], labels: Sequence[Value]) -> Measure:
    def measured(row: Found) -> Iterator[Point | str]:
        found = value.read(row)
        if len(found) != 1 or found[0] == "":
            yield SEVERAL_VALUES if len(found) > 1 else NO_VALUE
            return
        own = _label_values(labels, row)
        for choice, number_of in states(found[0], choices):
            yield Point((*own, (choice,)), number_of)

    return measured


def _label_values(labels: Sequence[Value], row: Found) -> tuple[tuple[str, ...], ...]:
    return tuple([tuple([text(each) for each in label.read(row)]) for label in labels])


def _key(labels: Sequence[Value], row: Found) -> tuple[str, ...]:
    return tuple([joined(tuple([text(each) for each in label.read(row)])) for label in labels])


def joined(values: tuple[str, ...]) -> str:
    """Write the values of a label: one as it is, several sorted and joined by commas."""
    return values[0] if len(values) == 1 else ",".join(sorted(values))


def _state_of(spec: SeriesSpec, attributes: Attributes) -> tuple[str, tuple[str, ...]] | None:
    """Return the label and the choices of a state set; None where the value is a number."""
    if spec.value is None or isinstance(spec.value, bool | int | float):
        return None
    if isinstance(spec.value, Form) and (spec.value.path is None or spec.value.map or spec.value.times is not None):
        return None
    named = paths(spec.value)
    choices = _choices(spec.value, attributes)
    if not choices or any(not _is_chosen(attributes.get(path)) for path in named):
        return None
    return spec.state_label or parse(named[0], rows=True).steps[-1].name, choices


def _is_chosen(attribute: AttributeSchema | None) -> bool:
    """Tell whether a value is one of some choices that are no numbers."""
    if attribute is None or not attribute.choices:
        return False
    return attribute.kind == "Dropdown" or any(number(each) is None for each in attribute.choices)


def _truths(written: Written, attributes: Attributes) -> tuple[bool, ...]:
    known = [attributes[path].kind for path in paths(written) if path in attributes]
    return (True, False) if known and all(each in {"Boolean", "Checkbox"} for each in known) else ()


def _choices(written: Written, attributes: Attributes) -> tuple[str, ...]:
    known = [attributes[path].choices for path in paths(written) if path in attributes]
    return tuple(dict.fromkeys(choice for choices in known for choice in choices))
