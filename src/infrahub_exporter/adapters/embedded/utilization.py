"""How much of a resource pool is taken, in percent."""

import ipaddress
from collections.abc import Iterable

from infrahub_exporter.adapters.embedded.kinds import PREFIX
from infrahub_exporter.adapters.embedded.pools import POOL
from infrahub_exporter.adapters.embedded.refusals import NodeNotFoundError
from infrahub_exporter.adapters.embedded.store import Record, Store, Version
from infrahub_exporter.domain.model import JSON

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def utilization(store: Store, pool_id: str, at: int) -> tuple[int, float]:
    """Return how many resources a pool gives from, and how much of them is taken. Raises NodeNotFoundError."""
    pool = next((each for each in store.of(POOL, at) if each.id == pool_id), None)
    if pool is None:
        raise NodeNotFoundError(POOL, pool_id)
    if pool.kind.key == "CoreNumberPool":
        return 1, _numbers(store, pool, at)
    networks = [_network(each, at) for each in _peers(pool, "resources", at)]
    size = sum(each.num_addresses for each in networks)
    namespace = next(iter(_peers(pool, "ip_namespace", at)))
    inner = "ip_prefixes" if "default_prefix_type" in pool.kind.attributes else "ip_addresses"
    taken = sum(_taken(each, networks, at) for each in _peers(namespace, inner, at))
    return len(networks), 100 * taken / size if size else 0.0


def _numbers(store: Store, pool: Record, at: int) -> float:
    """Tell how many numbers of the range are values of the attribute."""
    said = pool.at(at)
    first, last = _whole(said, "start_range"), _whole(said, "end_range")
    name = str(said.values["node_attribute"].value)
    values = [each.at(at).values[name].value for each in store.of(str(said.values["node"].value), at)]
    taken = {each for each in values if isinstance(each, int) and first <= each <= last}
    return 100 * len(taken) / (last - first + 1)


def _taken(record: Record, networks: Iterable[_Network], at: int) -> int:
    """Count the addresses of networks that an address or a prefix inside of them takes."""
    if PREFIX not in record.kind.labels:
        address = ipaddress.ip_interface(str(record.at(at).values["address"].value)).ip
        return sum(address in each for each in networks)
    network = _network(record, at)
    within = (each for each in networks if each.version == network.version and each != network)
    return network.num_addresses if any(network.subnet_of(each) for each in within) else 0  # type: ignore[arg-type]  # of one version


def _whole(said: Version, name: str) -> int:
    value: JSON = said.values[name].value
    return value if isinstance(value, int) else 0


def _peers(record: Record, name: str, at: int) -> Iterable[Record]:
    return record.peers(record.kind.relationships[name], at)


def _network(record: Record, at: int) -> _Network:
    return ipaddress.ip_network(str(record.at(at).values["prefix"].value))
