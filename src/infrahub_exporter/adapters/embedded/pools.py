"""Resource pools: addresses, prefixes and numbers that a node is given where it names a pool in place of a value."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from infrahub_exporter.adapters.embedded.free import Network, free_address, free_prefix
from infrahub_exporter.adapters.embedded.kinds import ADDRESS, PREFIX, Attribute, Kind, Kinds
from infrahub_exporter.adapters.embedded.numbers import excluded
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError, NodeNotFoundError
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store
from infrahub_exporter.domain.model import JSON

POOL = "CoreResourcePool"
_Create = Callable[[Kind, Mapping[str, Any], Mapping[str, Sequence[Record]], int], Record]


class Draw(Struct, frozen=True, eq=False):
    """What is to be taken from a pool: the pool, and what is said of the resource."""

    pool: Record
    data: Mapping[str, Any]


Peers = Mapping[str, Sequence[Record]]
Wanted = Mapping[str, Sequence[Record | Draw]]


class Pools:
    """Takes resources from pools; the same identifier gets the same resource again."""

    def __init__(self, kinds: Kinds, store: Store, create: _Create) -> None:
        self._kinds = kinds
        self._store = store
        self._create = create
        self._reserved: dict[tuple[str, str], Record] = {}

    def find(self, text: str) -> Record:
        """Find a pool by its id or name.

        Raises:
            NodeNotFoundError: where there is none.
        """
        for each in self._store.of(POOL, NOW):
            if text in {each.id, each.versions[-1].values["name"].value}:
                return each
        raise NodeNotFoundError(POOL, text)

    def number(self, draw: Draw, attribute: Attribute) -> int:
        """Take the lowest free number that the attribute takes. Raises InvalidInputError where none is left."""
        pool = _values(draw.pool)
        limits = attribute.parameters
        bounds = (_whole(pool, "start_range"), _whole(pool, "end_range"))
        first = max(each for each in (bounds[0], limits.min_value) if each is not None)
        last = min(each for each in (bounds[1], limits.max_value) if each is not None)
        name = str(pool["node_attribute"])
        taken = {
            each.versions[-1].values[name].value
            for each in self._store.of(str(pool["node"]), NOW)
            if name in each.versions[-1].values
        }
        for number in range(first, last + 1):
            if number not in taken and excluded(attribute, number) is None:
                return number
        raise InvalidInputError(f"There are no more values available in this pool. at {attribute.name}")

    def node(self, draw: Draw, instant: int) -> Record:
        """Take an address or a prefix: it is a node of its own. Raises InvalidInputError where none is left."""
        identifier = draw.data.get("identifier")
        key = (draw.pool.id, str(identifier))
        held = self._reserved.get(key) if identifier else None
        if held is not None and held.alive(NOW):
            return held
        pool = draw.pool
        namespace = next(pool.peers(pool.kind.relationships["ip_namespace"], NOW))
        taken = self._prefix if "default_prefix_type" in pool.kind.attributes else self._address
        made = taken(draw, namespace, _weighted(pool), instant)
        if identifier:
            self._reserved[key] = made
        return made

    def drawn(self, peers: Wanted, instant: int) -> Peers:
        """Take from their pools what is to come from there."""
        return {
            name: [self.node(each, instant) if isinstance(each, Draw) else each for each in related]
            for name, related in peers.items()
        }

    def still_drawn(self, record: Record, peers: Wanted, instant: int) -> Peers:
        """Take from their pools what a node has not taken yet."""
        left: dict[str, Sequence[Record | Draw]] = {}
        for name, related in peers.items():
            there = list(record.peers(record.kind.relationships[name], NOW))
            left[name] = there if there and any(isinstance(each, Draw) for each in related) else related
        return self.drawn(left, instant)

    def _address(self, draw: Draw, namespace: Record, resources: Iterable[Record], instant: int) -> Record:
        pool, said = _values(draw.pool), dict(draw.data.get("data") or {})
        kind = self._kind(said.pop("address_type", None) or pool["default_address_type"], ADDRESS, draw.pool)
        wanted = draw.data.get("prefixlen") or said.pop("prefixlen", None) or pool["default_prefix_length"]
        taken = {int(_interface(each).ip) for each in _peers(namespace, "ip_addresses")}
        for resource in resources:
            network = _network(resource)
            length = wanted if isinstance(wanted, int) else network.prefixlen
            if not network.prefixlen <= length <= network.max_prefixlen:
                raise InvalidInputError("Invalid prefix length for current selected prefix")
            free = free_address(network, taken, whole=bool(resource.versions[-1].values["is_pool"].value))
            if free is not None:
                text = f"{free}/{length}"
                return self._create(kind, {**said, "address": text}, {"ip_namespace": [namespace]}, instant)
        raise InvalidInputError("There are no more addresses available in this pool.")

    def _prefix(self, draw: Draw, namespace: Record, resources: Iterable[Record], instant: int) -> Record:
        pool, said = _values(draw.pool), dict(draw.data.get("data") or {})
        given = draw.data.get("prefix_type") or said.pop("prefix_type", None)
        kind = self._kind(given or pool["default_prefix_type"], PREFIX, draw.pool)
        length = draw.data.get("size") or said.pop("prefixlen", None) or pool["default_prefix_length"]
        member = draw.data.get("member_type") or said.pop("member_type", None) or pool["default_member_type"]
        if not isinstance(length, int):
            raise InvalidInputError(f"IPPrefixPool: {pool['name']} | A prefix length is needed to allocate a prefix")
        present = [_network(each) for each in _peers(namespace, "ip_prefixes")]
        for resource in resources:
            free = free_prefix(_network(resource), length, present)
            if free is not None:
                values = {**said, "prefix": str(free), "member_type": member}
                return self._create(kind, values, {"ip_namespace": [namespace]}, instant)
        raise InvalidInputError("No more resources available")

    def _kind(self, key: object, label: str, pool: Record) -> Kind:
        if key not in self._kinds or self._kinds[str(key)].generic or label not in self._kinds[str(key)].labels:
            named = _values(pool)["name"]
            raise InvalidInputError(f"{pool.kind.key} {named}: {key or 'no kind'}: expected a kind that is a {label}")
        return self._kinds[str(key)]


def _weighted(pool: Record) -> list[Record]:
    """Order the resources of a pool: the weightiest first where they have weights."""
    resources = list(_peers(pool, "resources"))
    return sorted(resources, key=lambda each: -(_whole(_values(each), "allocation_weight") or 0))


def _whole(values: Mapping[str, JSON], name: str) -> int | None:
    value = values.get(name)
    return value if isinstance(value, int) else None


def _values(record: Record) -> dict[str, JSON]:
    return {name: each.value for name, each in record.versions[-1].values.items()}


def _peers(record: Record, name: str) -> Iterable[Record]:
    return record.peers(record.kind.relationships[name], NOW)


def _network(record: Record) -> Network:
    return ipaddress.ip_network(str(record.versions[-1].values["prefix"].value))


def _interface(record: Record) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
    return ipaddress.ip_interface(str(record.versions[-1].values["address"].value))
