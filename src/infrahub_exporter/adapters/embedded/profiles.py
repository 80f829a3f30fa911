"""Profiles: values that several nodes share, for attributes that have none of their own."""

from collections.abc import Iterable, Iterator, Mapping

from infrahub_exporter.adapters.embedded.kinds import Attribute
from infrahub_exporter.adapters.embedded.store import NOW, Record, Value

PROFILE = "CoreProfile"
_LOWEST = 2**63


def applied(record: Record, values: Mapping[str, Value], instant: int) -> Mapping[str, Value]:
    """Give the values of a node with those of its profiles: the lowest priority number goes first, then the oldest.

    A value that no profile gives any more goes back to the default.
    """
    relationship = record.kind.relationships.get("profiles")
    profiles = list(record.peers(relationship, NOW)) if relationship is not None else []
    if not profiles and not any(each.from_profile for each in values.values()):
        return values
    profiles.sort(key=lambda each: (_priority(each), each.id))
    return {
        name: _apply(record.kind.attributes[name], value, profiles, instant) if _open(value) else value
        for name, value in values.items()
    }


def provided(profiles: Iterable[object]) -> frozenset[str]:
    """Name the attributes that profiles have a value for."""
    return frozenset(
        name
        for each in profiles
        if isinstance(each, Record)
        for name, value in each.versions[-1].values.items()
        if value.value is not None
    )


def nodes_of(record: Record) -> Iterator[Record]:
    """Yield the nodes that a profile gives values to."""
    if PROFILE in record.kind.inherit_from:
        for edge in record.edges.get("node__profile", ()):
            if edge.end > NOW:
                yield edge.peer


def _open(value: Value) -> bool:
    """Tell whether a profile may give the value."""
    return value.is_default is True or value.from_profile


def _apply(attribute: Attribute, value: Value, profiles: list[Record], instant: int) -> Value:
    for each in profiles:
        given = each.versions[-1].values.get(attribute.name)
        if given is not None and given.value is not None:
            if value.from_profile and value.value == given.value:
                return value
            return Value(given.value, False, instant, from_profile=True)
    if value.from_profile:
        return Value(attribute.default_value, True, instant)
    return value


def _priority(profile: Record) -> int:
    value = profile.versions[-1].values["profile_priority"].value
    return value if isinstance(value, int) else _LOWEST
