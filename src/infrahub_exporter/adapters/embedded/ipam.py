"""What Infrahub does for addresses and prefixes by itself: their namespace, their prefix, utilization."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from infrahub_exporter.adapters.embedded.kinds import ADDRESS, PREFIX, Kind
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Value, Version

NAMESPACE = "BuiltinIPNamespace"
_V6 = 6
_POINT_TO_POINT = 31
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def in_namespace(store: Store, kind: Kind, peers: Mapping[str, Sequence[Record]]) -> Mapping[str, Sequence[Record]]:
    """Put an address or a prefix that names no namespace into the default one."""
    if (ADDRESS in kind.labels or PREFIX in kind.labels) and not peers.get("ip_namespace"):
        return {**peers, "ip_namespace": store.of(NAMESPACE, NOW)[:1]}
    return peers


def reconcile(store: Store, changed: Iterable[Record], instant: int) -> None:
    """Put addresses and prefixes below the narrowest prefix around them, after some of them were made or changed.

    A node that moves is stamped, and so are the prefixes that it leaves and enters.
    """
    labels = {label for each in changed for label in each.kind.labels}
    if PREFIX in labels:
        trees: dict[Record, _Tree] = {}
        for prefix in store.of(PREFIX, NOW):
            _place_prefix(store, prefix, _tree_of(prefix, trees), instant)
        for address in store.of(ADDRESS, NOW):
            _place_address(store, address, _tree_of(address, trees), instant)
    elif ADDRESS in labels:
        trees = {}
        for address in changed:
            if ADDRESS in address.kind.labels and address.alive(NOW):
                _place_address(store, address, _tree_of(address, trees), instant)


class _Tree:
    """The prefixes of one namespace, by version and length."""

    def __init__(self, prefixes: Iterable[Record]) -> None:
        self._by_length: dict[tuple[int, int], dict[int, Record]] = {}
        for prefix in prefixes:
            network = _network(prefix)
            key = (network.version, network.prefixlen)
            self._by_length.setdefault(key, {})[int(network.network_address)] = prefix
        self._lengths = sorted(self._by_length, reverse=True)

    def around(self, inner: _Network, *, wider: bool = False) -> Record | None:
        """Find the narrowest prefix around a network; `wider`: other than one of the same size."""
        number = int(inner.network_address)
        for version, length in self._lengths:
            if version == inner.version and (length < inner.prefixlen or (length == inner.prefixlen and not wider)):
                start = number >> (inner.max_prefixlen - length) << (inner.max_prefixlen - length)
                found = self._by_length[version, length].get(start)
                if found is not None:
                    return found
        return None


def _tree_of(record: Record, trees: dict[Record, _Tree]) -> _Tree:
    namespace = next(record.peers(record.kind.relationships["ip_namespace"], NOW), None)
    if namespace is None:
        return _Tree(())
    if namespace not in trees:
        trees[namespace] = _Tree(namespace.peers(namespace.kind.relationships["ip_prefixes"], NOW))
    return trees[namespace]


def _place_address(store: Store, address: Record, tree: _Tree, instant: int) -> None:
    """Put an address below its prefix: one of a single host holds no address that is written wider."""
    text = str(address.versions[-1].values["address"].value)
    host = _parse_host(text)
    wider = ipaddress.ip_interface(text).network.prefixlen < host.max_prefixlen
    _relink(store, address, "ip_prefix", tree.around(host, wider=wider), instant)


def _place_prefix(store: Store, prefix: Record, tree: _Tree, instant: int) -> None:
    parent = tree.around(_network(prefix), wider=True)
    _relink(store, prefix, "parent", parent, instant)
    version = prefix.versions[-1]
    if version.values["is_top_level"].value is not (parent is None):
        top = Value(parent is None, is_default=False, updated_at=instant)
        kept = Version(prefix, instant, {**version.values, "is_top_level": top}, version.hfid, version.display_label)
        if version.start == instant:
            prefix.versions.pop()
        prefix.versions.append(kept)


@lru_cache(maxsize=65536)
def _parse_network(text: str) -> _Network:
    return ipaddress.ip_network(text)


@lru_cache(maxsize=65536)
def _parse_host(text: str) -> _Network:
    return ipaddress.ip_network(ipaddress.ip_interface(text).ip)


def _network(record: Record, instant: int = NOW) -> _Network:
    return _parse_network(str(record.at(instant).values["prefix"].value))


def _host(record: Record, instant: int = NOW) -> _Network:
    return _parse_host(str(record.at(instant).values["address"].value))


def _relink(store: Store, record: Record, name: str, wanted: Record | None, instant: int) -> None:
    relationship = record.kind.relationships[name]
    current = next(record.peers(relationship, NOW), None)
    if current is wanted:
        return
    for peer, change in ((current, store.unlink), (wanted, store.link)):
        if peer is not None:
            change(record, relationship, peer, instant)
            peer.updated_at = record.updated_at = instant


def utilization(prefix: Version, instant: int) -> int:
    """Say how many hundredths of a prefix are taken, by its addresses or by its direct prefixes."""
    return int(percent(*usage(prefix, instant)))


def percent(taken: int, space: int) -> float:
    """Say how many hundredths are taken, at most 100, rounded as Infrahub rounds (`get_use_percentage`)."""
    return min(taken / space * 100, 100.0) if space else 0.0


def usage(prefix: Version, instant: int) -> tuple[int, int]:
    """Count the addresses of a prefix that are taken, and all that may be."""
    record = prefix.record
    network = _parse_network(str(prefix.values["prefix"].value))
    if prefix.values["member_type"].value == "address":
        addresses = record.peers(record.kind.relationships["ip_addresses"], instant)
        taken = len({_host(each, instant) for each in addresses})
        pool = bool(prefix.values["is_pool"].value)
        whole = network.version == _V6 or pool or network.prefixlen >= _POINT_TO_POINT
        return taken, network.num_addresses - (0 if whole else 2)
    children = record.peers(record.kind.relationships["children"], instant)
    return sum(_network(each, instant).num_addresses for each in children), network.num_addresses
