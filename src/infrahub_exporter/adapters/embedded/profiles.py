"""Profiles: values and peers that several nodes share, for what has none of its own."""

from collections.abc import Iterable, Iterator, Mapping

from infrahub_exporter.adapters.embedded.kinds import Attribute, Relationship
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Value

PROFILE = "CoreProfile"
_LOWEST = 2**63
_SHARED = frozenset({"Generic", "Attribute"})


def applied(record: Record, values: Mapping[str, Value], instant: int) -> Mapping[str, Value]:
    """Give the values of a node with those of its profiles: the lowest priority number goes first, then the oldest.

    A value that no profile gives any more goes back to the default.
    """
    profiles = _of(record)
    if not profiles and not any(each.from_profile for each in values.values()):
        return values
    return {
        name: _apply(record.kind.attributes[name], value, profiles, instant) if _open(value) else value
        for name, value in values.items()
    }


def share(store: Store, record: Record, instant: int) -> bool:
    """Relate a node to the peers that its profiles give; tell whether that is another than before."""
    moved = False
    for relationship, peers in list(_given_peers(record)):
        there = [each for each in record.edges.get(relationship.edge, ()) if each.end > NOW and each.from_profile]
        for edge in there:
            if edge.peer not in peers:
                store.unlink(record, relationship, edge.peer, instant)
                edge.peer.updated_at = instant
        for peer in peers:
            if all(each.peer is not peer for each in there):
                store.link(record, relationship, peer, instant, from_profile=True)
                peer.updated_at = instant
        moved = True
    return moved


def _given_peers(record: Record) -> Iterator[tuple[Relationship, list[Record]]]:
    """Yield the relationships of a node whose peers from profiles are others than those that it has from them."""
    profiles = _of(record)
    for relationship in record.kind.relationships.values():
        if relationship.read_only or relationship.kind not in _SHARED:
            continue
        edges = [each for each in record.edges.get(relationship.edge, ()) if each.end > NOW]
        own = any(not each.from_profile for each in edges)
        wanted = [] if own else next(filter(None, (_peers(each, relationship.name) for each in profiles)), [])
        if {each.peer for each in edges if each.from_profile} != set(wanted):
            yield relationship, wanted


def provided(profiles: Iterable[object]) -> frozenset[str]:
    """Name the attributes and relationships that profiles have something for."""
    return frozenset(name for each in profiles if isinstance(each, Record) for name in _names(each))


def _names(profile: Record) -> Iterator[str]:
    yield from (name for name, value in profile.versions[-1].values.items() if value.value is not None)
    yield from (name for name in profile.kind.relationships if _peers(profile, name))


def _of(record: Record) -> list[Record]:
    """Give the profiles of a node in the order in which they count."""
    relationship = record.kind.relationships.get("profiles")
    profiles = record.peers(relationship, NOW) if relationship is not None else ()
    return sorted(profiles, key=lambda each: (_priority(each), each.id))


def _peers(profile: Record, name: str) -> list[Record]:
    relationship = profile.kind.relationships.get(name)
    shared = relationship is not None and relationship.kind in _SHARED
    return list(profile.peers(relationship, NOW)) if shared and relationship is not None else []


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
