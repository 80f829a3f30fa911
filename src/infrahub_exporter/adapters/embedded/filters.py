"""The filters of queries, with the ways in which Infrahub's lie: nulls are dropped, empty lists match nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.adapters.embedded.scalars import in_utc
from infrahub_exporter.adapters.embedded.store import Record, Version, to_instant
from infrahub_exporter.adapters.embedded.values import as_stored
from infrahub_exporter.domain.model import JSON

Predicate = Callable[[Version, int], bool]
Test = Callable[[JSON], bool]
"""Tells whether a value passes."""

_PAGING = frozenset({"offset", "limit", "order", "partial_match", "include_available", "kinds", "include_descendants"})
_DAY = timedelta(days=1)
_INT64 = 2**63


def root_filters(kinds: Kinds, kind: Kind, arguments: Mapping[str, object]) -> list[Predicate]:
    """Compile the arguments of a root field but `hfid`; a null one filters nothing, except `ids`.

    Raises:
        RefusedError: for a value that Infrahub fails on.
    """
    partial = bool(arguments.get("partial_match"))
    compiled = []
    for name, value in arguments.items():
        if name == "ids":
            compiled.append(_ids(value))
        elif name not in _PAGING and name != "hfid" and value is not None:
            compiled.append(_compile(kinds, kind, name, value, partial=partial))
    return compiled


def nested_filters(kinds: Kinds, kind: Kind, arguments: Mapping[str, object]) -> list[Predicate]:
    """Compile the arguments of a relationship's field: false, zero and empty values filter nothing, except `ids`."""
    compiled = []
    for name, value in arguments.items():
        if name == "ids":
            compiled.append(_ids(value))
        elif "__" in name and value:
            compiled.append(_compile(kinds, kind, name, value, partial=False))
    return compiled


def _ids(value: object) -> Predicate:
    wanted = frozenset(each for each in value if each is not None) if isinstance(value, list) else frozenset()
    return lambda version, _: version.record.id in wanted


def _compile(kinds: Kinds, kind: Kind, name: str, value: object, *, partial: bool) -> Predicate:
    field, _, rest = name.partition("__")
    if field == "node_metadata":
        return _metadata(rest, value)
    if field == "display_label":
        return _display_label(rest, value, partial=partial)
    if field == "any":
        test = _test(rest, value, "Text", partial=partial)
        return lambda version, _: any(test(each.value) for each in version.values.values())
    if field in kind.attributes:
        return _attribute(field, kind.attributes[field].kind, rest, value, partial=partial)
    return _relationship(kinds, kind.relationships[field], rest, value, partial=partial)


def _attribute(name: str, kind: str, prop: str, value: object, *, partial: bool) -> Predicate:
    if prop == "is_protected":
        return lambda version, _: name in version.values and version.values[name].is_protected is value
    test = _test(prop, value, kind, partial=partial)

    def passes(version: Version, _: int) -> bool:
        found = version.values.get(name)
        return found is not None and test(found.value)

    return passes


def _test(prop: str, value: object, kind: str, *, partial: bool) -> Test:
    """Make the test of a value: `value`, `values`, `isnull`, or a property of the attribute itself."""
    if prop == "isnull":
        return lambda found: kind != "List" and (found is None) is value
    if prop == "is_protected" or prop.endswith("__id"):
        return lambda _: prop == "is_protected" and value is False
    if prop == "values" and isinstance(value, list):
        return _test_any(value, kind)
    if value and not isinstance(value, str | bool | int | list):
        raise RefusedError(f"filter value: {value} ({type(value)}) is not supported.")
    _check_size(value)
    if partial:
        text = _text(value)
        return lambda found: text in _text(as_stored(found))
    if kind == "List" and not isinstance(value, list):
        return lambda found: isinstance(found, list) and value in found
    return lambda found: _equal(as_stored(found), value)


def _check_size(value: object) -> None:
    """Refuse a number that the database of a real Infrahub has no room for: asking for it fails there."""
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise RefusedError("Python int too large to convert to C long")


def _test_any(wanted: Sequence[object], kind: str) -> Test:
    if not all(isinstance(each, str | bool | int) for each in wanted):
        message = f"filter values: {wanted} (list) contains unsupported item"
        raise RefusedError(message.replace("datetime.timezone.utc", "tzutc()"))
    for each in wanted:
        _check_size(each)
    if kind == "List":
        return lambda found: not wanted or (isinstance(found, list) and any(each in found for each in wanted))
    return lambda found: any(_equal(as_stored(found), each) for each in wanted)


def _equal(stored: JSON, wanted: object) -> bool:
    return stored == wanted and isinstance(stored, bool) == isinstance(wanted, bool)


def _text(value: object) -> str:
    return (value if isinstance(value, str) else msgspec.json.encode(value).decode()).lower()


def _display_label(prop: str, value: object, *, partial: bool) -> Predicate:
    test = _test(prop, value, "Text", partial=partial)
    return lambda version, _: test(version.display_label)


def _relationship(kinds: Kinds, relationship: Relationship, rest: str, value: object, *, partial: bool) -> Predicate:
    if f"{relationship.name}__" in rest:  # Infrahub takes the relationship's name out wherever it stands
        raise RefusedError("list index out of range")
    if rest == "ids":
        wanted = frozenset(each for each in value if each is not None) if isinstance(value, list) else frozenset()
        return lambda version, instant: any(each.id in wanted for each in version.record.peers(relationship, instant))
    if rest == "isnull":
        return lambda version, instant: (next(version.record.peers(relationship, instant), None) is None) is value
    if rest.endswith("__isnull"):
        message = (
            f"{relationship.name}__{rest} is not allowed: 'isnull' is not supported for attributes of relationships"
        )
        raise RefusedError(message)
    inner = _compile(kinds, kinds[relationship.peer], rest, value, partial=partial)

    def passes(version: Version, instant: int) -> bool:
        related = relatives(version.record, relationship, instant)
        return any(inner(each.at(instant), instant) for each in related)

    return passes


def relatives(record: Record, relationship: Relationship, instant: int) -> list[Record]:
    """List the peers of a relationship as filters see them: along a hierarchy at any distance."""
    direct = list(record.peers(relationship, instant))
    if relationship.hierarchical is None:
        return direct
    return walk(record, relationship.name, instant)


def walk(record: Record, name: str, instant: int) -> list[Record]:
    """Follow a relationship of a hierarchy to its end, the nearest first."""
    found: dict[Record, None] = {}
    front = [record]
    while front:
        node = front.pop(0)
        relationship = node.kind.relationships.get(name)
        for peer in node.peers(relationship, instant) if relationship else ():
            if peer not in found and peer is not record:
                found[peer] = None
                front.append(peer)
    return list(found)


def _metadata(rest: str, value: object) -> Predicate:
    """Compare the stamps of a node: exactly, strictly before or after; a midnight without either is its whole day."""
    field, _, operator = rest.partition("__")
    if field not in {"created_at", "updated_at"} or not isinstance(value, datetime):
        return lambda *_: False
    moment = in_utc(value)
    wanted = to_instant(moment)
    if operator == "after":
        return lambda version, _: getattr(version.record, field) > wanted
    if operator == "before":
        return lambda version, _: getattr(version.record, field) < wanted
    if moment.time().isoformat() == "00:00:00":
        end = to_instant(moment + _DAY)
        return lambda version, _: wanted <= getattr(version.record, field) < end
    return lambda version, _: getattr(version.record, field) == wanted
