"""How much of a resource pool is taken, in percent, and by what."""

import ipaddress
from collections.abc import Iterable

from msgspec import Struct

from infrahub_exporter.adapters.embedded import ipam
from infrahub_exporter.adapters.embedded.kinds import Kinds
from infrahub_exporter.adapters.embedded.numbers import excluded_count
from infrahub_exporter.adapters.embedded.pools import POOL
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError, NodeNotFoundError
from infrahub_exporter.adapters.embedded.store import Record, Store, Version
from infrahub_exporter.domain.model import JSON

_NUMBERS = "CoreNumberPool"


class Resource(Struct, frozen=True, eq=False):
    """What a pool gives from, a prefix or a range of numbers; `taken` of `space` is gone."""

    at: Version
    weight: int
    taken: int
    space: int


class Allocated(Struct, frozen=True, eq=False):
    """What is taken of a resource."""

    id: str
    kind: str
    display_label: str


def resources(kinds: Kinds, store: Store, pool_id: str, at: int) -> list[Resource]:
    """Return what a pool gives from; what a number's attribute excludes is no part of it. Raises NodeNotFoundError."""
    pool = _find(store, pool_id, at)
    if pool.kind.key == _NUMBERS:
        said = pool.at(at)
        first, last = _range(said)
        attribute = kinds[str(said.values["node"].value)].attributes[str(said.values["node_attribute"].value)]
        taken = {number for number, _ in _numbers(store, pool, at)}
        return [Resource(said, 1, len(taken), last - first + 1 - excluded_count(attribute))]
    found = [(each.at(at), ipam.usage(each.at(at), at)) for each in _peers(pool, "resources", at)]
    return [Resource(version, space, taken, space) for version, (taken, space) in found]


def percent(of: Iterable[Resource]) -> float:
    """Say how much of some resources is taken."""
    listed = list(of)
    return ipam.percent(sum(each.taken for each in listed), sum(each.space for each in listed))


def allocated(store: Store, pool_id: str, resource_id: str, at: int) -> list[Allocated]:
    """Return what is taken of one resource of a pool, in order. Raises NodeNotFoundError and InvalidInputError."""
    pool = _find(store, pool_id, at)
    if pool.kind.key == _NUMBERS:
        return [Allocated(each.id, each.kind.key, str(number)) for number, each in _numbers(store, pool, at)]
    resource = next((each for each in _peers(pool, "resources", at) if each.id == resource_id), None)
    if resource is None:
        raise InvalidInputError(
            f"The selected pool_id={pool_id} doesn't contain the requested resource_id={resource_id}"
        )
    prefixes = "default_prefix_type" in pool.kind.attributes
    attribute = "prefix" if prefixes else "address"
    found = [
        (ipaddress.ip_interface(str(each.at(at).values[attribute].value)), each)
        for each in _peers(resource, "children" if prefixes else "ip_addresses", at)
    ]
    ordered = sorted(found, key=lambda pair: (pair[0].version, int(pair[0].ip), pair[0].network.prefixlen, pair[1].id))
    return [Allocated(each.id, each.kind.key, str(each.at(at).values[attribute].value)) for _, each in ordered]


def _find(store: Store, pool_id: str, at: int) -> Record:
    pool = next((each for each in store.of(POOL, at) if each.id == pool_id), None)
    if pool is None:
        raise NodeNotFoundError("ResourcePool", pool_id)
    return pool


def _numbers(store: Store, pool: Record, at: int) -> list[tuple[int, Record]]:
    """List the numbers of the range that are values of the attribute, in order."""
    said = pool.at(at)
    first, last = _range(said)
    name = str(said.values["node_attribute"].value)
    values = [(each.at(at).values[name].value, each) for each in store.of(str(said.values["node"].value), at)]
    inside = [(number, each) for number, each in values if isinstance(number, int) and first <= number <= last]
    return sorted(inside, key=lambda pair: (pair[0], pair[1].id))


def _range(said: Version) -> tuple[int, int]:
    return _whole(said, "start_range"), _whole(said, "end_range")


def _whole(said: Version, name: str) -> int:
    value: JSON = said.values[name].value
    return value if isinstance(value, int) else 0


def _peers(record: Record, name: str, at: int) -> Iterable[Record]:
    return record.peers(record.kind.relationships[name], at)
