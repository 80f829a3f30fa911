"""What Infrahub does for addresses and prefixes by itself: their namespace, their prefix, utilization."""

import ipaddress
from collections.abc import Iterable

from infrahub_exporter.adapters.embedded.kinds import ADDRESS, PREFIX, Kinds
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Value, Version

NAMESPACE = "BuiltinIPNamespace"
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def place(kinds: Kinds, store: Store, record: Record, instant: int) -> None:
    """Put an address or a prefix where it belongs, after it was made or changed."""
    labels = record.kind.labels
    if ADDRESS not in labels and PREFIX not in labels:
        return
    relationship = record.kind.relationships["ip_namespace"]
    if next(iter(record.peers(relationship, NOW)), None) is None:
        for namespace in store.of(NAMESPACE, NOW)[:1]:
            store.link(record, relationship, namespace, instant)
    if PREFIX in labels:
        _reconcile(kinds, store, instant)
    else:
        _relink(store, record, "ip_prefix", _closest(_prefixes(store, record), _address(record)), instant)


def repair(kinds: Kinds, store: Store, gone: Iterable[Record], instant: int) -> None:
    """Move what belonged to prefixes that were deleted."""
    if any(PREFIX in each.kind.labels for each in gone):
        _reconcile(kinds, store, instant)


def _reconcile(kinds: Kinds, store: Store, instant: int) -> None:
    del kinds
    for prefix in store.of(PREFIX, NOW):
        network = _network(prefix)
        wider = {each: own for each, own in _prefixes(store, prefix).items() if own.prefixlen < network.prefixlen}
        parent = _closest(wider, network)
        _relink(store, prefix, "parent", parent, instant)
        version = prefix.versions[-1]
        if version.values["is_top_level"].value is not (parent is None):
            values = {**version.values, "is_top_level": Value(parent is None, False, instant)}
            kept = Version(prefix, instant, values, version.hfid, version.display_label)
            if version.start == instant:
                prefix.versions.pop()
            prefix.versions.append(kept)
    for address in store.of(ADDRESS, NOW):
        _relink(store, address, "ip_prefix", _closest(_prefixes(store, address), _address(address)), instant)


def _prefixes(store: Store, record: Record) -> dict[Record, _Network]:
    """Give the prefixes of a node's own namespace."""
    namespace = next(iter(record.peers(record.kind.relationships["ip_namespace"], NOW)), None)
    if namespace is None:
        return {}
    own = namespace.peers(namespace.kind.relationships["ip_prefixes"], NOW)
    return {each: _network(each) for each in own if each is not record and each.versions}


def _network(record: Record) -> _Network:
    return ipaddress.ip_network(str(record.versions[-1].values["prefix"].value))


def _address(record: Record) -> _Network:
    return ipaddress.ip_network(ipaddress.ip_interface(str(record.versions[-1].values["address"].value)).ip)


def _closest(prefixes: dict[Record, _Network], inner: _Network) -> Record | None:
    """Find the narrowest prefix around a network."""
    around = [
        each
        for each, network in prefixes.items()
        if network.version == inner.version and inner.subnet_of(network)  # type: ignore[arg-type]
    ]
    return max(around, key=lambda each: prefixes[each].prefixlen, default=None)


def _relink(store: Store, record: Record, name: str, wanted: Record | None, instant: int) -> None:
    relationship = record.kind.relationships[name]
    current = next(iter(record.peers(relationship, NOW)), None)
    if current is wanted:
        return
    if current is not None:
        store.unlink(record, relationship, current, instant)
    if wanted is not None:
        store.link(record, relationship, wanted, instant)


def utilization(prefix: Version, instant: int) -> int:
    """Say how many hundredths of a prefix are taken, by its addresses or by its direct prefixes."""
    record = prefix.record
    network = ipaddress.ip_network(str(prefix.values["prefix"].value))
    if prefix.values["member_type"].value == "address":
        addresses = record.peers(record.kind.relationships["ip_addresses"], instant)
        taken = len({ipaddress.ip_interface(str(each.at(instant).values["address"].value)).ip for each in addresses})
        whole = network.version == 6 or prefix.values["is_pool"].value or network.prefixlen >= 31  # noqa: PLR2004
        return taken * 100 // (network.num_addresses - (0 if whole else 2))
    children = record.peers(record.kind.relationships["children"], instant)
    inner = (ipaddress.ip_network(str(each.at(instant).values["prefix"].value)) for each in children)
    return sum(each.num_addresses for each in inner) * 100 // network.num_addresses
