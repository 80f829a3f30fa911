"""The first free address and the first free network inside of another."""

import ipaddress
from collections.abc import Collection, Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def free_address(network: Network, taken: Collection[int], *, whole: bool) -> _Address | None:
    """Find the first address that is not taken; without `whole` neither the first nor the last of the network."""
    edge = 0 if whole else 1
    numbers = range(int(network.network_address) + edge, int(network.broadcast_address) - edge + 1)
    number = next((each for each in numbers if each not in taken), None)
    return None if number is None else type(network.network_address)(number)


def free_prefix(resource: Network, length: int, present: Iterable[Network]) -> Network | None:
    """Find the first network of a length inside another one that overlaps none that is there."""
    if not resource.prefixlen <= length <= resource.max_prefixlen:
        return None
    taken = sorted(
        (int(each.network_address), int(each.broadcast_address))
        for each in present
        if each.version == resource.version
        and _covers(resource, each)
        and (each != resource or length == each.prefixlen)
    )
    step = 1 << (resource.max_prefixlen - length)
    at, last = int(resource.network_address), int(resource.broadcast_address)
    for start, end in taken:
        if at + step - 1 < start:
            break
        if end >= at:
            at = (end // step + 1) * step
    if at + step - 1 > last:
        return None
    return ipaddress.ip_network(f"{type(resource.network_address)(at)}/{length}")


def free_space(resource: Network, present: Iterable[Network]) -> Network | None:
    """Find the first free space inside a network, as wide as it goes."""
    within = [
        each for each in present if each.version == resource.version and each != resource and _covers(resource, each)
    ]
    first = free_prefix(resource, resource.max_prefixlen, within)
    if first is None:
        return None
    wider = (first.supernet(new_prefix=length) for length in range(resource.prefixlen, first.prefixlen))
    fitting = (each for each in wider if each.network_address == first.network_address)
    return next((each for each in fitting if not any(_overlap(each, other) for other in within)), first)


def _covers(outer: Network, inner: Network) -> bool:
    return outer.network_address <= inner.network_address and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator]  # of one version


def _overlap(one: Network, other: Network) -> bool:
    return _covers(one, other) or _covers(other, one)
